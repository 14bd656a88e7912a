// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// NVFP4: y = d · level(q) / 2, levels of fp4.hpp, d a positive eight-bit float (E4M3); 64 weights in 36 bytes, 4.5 bits
// per weight. Four sub-blocks of 16 weights, each with a d of its own and eight bytes whose low nibbles are its first
// eight weights. Models of this format have a scale per tensor beside it, which is not part of the block.
// No code of d is used as infinity or NaN: a weight that is no number makes its sub-block ±2688, the largest there is.
// Layout: ggml-common.h (block_nvfp4), llama.cpp
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"
#include "lamina/quant/fp4.hpp"

namespace lamina::quant {

struct NVFP4 {
  static constexpr std::string_view name = "NVFP4";
  static constexpr std::uint32_t type_id = 40;
  static constexpr std::size_t block_size = 64;  // weights
  struct Block {
    std::uint8_t d[4];
    std::uint8_t qs[32];
  };

  // Half of the E4M3 value, since levels are doubled. Codes 0x7f and 0 are 0; the sign bit is not read.
  LAMINA_HOST_DEVICE static constexpr float scale(std::uint8_t code) {
    if (code == 0x7f) return 0;
    const std::uint32_t exponent = code >> 3 & 15, fraction = code & 7;
    if (exponent == 0) return static_cast<float>(fraction) * 0.0009765625f;  // 2^-10
    return std::bit_cast<float>((exponent + 119) << 23 | fraction << 20);    // 2^(exponent − 8) · (1 + fraction / 8)
  }

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [64] */) {
    for (int s = 0; s < 4; ++s) {
      const float d = scale(b.d[s]);
      for (int i = 0; i < 8; ++i) {
        out[16 * s + i] = d * static_cast<float>(Fp4::level(b.qs[8 * s + i] & 15));
        out[16 * s + i + 8] = d * static_cast<float>(Fp4::level(b.qs[8 * s + i] >> 4));
      }
    }
  }

  // Every scale that lays the largest weight between levels 0.7 and 18 is tried.
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [64] */, Block& b, const float* cost = nullptr) {
    const Importance all{cost};
    for (int s = 0; s < 4; ++s) {
      const float* sub = in + 16 * s;
      const float most = largest_of(sub, 16);
      b.d[s] = 0;
      if (zero_or_nan(sub, 16) != 0 || most > 12 * scale(0x7e)) {
        b.d[s] = 0x7e;
      } else if (most > 0) {
        float best = -1;
        for (int code = 1; code < 0x7f; ++code) {
          const float d = scale(static_cast<std::uint8_t>(code));
          if (d * 18 < most || d * 0.7f > most) continue;
          const float error = Fp4::error(sub, 16, d, all.from(16 * s));
          if (best < 0 || error < best) {
            best = error;
            b.d[s] = static_cast<std::uint8_t>(code);
          }
        }
      }
      const float inverse = inverse_or_zero(scale(b.d[s]));
      for (int i = 0; i < 8; ++i) {
        const int low = Fp4::nearest(sub[i] * inverse), high = Fp4::nearest(sub[i + 8] * inverse);
        b.qs[8 * s + i] = static_cast<std::uint8_t>(low | high << 4);
      }
    }
  }

  static void byteswap(Block&) {}  // bytes only
};
static_assert(sizeof(NVFP4::Block) == 36);

}  // namespace lamina::quant
