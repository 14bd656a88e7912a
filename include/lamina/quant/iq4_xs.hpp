// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ4_XS: y = d · (sc − 32) · level(q), IQ4_NL's levels; 256 weights in 136 bytes, 4.25 bits per weight.
// Eight sub-blocks of 32 weights with a 6-bit sc: four bits in the nibbles of scales_l, two in scales_h. Bytes 16j …
// 16j+15 of qs hold sub-block j as IQ4_NL does.      Layout: ggml-common.h (block_iq4_xs), llama.cpp
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

struct IQ4_XS {
  static constexpr std::string_view name = "IQ4_XS";
  static constexpr std::uint32_t type_id = 23;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint16_t scales_h;
    std::uint8_t scales_l[4];
    std::uint8_t qs[128];
  };

  LAMINA_HOST_DEVICE static constexpr int scale(const Block& b, int j) {
    return ((b.scales_l[j / 2] >> 4 * (j % 2) & 15) | (b.scales_h >> 2 * j & 3) << 4) - 32;
  }

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int j = 0; j < 8; ++j) {
      const float s = d * static_cast<float>(scale(b, j));
      for (int i = 0; i < 16; ++i) {
        const int q = b.qs[16 * j + i];
        out[32 * j + i] = s * Iq4Levels::value(q & 15);
        out[32 * j + i + 16] = s * Iq4Levels::value(q >> 4);
      }
    }
  }

  // Fits each sub-block for a common scale, then tries every scale of a sub-block: values that lie on few levels fit
  // several, far from each other.
  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    using Fit = BookFit<Iq4Levels>;
    const Importance all{cost};
    float fits[8];
    float extreme = 0;  // signed: the scale of largest magnitude becomes −32
    for (int j = 0; j < 8; ++j) {
      fits[j] = Fit::of(in + 32 * j, 32, all.from(32 * j));
      if (absolute(fits[j]) > absolute(extreme)) extreme = fits[j];
    }
    b.d = half::from_float(extreme / -32 + zero_or_nan(in, 256));
    const float d = b.d;
    b.scales_h = 0;
    for (std::uint8_t& s : b.scales_l) s = 0;
    for (int j = 0; j < 8; ++j) {
      const float* sub = in + 32 * j;
      const int rounded = round_to_int(fits[j] * inverse_or_zero(d), -32, 31);
      int best = rounded;
      float best_error = Fit::error(sub, 32, d * static_cast<float>(rounded), all.from(32 * j));
      for (int s = -32; s < 32; ++s) {
        const float e = Fit::error(sub, 32, d * static_cast<float>(s), all.from(32 * j));
        if (e < best_error) {
          best_error = e;
          best = s;
        }
      }
      b.scales_l[j / 2] = static_cast<std::uint8_t>(b.scales_l[j / 2] | ((best + 32) & 15) << 4 * (j % 2));
      b.scales_h = static_cast<std::uint16_t>(b.scales_h | (best + 32) >> 4 << 2 * j);
      const float inverse = inverse_or_zero(d * static_cast<float>(best));
      for (int i = 0; i < 16; ++i) {
        const int low = Iq4Levels::nearest(sub[i] * inverse), high = Iq4Levels::nearest(sub[i + 16] * inverse);
        b.qs[16 * j + i] = static_cast<std::uint8_t>(low | high << 4);
      }
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    b.scales_h = byteswapped(b.scales_h);
  }
};
static_assert(sizeof(IQ4_XS::Block) == 136);

}  // namespace lamina::quant
