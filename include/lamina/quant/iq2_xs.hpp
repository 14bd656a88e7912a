// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ2_XS: y = d · (2 s + 1) / 8 · (± level), levels 8, 25, 43; 256 weights in 74 bytes, 2.3125 bits per weight.
// Each word of qs is eight weights: nine bits of point, seven of signs. Each nibble of scales is the s of 16 weights,
// low nibble first.      Layout: ggml-common.h (block_iq2_xs), llama.cpp
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

struct IQ2_XS {
  static constexpr std::string_view name = "IQ2_XS";
  static constexpr std::uint32_t type_id = 17;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint16_t qs[32];
    std::uint8_t scales[8];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int l = 0; l < 32; ++l) {
      const int s = b.scales[l / 4] >> 4 * (l / 2 % 2) & 15;
      put_point<Iq2XsGrid>(b.qs[l] & 511, even_signs(static_cast<unsigned>(b.qs[l]) >> 9),
                           d * static_cast<float>(2 * s + 1) * 0.125f, out + 8 * l);
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq2XsGrid, 16, 16, GridSigns::Even, GridDelta::None>::of(in, 0.125f, cost);
    b.d = fit.d;
    for (int l = 0; l < 32; ++l) b.qs[l] = static_cast<std::uint16_t>(fit.points[l] | (fit.signs[l] & 127) << 9);
    for (int j = 0; j < 8; ++j) b.scales[j] = static_cast<std::uint8_t>(fit.scales[2 * j] | fit.scales[2 * j + 1] << 4);
  }

  static void byteswap(Block& b) {
    byteswap16(b.d);
    for (std::uint16_t& q : b.qs) q = byteswapped(q);
  }
};
static_assert(sizeof(IQ2_XS::Block) == 74);

}  // namespace lamina::quant
