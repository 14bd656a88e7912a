// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q4_1: y = d · q + m, q in 0…15; 32 weights in 20 bytes, 5 bits per weight.
// Low nibbles hold weights 0-15, high nibbles 16-31.      Layout: ggml-common.h (block_q4_1), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Q4_1 {
  static constexpr std::string_view name = "Q4_1";
  static constexpr std::uint32_t type_id = 3;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    half d;
    half m;
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    const float m = b.m;
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(b.qs[i] & 15) + m;
      out[i + 16] = d * static_cast<float>(b.qs[i] >> 4) + m;
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    const AffineFit fit = AffineFit::of(in, 32, 15, true, {cost});
    b.d = half::from_float(fit.scale + zero_or_nan(in, 32));
    b.m = half::from_float(-fit.minimum);
    const float inverse = inverse_or_zero(b.d);
    const float m = b.m;
    for (int i = 0; i < 16; ++i) {
      const int low = round_to_int((in[i] - m) * inverse, 0, 15);
      const int high = round_to_int((in[i + 16] - m) * inverse, 0, 15);
      b.qs[i] = static_cast<std::uint8_t>(low | high << 4);
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.m);
  }
};
static_assert(sizeof(Q4_1::Block) == 20);

}  // namespace lamina::quant
