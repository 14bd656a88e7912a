// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Loops of nothing but multiply-adds on vector registers. Twelve independent sums hide the latency of each. They are
// written as assembly, so that no compiler can fold them, and the factors are ordinary numbers, since zeros take less
// power and could run at a higher clock.
#pragma once

#include <cstdint>

namespace lamina::bench {

// Goes around `rounds` times, at least once; gives the operations done, a multiply-add counting as two.
using PeakLoop = std::uint64_t (*)(std::uint64_t rounds);

// For any machine, a multiplication and an addition as the compiler has them. The sums approach 0.5.
inline std::uint64_t fma_plain(std::uint64_t rounds) {
  float sum[12] = {};
  float u = 0.5f, v = 0.25f;
  asm volatile("" : "+m"(u), "+m"(v));
  for (std::uint64_t i = 0; i < rounds; ++i) {
    for (float& s : sum) s = s * u + v;
  }
  asm volatile("" : : "r"(sum) : "memory");
  return rounds * 12 * 2;
}

#if defined(__aarch64__)
// Floats on NEON, with sixteen sums, since these machines start more multiply-adds at once: 0.5 · 0.5.
inline std::uint64_t fma_neon(std::uint64_t rounds) {
  std::uint64_t left = rounds;
  asm volatile(
      "fmov v16.4s, #0.5\n\t"
      "fmov v17.4s, #0.5\n\t"
      ".irp i,0,1,2,3,4,5,6,7,18,19,20,21,22,23,24,25\n\t"
      "movi v\\i\\().4s, #0\n\t"
      ".endr\n"
      "1:\n\t"
      ".irp i,0,1,2,3,4,5,6,7,18,19,20,21,22,23,24,25\n\t"
      "fmla v\\i\\().4s, v16.4s, v17.4s\n\t"
      ".endr\n\t"
      "subs %[left], %[left], #1\n\t"
      "b.ne 1b"
      : [left] "+r"(left)
      :
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
        "v25", "cc");
  return rounds * 16 * 4 * 2;
}
#endif

#if defined(__x86_64__)
// Each has its sums in registers 0 to 11 and the factors in 12 and 13.

// Floats: 0.5 · 0.5.
__attribute__((target("avx2,fma"))) inline std::uint64_t fma_ymm(std::uint64_t rounds) {
  constexpr std::uint32_t factor = 0x3f000000;
  std::uint64_t left = rounds;
  asm volatile(
      "vbroadcastss %[factor], %%ymm12\n\t"
      "vbroadcastss %[factor], %%ymm13\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vfmadd231ps %%ymm12, %%ymm13, %%ymm\\i\n\t"
      ".endr\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "vzeroupper"
      : [left] "+r"(left)
      : [factor] "m"(factor)
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "cc");
  return rounds * 12 * 8 * 2;
}

// The same, twice as wide.
__attribute__((target("avx512f"))) inline std::uint64_t fma_zmm(std::uint64_t rounds) {
  constexpr std::uint32_t factor = 0x3f000000;
  std::uint64_t left = rounds;
  asm volatile(
      "vbroadcastss %[factor], %%zmm12\n\t"
      "vbroadcastss %[factor], %%zmm13\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vfmadd231ps %%zmm12, %%zmm13, %%zmm\\i\n\t"
      ".endr\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "vzeroupper"
      : [left] "+r"(left)
      : [factor] "m"(factor)
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "cc");
  return rounds * 12 * 16 * 2;
}

// Pairs of bfloat16 to floats: 0.5 · 0.5.
__attribute__((target("avx512f,avx512bf16"))) inline std::uint64_t bf16_zmm(std::uint64_t rounds) {
  constexpr std::uint32_t factor = 0x3f003f00;
  std::uint64_t left = rounds;
  asm volatile(
      "vbroadcastss %[factor], %%zmm12\n\t"
      "vbroadcastss %[factor], %%zmm13\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vdpbf16ps %%zmm12, %%zmm13, %%zmm\\i\n\t"
      ".endr\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "vzeroupper"
      : [left] "+r"(left)
      : [factor] "m"(factor)
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "cc");
  return rounds * 12 * 32 * 2;
}

// Fours of bytes to 32-bit integers: 3 · 3. The AVX2 form, which machines without AVX-512 have.
__attribute__((target("avx2,avxvnni"))) inline std::uint64_t vnni_ymm(std::uint64_t rounds) {
  constexpr std::uint32_t factor = 0x03030303;
  std::uint64_t left = rounds;
  asm volatile(
      "vbroadcastss %[factor], %%ymm12\n\t"
      "vbroadcastss %[factor], %%ymm13\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "%{vex%} vpdpbusd %%ymm12, %%ymm13, %%ymm\\i\n\t"
      ".endr\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "vzeroupper"
      : [left] "+r"(left)
      : [factor] "m"(factor)
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "cc");
  return rounds * 12 * 32 * 2;
}

// The same, twice as wide.
__attribute__((target("avx512f,avx512vnni"))) inline std::uint64_t vnni_zmm(std::uint64_t rounds) {
  constexpr std::uint32_t factor = 0x03030303;
  std::uint64_t left = rounds;
  asm volatile(
      "vbroadcastss %[factor], %%zmm12\n\t"
      "vbroadcastss %[factor], %%zmm13\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n\t"
      "vpdpbusd %%zmm12, %%zmm13, %%zmm\\i\n\t"
      ".endr\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "vzeroupper"
      : [left] "+r"(left)
      : [factor] "m"(factor)
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "cc");
  return rounds * 12 * 64 * 2;
}
#endif

}  // namespace lamina::bench
