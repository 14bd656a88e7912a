// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Finding the grid nearest to some values: what the quantisers of the formats share.
#pragma once

#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"

namespace lamina::quant {

// What an error in each weight costs: all the same, or a factor per weight, ≥ 0.
struct Importance {
  const float* factors = nullptr;  // [n] or none

  LAMINA_HOST_DEVICE float operator[](int i) const { return factors != nullptr ? factors[i] : 1.0f; }
  LAMINA_HOST_DEVICE Importance from(int i) const { return {factors != nullptr ? factors + i : nullptr}; }
};

// The grid scale · q, q in low…high, that is nearest to n values in the weighted mean square.
struct SymmetricFit {
  LAMINA_HOST_DEVICE static float error(const float* in, int n, int low, int high, float scale, Importance cost = {}) {
    const float inverse = inverse_or_zero(scale);
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      const float off = in[i] - scale * static_cast<float>(round_to_int(in[i] * inverse, low, high));
      sum += cost[i] * off * off;
    }
    return sum;
  }

  // Tries scales that bring the value of largest magnitude to `low` and around it, improves each by least squares, and
  // keeps the best. O(20 · n).
  LAMINA_HOST_DEVICE static float of(const float* in, int n, int low, int high, Importance cost = {}) {
    float extreme = 0;
    for (int i = 0; i < n; ++i) {
      if (absolute(in[i]) > absolute(extreme)) extreme = in[i];
    }
    if (!(absolute(extreme) > 0)) return 0;
    float best = extreme / static_cast<float>(low);
    float best_error = error(in, n, low, high, best, cost);
    for (int step = -9; step <= 9; ++step) {
      const float inverse = (static_cast<float>(low) + 0.1f * static_cast<float>(step)) / extreme;
      float sum_qq = 0, sum_qx = 0;
      for (int i = 0; i < n; ++i) {
        const auto q = static_cast<float>(round_to_int(in[i] * inverse, low, high));
        sum_qq += cost[i] * q * q;
        sum_qx += cost[i] * q * in[i];
      }
      if (!(sum_qq > 0)) continue;
      const float scale = sum_qx / sum_qq;
      if (const float e = error(in, n, low, high, scale, cost); e < best_error) {
        best_error = e;
        best = scale;
      }
    }
    return best;
  }
};

// The grid scale · q − minimum, q in 0…levels, that is nearest to n values in the weighted mean square.
struct AffineFit {
  float scale = 0;
  float minimum = 0;

  LAMINA_HOST_DEVICE static float error(const float* in, int n, int levels, float scale, float minimum,
                                        Importance cost = {}) {
    const float inverse = inverse_or_zero(scale);
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      const int q = round_to_int((in[i] + minimum) * inverse, 0, levels);
      const float off = in[i] - (scale * static_cast<float>(q) - minimum);
      sum += cost[i] * off * off;
    }
    return sum;
  }

  // Tries spans around that of the data; for each, assigns the levels, solves for the best line through them by least
  // squares, and keeps the best. O(21 · n).
  // Without `offset` the grid cannot lie wholly above zero: minimum ≥ 0.
  LAMINA_HOST_DEVICE static AffineFit of(const float* in, int n, int levels, bool offset, Importance cost = {}) {
    float least = offset ? in[0] : 0;
    float most = in[0];
    for (int i = 0; i < n; ++i) {
      if (in[i] < least) least = in[i];
      if (in[i] > most) most = in[i];
    }
    AffineFit best;
    if (!(most > least)) {  // all the same, or NaN
      best.minimum = -least;
      return best;
    }
    best.scale = (most - least) / static_cast<float>(levels);
    best.minimum = -least;
    float best_error = error(in, n, levels, best.scale, best.minimum, cost);
    for (int step = -10; step <= 10; ++step) {
      const float inverse = (static_cast<float>(levels) + 0.1f * static_cast<float>(step)) / (most - least);
      float count = 0, sum_q = 0, sum_qq = 0, sum_x = 0, sum_qx = 0;
      for (int i = 0; i < n; ++i) {
        const auto q = static_cast<float>(round_to_int((in[i] - least) * inverse, 0, levels));
        count += cost[i];
        sum_q += cost[i] * q;
        sum_qq += cost[i] * q * q;
        sum_x += cost[i] * in[i];
        sum_qx += cost[i] * q * in[i];
      }
      const float determinant = count * sum_qq - sum_q * sum_q;
      if (!(determinant > 0)) continue;
      float scale = (count * sum_qx - sum_q * sum_x) / determinant;
      float minimum = -(sum_qq * sum_x - sum_q * sum_qx) / determinant;
      if (minimum < 0 && !offset) {
        minimum = 0;
        scale = sum_qq > 0 ? sum_qx / sum_qq : 0;
      }
      if (!(scale > 0)) continue;
      if (const float e = error(in, n, levels, scale, minimum, cost); e < best_error) {
        best_error = e;
        best = {scale, minimum};
      }
    }
    return best;
  }
};

}  // namespace lamina::quant
