// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What Q2_K, Q4_K and Q5_K share: sub-blocks of weights on grids d · sc · q − dmin · m with small integers sc and m.
#pragma once

#include <cstddef>
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

// Scales and minima for 256 weights in N sub-blocks, in 0…Most: fits each sub-block, rounds the fits to parts of a
// common scale, then tries the neighbours of each rounded pair. The common scale and minimum are then solved for again
// by least squares, and the pairs tried again.
template <int N, int Most>
struct SuperBlockFit {
  static constexpr int size = 256 / N;  // weights in a sub-block

  half d{};
  half dmin{};
  int scales[std::size_t{N}] = {};
  int minima[std::size_t{N}] = {};

  LAMINA_HOST_DEVICE static SuperBlockFit of(const float* in /* [256] */, int levels, Importance cost = {}) {
    AffineFit fits[std::size_t{N}];
    for (int j = 0; j < N; ++j) fits[j] = AffineFit::of(in + size * j, size, levels, false, cost.from(size * j));
    SuperBlockFit out = with(fits, Most, in, levels, cost);
    // Scales so small that half precision is coarse may be better off as fewer steps of a larger unit.
    for (int most = Most / 2; most > 2 && (subnormal(out.d) || subnormal(out.dmin)); most /= 2) {
      const SuperBlockFit other = with(fits, most, in, levels, cost);
      if (!(other.error(in, levels, cost) < out.error(in, levels, cost))) break;
      out = other;
    }
    return out;
  }

  // The level of weight i of sub-block j.
  LAMINA_HOST_DEVICE int level(const float* in /* [256] */, int j, int i, int levels) const {
    return round_to_int((in[size * j + i] + minimum(j)) * inverse_or_zero(scale(j)), 0, levels);
  }

 private:
  LAMINA_HOST_DEVICE static bool subnormal(half x) { return x.bits != 0 && (x.bits & 0x7c00) == 0; }

  // The largest scale and the largest minimum become `most` steps.
  LAMINA_HOST_DEVICE static SuperBlockFit with(const AffineFit* fits /* [N] */, int most, const float* in, int levels,
                                               Importance cost) {
    float most_scale = 0;
    float most_minimum = 0;
    for (int j = 0; j < N; ++j) {
      if (fits[j].scale > most_scale) most_scale = fits[j].scale;
      if (fits[j].minimum > most_minimum) most_minimum = fits[j].minimum;
    }
    SuperBlockFit out;
    out.d = half::from_float(most_scale / static_cast<float>(most) + zero_or_nan(in, 256));
    out.dmin = half::from_float(most_minimum / static_cast<float>(most));
    for (int j = 0; j < N; ++j) {
      out.scales[j] = round_to_int(fits[j].scale * inverse_or_zero(out.d), 0, Most);
      out.minima[j] = round_to_int(fits[j].minimum * inverse_or_zero(out.dmin), 0, Most);
    }
    out.try_neighbours(in, levels, cost);
    for (int pass = 0; pass < 3; ++pass) {
      const SuperBlockFit before = out;
      if (!out.solve(in, levels, cost)) break;
      out.try_neighbours(in, levels, cost);
      if (!(out.error(in, levels, cost) < before.error(in, levels, cost))) {
        out = before;
        break;
      }
    }
    return out;
  }

  LAMINA_HOST_DEVICE float scale(int j) const { return static_cast<float>(d) * static_cast<float>(scales[j]); }
  LAMINA_HOST_DEVICE float minimum(int j) const { return static_cast<float>(dmin) * static_cast<float>(minima[j]); }

  LAMINA_HOST_DEVICE float error(const float* in, int levels, Importance cost) const {
    float sum = 0;
    for (int j = 0; j < N; ++j) {
      sum += AffineFit::error(in + size * j, size, levels, scale(j), minimum(j), cost.from(size * j));
    }
    return sum;
  }

  LAMINA_HOST_DEVICE void try_neighbours(const float* in, int levels, Importance cost) {
    const float whole = d, least = dmin;
    for (int j = 0; j < N; ++j) {
      const float* sub = in + size * j;
      const int s0 = scales[j], m0 = minima[j];
      float best = AffineFit::error(sub, size, levels, scale(j), minimum(j), cost.from(size * j));
      for (int s = s0 > 0 ? s0 - 1 : 0; s <= s0 + 1 && s <= Most; ++s) {
        for (int m = m0 > 1 ? m0 - 2 : 0; m <= m0 + 2 && m <= Most; ++m) {
          const float e = AffineFit::error(sub, size, levels, whole * static_cast<float>(s),
                                           least * static_cast<float>(m), cost.from(size * j));
          if (e < best) {
            best = e;
            scales[j] = s;
            minima[j] = m;
          }
        }
      }
    }
  }

  // d and dmin by least squares for the levels, scales and minima as they are; false when they are not determined.
  LAMINA_HOST_DEVICE bool solve(const float* in, int levels, Importance cost) {
    float aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;  // y = d · a − dmin · b
    for (int j = 0; j < N; ++j) {
      for (int i = 0; i < size; ++i) {
        const int at = size * j + i;
        const float a = static_cast<float>(scales[j] * level(in, j, i, levels)), b = static_cast<float>(minima[j]);
        aa += cost[at] * a * a;
        ab += cost[at] * a * b;
        bb += cost[at] * b * b;
        ax += cost[at] * a * in[at];
        bx += cost[at] * b * in[at];
      }
    }
    const float determinant = aa * bb - ab * ab;
    if (!(determinant > 0)) return false;
    const float scale = (ax * bb - bx * ab) / determinant, least = (ax * ab - bx * aa) / determinant;
    if (!(scale > 0) || !(least >= 0)) return false;
    d = half::from_float(scale);
    dmin = half::from_float(least);
    return true;
  }
};

}  // namespace lamina::quant
