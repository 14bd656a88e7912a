// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a file says about one tensor: name, shape, type, and where its bytes are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lamina/gguf/tensor_type.hpp"

namespace lamina::gguf {

inline constexpr std::size_t max_dims = 4;
inline constexpr std::size_t max_tensor_name = 63;  // bytes; ggml keeps names in 64, with a closing NUL

struct TensorInfo {
  std::string_view name;
  std::array<std::uint64_t, max_dims> dims{1, 1, 1, 1};  // ne[0], the row's length in weights, first; unused are 1
  std::uint64_t offset = 0;                              // bytes from the start of its part
  std::uint64_t n_bytes = 0;                             // 0 when the type is unknown
  std::uint32_t type_id = 0;
  std::uint16_t part = 0;  // which file of a split set
  std::uint8_t n_dims = 0;
  bool known = false;  // the type is one of tensor_types, so n_bytes is right

  // The reader has checked that the product fits 63 bits.
  std::uint64_t n_elements() const { return dims[0] * dims[1] * dims[2] * dims[3]; }

  // "Q4_K", or "type 99" when unknown.
  std::string type_name() const {
    const TensorType* type = tensor_type(type_id);
    return type ? std::string(type->name) : "type " + std::to_string(type_id);
  }
};
static_assert(sizeof(TensorInfo) <= 72);  // a file has one for every 25 bytes, at worst

}  // namespace lamina::gguf
