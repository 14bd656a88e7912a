// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What was measured of a model, with every sample kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/machine.hpp"
#include "lamina/runtime/plan.hpp"
#include "profile.hpp"
#include "stats.hpp"

namespace lamina::bench {

// One row of the table: a model with these threads, batch and depth, fed n_tokens one by one or together.
struct TestResult {
  std::size_t n_tokens = 0;
  bool decode = false;
  std::size_t threads = 0, batch = 0, context = 0, depth = 0;
  std::vector<double> rates;            // tokens per second, one per repetition
  std::vector<double> latencies;        // seconds: of every token (decode), or until the first token (prefill)
  std::vector<MachineSample> machine;   // one more than repetitions
  double bytes_per_token = 0;           // weights and cache
  double operations_per_token = 0;      // of the matrices
  std::optional<Profile> profile = {};  // of repetitions of its own

  // "pp512", "tg128", "tg128 @ d1024"
  std::string name() const {
    const std::string at = depth > 0 ? " @ d" + std::to_string(depth) : "";
    return (decode ? "tg" : "pp") + std::to_string(n_tokens) + at;
  }
  Summary rate() const { return summarize(rates); }
  std::vector<double> byte_rates() const { return scaled(bytes_per_token); }
  std::vector<double> operation_rates() const { return scaled(operations_per_token); }

  std::vector<double> reads() const {  // bytes per second
    std::vector<double> out;
    for (const MachineSample& m : machine) out.push_back(m.read);
    return out;
  }
  std::vector<double> peaks(std::size_t kind) const {  // operations per second
    std::vector<double> out;
    for (const MachineSample& m : machine) out.push_back(m.peaks[kind]);
    return out;
  }
  // Of what was measured around each repetition.
  std::vector<double> read_shares() const { return shares_of_neighbours(byte_rates(), reads()); }
  std::vector<double> peak_shares(std::size_t kind) const {
    return shares_of_neighbours(operation_rates(), peaks(kind));
  }

 private:
  std::vector<double> scaled(double factor) const {
    std::vector<double> out;
    for (const double r : rates) out.push_back(r * factor);
    return out;
  }
};

// All steps of a plan that run the same kernels.
struct KernelUse {
  std::string kernel;          // of one token
  std::string prefill_kernel;  // of many
  std::size_t n_steps = 0;
  std::uint64_t weight_bytes = 0;
};

struct ModelResult {
  std::string name;
  std::string note;  // how a synthetic model differs from what was asked for; or empty
  std::uint64_t file_bytes = 0;
  std::uint64_t n_weights = 0;
  std::string architecture, target, target_note, cache_type;
  std::size_t prefill_bits = 16;
  bool strict = false;
  double load_seconds = 0, session_seconds = 0;  // of the first session
  std::uint64_t weight_bytes_per_token = 0, cache_bytes_per_position = 0;
  std::vector<StepInfo> steps;
  std::vector<TestResult> tests;

  std::vector<KernelUse> kernels() const {
    std::map<std::pair<std::string, std::string>, KernelUse> by_name;
    for (const StepInfo& step : steps) {
      const std::string &one = step.kernels.of(FeedKind::Decode), &many = step.kernels.of(prefill_kind());
      KernelUse& use = by_name[{one, many}];
      use.kernel = one;
      use.prefill_kernel = many;
      ++use.n_steps;
      use.weight_bytes += step.weight_bytes;
    }
    std::vector<KernelUse> out;
    out.reserve(by_name.size());
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
      for (const TensorUse& tensor : step.tensors) out.push_back(tensor.name);
    }
    return out;
  }
  // Tensors that many tokens meet by the kernel of one, though the session does not ask for that.
  std::vector<std::string> tensors_without_panels() const {
    if (strict) return {};
    return tensors_that([&](const TensorUse& tensor) { return tensor.lacks_panels(prefill_kind()); });
  }
  std::vector<std::string> ragged_tensors() const {
    return tensors_that([](const TensorUse& tensor) { return tensor.ragged; });
  }
  FeedKind prefill_kind() const { return feed_kind(strict, prefill_bits); }
  static FeedKind feed_kind(bool strict, std::size_t prefill_bits) {
    return strict ? FeedKind::Decode : prefill_bits == 8 ? FeedKind::PrefillEight : FeedKind::Prefill;
  }

 private:
  template <class Condition>
  std::vector<std::string> tensors_that(Condition&& condition) const {
    std::vector<std::string> out;
    for (const StepInfo& step : steps) {
      for (const TensorUse& tensor : step.tensors) {
        if (condition(tensor)) out.push_back(tensor.name);
      }
    }
    return out;
  }
};

}  // namespace lamina::bench
