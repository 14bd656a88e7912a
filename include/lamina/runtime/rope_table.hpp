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
  std::vector<double> frequency;       // [n_rot / 2]
  std::vector<double> long_frequency;  // for sessions with more than `original_context` tokens; empty: the same
  std::size_t original_context = 0;    // tokens
  double magnitude = 1;

  // out[pair] = {cos, sin} of the angle at `position` in a session of n_ctx tokens
  void fill(std::size_t position, std::size_t n_ctx, float* out /* [n_rot / 2][2] */) const {
    const bool extended = !long_frequency.empty() && n_ctx > original_context;
    const std::vector<double>& turns = extended ? long_frequency : frequency;
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const double angle = static_cast<double>(position) * turns[i];
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

// Whether a pair turns with the position of text: those of the fourth section do not.
inline bool turns_with_text(const RopeParams& p, std::size_t pair) {
  const std::size_t text = p.sections[0] + p.sections[1] + p.sections[2], all = text + p.sections[3];
  return all == 0 || pair % all < text;
}

// Angles per position. factors: one divisor per pair (rope_freqs.weight of Llama 3.1), or empty.
inline std::vector<double> rope_frequencies(const RopeParams& p, std::size_t n_rot, std::span<const float> factors) {
  std::vector<double> out(n_rot / 2);
  for (std::size_t i = 0; i < n_rot / 2; ++i) {
    if (!turns_with_text(p, i)) continue;
    double f = std::pow(p.base, -2 * static_cast<double>(i) / static_cast<double>(n_rot));
    if (!factors.empty()) f /= static_cast<double>(factors[i]);
    const double interpolated = f / p.factor;
    const double share = p.scaling == RopeScaling::Yarn ? yarn_extrapolation(p, n_rot, i) : 0;
    out[i] = interpolated * (1 - share) + f * share;
  }
  return out;
}

// short_factors and long_factors (LongRoPE) stand in where there are no factors.
inline RopeTable make_rope_table(const RopeParams& p, std::size_t n_rot, std::span<const float> factors,
                                 std::span<const float> short_factors = {}, std::span<const float> long_factors = {}) {
  RopeTable table;
  table.frequency = rope_frequencies(p, n_rot, factors.empty() ? short_factors : factors);
  if (factors.empty() && !long_factors.empty()) table.long_frequency = rope_frequencies(p, n_rot, long_factors);
  table.original_context = p.original_context;
  table.magnitude = p.attention_factor;
  if (p.scaling == RopeScaling::Yarn) table.magnitude *= 1 + 0.1 * std::log(std::max(1.0, p.factor));
  return table;
}

}  // namespace lamina::runtime
