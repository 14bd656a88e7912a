// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ1_M: y = d · (2 s + 1) / 8 · (level ± 1), levels −8, 0, 8; 256 weights in 56 bytes, 1.75 bits per weight.
// Each byte of qs and three bits of qh are the point of eight weights; each nibble of qh has those and, on top, a bit
// that is set where the ± is a −. A word of scales has four s of three bits, 16 weights each, and on top four bits of
// d. Layout: ggml-common.h (block_iq1_m), llama.cpp
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

struct IQ1_M {
  static constexpr std::string_view name = "IQ1_M";
  static constexpr std::uint32_t type_id = 29;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    std::uint8_t qs[32];
    std::uint8_t qh[16];
    std::uint16_t scales[4];
  };

  LAMINA_HOST_DEVICE static constexpr half d(const Block& b) {
    int bits = 0;
    for (int j = 0; j < 4; ++j) bits |= b.scales[j] >> 12 << 4 * j;
    return {static_cast<std::uint16_t>(bits)};
  }

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float whole = d(b);
    for (int l = 0; l < 32; ++l) {
      const int h = b.qh[l / 2] >> 4 * (l % 2), point = b.qs[l] | (h & 7) << 8;
      const int s = b.scales[l / 8] >> 3 * (l / 2 % 4) & 7, delta = (h & 8) != 0 ? -1 : 1;
      const float scale = whole * static_cast<float>(2 * s + 1) * 0.125f;
      for (int i = 0; i < 8; ++i) {
        out[8 * l + i] = scale * static_cast<float>(Iq1Grid::level(Iq1Grid::digit(point, i)) + delta);
      }
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq1Grid, 16, 8, GridSigns::None, GridDelta::Point>::of(in, 0.125f, cost);
    for (int l = 0; l < 32; ++l) b.qs[l] = static_cast<std::uint8_t>(fit.points[l]);
    for (int l = 0; l < 16; ++l) {
      const int low = fit.points[2 * l] >> 8 | (fit.lower[2 * l] ? 8 : 0);
      const int high = fit.points[2 * l + 1] >> 8 | (fit.lower[2 * l + 1] ? 8 : 0);
      b.qh[l] = static_cast<std::uint8_t>(low | high << 4);
    }
    for (int j = 0; j < 4; ++j) {
      int word = (fit.d.bits >> 4 * j & 15) << 12;
      for (int i = 0; i < 4; ++i) word |= fit.scales[4 * j + i] << 3 * i;
      b.scales[j] = static_cast<std::uint16_t>(word);
    }
  }

  static void byteswap(Block& b) {
    for (std::uint16_t& s : b.scales) s = byteswapped(s);
  }
};
static_assert(sizeof(IQ1_M::Block) == 56);

}  // namespace lamina::quant
