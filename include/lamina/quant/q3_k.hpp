// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q3_K: y = d · (sc − 32) · (q − 4), q in 0…7; 256 weights in 110 bytes, 3.4375 bits per weight.
// Sixteen sub-blocks of 16 weights with a 6-bit sc, packed into 12 bytes. Each half of 128 weights takes 32 bytes of
// qs: its weights 32k … 32k+31 (k = 0…3) have their low two bits in bits 2k, 2k+1 of those bytes, and their upper one
// in bit k (first half) or 4 + k (second half) of hmask.      Layout: ggml-common.h (block_q3_K), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Q3_K {
  static constexpr std::string_view name = "Q3_K";
  static constexpr std::uint32_t type_id = 11;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    std::uint8_t hmask[32];
    std::uint8_t qs[64];
    std::uint8_t scales[12];
    half d;
  };

  // The low four bits of scales 0-7 and 8-15 are the nibbles of bytes 0-7, the upper two lie in bytes 8-11.
  LAMINA_HOST_DEVICE static constexpr int scale(const std::uint8_t* p /* [12] */, int j) {
    return ((p[j % 8] >> 4 * (j / 8) & 15) | (p[8 + j % 4] >> 2 * (j / 4) & 3) << 4) - 32;
  }
  LAMINA_HOST_DEVICE static constexpr void add_scale(std::uint8_t* p /* [12], zeros at first */, int j, int value) {
    const int bits = value + 32;
    p[j % 8] = static_cast<std::uint8_t>(p[j % 8] | (bits & 15) << 4 * (j / 8));
    p[8 + j % 4] = static_cast<std::uint8_t>(p[8 + j % 4] | bits >> 4 << 2 * (j / 4));
  }

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int i = 0; i < 256; ++i) {
      const int h = i / 128, k = i / 32 % 4, lane = i % 32;
      const int q = (b.qs[32 * h + lane] >> 2 * k & 3) | (b.hmask[lane] >> (4 * h + k) & 1) << 2;
      out[i] = d * static_cast<float>(scale(b.scales, i / 16)) * static_cast<float>(q - 4);
    }
  }

  // Fits each sub-block, rounds the fits to 6 bits of a common scale, then tries the neighbours of each rounded scale.
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const Importance all{cost};
    float fits[16];
    float extreme = 0;  // signed: the scale of largest magnitude becomes −32
    for (int j = 0; j < 16; ++j) {
      fits[j] = SymmetricFit::of(in + 16 * j, 16, -4, 3, all.from(16 * j));
      if (absolute(fits[j]) > absolute(extreme)) extreme = fits[j];
    }
    b.d = half::from_float(extreme / -32 + zero_or_nan(in, 256));
    const float d = b.d;
    for (std::uint8_t& m : b.hmask) m = 0;
    for (std::uint8_t& q : b.qs) q = 0;
    for (std::uint8_t& s : b.scales) s = 0;
    for (int j = 0; j < 16; ++j) {
      const float* sub = in + 16 * j;
      const int rounded = round_to_int(fits[j] * inverse_or_zero(d), -32, 31);
      int best = rounded;
      float best_error = SymmetricFit::error(sub, 16, -4, 3, d * static_cast<float>(rounded), all.from(16 * j));
      for (int s = rounded - 2; s <= rounded + 2; ++s) {
        if (s < -32 || s > 31) continue;
        const float e = SymmetricFit::error(sub, 16, -4, 3, d * static_cast<float>(s), all.from(16 * j));
        if (e < best_error) {
          best_error = e;
          best = s;
        }
      }
      add_scale(b.scales, j, best);
      const float inverse = inverse_or_zero(d * static_cast<float>(best));
      for (int i = 16 * j; i < 16 * j + 16; ++i) {
        const int h = i / 128, k = i / 32 % 4, lane = i % 32;
        const int q = round_to_int(in[i] * inverse, -4, 3) + 4;
        std::uint8_t& low = b.qs[32 * h + lane];
        low = static_cast<std::uint8_t>(low | (q & 3) << 2 * k);
        b.hmask[lane] = static_cast<std::uint8_t>(b.hmask[lane] | q >> 2 << (4 * h + k));
      }
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Q3_K::Block) == 110);

}  // namespace lamina::quant
