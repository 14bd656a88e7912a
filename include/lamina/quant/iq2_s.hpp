// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ2_S: y = d · (2 s + 1) / 8 · (± level), levels 8, 25, 43; 256 weights in 82 bytes, 2.5625 bits per weight.
// Each byte of qs and two bits of qh are the point of eight weights, each byte of signs their signs. Each nibble of
// scales is the s of 16 weights, low nibble first.      Layout: ggml-common.h (block_iq2_s), llama.cpp
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

struct IQ2_S {
  static constexpr std::string_view name = "IQ2_S";
  static constexpr std::uint32_t type_id = 22;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint8_t qs[32];
    std::uint8_t signs[32];
    std::uint8_t qh[8];
    std::uint8_t scales[8];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int l = 0; l < 32; ++l) {
      const int point = b.qs[l] | (b.qh[l / 4] >> 2 * (l % 4) & 3) << 8;
      const int s = b.scales[l / 4] >> 4 * (l / 2 % 2) & 15;
      put_point<Iq2SGrid>(point, b.signs[l], d * static_cast<float>(2 * s + 1) * 0.125f, out + 8 * l);
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq2SGrid, 16, 16, GridSigns::Free, GridDelta::None>::of(in, 0.125f, cost);
    b.d = fit.d;
    for (std::uint8_t& h : b.qh) h = 0;
    for (int l = 0; l < 32; ++l) {
      b.qs[l] = static_cast<std::uint8_t>(fit.points[l]);
      b.qh[l / 4] = static_cast<std::uint8_t>(b.qh[l / 4] | fit.points[l] >> 8 << 2 * (l % 4));
      b.signs[l] = fit.signs[l];
    }
    for (int j = 0; j < 8; ++j) b.scales[j] = static_cast<std::uint8_t>(fit.scales[2 * j] | fit.scales[2 * j + 1] << 4);
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(IQ2_S::Block) == 82);

}  // namespace lamina::quant
