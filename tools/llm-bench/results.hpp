// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What was measured of a model, with every sample kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lamina/runtime/plan.hpp"
#include "stats.hpp"

namespace lamina::bench {

struct TestResult {
  std::string name;  // "pp512", "tg128", "tg128 @ d1024"
  std::size_t n_tokens = 0;
  bool decode = false;
  std::vector<double> rates;   // tokens per second, one per repetition
  std::vector<double> probes;  // bytes per second, one more than repetitions
  double bytes_per_token = 0;  // weights and cache that a decoded token reads; of a prefill, weights per batch / batch

  Summary rate() const { return summarize(rates); }
  Summary probe() const { return summarize(probes); }
  std::vector<double> byte_rates() const {
    std::vector<double> out;
    for (const double r : rates) out.push_back(r * bytes_per_token);
    return out;
  }
  // Of the bandwidth measured around each repetition. Meaningful for decode, which is bound by memory.
  std::vector<double> shares() const { return shares_of_neighbours(byte_rates(), probes); }
};

// All steps of a plan that run the same kernel.
struct KernelUse {
  std::string kernel;
  std::size_t n_steps = 0;
  std::uint64_t weight_bytes = 0;
};

struct ModelResult {
  std::string name;
  std::uint64_t file_bytes = 0;
  std::uint64_t n_weights = 0;
  std::string architecture, target, cache_type;
  std::size_t threads = 0, batch = 0, context = 0;
  double load_seconds = 0, session_seconds = 0;
  std::uint64_t weight_bytes_per_token = 0, cache_bytes_per_position = 0;
  std::vector<StepInfo> steps;
  std::vector<TestResult> tests;

  std::vector<KernelUse> kernels() const {
    std::map<std::string, KernelUse> by_name;
    for (const StepInfo& step : steps) {
      KernelUse& use = by_name[step.kernel];
      use.kernel = step.kernel;
      ++use.n_steps;
      use.weight_bytes += step.weight_bytes;
    }
    std::vector<KernelUse> out;
    for (auto& [name_, use] : by_name) out.push_back(std::move(use));
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.weight_bytes > b.weight_bytes; });
    return out;
  }
  // Tensors whose step has no fast kernel.
  std::vector<std::string> slow_tensors() const {
    std::vector<std::string> out;
    for (const StepInfo& step : steps) {
      if (!step.slow) continue;
      if (step.tensors.empty()) out.push_back(step.phase);
      out.insert(out.end(), step.tensors.begin(), step.tensors.end());
    }
    return out;
  }
};

}  // namespace lamina::bench
