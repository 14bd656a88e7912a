// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q8_K: y = d · q; 256 values in 292 bytes. What llama.cpp makes of activations for formats of 256 weights; bsums are
// the sums of 16 neighbouring q. No file of weights uses it, but a GGUF file may hold it. Layout: ggml-common.h
// (block_q8_K), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"

namespace lamina::quant {

struct Q8_K {
  static constexpr std::string_view name = "Q8_K";
  static constexpr std::uint32_t type_id = 15;
  static constexpr std::size_t block_size = 256;  // values
  struct Block {
    float d;
    std::int8_t qs[256];
    std::int16_t bsums[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    for (int i = 0; i < 256; ++i) out[i] = b.d * static_cast<float>(b.qs[i]);
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b, const float* = nullptr) {
    const float d = largest_of(in, 256) / 127;
    const float inverse = inverse_or_zero(d);
    for (int j = 0; j < 16; ++j) {
      int sum = 0;
      for (int i = 16 * j; i < 16 * j + 16; ++i) {
        const int q = round_to_int(in[i] * inverse, -127, 127);
        b.qs[i] = static_cast<std::int8_t>(q);
        sum += q;
      }
      b.bsums[j] = static_cast<std::int16_t>(sum);
    }
    b.d = d + zero_or_nan(in, 256);
  }

  static void byteswap(Block& b) {
    b.d = byteswapped(b.d);
    for (std::int16_t& s : b.bsums) s = byteswapped(s);
  }
};
static_assert(sizeof(Q8_K::Block) == 292);

}  // namespace lamina::quant
