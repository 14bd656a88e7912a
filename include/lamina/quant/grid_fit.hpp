// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Quantising 256 weights to points of a grid with a scale of 2 s + 1 per sub-block: what the formats IQ1 to IQ3 share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "lamina/core/half.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"
#include "lamina/quant/grid.hpp"
#include "lamina/quant/point_finder.hpp"

namespace lamina::quant {

enum class GridSigns : std::uint8_t {
  None,  // levels have signs of their own
  Even,  // eight weights have an even number of negative ones
  Free,
};
enum class GridDelta : std::uint8_t {
  None,
  SubBlock,  // all levels of a sub-block are one higher, or one lower
  Point,     // those of a point are
};

// y = unit · d · (2 s + 1) · (± level), s in 0…n_scales − 1, one for every `sub` weights.
template <class Grid, int Sub, int NScales, GridSigns Signs, GridDelta Delta>
struct GridFit {
  static constexpr int dim = Grid::dim;
  static constexpr int n_subs = 256 / Sub;
  static constexpr int n_points = 256 / dim;

  half d{};
  int scales[std::size_t{n_subs}] = {};
  int points[std::size_t{n_points}] = {};
  bool lower[std::size_t{n_points}] = {};  // the point's levels are one lower, not one higher
  std::uint8_t signs[32] = {};             // bit i of byte j: weight 8 j + i is negative

  static GridFit of(const float* in /* [256] */, float unit, const float* cost) {
    Search search(in, {cost});
    search.find_scales();
    search.find_whole();
    search.settle(unit);
    GridFit out = search.choice(unit, zero_or_nan(in, 256));
    return out;
  }

 private:
  struct Search {
    const PointFinder<Grid>* finder = &PointFinder<Grid>::get();
    Importance cost;
    float target[256];  // magnitudes, or values where levels have signs
    std::uint8_t signs[32] = {};
    float fitted[std::size_t{n_subs}] = {},
          weight[std::size_t{n_subs}] = {};  // the best scale of a sub-block alone, and Σ cost · level²
    float whole = 0;                         // unit · d
    int scales[std::size_t{n_subs}] = {};
    int points[std::size_t{n_points}] = {};
    bool lower[std::size_t{n_points}] = {};

    Search(const float* in, Importance costs) : cost(costs) {
      for (int i = 0; i < 256; ++i) target[i] = in[i];
      if constexpr (Signs != GridSigns::None) {
        for (int j = 0; j < 32; ++j) take_signs(j);
      }
    }

    // Where a sign cannot be free, the weight that it costs least is given the wrong one.
    void take_signs(int j) {
      float* t = target + 8 * j;
      int n_negative = 0, least = 0;
      float least_cost = std::numeric_limits<float>::infinity();
      for (int i = 0; i < 8; ++i) {
        if (t[i] < 0) {
          signs[j] = static_cast<std::uint8_t>(signs[j] | 1 << i);
          ++n_negative;
          t[i] = -t[i];
        }
        if (const float c = cost[8 * j + i] * t[i]; c < least_cost) {
          least_cost = c;
          least = i;
        }
      }
      if (Signs == GridSigns::Even && n_negative % 2 != 0) {
        signs[j] = static_cast<std::uint8_t>(signs[j] ^ 1 << least);
        t[least] = -t[least];
      }
    }

    struct Sums {
      float qq = 0, qx = 0;  // Σ cost · level², Σ cost · level · target

      // Σ cost · (target − scale · level)², less what does not depend on the choice
      float error(float scale) const { return scale * (scale * qq - 2 * qx); }
    };

    // Chooses the points of sub-block j for a scale. With deltas of sub-blocks, `low` says which.
    Sums assign(int j, float scale, bool low, int n_compared, int* chosen, bool* chosen_lower) const {
      const float inverse = inverse_or_zero(scale);
      Sums sums;
      for (int g = 0; g < Sub / dim; ++g) {
        const int first = Sub * j + dim * g;
        Sums best;
        if constexpr (Delta == GridDelta::None) {
          best = nearest(first, inverse, 0, n_compared, chosen[g]);
        } else if constexpr (Delta == GridDelta::SubBlock) {
          best = nearest(first, inverse, low ? -1.0f : 1.0f, n_compared, chosen[g]);
          chosen_lower[g] = low;
        } else {
          int other = 0;
          best = nearest(first, inverse, 1, n_compared, chosen[g]);
          chosen_lower[g] = false;
          if (const Sums s = nearest(first, inverse, -1, n_compared, other); s.error(scale) < best.error(scale)) {
            best = s;
            chosen[g] = other;
            chosen_lower[g] = true;
          }
        }
        sums.qq += best.qq;
        sums.qx += best.qx;
      }
      return sums;
    }

    Sums nearest(int first, float inverse, float delta, int n_compared, int& point) const {
      float wanted[std::size_t{dim}];
      for (int i = 0; i < dim; ++i) wanted[i] = target[first + i] * inverse - delta;
      point = finder->nearest(wanted, cost.from(first), n_compared);
      Sums sums;
      for (int i = 0; i < dim; ++i) {
        const float q = finder->levels(point)[i] + delta;
        sums.qq += cost[first + i] * q * q;
        sums.qx += cost[first + i] * q * target[first + i];
      }
      return sums;
    }

    // The largest weight of each sub-block is laid on every level in turn, and beyond the last one in steps.
    void find_scales() {
      constexpr int top = Grid::level(Grid::n_digits - 1) + (Delta == GridDelta::None ? 0 : 1);
      constexpr float reach = Delta == GridDelta::None ? 1.9f : 4.5f, step = Delta == GridDelta::None ? 1.08f : 1.14f;
      for (int j = 0; j < n_subs; ++j) {
        float most = 0;
        for (int i = 0; i < Sub; ++i) {
          if (absolute(target[Sub * j + i]) > most) most = absolute(target[Sub * j + i]);
        }
        if (!(most > 0)) continue;
        float explained = 0;
        for (float factor = 0.85f; factor < reach; factor *= step) attempt(j, most / (top * factor), explained);
        for (int digit = Delta == GridDelta::None ? 0 : Grid::n_digits - 1; digit < Grid::n_digits; ++digit) {
          attempt(j, most / static_cast<float>(Grid::level(digit) + (Delta == GridDelta::None ? 0 : 1)), explained);
        }
        if (Delta != GridDelta::None) attempt(j, most / static_cast<float>(top - 2), explained);
      }
    }
    void attempt(int j, float scale, float& explained) {
      int chosen[std::size_t{Sub / dim}];
      bool chosen_lower[std::size_t{Sub / dim}];
      for (int low = 0; low < (Delta == GridDelta::SubBlock ? 2 : 1); ++low) {
        const Sums s = assign(j, scale, low != 0, PointFinder<Grid>::quick, chosen, chosen_lower);
        if (!(s.qq > 0) || !(s.qx > 0)) continue;
        if (const float e = s.qx * s.qx / s.qq; e > explained) {
          explained = e;
          fitted[j] = s.qx / s.qq;
          weight[j] = s.qq;
        }
      }
    }

    static int scale_step(float ratio) { return round_to_int(0.5f * (ratio - 1), 0, NScales - 1); }

    // The common scale for which the sub-blocks' scales are nearest to odd multiples; then points and scales for it,
    // then the best common scale for those, and so on.
    void find_whole() {
      float most = 0;
      for (const float f : fitted) {
        if (f > most) most = f;
      }
      if (!(most > 0)) return;
      float best = -1;
      for (int s = NScales / 2 - 1; s < NScales; ++s) {
        const float candidate = most / static_cast<float>(2 * s + 1);
        float error = 0;
        for (int j = 0; j < n_subs; ++j) {
          const float off = fitted[j] - candidate * odd(scale_step(fitted[j] / candidate));
          error += weight[j] * off * off;
        }
        if (best < 0 || error < best) {
          best = error;
          whole = candidate;
        }
      }
      for (int j = 0; j < n_subs; ++j) scales[j] = best_scale(j);
      for (int pass = 0; pass < 3; ++pass) {
        float qq = 0, qx = 0;
        for (int j = 0; j < n_subs; ++j) {
          const Sums s = choose(j);
          qq += odd(scales[j]) * odd(scales[j]) * s.qq;
          qx += odd(scales[j]) * s.qx;
        }
        if (!(qq > 0) || !(qx > 0)) return;
        whole = qx / qq;
      }
    }
    // Half precision is coarse for small scales. There the points are chosen anew for what it makes of the common
    // scale, rounded down or up.
    void settle(float unit) {
      const half nearest = half::from_float(whole / unit);
      const float rounded = unit * static_cast<float>(nearest);
      if (nearest.bits >= 0x400 || !(absolute(rounded - whole) > 1e-3f * whole)) return;
      Search best = *this;
      float best_error = 0;
      for (int step = -1; step <= 1; ++step) {
        if (nearest.bits + step < 1) continue;
        Search other = *this;
        other.whole = unit * static_cast<float>(half{static_cast<std::uint16_t>(nearest.bits + step)});
        float error = 0;
        for (int j = 0; j < n_subs; ++j) {
          other.scales[j] = other.best_scale(j);
          error += other.choose(j).error(other.whole * odd(other.scales[j]));
        }
        if (error < best_error) {
          best_error = error;
          best = other;
        }
      }
      *this = best;
    }

    // Of all: weights that lie on few levels fit several, far from each other.
    int best_scale(int j) const {
      int best = scale_step(fitted[j] * inverse_or_zero(whole));
      float best_error = 0;
      for (int s = 0; s < NScales; ++s) {
        for (int low = 0; low < (Delta == GridDelta::SubBlock ? 2 : 1); ++low) {
          int chosen[std::size_t{Sub / dim}];
          bool chosen_lower[std::size_t{Sub / dim}];
          const float scale = whole * odd(s);
          const float e = assign(j, scale, low != 0, PointFinder<Grid>::quick, chosen, chosen_lower).error(scale);
          if (e < best_error) {
            best_error = e;
            best = s;
          }
        }
      }
      return best;
    }
    static float odd(int s) { return static_cast<float>(2 * s + 1); }

    // The best scale of sub-block j next to the one it has, and its points.
    Sums choose(int j) {
      const int at = scales[j];
      Sums best;
      bool any = false;
      for (int s = at > 0 ? at - 1 : 0; s <= at + 1 && s < NScales; ++s) {
        for (int low = 0; low < (Delta == GridDelta::SubBlock ? 2 : 1); ++low) {
          int chosen[std::size_t{Sub / dim}];
          bool chosen_lower[std::size_t{Sub / dim}] = {};
          const float scale = whole * odd(s);
          const Sums sums = assign(j, scale, low != 0, PointFinder<Grid>::thorough, chosen, chosen_lower);
          if (any && !(sums.error(scale) < best.error(whole * odd(scales[j])))) continue;
          any = true;
          best = sums;
          scales[j] = s;
          for (int g = 0; g < Sub / dim; ++g) {
            points[Sub / dim * j + g] = chosen[g];
            lower[Sub / dim * j + g] = chosen_lower[g];
          }
        }
      }
      return best;
    }

    GridFit choice(float unit, float zero_or_nan) const {
      GridFit out;
      out.d = half::from_float(whole / unit + zero_or_nan);
      for (int i = 0; i < n_subs; ++i) out.scales[i] = scales[i];
      for (int i = 0; i < n_points; ++i) {
        out.points[i] = points[i];
        out.lower[i] = lower[i];
      }
      for (int i = 0; i < 32; ++i) out.signs[i] = signs[i];
      return out;
    }
  };
};

}  // namespace lamina::quant
