// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q5_1: y = d · q + m, q in 0…31; 32 weights in 24 bytes, 6 bits per weight.
// Nibbles and fifth bits lie as in Q5_0.      Layout: ggml-common.h (block_q5_1), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"
#include "lamina/quant/q5_0.hpp"

namespace lamina::quant {

struct Q5_1 {
  static constexpr std::string_view name = "Q5_1";
  static constexpr std::uint32_t type_id = 7;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    half d;
    half m;
    std::uint8_t qh[4];
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    const float m = b.m;
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>((b.qs[i] & 15) | FifthBits::of(b.qh, i) << 4) + m;
      out[i + 16] = d * static_cast<float>(b.qs[i] >> 4 | FifthBits::of(b.qh, i + 16) << 4) + m;
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    const AffineFit fit = AffineFit::of(in, 32, 31, true, {cost});
    b.d = half::from_float(fit.scale + zero_or_nan(in, 32));
    b.m = half::from_float(-fit.minimum);
    const float inverse = inverse_or_zero(b.d);
    const float m = b.m;
    for (std::uint8_t& h : b.qh) h = 0;
    for (int i = 0; i < 16; ++i) {
      const int low = round_to_int((in[i] - m) * inverse, 0, 31);
      const int high = round_to_int((in[i + 16] - m) * inverse, 0, 31);
      b.qs[i] = static_cast<std::uint8_t>((low & 15) | (high & 15) << 4);
      FifthBits::set(b.qh, i, low >> 4);
      FifthBits::set(b.qh, i + 16, high >> 4);
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.m);
  }
};
static_assert(sizeof(Q5_1::Block) == 24);

}  // namespace lamina::quant
