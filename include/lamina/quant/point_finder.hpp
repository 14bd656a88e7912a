// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The point of a grid that is nearest to some values, for the quantisers of IQ1 to IQ3.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/quant/fit.hpp"
#include "lamina/quant/grid.hpp"

namespace lamina::quant {

// Space is cut into cells by the coordinates' nearest levels. A cell whose own corner is a point of the grid has no
// nearer one; for every other cell the points around it are listed, nearest first, and compared. The lists are made on
// first use, in memory that the program has anyway (at most 0.3 MiB a grid).
template <class Grid>
class PointFinder {
 public:
  static constexpr int dim = Grid::dim;
  static constexpr int quick = 4;      // points compared while scales are searched
  static constexpr int thorough = 16;  // and in the end

  static const PointFinder& get() {
    static const PointFinder finder;
    return finder;
  }

  const float* levels(int point) const { return levels_[point]; }

  // The point nearest to `target` [dim], in units of levels, in the weighted mean square.
  int nearest(const float* target, Importance cost, int n_compared) const {
    int cell = 0;
    for (int i = dim - 1; i >= 0; --i) cell = cell * Grid::n_digits + nearest_digit(target[i]);
    const std::uint16_t* list = lists_[cell];
    if (list[1] == list[0]) return list[0];
    int best = list[0];
    float best_error = distance(list[0], target, cost);
    for (int i = 1; i < n_compared; ++i) {
      if (const float e = distance(list[i], target, cost); e < best_error) {
        best_error = e;
        best = list[i];
      }
    }
    return best;
  }

 private:
  static constexpr int n_cells = [] {
    int n = 1;
    for (int i = 0; i < dim; ++i) n *= Grid::n_digits;
    return n;
  }();

  static int nearest_digit(float x) {
    int digit = 0;
    for (int i = 1; i < Grid::n_digits; ++i) {
      digit += x > 0.5f * static_cast<float>(Grid::level(i - 1) + Grid::level(i)) ? 1 : 0;
    }
    return digit;
  }

  float distance(int point, const float* target, Importance cost) const {
    float sum = 0;
    for (int i = 0; i < dim; ++i) {
      const float off = target[i] - levels_[point][i];
      sum += cost[i] * off * off;
    }
    return sum;
  }

  PointFinder() {
    for (int p = 0; p < Grid::n_points; ++p) {
      for (int i = 0; i < dim; ++i) {
        levels_[p][i] = static_cast<float>(Grid::level(Grid::constant_digit(p, i)));
      }
    }
    for (int cell = 0; cell < n_cells; ++cell) list_points(cell);
  }

  void list_points(int cell) {
    float corner[std::size_t{dim}];
    for (int i = 0, rest = cell; i < dim; ++i, rest /= Grid::n_digits) {
      corner[i] = static_cast<float>(Grid::level(rest % Grid::n_digits));
    }
    float off[std::size_t{thorough}];
    std::uint16_t* list = lists_[cell];
    int held = 0;
    for (int p = 0; p < Grid::n_points; ++p) {
      const float d = distance(p, corner, {});
      if (d == 0) {  // marked by the same point twice
        list[0] = list[1] = static_cast<std::uint16_t>(p);
        return;
      }
      if (held == thorough && d >= off[held - 1]) continue;
      int at = held < thorough ? held++ : held - 1;
      for (; at > 0 && off[at - 1] > d; --at) {
        off[at] = off[at - 1];
        list[at] = list[at - 1];
      }
      off[at] = d;
      list[at] = static_cast<std::uint16_t>(p);
    }
  }

  float levels_[std::size_t{Grid::n_points}][std::size_t{dim}];
  std::uint16_t lists_[std::size_t{n_cells}][std::size_t{thorough}];
};

}  // namespace lamina::quant
