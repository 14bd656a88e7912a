// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q2_K: y = d · sc · q − dmin · m, q in 0…3; 256 weights in 84 bytes, 2.625 bits per weight.
// Sixteen sub-blocks of 16 weights, each with a byte: sc in its low nibble, m in its high one. Each half of 128 weights
// takes 32 bytes of qs: its weights 32k … 32k+31 (k = 0…3) lie in bits 2k, 2k+1 of those bytes.
// Layout: ggml-common.h (block_q2_K), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/super_block.hpp"

namespace lamina::quant {

struct Q2_K {
  static constexpr std::string_view name = "Q2_K";
  static constexpr std::uint32_t type_id = 10;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    std::uint8_t scales[16];
    std::uint8_t qs[64];
    half d;
    half dmin;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    const float dmin = b.dmin;
    for (int i = 0; i < 256; ++i) {
      const int h = i / 128, k = i / 32 % 4, lane = i % 32, j = i / 16;
      const int q = b.qs[32 * h + lane] >> 2 * k & 3;
      const float scale = d * static_cast<float>(b.scales[j] & 15),
                  minimum = dmin * static_cast<float>(b.scales[j] >> 4);
      out[i] = scale * static_cast<float>(q) - minimum;
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = SuperBlockFit<16, 15>::of(in, 3, {cost});
    b.d = fit.d;
    b.dmin = fit.dmin;
    for (std::uint8_t& q : b.qs) q = 0;
    for (int j = 0; j < 16; ++j) b.scales[j] = static_cast<std::uint8_t>(fit.scales[j] | fit.minima[j] << 4);
    for (int i = 0; i < 256; ++i) {
      const int h = i / 128, k = i / 32 % 4, lane = i % 32;
      const int q = fit.level(in, i / 16, i % 16, 3);
      b.qs[32 * h + lane] = static_cast<std::uint8_t>(b.qs[32 * h + lane] | q << 2 * k);
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.dmin);
  }
};
static_assert(sizeof(Q2_K::Block) == 84);

}  // namespace lamina::quant
