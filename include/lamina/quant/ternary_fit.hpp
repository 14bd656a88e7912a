// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The ternary grid −d, 0, d that is nearest to some values: what TQ1_0 and TQ2_0 share.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

// Exact: the weights that become ±d are the largest ones, however many, and d is then their mean magnitude; of n such
// choices the one that explains most is taken. O(n log n).
template <int N>
struct TernaryFit {
  static float of(const float* in /* [N] */, Importance cost = {}) {
    std::array<std::uint64_t, std::size_t{N}>
        order;  // magnitude, index: magnitudes as integers, since NaN has no place among floats
    for (int i = 0; i < N; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(in[i]) & 0x7fffffffu;
      order[static_cast<std::size_t>(i)] = static_cast<std::uint64_t>(bits) << 32 | static_cast<unsigned>(i);
    }
    std::sort(order.begin(), order.end(), std::greater<>());
    double sum = 0, count = 0, most = 0, best = 0;
    for (const std::uint64_t entry : order) {
      const int i = static_cast<int>(entry & 0xffffffffu);
      sum += static_cast<double>(cost[i]) * absolute(in[i]);
      count += cost[i];
      if (!(count > 0)) continue;
      if (const double explained = sum * sum / count; explained > most) {
        most = explained;
        best = sum / count;
      }
    }
    return best < 3e38 ? static_cast<float>(best) : std::numeric_limits<float>::infinity();
  }
};

}  // namespace lamina::quant
