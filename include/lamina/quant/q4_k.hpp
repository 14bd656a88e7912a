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
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

// The packing of eight 6-bit scales and eight 6-bit minima that Q4_K and its kin use.
struct PackedScales {
  LAMINA_HOST_DEVICE static constexpr int scale(const std::uint8_t* p /* [12] */, int j) {
    return j < 4 ? p[j] & 63 : (p[j + 4] & 15) | (p[j - 4] >> 6) << 4;
  }
  LAMINA_HOST_DEVICE static constexpr int minimum(const std::uint8_t* p /* [12] */, int j) {
    return j < 4 ? p[j + 4] & 63 : p[j + 4] >> 4 | (p[j] >> 6) << 4;
  }
  LAMINA_HOST_DEVICE static constexpr void pack(const int* scales /* [8] */, const int* minima /* [8] */,
                                                std::uint8_t* p /* [12] */) {
    for (int j = 0; j < 4; ++j) {
      p[j] = static_cast<std::uint8_t>(scales[j] | (scales[j + 4] >> 4) << 6);
      p[j + 4] = static_cast<std::uint8_t>(minima[j] | (minima[j + 4] >> 4) << 6);
      p[j + 8] = static_cast<std::uint8_t>((scales[j + 4] & 15) | (minima[j + 4] & 15) << 4);
    }
  }
};

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

  // Fits each sub-block, rounds the fits to 6 bits of a common scale, then tries the neighbours of each rounded pair.
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [256] */, Block& b) {
    AffineFit fits[8];
    float most_scale = 0;
    float most_minimum = 0;
    for (int j = 0; j < 8; ++j) {
      fits[j] = AffineFit::of(in + 32 * j, 32, 15, false);
      if (fits[j].scale > most_scale) most_scale = fits[j].scale;
      if (fits[j].minimum > most_minimum) most_minimum = fits[j].minimum;
    }
    b.d = half::from_float(most_scale / 63);
    b.dmin = half::from_float(most_minimum / 63);
    const float d = b.d;
    const float dmin = b.dmin;
    int scales[8];
    int minima[8];
    for (int j = 0; j < 8; ++j) {
      const int scale = round_to_int(fits[j].scale * inverse_or_zero(d), 0, 63);
      const int minimum = round_to_int(fits[j].minimum * inverse_or_zero(dmin), 0, 63);
      scales[j] = scale;
      minima[j] = minimum;
      float best =
          AffineFit::error(in + 32 * j, 32, 15, d * static_cast<float>(scale), dmin * static_cast<float>(minimum));
      for (int s = scale > 0 ? scale - 1 : 0; s <= scale + 1 && s <= 63; ++s) {
        for (int m = minimum > 1 ? minimum - 2 : 0; m <= minimum + 2 && m <= 63; ++m) {
          const float e =
              AffineFit::error(in + 32 * j, 32, 15, d * static_cast<float>(s), dmin * static_cast<float>(m));
          if (e < best) {
            best = e;
            scales[j] = s;
            minima[j] = m;
          }
        }
      }
    }
    PackedScales::pack(scales, minima, b.scales);
    for (int i = 0; i < 128; ++i) b.qs[i] = 0;
    for (int j = 0; j < 8; ++j) {
      const float inverse = inverse_or_zero(d * static_cast<float>(scales[j]));
      const float minimum = dmin * static_cast<float>(minima[j]);
      for (int i = 0; i < 32; ++i) {
        const int q = round_to_int((in[32 * j + i] + minimum) * inverse, 0, 15);
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
