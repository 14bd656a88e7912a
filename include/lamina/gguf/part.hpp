// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// One GGUF file, or one part of a split one: what is in it, in structures that look into its bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lamina/gguf/metadata.hpp"
#include "lamina/gguf/tensor_info.hpp"

namespace lamina::gguf {

inline constexpr std::string_view alignment_key = "general.alignment";
inline constexpr std::uint64_t default_alignment = 32;  // bytes
inline constexpr std::uint64_t max_alignment = 65536;   // bytes
inline constexpr std::uint64_t max_key = 65535;         // bytes

// One file, or one part of a split one, as read_part() makes it.
struct Part {
  std::uint32_t version = 0;
  Encoding encoding;
  std::uint64_t alignment = default_alignment;  // bytes
  std::uint64_t infos_end = 0;                  // bytes from the start of the file
  Metadata metadata;
  std::vector<TensorInfo> tensors;  // offset counts from the start of the data until place_tensors() (layout.hpp)
};

}  // namespace lamina::gguf
