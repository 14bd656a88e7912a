// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ3_S: y = d · (2 s + 1) · (± level), levels 1, 3 … 15; 256 weights in 110 bytes, 3.4375 bits per weight.
// Each byte of qs and a bit of qh are the point of four weights, each byte of signs the signs of eight. Each nibble of
// scales is the s of 32 weights, low nibble first.      Layout: ggml-common.h (block_iq3_s), llama.cpp
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

struct IQ3_S {
  static constexpr std::string_view name = "IQ3_S";
  static constexpr std::uint32_t type_id = 21;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint8_t qs[64];
    std::uint8_t qh[8];
    std::uint8_t signs[32];
    std::uint8_t scales[4];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int l = 0; l < 64; ++l) {
      const int point = b.qs[l] | (b.qh[l / 8] >> l % 8 & 1) << 8;
      const int s = b.scales[l / 16] >> 4 * (l / 8 % 2) & 15;
      put_point<Iq3SGrid>(point, b.signs[l / 2] >> 4 * (l % 2), d * static_cast<float>(2 * s + 1), out + 4 * l);
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq3SGrid, 32, 16, GridSigns::Free, GridDelta::None>::of(in, 1.0f, cost);
    b.d = fit.d;
    for (std::uint8_t& h : b.qh) h = 0;
    for (int l = 0; l < 64; ++l) {
      b.qs[l] = static_cast<std::uint8_t>(fit.points[l]);
      b.qh[l / 8] = static_cast<std::uint8_t>(b.qh[l / 8] | fit.points[l] >> 8 << l % 8);
    }
    for (int l = 0; l < 32; ++l) b.signs[l] = fit.signs[l];
    for (int j = 0; j < 4; ++j) b.scales[j] = static_cast<std::uint8_t>(fit.scales[2 * j] | fit.scales[2 * j + 1] << 4);
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(IQ3_S::Block) == 110);

}  // namespace lamina::quant
