// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Two rows of weights times up to Tokens staged rows of activations, by one warp: each of its threads takes every 32nd
// group of 32 weights, or every 32nd sixteen bytes of floats, and the warp adds up. The order of a sum depends on k
// alone.
#pragma once

#include "lamina/kernels/cuda/group.hpp"
#include "lamina/kernels/cuda/staging.hpp"
#include "lamina/quant/bf16.hpp"
#include "lamina/quant/f16.hpp"
#include "lamina/quant/f32.hpp"

namespace lamina::gpu {

template <std::uint32_t Tokens>
struct Sums {
  float v[2][Tokens];
};

template <class Format>
inline constexpr bool is_float = Format::block_size == 1;

// ---- integers

template <class Format>
LAMINA_HOST_DEVICE inline float dot_group(const Group32& w, const StagedInts& x, std::uint32_t g) {
  int high[2], low[2];
  LAMINA_UNROLL
  for (std::uint32_t half = 0; half < 2; ++half) {
    const std::uint32_t* h = x.part(0, half, g);
    const std::uint32_t* l = x.part(1, half, g);
    high[half] = low[half] = 0;
#ifdef __CUDA_ARCH__
    const uint4 hv = *reinterpret_cast<const uint4*>(h), lv = *reinterpret_cast<const uint4*>(l);
    const std::uint32_t hs[4] = {hv.x, hv.y, hv.z, hv.w}, ls[4] = {lv.x, lv.y, lv.z, lv.w};
#pragma unroll
    for (std::uint32_t i = 0; i < 4; ++i) {
      high[half] = dot4(w.q[4 * half + i], hs[i], high[half]);
      low[half] = dot4(w.q[4 * half + i], ls[i], low[half]);
    }
#else
    check_alignment<16>(h);
    check_alignment<16>(l);
    for (std::uint32_t i = 0; i < 4; ++i) {
      high[half] = dot4(w.q[4 * half + i], h[i], high[half]);
      low[half] = dot4(w.q[4 * half + i], l[i], low[half]);
    }
#endif
  }
  const int s0 = x.sums[g], s1 = x.sums[x.groups + g];
  const int p0 = 256 * high[0] + low[0] - w.zero * s0, p1 = 256 * high[1] + low[1] - w.zero * s1;
  float sum;
  if constexpr (Group<Format>::halves) {
    sum = w.d[0] * static_cast<float>(p0) + w.d[1] * static_cast<float>(p1);
    if constexpr (Group<Format>::minima) sum -= w.m[0] * static_cast<float>(s0) + w.m[1] * static_cast<float>(s1);
  } else {
    sum = w.d[0] * static_cast<float>(p0 + p1);
    if constexpr (Group<Format>::minima) sum -= w.m[0] * static_cast<float>(s0 + s1);
  }
  return x.d[g] * sum;
}

// Activations of a block: `n` rows of k values.
struct StagedRows {
  std::byte* memory;
  std::uint32_t k;

  template <class Format>
  LAMINA_HOST_DEVICE static std::size_t bytes(std::uint32_t k) {
    const std::size_t row = is_float<Format> ? std::size_t{k} * 4 : StagedInts::bytes(k);
    return (row + 15) / 16 * 16;
  }
  template <class Format>
  LAMINA_HOST_DEVICE StagedInts ints(std::uint32_t token) const {
    return StagedInts::at(memory + token * bytes<Format>(k), k);
  }
  template <class Format>
  LAMINA_HOST_DEVICE float* floats(std::uint32_t token) const {
    return reinterpret_cast<float*>(memory + token * bytes<Format>(k));
  }
};

// ---- floats

template <class Format>
LAMINA_HOST_DEVICE inline float float_weight(const std::byte* row, std::uint32_t i) {
  if constexpr (sizeof(typename Format::Block) == 4) {
#ifdef __CUDA_ARCH__
    return __ldg(reinterpret_cast<const float*>(row) + i);
#else
    float out;
    std::memcpy(&out, row + std::size_t{i} * 4, 4);
    return out;
#endif
  } else {
    const std::uint32_t bits = half_word(row + std::size_t{i} * 2);
    return std::is_same_v<Format, quant::BF16> ? float_of_bits(bits << 16) : half_value(bits);
  }
}
// The weights in sixteen bytes.
template <class Format>
LAMINA_HOST_DEVICE inline void float_weights(const std::uint32_t* w /* [4] */, float* out) {
  for (int i = 0; i < 4; ++i) {
    if constexpr (sizeof(typename Format::Block) == 4) {
      out[i] = float_of_bits(w[i]);
    } else if constexpr (std::is_same_v<Format, quant::BF16>) {
      out[2 * i] = float_of_bits(w[i] << 16);
      out[2 * i + 1] = float_of_bits(w[i] & 0xffff0000u);
    } else {
      out[2 * i] = half_value(w[i] & 0xffffu);
      out[2 * i + 1] = half_value(w[i] >> 16);
    }
  }
}

// ---- a thread's part

// lane: of the warp; n: tokens, at most Tokens. aligned: rows are multiples of sixteen bytes.
template <class Format, std::uint32_t Tokens>
LAMINA_HOST_DEVICE inline Sums<Tokens> dot_rows(const std::byte* const (&rows)[2], const StagedRows& x, std::uint32_t n,
                                                bool aligned, std::uint32_t lane) {
  Sums<Tokens> out;
  LAMINA_UNROLL
  for (int r = 0; r < 2; ++r) {
    LAMINA_UNROLL
    for (std::uint32_t t = 0; t < Tokens; ++t) out.v[r][t] = 0;
  }
  if constexpr (is_float<Format>) {
    constexpr std::uint32_t step = 16 / sizeof(typename Format::Block);
    const std::uint32_t whole = aligned ? x.k / step * step : 0;
    for (std::uint32_t i = lane * step; i < whole; i += 32 * step) {
      for (int r = 0; r < 2; ++r) {
        std::uint32_t w[4];
        words<16, 4>(rows[r] + std::size_t{i} * sizeof(typename Format::Block), w);
        float weights[step];
        float_weights<Format>(w, weights);
        for (std::uint32_t t = 0; t < Tokens; ++t) {
          if (t >= n) break;
          const float* v = x.floats<Format>(t) + i;
          for (std::uint32_t j = 0; j < step; ++j) out.v[r][t] += weights[j] * v[j];
        }
      }
    }
    for (std::uint32_t i = whole + lane; i < x.k; i += 32) {
      for (int r = 0; r < 2; ++r) {
        const float w = float_weight<Format>(rows[r], i);
        for (std::uint32_t t = 0; t < Tokens; ++t) {
          if (t < n) out.v[r][t] += w * x.floats<Format>(t)[i];
        }
      }
    }
  } else {
    const std::uint32_t groups = x.k / 32;
#ifdef __CUDA_ARCH__
#pragma unroll 2
#endif
    for (std::uint32_t g = lane; g < groups; g += 32) {
      const Group32 w[2] = {load_group<Format>(rows[0], g), load_group<Format>(rows[1], g)};
      LAMINA_UNROLL
      for (std::uint32_t t = 0; t < Tokens; ++t) {
        if (t >= n) break;
        const StagedInts row = x.ints<Format>(t);
        out.v[0][t] += dot_group<Format>(w[0], row, g);
        out.v[1][t] += dot_group<Format>(w[1], row, g);
      }
    }
  }
  return out;
}

}  // namespace lamina::gpu
