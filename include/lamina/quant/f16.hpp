// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// F16: IEEE binary16. Plain data, a block of one value.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"

namespace lamina::quant {

struct F16 {
  static constexpr std::string_view name = "F16";
  static constexpr std::uint32_t type_id = 1;
  static constexpr std::size_t block_size = 1;  // weights
  struct Block {
    half value;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [1] */) { out[0] = b.value; }
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [1] */, Block& b, const float* = nullptr) {
    b.value = half::from_float(in[0]);
  }
  static void byteswap(Block& b) { byteswap16(b.value); }
};
static_assert(sizeof(F16::Block) == 2);

}  // namespace lamina::quant
