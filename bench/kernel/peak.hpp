// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How many float multiply-adds this machine does right now: the yardstick for kernels that compute more than they load.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "common/bandwidth.hpp"
#include "lamina/core/team.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace lamina::bench {

// Loops of n rounds of twelve independent multiply-adds, enough to hide their latency; give the lanes of a register.
using FmaLoop = std::size_t (*)(std::size_t n);
inline constexpr std::size_t fma_chains = 12;

inline std::size_t fma_plain(std::size_t n) {
  float sum[fma_chains] = {};
  float u = 0.5f, v = 0.25f;
  asm volatile("" : "+m"(u), "+m"(v));
  for (std::size_t i = 0; i < n; ++i) {
    for (float& s : sum) s += u * v;
  }
  asm volatile("" : : "r"(sum) : "memory");
  return 1;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) inline std::size_t fma_avx2(std::size_t n) {
  __m256 sum[fma_chains];
  for (__m256& s : sum) s = _mm256_setzero_ps();
  __m256 u = _mm256_set1_ps(0.5f), v = _mm256_set1_ps(0.25f);
  asm volatile("" : "+x"(u), "+x"(v));
  for (std::size_t i = 0; i < n; ++i) {
#pragma GCC unroll 12
    for (std::size_t k = 0; k < fma_chains; ++k) sum[k] = _mm256_fmadd_ps(u, v, sum[k]);
  }
  for (__m256& s : sum) asm volatile("" : : "x"(s));
  return 8;
}

__attribute__((target("avx512f"))) inline std::size_t fma_avx512(std::size_t n) {
  __m512 sum[fma_chains];
  for (__m512& s : sum) s = _mm512_setzero_ps();
  __m512 u = _mm512_set1_ps(0.5f), v = _mm512_set1_ps(0.25f);
  asm volatile("" : "+v"(u), "+v"(v));
  for (std::size_t i = 0; i < n; ++i) {
#pragma GCC unroll 12
    for (std::size_t k = 0; k < fma_chains; ++k) sum[k] = _mm512_fmadd_ps(u, v, sum[k]);
  }
  for (__m512& s : sum) asm volatile("" : : "v"(s));
  return 16;
}
#endif

// Operations per second (a multiply-add is two) over all threads of the team, measured for some 20 ms, long enough to
// see other load.
inline double fma_peak(Team& team) {
  constexpr std::size_t rounds = 4000000;
  FmaLoop loop = fma_plain;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) loop = fma_avx2;
  if (__builtin_cpu_supports("avx512f")) loop = fma_avx512;
#endif
  std::size_t lanes = 1;
  auto job = [&](Worker& worker) {
    const std::size_t width = loop(rounds);
    if (worker.index() == 0) lanes = width;
  };
  const double begin = seconds();
  team.run(job);
  return 2.0 * static_cast<double>(lanes * fma_chains * rounds * team.size()) / (seconds() - begin);
}

}  // namespace lamina::bench
