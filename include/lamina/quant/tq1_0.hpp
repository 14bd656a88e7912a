// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// TQ1_0: y = d · (digit − 1), digit in 0…2; 256 weights in 54 bytes, 1.6875 bits per weight.
// A byte holds five digits to base 3 as a fraction of 1, rounded up: ceil(256 · Σ digit_n · 3^(4−n) / 243), so that the
// upper byte of 3 · (byte · 3^n mod 256) is digit n. Digits n = 0…4 of qs[0…31] are weights 32n …, of qs[32…47] weights
// 160 + 16n …, and digits 0…3 of qs[48…51] are weights 240 + 4n ….      Layout: ggml-common.h (block_tq1_0), llama.cpp
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

struct TQ1_0 {
  static constexpr std::string_view name = "TQ1_0";
  static constexpr std::uint32_t type_id = 34;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    std::uint8_t qs[52];
    half d;
  };

  LAMINA_HOST_DEVICE static constexpr int digit(std::uint8_t byte, int n) {
    constexpr std::uint8_t powers[5] = {1, 3, 9, 27, 81};
    return static_cast<std::uint8_t>(byte * powers[n]) * 3 >> 8;
  }
  // Where weight i lies: its byte, and its digit there.
  struct Place {
    int byte, n;
  };
  LAMINA_HOST_DEVICE static constexpr Place place(int i) {
    if (i < 160) return {i % 32, i / 32};
    if (i < 240) return {32 + (i - 160) % 16, (i - 160) / 16};
    return {48 + (i - 240) % 4, (i - 240) / 4};
  }

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int i = 0; i < 256; ++i) {
      const Place p = place(i);
      out[i] = d * static_cast<float>(digit(b.qs[p.byte], p.n) - 1);
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(TernaryFit<256>::of(in, {cost}) + zero_or_nan(in, 256));
    const float inverse = inverse_or_zero(b.d);
    constexpr int powers[5] = {81, 27, 9, 3, 1};
    int sums[52] = {};
    for (int i = 0; i < 256; ++i) {
      const Place p = place(i);
      sums[p.byte] += (round_to_int(in[i] * inverse, -1, 1) + 1) * powers[p.n];
    }
    for (int i = 0; i < 52; ++i) b.qs[i] = static_cast<std::uint8_t>((sums[i] * 256 + 242) / 243);
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(TQ1_0::Block) == 54);

}  // namespace lamina::quant
