// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Grids of points: the formats IQ1 to IQ3 hold eight (or four) weights as the number of a point, whose coordinates are
// their levels. And the ways those formats hold signs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/core/host_device.hpp"
#include "lamina/quant/iq1_points.hpp"
#include "lamina/quant/iq2_points.hpp"
#include "lamina/quant/iq3_points.hpp"

namespace lamina::quant {

// `Points` holds a grid of N points, Dim digits each, 16 / Dim bits a digit, the first coordinate lowest. The list is
// copied, at compile time, to where device code can read it too.
template <int N, int Dim, const std::uint16_t (&Points)[std::size_t{N}]>
struct PackedGrid {
  static constexpr int n_points = N;
  static constexpr int dim = Dim;
  static constexpr int digit_bits = 16 / Dim;

  struct Table {
    std::uint16_t packed[std::size_t{N}];
  };
  static constexpr Table copy() {
    Table out{};
    for (int i = 0; i < N; ++i) out.packed[i] = Points[i];
    return out;
  }
  LAMINA_HOST_DEVICE static int digit(int point, int i) {
    static constexpr Table table = copy();
    return table.packed[point] >> digit_bits * i & ((1 << digit_bits) - 1);
  }
  static constexpr int constant_digit(int point, int i) {
    return Points[point] >> digit_bits * i & ((1 << digit_bits) - 1);
  }
};

// Levels 8, 25, 43.
template <int N, const std::uint16_t (&Points)[std::size_t{N}]>
struct Iq2Grid : PackedGrid<N, 8, Points> {
  static constexpr int n_digits = 3;
  LAMINA_HOST_DEVICE static constexpr int level(int digit) { return 8 + 17 * digit + (digit == 2 ? 1 : 0); }
};
using Iq2XxsGrid = Iq2Grid<256, iq2_xxs_points>;
using Iq2XsGrid = Iq2Grid<512, iq2_xs_points>;
using Iq2SGrid = Iq2Grid<1024, iq2_s_points>;

// Levels 4, 12, 20 … 52, 62.
struct Iq3XxsGrid : PackedGrid<256, 4, iq3_xxs_points> {
  static constexpr int n_digits = 8;
  LAMINA_HOST_DEVICE static constexpr int level(int digit) { return 4 + 8 * digit + (digit == 7 ? 2 : 0); }
};
// Levels 1, 3 … 15.
struct Iq3SGrid : PackedGrid<512, 4, iq3_s_points> {
  static constexpr int n_digits = 8;
  LAMINA_HOST_DEVICE static constexpr int level(int digit) { return 2 * digit + 1; }
};
// Levels −8, 0, 8, to which one is added or from which one is taken.
struct Iq1Grid : PackedGrid<2048, 8, iq1_points> {
  static constexpr int n_digits = 3;
  LAMINA_HOST_DEVICE static constexpr int level(int digit) { return 8 * (digit - 1); }
};

// Eight signs in seven bits: the eighth makes the number of negative weights even.
LAMINA_HOST_DEVICE constexpr int even_signs(unsigned seven) {
  const unsigned a = seven ^ seven >> 4, b = a ^ a >> 2, parity = (b ^ b >> 1) & 1;
  return static_cast<int>(seven | parity << 7);
}

// The Dim weights of a point, negative where a bit of `signs` is set.
template <class Grid>
LAMINA_HOST_DEVICE void put_point(int point, int signs, float scale, float* out /* [Grid::dim] */) {
  for (int i = 0; i < Grid::dim; ++i) {
    const float y = scale * static_cast<float>(Grid::level(Grid::digit(point, i)));
    out[i] = (signs >> i & 1) != 0 ? -y : y;
  }
}

}  // namespace lamina::quant
