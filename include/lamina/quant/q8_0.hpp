// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q8_0: y = d · q, q in −127…127; 32 weights in 34 bytes, 8.5 bits per weight.
// Layout: ggml-common.h (block_q8_0), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"

namespace lamina::quant {

struct Q8_0 {
  static constexpr std::string_view name = "Q8_0";
  static constexpr std::uint32_t type_id = 8;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    half d;
    std::int8_t qs[32];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(b.qs[i]);
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* = nullptr) {
    float extreme = 0;
    for (int i = 0; i < 32; ++i) {
      if (absolute(in[i]) > extreme) extreme = absolute(in[i]);
    }
    const float d = extreme / 127;
    const float inverse = inverse_or_zero(d);
    b.d = half::from_float(d + zero_or_nan(in, 32));
    for (int i = 0; i < 32; ++i) b.qs[i] = static_cast<std::int8_t>(round_to_int(in[i] * inverse, -127, 127));
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Q8_0::Block) == 34);

}  // namespace lamina::quant
