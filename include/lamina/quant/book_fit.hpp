// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The scale of a book of unequal levels that is nearest to some values: what IQ4_NL, IQ4_XS and Q2_0 share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

// Book: `size` levels, ascending, as value(i); nearest(x) is the index of the level nearest to x; `reach` says how far
// beyond the outermost level a value may usefully lie, as a factor: outliers are cut off where that serves the others.
template <class Book>
struct BookFit {
  static float error(const float* in, int n, float scale, Importance cost = {}) {
    const float inverse = inverse_or_zero(scale);
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      const float off = in[i] - scale * Book::value(Book::nearest(in[i] * inverse));
      sum += cost[i] * off * off;
    }
    return sum;
  }

  // The value of largest magnitude is laid on each level in turn, and beyond the outermost two in steps; each such
  // scale is improved by least squares; the best is improved twice more.
  static float of(const float* in, int n, Importance cost = {}) {
    const float extreme = extreme_of(in, n);
    if (!(absolute(extreme) > 0)) return 0;
    Search search{in, n, cost};
    for (int i = 0; i < Book::size; ++i) {
      if (Book::value(i) != 0) search.attempt(extreme / Book::value(i));
    }
    for (const int end : {0, Book::size - 1}) {
      for (float factor = 0.82f; factor < Book::reach; factor *= 1.06f) {
        search.attempt(extreme / (Book::value(end) * factor));
      }
    }
    for (int pass = 0; pass < 2; ++pass) search.attempt(search.best);
    return search.best;
  }

  // The same in half precision. Values that lie on few levels fit several scales, of which one is rounded least.
  static half of_half(const float* in, int n, Importance cost = {}) {
    half best = half::from_float(of(in, n, cost));
    float best_error = error(in, n, best, cost);
    const float extreme = extreme_of(in, n);
    for (int i = 0; i < Book::size; ++i) {
      if (Book::value(i) == 0) continue;
      const half other = half::from_float(extreme / Book::value(i));
      if (const float e = error(in, n, other, cost); e < best_error) {
        best_error = e;
        best = other;
      }
    }
    return best;
  }

 private:
  static float extreme_of(const float* in, int n) {
    float extreme = 0;
    for (int i = 0; i < n; ++i) {
      if (absolute(in[i]) > absolute(extreme)) extreme = in[i];
    }
    return extreme;
  }

  struct Search {
    const float* in;
    int n;
    Importance cost;
    float best = 0;
    float explained = 0;  // of Σ cost · in², by `best`

    void attempt(float scale) {
      const float inverse = inverse_or_zero(scale);
      float sum_qq = 0, sum_qx = 0;
      for (int i = 0; i < n; ++i) {
        const float q = Book::value(Book::nearest(in[i] * inverse));
        sum_qq += cost[i] * q * q;
        sum_qx += cost[i] * q * in[i];
      }
      if (!(sum_qq > 0)) return;
      if (const float e = sum_qx * sum_qx / sum_qq; e > explained) {
        explained = e;
        best = sum_qx / sum_qq;
      }
    }
  };
};

}  // namespace lamina::quant
