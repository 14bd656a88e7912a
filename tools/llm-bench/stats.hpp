// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What is said of a handful of samples. The median leads: one disturbed repetition does not move it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace lamina::bench {

struct Summary {
  double median = 0, min = 0, max = 0, mean = 0;
  double stddev = 0;  // of the sample, n − 1
};

inline Summary summarize(std::span<const double> samples) {
  Summary out;
  if (samples.empty()) return out;
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  out.min = sorted.front();
  out.max = sorted.back();
  out.median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  for (const double s : sorted) out.mean += s / static_cast<double>(n);
  if (n > 1) {
    double squares = 0;
    for (const double s : sorted) squares += (s - out.mean) * (s - out.mean);
    out.stddev = std::sqrt(squares / static_cast<double>(n - 1));
  }
  return out;
}

// The smallest sample that at least `share` of all do not exceed; 0 of none. share in (0, 1].
inline double percentile(std::span<const double> samples, double share) {
  if (samples.empty()) return 0;
  std::vector<double> sorted(samples.begin(), samples.end());
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  const auto at = static_cast<std::ptrdiff_t>(std::clamp(rank, 1.0, static_cast<double>(sorted.size()))) - 1;
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
  return sorted[static_cast<std::size_t>(at)];
}

// Repetition i ran between probes i and i + 1: its share of what the machine could do in those moments.
inline std::vector<double> shares_of_neighbours(std::span<const double> rates, std::span<const double> probes) {
  std::vector<double> out;
  for (std::size_t i = 0; i < rates.size() && i + 1 < probes.size(); ++i) {
    out.push_back(rates[i] / ((probes[i] + probes[i + 1]) / 2));
  }
  return out;
}

}  // namespace lamina::bench
