// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A block's own copy of the rows that its matrices multiply, normed on the way, in shared memory: as floats, or as
// integers of sixteen bits in two planes of bytes, x ≈ d · (256 · high + low), one d per 32 values. Sixteen bits as on
// the CPU, for the reason that kernels/README.md gives.
#pragma once

#include <cmath>

#include "lamina/kernels/cuda/args.hpp"
#include "lamina/kernels/cuda/bits.hpp"
#include "lamina/kernels/cuda/context.hpp"

namespace lamina::gpu {

// One row of k values as integers; k is a multiple of 32. The sixteen bytes of a half group lie together, and the same
// half of neighbouring groups side by side, so that neighbouring threads read neighbouring sixteen bytes.
struct StagedInts {
  std::uint32_t* planes;  // [high, low][half][group][4]
  float* d;               // [group]
  std::int32_t* sums;     // [half][group], of levels
  std::uint32_t groups;

  LAMINA_HOST_DEVICE static std::size_t bytes(std::uint32_t k) { return std::size_t{k} * 2 + k / 32 * std::size_t{12}; }
  LAMINA_HOST_DEVICE static StagedInts at(std::byte* memory, std::uint32_t k) {
    const std::uint32_t groups = k / 32;
    auto* planes = reinterpret_cast<std::uint32_t*>(memory);
    auto* d = reinterpret_cast<float*>(planes + std::size_t{groups} * 16);
    return {planes, d, reinterpret_cast<std::int32_t*>(d + groups), groups};
  }
  LAMINA_HOST_DEVICE std::uint32_t* part(std::uint32_t plane, std::uint32_t half, std::uint32_t group) const {
    return planes + ((std::size_t{plane} * 2 + half) * groups + group) * 4;
  }
};

// The level's bytes: level = 256 · high + low, low in −128 … 127.
LAMINA_HOST_DEVICE inline int high_byte(int level) { return (level + 128) >> 8; }
LAMINA_HOST_DEVICE inline int low_byte(int level) { return level - 256 * high_byte(level); }

LAMINA_HOST_DEVICE inline std::uint32_t magnitude_bits(float x) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(x) & 0x7fffffffu;
#else
  return std::bit_cast<std::uint32_t>(x) & 0x7fffffffu;
#endif
}
LAMINA_HOST_DEVICE inline float float_of_bits(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

// x · inverse to the nearest level, halves to even; what is no number becomes 0, since d shows it.
LAMINA_HOST_DEVICE inline int level_of(float x, float inverse) {
  const float scaled = x * inverse;
  if (!(magnitude_bits(scaled) < 0x7f800000u)) return 0;
#ifdef __CUDA_ARCH__
  const int q = __float2int_rn(scaled);
#else
  const int q = static_cast<int>(std::nearbyint(scaled));
#endif
  const int most = static_cast<int>(kernels::activation_levels);
  return q < -most ? -most : q > most ? most : q;
}

// y_i = (x_i − mean) · scale · weight_i + bias_i, for any kind of norm.
struct NormState {
  float mean = 0, scale = 1;
};

LAMINA_DEVICE float normed(const Norm& norm, const NormState& s, const float* x, std::uint32_t i) {
  if (norm.kind == NormKind::None) return x[i];
  const float y = (x[i] - s.mean) * s.scale * norm.weight[i];
  return norm.bias != nullptr ? y + norm.bias[i] : y;
}

// scratch: a float per warp
template <class Ctx>
LAMINA_DEVICE NormState norm_state(Ctx& ctx, const Norm& norm, const float* x, std::uint32_t n, float* scratch) {
  NormState out;
  if (norm.kind == NormKind::None) return out;
  typename Ctx::template PerThread<float> v;
  const auto count = static_cast<float>(n);
  if (norm.kind == NormKind::Layer) {
    ctx.each_in_warp([&](unsigned t) {
      v[t] = 0;
      for (std::uint32_t i = t; i < n; i += ctx.threads()) v[t] += x[i];
    });
    out.mean = block_sum(ctx, v, scratch) / count;
  }
  ctx.each_in_warp([&](unsigned t) {
    v[t] = 0;
    for (std::uint32_t i = t; i < n; i += ctx.threads()) v[t] += (x[i] - out.mean) * (x[i] - out.mean);
  });
  out.scale = 1.0f / std::sqrt(block_sum(ctx, v, scratch) / count + norm.eps);
  return out;
}

// Fills `to` [k] with norm(x); ends with a barrier.
template <class Ctx>
LAMINA_DEVICE void stage_floats(Ctx& ctx, const Norm& norm, const float* x, std::uint32_t k, float* scratch,
                                float* to) {
  const NormState state = norm_state(ctx, norm, x, k, scratch);
  ctx.each([&](unsigned t) {
    for (std::uint32_t i = t; i < k; i += ctx.threads()) to[i] = normed(norm, state, x, i);
  });
}

// The same as integers. Eight threads share a group, four values each.
template <class Ctx>
LAMINA_DEVICE void stage_ints(Ctx& ctx, const Norm& norm, const float* x, std::uint32_t k, float* scratch,
                              const StagedInts& to) {
  const NormState state = norm_state(ctx, norm, x, k, scratch);
  struct Four {
    float v[4];
  };
  typename Ctx::template PerThread<Four> own;
  typename Ctx::template PerThread<std::uint32_t> most;
  typename Ctx::template PerThread<int> sum;
  for (std::uint32_t first = 0; first < to.groups; first += ctx.threads() / 8) {
    ctx.each_in_warp([&](unsigned t) {
      const std::uint32_t g = first + t / 8;
      most[t] = 0;
      for (std::uint32_t i = 0; i < 4; ++i) {
        own[t].v[i] = g < to.groups ? normed(norm, state, x, 32 * g + t % 8 * 4 + i) : 0.0f;
        const std::uint32_t bits = magnitude_bits(own[t].v[i]);
        most[t] = bits > most[t] ? bits : most[t];
      }
    });
    ctx.template max_bits<8>(most);
    ctx.each_in_warp([&](unsigned t) {
      const std::uint32_t g = first + t / 8, quarter = t % 8;
      const float amax = float_of_bits(most[t]);
      const bool tiny = amax < 1e-30f;
      const float inverse = tiny ? 0.0f : kernels::activation_levels / amax;
      std::uint32_t high = 0, low = 0;
      sum[t] = 0;
      for (int i = 0; i < 4; ++i) {
        const int level = level_of(own[t].v[i], inverse);
        high |= (static_cast<std::uint32_t>(high_byte(level)) & 255u) << 8 * i;
        low |= (static_cast<std::uint32_t>(low_byte(level)) & 255u) << 8 * i;
        sum[t] += level;
      }
      if (g >= to.groups) return;
      to.part(0, quarter / 4, g)[quarter % 4] = high;
      to.part(1, quarter / 4, g)[quarter % 4] = low;
      if (quarter == 0) to.d[g] = tiny ? 0.0f : amax / kernels::activation_levels;
    });
    ctx.template sum<4>(sum);
    ctx.each_in_warp([&](unsigned t) {
      const std::uint32_t g = first + t / 8, quarter = t % 8;
      if (g < to.groups && quarter % 4 == 0) to.sums[quarter / 4 * to.groups + g] = sum[t];
    });
  }
  ctx.sync();
}

}  // namespace lamina::gpu
