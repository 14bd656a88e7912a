// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q8_1: y = d · q; 32 values in 36 bytes. What llama.cpp makes of activations for formats with minima: s = d · Σ q.
// No file of weights uses it, but a GGUF file may hold it.      Layout: ggml-common.h (block_q8_1), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"

namespace lamina::quant {

struct Q8_1 {
  static constexpr std::string_view name = "Q8_1";
  static constexpr std::uint32_t type_id = 9;
  static constexpr std::size_t block_size = 32;  // values
  struct Block {
    half d;
    half s;
    std::int8_t qs[32];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(b.qs[i]);
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* = nullptr) {
    const float d = largest_of(in, 32) / 127;
    const float inverse = inverse_or_zero(d);
    int sum = 0;
    for (int i = 0; i < 32; ++i) {
      const int q = round_to_int(in[i] * inverse, -127, 127);
      b.qs[i] = static_cast<std::int8_t>(q);
      sum += q;
    }
    b.d = half::from_float(d + zero_or_nan(in, 32));
    b.s = half::from_float(d * static_cast<float>(sum));
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.s);
  }
};
static_assert(sizeof(Q8_1::Block) == 36);

}  // namespace lamina::quant
