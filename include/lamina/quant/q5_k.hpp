// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q5_K: y = d · sc · q − dmin · m, q in 0…31; 256 weights in 176 bytes, 5.5 bits per weight.
// Q4_K's sub-blocks, scales and nibbles, and a fifth bit: bit j of qh[i] belongs to weight i of sub-block j.
// Layout: ggml-common.h (block_q5_K), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/super_block.hpp"

namespace lamina::quant {

struct Q5_K {
  static constexpr std::string_view name = "Q5_K";
  static constexpr std::uint32_t type_id = 13;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    half dmin;
    std::uint8_t scales[12];
    std::uint8_t qh[32];
    std::uint8_t qs[128];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    const float dmin = b.dmin;
    for (int j = 0; j < 8; ++j) {
      const float scale = d * static_cast<float>(PackedScales::scale(b.scales, j));
      const float minimum = dmin * static_cast<float>(PackedScales::minimum(b.scales, j));
      const std::uint8_t* qs = b.qs + 32 * (j / 2);
      for (int i = 0; i < 32; ++i) {
        const int q = (j % 2 == 0 ? qs[i] & 15 : qs[i] >> 4) | (b.qh[i] >> j & 1) << 4;
        out[32 * j + i] = scale * static_cast<float>(q) - minimum;
      }
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = SuperBlockFit<8, 63>::of(in, 31, {cost});
    b.d = fit.d;
    b.dmin = fit.dmin;
    PackedScales::pack(fit.scales, fit.minima, b.scales);
    for (int i = 0; i < 32; ++i) b.qh[i] = 0;
    for (int i = 0; i < 128; ++i) b.qs[i] = 0;
    for (int j = 0; j < 8; ++j) {
      for (int i = 0; i < 32; ++i) {
        const int q = fit.level(in, j, i, 31);
        std::uint8_t& low = b.qs[32 * (j / 2) + i];
        low = static_cast<std::uint8_t>(low | (j % 2 == 0 ? q & 15 : (q & 15) << 4));
        b.qh[i] = static_cast<std::uint8_t>(b.qh[i] | (q >> 4) << j);
      }
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.dmin);
  }
};
static_assert(sizeof(Q5_K::Block) == 176);

}  // namespace lamina::quant
