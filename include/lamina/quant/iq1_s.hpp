// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ1_S: y = d · (2 s + 1) / 8 · (level ± 1), levels −8, 0, 8; 256 weights in 50 bytes, 1.5625 bits per weight.
// Each byte of qs and three bits of qh are the point of eight weights. A word of qh has those of 32 weights, lowest
// first, then three bits of s; its top bit is set where the ± is a −.      Layout: ggml-common.h (block_iq1_s),
// llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/grid.hpp"
#include "lamina/quant/grid_fit.hpp"

namespace lamina::quant {

struct IQ1_S {
  static constexpr std::string_view name = "IQ1_S";
  static constexpr std::uint32_t type_id = 19;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint8_t qs[32];
    std::uint16_t qh[8];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int l = 0; l < 32; ++l) {
      const int h = b.qh[l / 4], point = b.qs[l] | (h >> 3 * (l % 4) & 7) << 8;
      const float scale = d * static_cast<float>(2 * (h >> 12 & 7) + 1) * 0.125f;
      const int delta = (h & 0x8000) != 0 ? -1 : 1;
      for (int i = 0; i < 8; ++i) {
        out[8 * l + i] = scale * static_cast<float>(Iq1Grid::level(Iq1Grid::digit(point, i)) + delta);
      }
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq1Grid, 32, 8, GridSigns::None, GridDelta::SubBlock>::of(in, 0.125f, cost);
    b.d = fit.d;
    for (int j = 0; j < 8; ++j) {
      int h = fit.scales[j] << 12 | (fit.lower[4 * j] ? 0x8000 : 0);
      for (int l = 0; l < 4; ++l) {
        b.qs[4 * j + l] = static_cast<std::uint8_t>(fit.points[4 * j + l]);
        h |= fit.points[4 * j + l] >> 8 << 3 * l;
      }
      b.qh[j] = static_cast<std::uint16_t>(h);
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    for (std::uint16_t& h : b.qh) h = byteswapped(h);
  }
};
static_assert(sizeof(IQ1_S::Block) == 50);

}  // namespace lamina::quant
