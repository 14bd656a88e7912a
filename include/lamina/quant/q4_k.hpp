// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q4_K: y = d · sc · q − dmin · m, q in 0…15; 256 weights in 144 bytes, 4.5 bits per weight.
// Eight sub-blocks of 32 weights, each with a 6-bit scale sc and a 6-bit minimum m, packed into 12 bytes. Bytes
// 32j … 32j+31 of qs hold sub-block 2j in their low nibbles and 2j+1 in their high ones.
// Layout: ggml-common.h (block_q4_K), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/super_block.hpp"

namespace lamina::quant {

struct Q4_K {
  static constexpr std::string_view name = "Q4_K";
  static constexpr std::uint32_t type_id = 12;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    half dmin;
    std::uint8_t scales[12];
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
        const int q = j % 2 == 0 ? qs[i] & 15 : qs[i] >> 4;
        out[32 * j + i] = scale * static_cast<float>(q) - minimum;
      }
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = SuperBlockFit<8, 63>::of(in, 15, {cost});
    b.d = fit.d;
    b.dmin = fit.dmin;
    PackedScales::pack(fit.scales, fit.minima, b.scales);
    for (int i = 0; i < 128; ++i) b.qs[i] = 0;
    for (int j = 0; j < 8; ++j) {
      for (int i = 0; i < 32; ++i) {
        const int q = fit.level(in, j, i, 15);
        std::uint8_t& into = b.qs[32 * (j / 2) + i];
        into = static_cast<std::uint8_t>(into | (j % 2 == 0 ? q : q << 4));
      }
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.dmin);
  }
};
static_assert(sizeof(Q4_K::Block) == 144);

}  // namespace lamina::quant
