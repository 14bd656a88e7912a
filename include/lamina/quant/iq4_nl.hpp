// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ4_NL: y = d · level(q), sixteen unequal levels; 32 weights in 18 bytes, 4.5 bits per weight.
// Low nibbles hold weights 0-15, high nibbles 16-31.      Layout: ggml-common.h (block_iq4_nl), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/book_fit.hpp"
#include "lamina/quant/iq4_levels.hpp"

namespace lamina::quant {

struct IQ4_NL {
  static constexpr std::string_view name = "IQ4_NL";
  static constexpr std::uint32_t type_id = 20;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    half d;
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    for (int i = 0; i < 16; ++i) {
      out[i] = d * Iq4Levels::value(b.qs[i] & 15);
      out[i + 16] = d * Iq4Levels::value(b.qs[i] >> 4);
    }
  }

  static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(BookFit<Iq4Levels>::of_half(in, 32, {cost}) + zero_or_nan(in, 32));
    const float inverse = inverse_or_zero(b.d);
    for (int i = 0; i < 16; ++i) {
      const int low = Iq4Levels::nearest(in[i] * inverse), high = Iq4Levels::nearest(in[i + 16] * inverse);
      b.qs[i] = static_cast<std::uint8_t>(low | high << 4);
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(IQ4_NL::Block) == 18);

}  // namespace lamina::quant
