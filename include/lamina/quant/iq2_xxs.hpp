// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ2_XXS: y = d · (2 s + 1) / 8 · (± level), levels 8, 25, 43; 256 weights in 66 bytes, 2.0625 bits per weight.
// Each 32 weights take four words of qs: four bytes, the numbers of their points, then 28 bits of signs, seven to a
// point, and four bits of s.      Layout: ggml-common.h (block_iq2_xxs), llama.cpp
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

struct IQ2_XXS {
  static constexpr std::string_view name = "IQ2_XXS";
  static constexpr std::uint32_t type_id = 16;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint16_t qs[32];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int j = 0; j < 8; ++j) {
      const std::uint16_t* q = b.qs + 4 * j;
      const std::uint32_t rest = q[2] | static_cast<std::uint32_t>(q[3]) << 16;
      const float scale = d * static_cast<float>(2 * (rest >> 28) + 1) * 0.125f;
      for (int l = 0; l < 4; ++l) {
        const int point = q[l / 2] >> 8 * (l % 2) & 255;
        put_point<Iq2XxsGrid>(point, even_signs(rest >> 7 * l & 127), scale, out + 32 * j + 8 * l);
      }
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq2XxsGrid, 32, 16, GridSigns::Even, GridDelta::None>::of(in, 0.125f, cost);
    b.d = fit.d;
    for (int j = 0; j < 8; ++j) {
      std::uint32_t points = 0, rest = static_cast<std::uint32_t>(fit.scales[j]) << 28;
      for (int l = 0; l < 4; ++l) {
        points |= static_cast<std::uint32_t>(fit.points[4 * j + l]) << 8 * l;
        rest |= (fit.signs[4 * j + l] & 127u) << 7 * l;
      }
      b.qs[4 * j] = static_cast<std::uint16_t>(points);
      b.qs[4 * j + 1] = static_cast<std::uint16_t>(points >> 16);
      b.qs[4 * j + 2] = static_cast<std::uint16_t>(rest);
      b.qs[4 * j + 3] = static_cast<std::uint16_t>(rest >> 16);
    }
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    for (std::uint16_t& q : b.qs) q = byteswapped(q);
  }
};
static_assert(sizeof(IQ2_XXS::Block) == 66);

}  // namespace lamina::quant
