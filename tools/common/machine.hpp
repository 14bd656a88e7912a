// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The machine's limits of this moment: read bandwidth and arithmetic peaks, on a given number of threads.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/bandwidth.hpp"
#include "common/peak.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/team.hpp"

namespace lamina::bench {

struct MachineSample {
  double read = 0;            // bytes per second
  std::vector<double> peaks;  // operations per second of each kind
};

class MachineProbe {
 public:
  // probe_bytes: BandwidthProbe::make. Errors: OutOfMemory.
  static Expected<MachineProbe> make(std::size_t n_threads, std::size_t probe_bytes = 0) {
    auto bandwidth = BandwidthProbe::make(n_threads, probe_bytes);
    if (!bandwidth) return fail(std::move(bandwidth.error()));
    return MachineProbe(std::move(*bandwidth));
  }

  // From now on on that many threads. Errors: OutOfMemory.
  Expected<void> use_threads(std::size_t n) { return bandwidth_.use_threads(n); }

  MachineSample measure() { return {bandwidth_.measure(), measure_peaks(bandwidth_.team(), kinds_)}; }

  Team& team() { return bandwidth_.team(); }
  const std::vector<PeakKind>& kinds() const { return kinds_; }
  const BandwidthProbe& bandwidth() const { return bandwidth_; }

 private:
  explicit MachineProbe(BandwidthProbe bandwidth) : bandwidth_(std::move(bandwidth)), kinds_(peak_kinds()) {}

  BandwidthProbe bandwidth_;
  std::vector<PeakKind> kinds_;
};

}  // namespace lamina::bench
