// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How many operations this machine does right now, with each kind of multiply-add that it has: the yardstick for what
// computes more than it loads. Like the bandwidth probe, it is short and meant to be taken between repetitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/peak_amx.hpp"
#include "common/peak_vector.hpp"
#include "common/seconds.hpp"
#include "lamina/core/team.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace lamina::bench {

struct PeakKind {
  std::string_view name;  // in JSON and counters
  std::string_view what;  // for people
  bool integer;           // whole numbers of eight bits; otherwise floats of some width
  PeakLoop loop;
};

#if defined(__x86_64__)
struct CpuidLeaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

inline CpuidLeaf cpuid(unsigned leaf, unsigned subleaf) {
  CpuidLeaf out;
  if (__get_cpuid_count(leaf, subleaf, &out.a, &out.b, &out.c, &out.d) == 0) return {};
  return out;
}
#endif

// What this machine has, the narrow before the wide. CPUID says what the processor can, the compiler's built-in
// function that the operating system keeps the registers too.
inline std::vector<PeakKind> peak_kinds() {
  PeakKind fma{"fma", "float multiply-add", false, fma_plain};
  std::vector<PeakKind> more;
#if defined(__x86_64__)
  const CpuidLeaf seven = cpuid(7, 0), seven_one = cpuid(7, 1);
  const auto has = [](unsigned word, unsigned bit) { return (word >> bit & 1) != 0; };
  const bool avx2 = __builtin_cpu_supports("avx2"), avx512 = __builtin_cpu_supports("avx512f");
  if (avx2 && __builtin_cpu_supports("fma")) fma = {"fma", "vfmadd231ps ymm", false, fma_ymm};
  if (avx512) fma = {"fma", "vfmadd231ps zmm", false, fma_zmm};
  if (avx512 && has(seven_one.a, 5)) more.push_back({"bf16", "vdpbf16ps zmm", false, bf16_zmm});
  if (avx512 && has(seven.c, 11)) {
    more.push_back({"vnni", "vpdpbusd zmm", true, vnni_zmm});
  } else if (avx2 && has(seven_one.a, 4)) {
    more.push_back({"vnni", "vpdpbusd ymm", true, vnni_ymm});
  }
  const bool tiles = has(seven.d, 24), tile_bf16 = tiles && has(seven.d, 22), tile_int8 = tiles && has(seven.d, 25);
  if ((tile_bf16 || tile_int8) && amx_permitted()) {
    if (tile_bf16) more.push_back({"amx-bf16", "tdpbf16ps", false, amx_bf16});
    if (tile_int8) more.push_back({"amx-int8", "tdpbssd", true, amx_int8});
  }
#elif defined(__aarch64__)
  fma = {"fma", "fmla 4s", false, fma_neon};
#endif
  more.insert(more.begin(), fma);
  return more;
}

// Operations per second over all workers of a team, in the order of `kinds`.
inline std::vector<double> measure_peaks(Team& team, const std::vector<PeakKind>& kinds) {
  constexpr double probe_seconds = 0.015;  // for each kind
  constexpr std::uint64_t rounds = 2000;   // far less than a probe: all workers stop at about the same time
  std::vector<double> rates(team.size() * kinds.size());  // [worker][kind]
  auto job = [&](Worker& worker) {
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      worker.barrier();
      std::uint64_t operations = 0;
      const double begin = seconds();
      double end = begin;
      while (end - begin < probe_seconds) {
        operations += kinds[k].loop(rounds);
        end = seconds();
      }
      rates[worker.index() * kinds.size() + k] = static_cast<double>(operations) / (end - begin);
    }
  };
  team.run(job);
  std::vector<double> out(kinds.size());
  for (std::size_t i = 0; i < rates.size(); ++i) out[i % kinds.size()] += rates[i];
  return out;
}

}  // namespace lamina::bench
