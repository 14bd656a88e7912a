// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the time of a test goes: one row per kind of phase, or per step of the plan. Worker 0 takes the time at the
// barrier that ends each step, so a row holds what the slowest worker needed, waiting included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/machine.hpp"
#include "lamina/lamina.hpp"
#include "work.hpp"

namespace lamina::bench {

enum class ProfileDetail : std::uint8_t { None, Phases, Layers };

struct ProfileRow {
  std::string phase;   // "norm+qkv+rope"; with layers "blk.3 norm+qkv+rope"
  std::string kernel;  // several are joined with "+"
  std::uint64_t calls = 0;
  double seconds = 0;
  Work work;
};

struct Profile {
  std::size_t n_tokens = 0;      // in all calls together
  double seconds = 0;            // of the whole repetition; the rows add up to it
  MachineSample before, after;   // the machine around it
  std::vector<ProfileRow> rows;  // the last is what lies outside of the steps

  double read() const { return (before.read + after.read) / 2; }  // bytes per second
  double peak(std::size_t kind) const { return (before.peaks[kind] + after.peaks[kind]) / 2; }
};

inline void join_kernel(std::string& all, const std::string& one) {
  if (("+" + all + "+").find("+" + one + "+") != std::string::npos) return;
  all += (all.empty() ? "" : "+") + one;
}

// prefill: how the session meets many tokens. times: of each step of the plan, over `passes` feedings that took
// `seconds` together.
inline std::vector<ProfileRow> profile_rows(const Model& model, const WorkCounter& counter, const Feeding& feeding,
                                            std::size_t passes, std::span<const StepTime> times, double seconds,
                                            FeedKind prefill, ProfileDetail detail) {
  std::vector<ProfileRow> rows;
  double inside = 0;
  const std::size_t together = feeding.one_by_one ? 1 : std::min(feeding.n_tokens, feeding.batch);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const StepInfo& info = model.plan().steps()[i].info;
    const std::string phase = detail == ProfileDetail::Layers ? info.phase : std::string(phase_of(info));
    std::size_t at = 0;
    while (at < rows.size() && rows[at].phase != phase) ++at;
    if (at == rows.size()) rows.push_back({.phase = phase, .kernel = {}, .work = {}});
    ProfileRow& row = rows[at];
    // The head meets one token, the last of those that are fed together; of experts each its share, if all are equally
    // likely.
    std::size_t met = kind_of(model.plan(), i) == StepKind::Head ? 1 : together;
    if (info.n_expert > 0) met = met * info.n_expert_used / info.n_expert;
    join_kernel(row.kernel, info.kernels.of(met < runtime::panel_min_tokens ? FeedKind::Decode : prefill));
    row.calls += times[i].calls;
    row.seconds += times[i].seconds;
    const Work work = counter.of_step(i, feeding);
    const auto n = static_cast<double>(passes);
    row.work += {work.bytes * n, work.operations * n};
    inside += times[i].seconds;
  }
  rows.push_back({.phase = "outside of steps", .kernel = {}, .seconds = seconds - inside, .work = {}});
  return rows;
}

}  // namespace lamina::bench
