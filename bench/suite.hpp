// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the suites share: their own options beside Google Benchmark's, and counters that set what was measured against
// the machine's limits around the very measurement.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/machine.hpp"
#include "lamina/core/error.hpp"
#include "tables.hpp"

namespace lamina::bench {

// A matrix of weights, [rows][k].
struct Shape {
  std::size_t rows, k;

  std::string name() const { return std::to_string(rows) + "x" + std::to_string(k); }
};

// Those of llama-1.1b: attention's output, gate and up, down, head.
inline constexpr Shape shapes[] = {{2048, 2048}, {5632, 2048}, {2048, 5632}, {32000, 2048}};

// Weights of one matrix are held so often that they do not stay in a cache from one call to the next.
inline constexpr std::size_t arena_bytes = std::size_t{256} << 20;

// A failure here is one of the machine, above all of memory: nothing can be measured then.
template <class T>
T need(Expected<T> value) {
  if (value) return std::move(*value);
  std::fprintf(stderr, "%s\n", value.error().to_string().c_str());
  std::exit(1);
}
inline void need(const Expected<void>& value) {
  if (value) return;
  std::fprintf(stderr, "%s\n", value.error().to_string().c_str());
  std::exit(1);
}

// The machine around a measurement: made before it, asked after it.
class Surroundings {
 public:
  explicit Surroundings(MachineProbe& probe) : probe_(probe), before_(probe.measure()) {}

  // bytes and operations: of the whole measurement, which took that long; 0 operations are none to speak of.
  void count(benchmark::State& state, double took, double bytes, double operations) const {
    const MachineSample after = probe_.measure();
    state.counters["bytes/s"] = bytes / took;
    state.counters["read%"] = 100 * bytes / took / ((before_.read + after.read) / 2);
    if (operations == 0) return;
    state.counters["op/s"] = operations / took;
    for (std::size_t k = 0; k < probe_.kinds().size(); ++k) {
      const double peak = (before_.peaks[k] + after.peaks[k]) / 2;
      state.counters[std::string(probe_.kinds()[k].name) + "%"] = 100 * operations / took / peak;
    }
  }

 private:
  MachineProbe& probe_;
  MachineSample before_;
};

// Takes every `NAME=VALUE` of an option out of the command line, whose rest is Google Benchmark's.
inline std::vector<std::string> take_option(int& argc, char** argv, const std::string& name) {
  std::vector<std::string> values;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(name + "=")) {
      values.emplace_back(argument.substr(name.size() + 1));
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  argv[argc] = nullptr;
  return values;
}

// The last `--threads=N`; 1 without, 0 when it is no number from 1 to 1024.
inline std::size_t take_threads(int& argc, char** argv) {
  const auto values = take_option(argc, argv, "--threads");
  if (values.empty()) return 1;
  char* end = nullptr;
  const long n = std::strtol(values.back().c_str(), &end, 10);
  return end != values.back().c_str() && *end == '\0' && n >= 1 && n <= 1024 ? static_cast<std::size_t>(n) : 0;
}

// What follows the suite's own options in a main(): the command line, the machine, the benchmarks that add(machine)
// registers, and their tables unless a program reads the output. Gives the exit code.
template <class Add>
int run_suite(int argc, char** argv, const char* name, const char* more_options, Add&& add) {
  const std::size_t threads = take_threads(argc, argv);
  bool console = true, tabular = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--benchmark_format=")) console = argument.ends_with("=console");
    if (argument.starts_with("--benchmark_counters_tabular")) tabular = !argument.ends_with("=false");
  }
  benchmark::Initialize(&argc, argv);
  if (threads == 0 || benchmark::ReportUnrecognizedArguments(argc, argv)) {
    std::fprintf(stderr, "%s: options are Google Benchmark's (--help) and --threads=N, 1 to 1024%s\n", name,
                 more_options);
    return 2;
  }
  auto machine = need(MachineProbe::make(threads));
  add(machine);
  if (console) {
    TargetTables reporter(tabular);
    benchmark::RunSpecifiedBenchmarks(&reporter);
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  benchmark::Shutdown();
  return 0;
}

}  // namespace lamina::bench
