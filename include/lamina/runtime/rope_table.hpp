// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Angles of the rotary position embedding, with the scaling a file asks for folded into one frequency per pair.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "lamina/runtime/hparams.hpp"

namespace lamina::runtime {

// angle(position, pair) = position · frequency[pair]; cosines and sines are multiplied by `magnitude`.
struct RopeTable {
  std::vector<double> frequency;  // [n_rot / 2]
  double magnitude = 1;

  // out[pair] = {cos, sin} of the angle at `position`
  void fill(std::size_t position, float* out /* [n_rot / 2][2] */) const {
    for (std::size_t i = 0; i < frequency.size(); ++i) {
      const double angle = static_cast<double>(position) * frequency[i];
      out[2 * i] = static_cast<float>(std::cos(angle) * magnitude);
      out[2 * i + 1] = static_cast<float>(std::sin(angle) * magnitude);
    }
  }
};

// Share of extrapolation in pair i for YaRN (arXiv:2309.00071, eq. 18-23): 1 for pairs that turn often within the
// original context, 0 for those that hardly turn, a ramp between.
inline double yarn_extrapolation(const RopeParams& p, std::size_t n_rot, std::size_t pair) {
  const auto n = static_cast<double>(n_rot);
  const double two_pi = 6.283185307179586476925;
  const auto pair_of_rotations = [&](double rotations) {
    return n * std::log(static_cast<double>(p.original_context) / (rotations * two_pi)) / (2 * std::log(p.base));
  };
  const double low = std::max(0.0, std::floor(pair_of_rotations(p.beta_fast)));
  const double high = std::min(n - 1, std::ceil(pair_of_rotations(p.beta_slow)));
  const double ramp = (static_cast<double>(pair) - low) / std::max(0.001, high - low);
  return 1 - std::clamp(ramp, 0.0, 1.0);
}

// factors: one divisor per pair (rope_freqs.weight of Llama 3.1), or empty.
inline RopeTable make_rope_table(const RopeParams& p, std::size_t n_rot, std::span<const float> factors) {
  RopeTable table;
  table.frequency.resize(n_rot / 2);
  for (std::size_t i = 0; i < n_rot / 2; ++i) {
    double f = std::pow(p.base, -2 * static_cast<double>(i) / static_cast<double>(n_rot));
    if (!factors.empty()) f /= static_cast<double>(factors[i]);
    const double interpolated = f / p.factor;
    const double share = p.scaling == RopeScaling::Yarn ? yarn_extrapolation(p, n_rot, i) : 0;
    table.frequency[i] = interpolated * (1 - share) + f * share;
  }
  table.magnitude = p.attention_factor;
  if (p.scaling == RopeScaling::Yarn) table.magnitude *= 1 + 0.1 * std::log(std::max(1.0, p.factor));
  return table;
}

}  // namespace lamina::runtime
