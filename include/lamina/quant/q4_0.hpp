// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q4_0: y = d · (q − 8), q in 0…15; 32 weights in 18 bytes, 4.5 bits per weight.
// Low nibbles hold weights 0-15, high nibbles 16-31.      Layout: ggml-common.h (block_q4_0), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Q4_0 {
  static constexpr std::string_view name = "Q4_0";
  static constexpr std::uint32_t type_id = 2;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    half d;
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>((b.qs[i] & 15) - 8);
      out[i + 16] = d * static_cast<float>((b.qs[i] >> 4) - 8);
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(SymmetricFit::of(in, 32, -8, 7, {cost}) + zero_or_nan(in, 32));
    const float inverse = inverse_or_zero(b.d);
    for (int i = 0; i < 16; ++i) {
      const int low = round_to_int(in[i] * inverse, -8, 7) + 8;
      const int high = round_to_int(in[i + 16] * inverse, -8, 7) + 8;
      b.qs[i] = static_cast<std::uint8_t>(low | high << 4);
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Q4_0::Block) == 18);

}  // namespace lamina::quant
