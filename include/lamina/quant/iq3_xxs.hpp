// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IQ3_XXS: y = d · (2 s + 1) / 4 · (± level), levels 4, 12 … 52, 62; 256 weights in 98 bytes, 3.0625 bits per weight.
// Each of the first 64 bytes is the point of four weights. Each 32 weights have four bytes more, lowest first: 28 bits
// of signs, seven to eight weights, and four bits of s.      Layout: ggml-common.h (block_iq3_xxs), llama.cpp
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

struct IQ3_XXS {
  static constexpr std::string_view name = "IQ3_XXS";
  static constexpr std::uint32_t type_id = 18;
  static constexpr std::size_t block_size = 256;  // weights
  struct Block {
    half d;
    std::uint8_t qs[64];
    std::uint8_t rest[32];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [256] */) {
    const float d = b.d;
    for (int j = 0; j < 8; ++j) {
      std::uint32_t rest = 0;
      for (int i = 0; i < 4; ++i) rest |= static_cast<std::uint32_t>(b.rest[4 * j + i]) << 8 * i;
      const float scale = d * static_cast<float>(2 * (rest >> 28) + 1) * 0.25f;
      for (int l = 0; l < 8; ++l) {
        const int signs = even_signs(rest >> 7 * (l / 2) & 127) >> 4 * (l % 2);
        put_point<Iq3XxsGrid>(b.qs[8 * j + l], signs, scale, out + 32 * j + 4 * l);
      }
    }
  }

  static void quantize(const float* in /* [256] */, Block& b, const float* cost = nullptr) {
    const auto fit = GridFit<Iq3XxsGrid, 32, 16, GridSigns::Even, GridDelta::None>::of(in, 0.25f, cost);
    b.d = fit.d;
    for (int l = 0; l < 64; ++l) b.qs[l] = static_cast<std::uint8_t>(fit.points[l]);
    for (int j = 0; j < 8; ++j) {
      std::uint32_t rest = static_cast<std::uint32_t>(fit.scales[j]) << 28;
      for (int l = 0; l < 4; ++l) rest |= (fit.signs[4 * j + l] & 127u) << 7 * l;
      for (int i = 0; i < 4; ++i) b.rest[4 * j + i] = static_cast<std::uint8_t>(rest >> 8 * i);
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(IQ3_XXS::Block) == 98);

}  // namespace lamina::quant
