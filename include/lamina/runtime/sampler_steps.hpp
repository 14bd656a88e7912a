// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The steps of a sampler chain, each a function over the candidates that are left. Every step keeps at least one
// candidate, and none allocates. A logit of minus infinity means "forbidden" and never becomes a candidate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "lamina/runtime/sampler_random.hpp"

namespace lamina::sampling {

struct Candidate {
  std::int32_t id;
  float logit;
};

// More likely first; ties to the lower id, so that the order is the same everywhere.
constexpr bool likelier(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

struct Candidates {
  std::vector<Candidate> items;
  std::size_t n_sorted = 0;  // this many at the front are the likeliest, in order

  std::size_t size() const { return items.size(); }

  // Brings the likeliest n to the front, in order.
  void sort(std::size_t n) {
    n = std::min(n, items.size());
    if (n <= n_sorted) return;
    const auto from = items.begin() + static_cast<std::ptrdiff_t>(n_sorted);
    std::partial_sort(from, items.begin() + static_cast<std::ptrdiff_t>(n), items.end(), likelier);
    n_sorted = n;
  }

  void keep(std::size_t n) {
    items.resize(n, Candidate{});
    n_sorted = std::min(n_sorted, n);
  }

  float max_logit() const {
    if (n_sorted > 0) return items.front().logit;
    return std::min_element(items.begin(), items.end(), likelier)->logit;
  }
};

// Candidates of all logits [n_vocab] that are not forbidden; false when one is NaN or plus infinity, or none is left.
// Allocates when `out` was never this large.
inline bool fill(std::span<const float> logits, Candidates& out) {
  out.items.clear();
  out.items.reserve(logits.size());
  out.n_sorted = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] <= std::numeric_limits<float>::max())) return false;
    if (logits[i] >= std::numeric_limits<float>::lowest()) {
      out.items.push_back({static_cast<std::int32_t>(i), logits[i]});
    }
  }
  return !out.items.empty();
}

// The likeliest id, straight from the logits; empty under the conditions for which fill() is false.
inline std::optional<std::int32_t> likeliest(std::span<const float> logits) {
  float best = -std::numeric_limits<float>::infinity();
  std::optional<std::int32_t> id;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] <= std::numeric_limits<float>::max())) return std::nullopt;
    if (logits[i] > best) {
      best = logits[i];
      id = static_cast<std::int32_t>(i);
    }
  }
  return id;
}

// Penalties on tokens seen lately: their logits are divided (when positive) or multiplied (when negative) by
// `repetition`, then lowered by `frequency` per occurrence and by `presence` once. `recent` holds the ids seen, sorted.
inline void penalize(Candidates& c, std::span<const std::int32_t> recent, float repetition, float frequency,
                     float presence) {
  constexpr float limit = std::numeric_limits<float>::max();
  // Fresh candidates are in order of their ids: one walk over both.
  std::size_t i = 0;
  for (std::size_t r = 0; r < recent.size();) {
    const std::int32_t id = recent[r];
    std::size_t count = 0;
    for (; r < recent.size() && recent[r] == id; ++r) ++count;
    while (i < c.items.size() && c.items[i].id < id) ++i;
    if (i == c.items.size()) break;
    if (c.items[i].id != id) continue;
    float& logit = c.items[i].logit;
    logit = logit > 0 ? logit / repetition : logit * repetition;
    logit -= static_cast<float>(count) * frequency + presence;
    logit = std::clamp(logit, -limit, limit);
  }
  c.n_sorted = 0;
}

// The k likeliest; 0 keeps all.
inline void top_k(Candidates& c, std::size_t k) {
  if (k == 0 || k >= c.size()) return;
  c.sort(k);
  c.keep(k);
}

// The fewest likeliest candidates whose probabilities sum to at least p; 1 keeps all.
inline void top_p(Candidates& c, float p) {
  if (p >= 1) return;
  const double max = c.max_logit();
  double total = 0;
  for (const Candidate& each : c.items) total += std::exp(each.logit - max);
  double sum = 0;
  std::size_t chunk = 64;  // sorted ahead, growing, since most of a vocabulary never needs an order
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (i >= c.n_sorted) {
      c.sort(i + chunk);
      chunk *= 4;
    }
    sum += std::exp(c.items[i].logit - max);
    if (sum >= static_cast<double>(p) * total) return c.keep(i + 1);
  }
}

// Those at least min_p times as likely as the likeliest; 0 keeps all.
inline void min_p(Candidates& c, float p) {
  if (p <= 0) return;
  const double lowest = c.max_logit() + std::log(static_cast<double>(p));
  const auto out = [&](const Candidate& each) { return static_cast<double>(each.logit) < lowest; };
  const std::size_t n_sorted = c.n_sorted;
  const auto front_end = c.items.begin() + static_cast<std::ptrdiff_t>(n_sorted);
  const auto sorted_out = static_cast<std::size_t>(std::count_if(c.items.begin(), front_end, out));
  c.keep(static_cast<std::size_t>(std::remove_if(c.items.begin(), c.items.end(), out) - c.items.begin()));
  c.n_sorted = n_sorted - sorted_out;
}

// Divides by t > 0 all distances from the likeliest, whose logit becomes 0: probabilities depend on nothing else.
inline void temperature(Candidates& c, float t) {
  const double max = c.max_logit();
  for (Candidate& each : c.items) {
    const double scaled = (each.logit - max) / t;
    each.logit = static_cast<float>(std::max<double>(scaled, std::numeric_limits<float>::lowest()));
  }
}

// One candidate, with the probability that softmax gives it; u is uniform in [0, 1).
inline std::int32_t draw(const Candidates& c, double u) {
  const double max = c.max_logit();
  double total = 0;
  for (const Candidate& each : c.items) total += std::exp(each.logit - max);
  double left = u * total;
  const Candidate* last = &c.items.front();
  for (const Candidate& each : c.items) {
    const double p = std::exp(each.logit - max);
    if (p == 0) continue;
    last = &each;
    if (left < p) break;
    left -= p;
  }
  return last->id;
}

}  // namespace lamina::sampling
