// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The oracle: every kernel as a plain loop that reads like its definition, summed in double, every format through its
// own Format::dequantize. Nothing here is fast; every other target is tested against it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "lamina/kernels/kernel_set.hpp"

namespace lamina::kernels {

struct ReferenceKernels {
  static constexpr std::string_view target = "reference";
  static constexpr bool slow = true;

  static void rms_norm(const float* x, const float* weight, std::size_t n, float eps, float* out) {
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * x[i];
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(n) + eps);
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(x[i] * scale * weight[i]);
  }

  static constexpr ActivationLayout layout = ActivationLayout::Words;

  // Not read by this target's matmul; the same definition as everywhere.
  static void quantize(const Activations& row) {
    for (std::size_t g = 0; g < row.k_padded / 32; ++g) {
      const float* x = row.f32 + 32 * g;
      float amax = 0;
      for (std::size_t i = 0; i < 32; ++i) {
        if (!(std::fabs(x[i]) <= amax)) amax = std::fabs(x[i]);
        if (std::isnan(amax)) break;
      }
      const bool tiny = amax < 1e-30f;
      const float d = tiny ? 0.0f : amax / activation_levels;
      const float inverse = tiny ? 0.0f : activation_levels / amax;
      int sums[2] = {0, 0};
      for (std::size_t i = 0; i < 32; ++i) {
        const float scaled = x[i] * inverse;
        const int q = std::isfinite(scaled) ? static_cast<int>(std::nearbyint(scaled)) : 0;
        const int most = static_cast<int>(activation_levels), held = q < -most ? -most : q > most ? most : q;
        row.q16[pair_order(32 * g + i)] = static_cast<std::int16_t>(held);
        sums[i / 16] += held;
      }
      row.d[g] = d;
      row.s16[2 * g] = d * static_cast<float>(sums[0]);
      row.s16[2 * g + 1] = d * static_cast<float>(sums[1]);
      row.s32[g] = d * static_cast<float>(sums[0] + sums[1]);
    }
  }

  static void rope(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot, const float* cos_sin,
                   RopePairing pairing) {
    for (std::size_t h = 0; h < n_heads; ++h) {
      for (std::size_t i = 0; i < n_rot / 2; ++i) {
        const bool adjacent = pairing == RopePairing::Adjacent;
        float& a = x[h * head_dim + (adjacent ? 2 * i : i)];
        float& b = x[h * head_dim + (adjacent ? 2 * i + 1 : i + n_rot / 2)];
        const double c = cos_sin[2 * i], s = cos_sin[2 * i + 1], first = a, second = b;
        a = static_cast<float>(first * c - second * s);
        b = static_cast<float>(first * s + second * c);
      }
    }
  }

  static void attention(const AttentionArgs& a) {
    const std::size_t stride = (a.n_keys + 15) / 16 * 16;
    for (std::size_t g = 0; g < a.n_group; ++g) {
      float* weight = a.scores + g * stride;
      float top = -std::numeric_limits<float>::infinity();
      for (std::size_t j = 0; j < a.n_keys; ++j) {
        double dot = 0;
        for (std::size_t i = 0; i < a.key_dim; ++i) {
          dot += static_cast<double>(a.q[g * a.key_dim + i]) * a.keys[j * a.key_stride + i];
        }
        weight[j] = static_cast<float>(a.scale * dot);
        if (weight[j] > top) top = weight[j];
      }
      double total = 0;
      for (std::size_t j = 0; j < a.n_keys; ++j) {
        weight[j] = static_cast<float>(std::exp(static_cast<double>(weight[j]) - top));
        total += weight[j];
      }
      for (std::size_t i = 0; i < a.value_dim; ++i) {
        double out = 0;
        for (std::size_t j = 0; j < a.n_keys; ++j) {
          out += static_cast<double>(weight[j]) * a.values[j * a.value_stride + i];
        }
        a.out[g * a.value_dim + i] = static_cast<float>(out / total);
      }
    }
  }

  static void add(float* x, const float* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) x[i] += y[i];
  }

  static void silu_mul(const float* gate, const float* up, std::size_t n, float* out) {
    for (std::size_t i = 0; i < n; ++i) {
      const double g = gate[i];
      out[i] = static_cast<float>(g / (1.0 + std::exp(-g)) * up[i]);
    }
  }

  template <class Format>
  static constexpr bool int_activations = false;
  template <class Format>
  static constexpr std::string_view kernel_name() {
    return "reference";
  }

  template <class Format>
  static void dequantize(const std::byte* row, std::size_t k, float* out) {
    for (std::size_t i = 0; i + Format::block_size <= k; i += Format::block_size) {
      typename Format::Block block;
      std::memcpy(&block, row, sizeof block);
      Format::dequantize(block, out + i);
      row += sizeof block;
    }
  }

  template <class Format>
  static void matmul(const MatmulArgs& a) {
    for (std::size_t row = a.row_begin; row < a.row_end; ++row) {
      for (std::size_t t = 0; t < a.n_tokens; ++t) {
        const std::byte* weights = a.weights + row * a.row_bytes;
        const float* x = a.x.f32 + t * a.x.k_padded;
        double total = 0;
        for (std::size_t i = 0; i < a.k; i += Format::block_size) {
          float values[Format::block_size];
          dequantize<Format>(weights, Format::block_size, values);
          for (std::size_t j = 0; j < Format::block_size; ++j) total += static_cast<double>(values[j]) * x[i + j];
          weights += sizeof(typename Format::Block);
        }
        a.out[t * a.out_stride + (row - a.row_begin)] = static_cast<float>(total);
      }
    }
  }
};

}  // namespace lamina::kernels
