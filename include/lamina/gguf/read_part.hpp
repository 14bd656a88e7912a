// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes to a Part. In header mode the code is compiled where this is included; the compiled library has it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/part.hpp"
#ifndef LAMINA_LIBRARY
#include "lamina/gguf/layout.hpp"
#include "lamina/gguf/reader.hpp"
#endif

namespace lamina::gguf {

// The part looks into `bytes`; its tensors' offsets count from their start. `name` is for errors; what is odd but
// harmless is added to `warnings`. Errors: see README.md.
#ifdef LAMINA_LIBRARY
Expected<Part> read_part(std::span<const std::byte> bytes, const std::string& name, std::vector<std::string>& warnings);
#else
inline Expected<Part> read_part(std::span<const std::byte> bytes, const std::string& name,
                                std::vector<std::string>& warnings) {
  return read_placed(bytes, name, warnings);
}
#endif

}  // namespace lamina::gguf
