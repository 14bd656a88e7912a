// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What Q4_K and Q5_K share: eight sub-blocks of 32 weights on grids d · sc · q − dmin · m with 6-bit sc and m.
#pragma once

#include <cstdint>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

// The packing of eight 6-bit scales and eight 6-bit minima into twelve bytes.
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

// Scales and minima for 256 weights: fits each sub-block, rounds the fits to 6 bits of a common scale, then tries the
// neighbours of each rounded pair.
struct SuperBlockFit {
  half d{};
  half dmin{};
  int scales[8] = {};
  int minima[8] = {};

  LAMINA_HOST_DEVICE static SuperBlockFit of(const float* in /* [256] */, int levels) {
    AffineFit fits[8];
    float most_scale = 0;
    float most_minimum = 0;
    for (int j = 0; j < 8; ++j) {
      fits[j] = AffineFit::of(in + 32 * j, 32, levels, false);
      if (fits[j].scale > most_scale) most_scale = fits[j].scale;
      if (fits[j].minimum > most_minimum) most_minimum = fits[j].minimum;
    }
    SuperBlockFit out;
    out.d = half::from_float(most_scale / 63 + zero_or_nan(in, 256));
    out.dmin = half::from_float(most_minimum / 63);
    const float d = out.d;
    const float dmin = out.dmin;
    for (int j = 0; j < 8; ++j) {
      const int scale = round_to_int(fits[j].scale * inverse_or_zero(d), 0, 63);
      const int minimum = round_to_int(fits[j].minimum * inverse_or_zero(dmin), 0, 63);
      out.scales[j] = scale;
      out.minima[j] = minimum;
      float best =
          AffineFit::error(in + 32 * j, 32, levels, d * static_cast<float>(scale), dmin * static_cast<float>(minimum));
      for (int s = scale > 0 ? scale - 1 : 0; s <= scale + 1 && s <= 63; ++s) {
        for (int m = minimum > 1 ? minimum - 2 : 0; m <= minimum + 2 && m <= 63; ++m) {
          const float e =
              AffineFit::error(in + 32 * j, 32, levels, d * static_cast<float>(s), dmin * static_cast<float>(m));
          if (e < best) {
            best = e;
            out.scales[j] = s;
            out.minima[j] = m;
          }
        }
      }
    }
    return out;
  }

  // The level of weight i of sub-block j.
  LAMINA_HOST_DEVICE int level(const float* in /* [256] */, int j, int i, int levels) const {
    const float scale = static_cast<float>(d) * static_cast<float>(scales[j]);
    const float minimum = static_cast<float>(dmin) * static_cast<float>(minima[j]);
    return round_to_int((in[32 * j + i] + minimum) * inverse_or_zero(scale), 0, levels);
  }
};

}  // namespace lamina::quant
