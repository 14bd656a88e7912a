// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Metadata values as text for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>

#include "lamina/gguf/gguf.hpp"

namespace lamina::inspect {

inline constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

bool is_text(std::string_view bytes);  // UTF-8 without NUL

// A JSON string when the bytes are UTF-8; else {"hex":"…"}, so that no byte is lost and every reader accepts it.
std::string json_text(std::string_view bytes);

// A JSON number; what JSON has no number for becomes "nan", "inf" or "-inf".
std::string json_number(double value);

// The value as JSON, however large, written as it is read: memory does not grow with it.
void print_json(std::FILE* out, const gguf::Value& value);

// The value on one line, for people: of an array the first `elements`, of a string the first `bytes`. Bytes that are
// not printable are escaped, so that no file can send codes to the terminal.
std::string one_line(const gguf::Value& value, std::uint64_t elements, std::size_t bytes);

}  // namespace lamina::inspect
