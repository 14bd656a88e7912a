// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Results as a table for people, JSON with every sample, or CSV with one line per test.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "results.hpp"

namespace lamina::bench {

// What the numbers were measured on and with.
struct Setting {
  std::string cpu;  // /proc/cpuinfo's name; machines of one name may differ, so the target says more
  std::size_t cores = 0;
  std::size_t probe_bytes = 0;
  std::string read_loop;
  std::vector<PeakKind> kinds;
};

void write_markdown(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results, bool latency);
void write_json(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results);
void write_csv(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results);

inline std::string fixed(double value, int digits) {
  char out[64];
  std::snprintf(out, sizeof out, "%.*f", digits, value);
  return out;
}

// Of the kinds of arithmetic on whole numbers, or on floats, the one whose peak was highest; none measured, no kind.
inline std::optional<std::size_t> best_kind(const Setting& setting, const std::vector<ModelResult>& results,
                                            bool integer) {
  std::optional<std::size_t> best;
  double highest = 0;
  for (std::size_t k = 0; k < setting.kinds.size(); ++k) {
    if (setting.kinds[k].integer != integer) continue;
    for (const ModelResult& r : results) {
      for (const TestResult& t : r.tests) {
        const double peak = summarize(t.peaks(k)).median;
        if (peak > highest) best = k, highest = peak;
      }
    }
  }
  return best;
}

}  // namespace lamina::bench
