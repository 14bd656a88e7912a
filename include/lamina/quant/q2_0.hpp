// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q2_0: y = d · (q − 1), q in 0…3; 64 weights in 18 bytes, 2.25 bits per weight. Bits 2·(i % 4) and up of byte i / 4
// hold weight i.      Layout: ggml-common.h (block_q2_0), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/book_fit.hpp"

namespace lamina::quant {

struct Q2_0 {
  static constexpr std::string_view name = "Q2_0";
  static constexpr std::uint32_t type_id = 42;
  static constexpr std::size_t block_size = 64;  // weights
  struct Block {
    half d;
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [64] */) {
    const float d = b.d;
    for (int i = 0; i < 64; ++i) out[i] = d * static_cast<float>((b.qs[i / 4] >> 2 * (i % 4) & 3) - 1);
  }

  static void quantize(const float* in /* [64] */, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(BookFit<Levels>::of(in, 64, {cost}) + zero_or_nan(in, 64));
    const float inverse = inverse_or_zero(b.d);
    for (std::uint8_t& q : b.qs) q = 0;
    for (int i = 0; i < 64; ++i) {
      const int q = round_to_int(in[i] * inverse, -1, 2) + 1;
      b.qs[i / 4] = static_cast<std::uint8_t>(b.qs[i / 4] | q << 2 * (i % 4));
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }

 private:
  struct Levels {
    static constexpr int size = 4;
    static constexpr float reach = 12;
    LAMINA_HOST_DEVICE static float value(int i) { return static_cast<float>(i - 1); }
    LAMINA_HOST_DEVICE static int nearest(float x) { return round_to_int(x, -1, 2) + 1; }
  };
};
static_assert(sizeof(Q2_0::Block) == 18);

}  // namespace lamina::quant
