// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// TQ2_0: y = d · (q − 1), q in 0…3 (3 is never written); 256 weights in 66 bytes, 2.0625 bits per weight.
// Each half of 128 weights takes 32 bytes: its weights 32k … 32k+31 (k = 0…3) lie in bits 2k, 2k+1 of those bytes.
// Layout: ggml-common.h (block_tq2_0), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"
#include "lamina/quant/ternary_fit.hpp"

namespace lamina::quant {

struct TQ2_0 {
  static constexpr std::string_view name = "TQ2_0";
  static constexpr std::uint32_t type_id = 35;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    std::uint8_t qs[64];
    half d;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int i = 0; i < 256; ++i) {
      const int h = i / 128, k = i / 32 % 4, lane = i % 32;
      out[i] = d * static_cast<float>((b.qs[32 * h + lane] >> 2 * k & 3) - 1);
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(TernaryFit<256>::of(in, {cost}) + zero_or_nan(in, 256));
    const float inverse = inverse_or_zero(b.d);
    for (std::uint8_t& q : b.qs) q = 0;
    for (int i = 0; i < 256; ++i) {
      const int h = i / 128, k = i / 32 % 4, lane = i % 32;
      const int q = round_to_int(in[i] * inverse, -1, 1) + 1;
      b.qs[32 * h + lane] = static_cast<std::uint8_t>(b.qs[32 * h + lane] | q << 2 * k);
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(TQ2_0::Block) == 66);

}  // namespace lamina::quant
