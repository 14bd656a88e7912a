// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// MXFP4: y = 2^(e − 128) · level(q), levels of fp4.hpp; 32 weights in 17 bytes, 4.25 bits per weight.
// Low nibbles hold weights 0-15, high nibbles 16-31.      Layout: ggml-common.h (block_mxfp4), llama.cpp
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"
#include "lamina/quant/fp4.hpp"

namespace lamina::quant {

struct MXFP4 {
  static constexpr std::string_view name = "MXFP4";
  static constexpr std::uint32_t type_id = 39;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    std::uint8_t e;
    std::uint8_t qs[16];
  };

  // 2^(e − 128); the two smallest are subnormal.
  LAMINA_HOST_DEVICE static constexpr float scale(std::uint8_t e) {
    return std::bit_cast<float>(e < 2 ? 0x00200000u << e : static_cast<std::uint32_t>(e - 1) << 23);
  }

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = scale(b.e);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(Fp4::level(b.qs[i] & 15));
      out[i + 16] = d * static_cast<float>(Fp4::level(b.qs[i] >> 4));
    }
  }

  // The scale is a power of two, so those that lay the largest weight on or just past a level are all there are. A
  // block with a weight that is no number becomes 12 · 2^127, infinity.
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    const float most = largest_of(in, 32);
    if (zero_or_nan(in, 32) != 0) {
      b.e = 255;
      for (std::uint8_t& q : b.qs) q = 0x77;
      return;
    }
    const int exponent = static_cast<int>(std::bit_cast<std::uint32_t>(most) >> 23);  // 2^(exponent − 127) ≤ most
    b.e = 0;
    if (most > 0) {
      float best = -1;
      for (int e = exponent - 4; e <= exponent + 1; ++e) {
        if (e < 0 || e > 254) continue;
        const float error = Fp4::error(in, 32, scale(static_cast<std::uint8_t>(e)), {cost});
        if (best < 0 || error < best) {
          best = error;
          b.e = static_cast<std::uint8_t>(e);
        }
      }
    }
    const float inverse = inverse_or_zero(scale(b.e));
    for (int i = 0; i < 16; ++i) {
      const int low = Fp4::nearest(in[i] * inverse), high = Fp4::nearest(in[i + 16] * inverse);
      b.qs[i] = static_cast<std::uint8_t>(low | high << 4);
    }
  }

  static void byteswap(Block&) {}  // bytes only
};
static_assert(sizeof(MXFP4::Block) == 17);

}  // namespace lamina::quant
