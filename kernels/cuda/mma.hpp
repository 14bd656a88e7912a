// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The tensor core product of a warp, mma.sync.m16n8k16 with bfloat16 operands and float sums: C[16][8] += A[16][16] ·
// B[16][8]. Which thread holds which element is told by functions, which loads and the emulation share. (PTX ISA,
// "Matrix Fragments for mma.m16n8k16 with floating point type".)
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/kernels/cuda/context.hpp"

namespace lamina::gpu {

// Two bfloat16 in a word, the lower index in the lower half.
struct FragmentA {
  std::uint32_t r[4];

  // Word i holds columns (k) col(lane, i) and the next of this row.
  LAMINA_HOST_DEVICE static constexpr unsigned row(unsigned lane, unsigned i) { return lane / 4 + i % 2 * 8; }
  LAMINA_HOST_DEVICE static constexpr unsigned col(unsigned lane, unsigned i) { return lane % 4 * 2 + i / 2 * 8; }
};
struct FragmentB {
  std::uint32_t r[2];

  // Word i holds rows (k) row(lane, i) and the next of this column.
  LAMINA_HOST_DEVICE static constexpr unsigned row(unsigned lane, unsigned i) { return lane % 4 * 2 + i * 8; }
  LAMINA_HOST_DEVICE static constexpr unsigned col(unsigned lane) { return lane / 4; }
};
struct FragmentC {
  float v[4];

  LAMINA_HOST_DEVICE static constexpr unsigned row(unsigned lane, unsigned i) { return lane / 4 + i / 2 * 8; }
  LAMINA_HOST_DEVICE static constexpr unsigned col(unsigned lane, unsigned i) { return lane % 4 * 2 + i % 2; }
};

struct MmaOperands {
  FragmentC* c;
  const FragmentA* a;
  const FragmentB* b;
};

LAMINA_HOST_DEVICE inline std::uint16_t bf16_bits(float x) { return bfloat16::from_float(x).bits; }
LAMINA_HOST_DEVICE inline std::uint32_t bf16_pair(float low, float high) {
  return bf16_bits(low) | static_cast<std::uint32_t>(bf16_bits(high)) << 16;
}
// What bfloat16 leaves of x.
LAMINA_HOST_DEVICE inline float bf16_rest(float x) { return x - static_cast<float>(bfloat16::from_float(x)); }

#ifdef __CUDACC__
LAMINA_DEVICE void multiply_add(const MmaOperands& m) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(m.c->v[0]), "+f"(m.c->v[1]), "+f"(m.c->v[2]), "+f"(m.c->v[3])
      : "r"(m.a->r[0]), "r"(m.a->r[1]), "r"(m.a->r[2]), "r"(m.a->r[3]), "r"(m.b->r[0]), "r"(m.b->r[1]));
}
#endif

// The same by the host, for the 32 threads of a warp.
inline void emulate_multiply_add(const MmaOperands* threads /* [32] */) {
  float a[16][16], b[16][8];
  const auto value = [](std::uint32_t word, unsigned half) {
    return static_cast<float>(bfloat16{static_cast<std::uint16_t>(word >> 16 * half)});
  };
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    for (unsigned half = 0; half < 2; ++half) {
      for (unsigned i = 0; i < 4; ++i) {
        a[FragmentA::row(lane, i)][FragmentA::col(lane, i) + half] = value(threads[lane].a->r[i], half);
      }
      for (unsigned i = 0; i < 2; ++i) {
        b[FragmentB::row(lane, i) + half][FragmentB::col(lane)] = value(threads[lane].b->r[i], half);
      }
    }
  }
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    for (unsigned i = 0; i < 4; ++i) {
      float sum = 0;
      for (unsigned k = 0; k < 16; ++k) sum += a[FragmentC::row(lane, i)][k] * b[k][FragmentC::col(lane, i)];
      threads[lane].c->v[i] += sum;
    }
  }
}

}  // namespace lamina::gpu
