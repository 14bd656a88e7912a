// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q6_K: y = d · sc · (q − 32), q in 0…63; 256 weights in 210 bytes, 6.5625 bits per weight.
// Sixteen sub-blocks of 16 weights with an 8-bit scale. Each half of 128 weights takes 64 bytes of ql and 32 of qh: its
// weights 32k … 32k+31 (k = 0…3) have their low four bits in the low (k < 2) or high nibbles of ql[32·(k mod 2) …], and
// their upper two in bits 2k, 2k+1 of qh.      Layout: ggml-common.h (block_q6_K), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Q6_K {
  static constexpr std::string_view name = "Q6_K";
  static constexpr std::uint32_t type_id = 14;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    std::uint8_t ql[128];
    std::uint8_t qh[64];
    std::int8_t scales[16];
    half d;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int i = 0; i < 256; ++i) {
      const int h = i / 128, k = i / 32 % 4, lane = i % 32;
      const std::uint8_t low = b.ql[64 * h + 32 * (k % 2) + lane];
      const int q = (k < 2 ? low & 15 : low >> 4) | (b.qh[32 * h + lane] >> (2 * k) & 3) << 4;
      out[i] = d * static_cast<float>(b.scales[i / 16]) * static_cast<float>(q - 32);
    }
  }

  // Fits each sub-block, rounds the fits to 8 bits of a common scale, then tries the neighbours of each rounded scale.
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const Importance all{cost};
    float fits[16];
    float extreme = 0;  // signed: the scale of largest magnitude becomes −128
    for (int j = 0; j < 16; ++j) {
      fits[j] = SymmetricFit::of(in + 16 * j, 16, -32, 31, all.from(16 * j));
      if (absolute(fits[j]) > absolute(extreme)) extreme = fits[j];
    }
    b.d = half::from_float(extreme / -128 + zero_or_nan(in, 256));
    const float d = b.d;
    for (int i = 0; i < 128; ++i) b.ql[i] = 0;
    for (int i = 0; i < 64; ++i) b.qh[i] = 0;
    for (int j = 0; j < 16; ++j) {
      const int rounded = round_to_int(fits[j] * inverse_or_zero(d), -128, 127);
      int best = rounded;
      float best_error =
          SymmetricFit::error(in + 16 * j, 16, -32, 31, d * static_cast<float>(rounded), all.from(16 * j));
      for (int s = rounded - 2; s <= rounded + 2; ++s) {
        if (s < -128 || s > 127) continue;
        const float e = SymmetricFit::error(in + 16 * j, 16, -32, 31, d * static_cast<float>(s), all.from(16 * j));
        if (e < best_error) {
          best_error = e;
          best = s;
        }
      }
      b.scales[j] = static_cast<std::int8_t>(best);
      const float inverse = inverse_or_zero(d * static_cast<float>(best));
      for (int i = 16 * j; i < 16 * j + 16; ++i) {
        const int h = i / 128, k = i / 32 % 4, lane = i % 32;
        const int q = round_to_int(in[i] * inverse, -32, 31) + 32;
        std::uint8_t& low = b.ql[64 * h + 32 * (k % 2) + lane];
        std::uint8_t& high = b.qh[32 * h + lane];
        low = static_cast<std::uint8_t>(low | (k < 2 ? q & 15 : (q & 15) << 4));
        high = static_cast<std::uint8_t>(high | (q >> 4) << (2 * k));
      }
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Q6_K::Block) == 210);

}  // namespace lamina::quant
