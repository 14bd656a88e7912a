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

  static void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n, float eps, float* out) {
    double total = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) total += x[i];
    const double mean = total / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(n) + eps);
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = static_cast<float>((x[i] - mean) * scale * weight[i] + (bias == nullptr ? 0 : bias[i]));
    }
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

  static void store_keys(const StoreArgs& a) {
    for (std::size_t r = 0; r < a.n_rows; ++r) {
      const std::size_t at = a.position + r, lane = at % kv_tile;
      std::byte* tile = a.tiles + tile_offset(at, key_tile_bytes(a.type, a.dim), a.block_stride);
      for (std::size_t i = 0; i < a.dim; ++i) {
        const float* x = a.rows + r * a.stride;
        if (a.type == CacheType::Q8_0) {
          std::byte* group = tile + i / kv_group * kv_key_group;
          store_level(x, i, group + i % kv_group * kv_tile + lane, group + kv_group * kv_tile + 2 * lane);
        } else {
          store_float(a.type, x[i], tile + (i * kv_tile + lane) * cache_value_bytes(a.type));
        }
      }
    }
  }

  static void store_values(const StoreArgs& a) {
    for (std::size_t r = 0; r < a.n_rows; ++r) {
      const std::size_t at = a.position + r, lane = at % kv_tile;
      std::byte* tile = a.tiles + tile_offset(at, value_tile_bytes(a.type, a.dim), a.block_stride);
      for (std::size_t i = 0; i < a.dim; ++i) {
        const float* x = a.rows + r * a.stride;
        if (a.type == CacheType::Q8_0) {
          const std::size_t to = lane * a.dim + i;
          store_level(x, i, tile + to, tile + kv_tile * a.dim + to / kv_group * 2);
        } else {
          store_float(a.type, x[i], tile + (lane * value_width(a.dim) + i) * cache_value_bytes(a.type));
        }
      }
    }
  }

  static void attention_blocks(const AttentionArgs& a, std::size_t begin, std::size_t end, float* partials) {
    for (std::size_t block = begin; block < end; ++block) {
      Partial out = Partial::at(partials, a.rows());
      partials += Partial::size(a.rows(), a.value_dim);
      for (std::size_t row = 0; row < a.rows(); ++row) {
        out.m[row] = -std::numeric_limits<float>::infinity();
        out.l[row] = 0;
        const std::size_t token = row / a.n_group, width = value_width(a.value_dim);
        std::memset(out.acc + row * width, 0, width * sizeof(float));
        if (token < a.first_token(block) || token >= a.end_token(block)) continue;
        const std::size_t before = a.keys_before(token, block);
        attend_row(a, row, block * key_block + before, a.keys_seen(token, block) - before, out);
      }
    }
  }

  static void attention_merge(const AttentionArgs& a, const float* partials) {
    const std::size_t size = Partial::size(a.rows(), a.value_dim);
    const Partial state = Partial::at(a.scratch, a.rows());
    std::memcpy(a.scratch, partials, size * sizeof(float));
    const std::size_t first = a.first_block();
    for (std::size_t block = first + 1; block < a.n_blocks(); ++block) {
      fold(a, block, state, Partial::at(const_cast<float*>(partials) + (block - first) * size, a.rows()));
    }
    finish(a, state);
  }

  static void attention(const AttentionArgs& a) {
    float* const scratch = a.scratch + Partial::size(a.rows(), a.value_dim);
    const std::size_t first = a.first_block();
    attention_blocks(a, first, first + 1, a.scratch);
    for (std::size_t block = first + 1; block < a.n_blocks(); ++block) {
      attention_blocks(a, block, block + 1, scratch);
      fold(a, block, Partial::at(a.scratch, a.rows()), Partial::at(scratch, a.rows()));
    }
    finish(a, Partial::at(a.scratch, a.rows()));
  }

  static void add(float* x, const float* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) x[i] += y[i];
  }

  static void activate(ActivationKind kind, const float* x, const float* up, std::size_t n, float* out) {
    for (std::size_t i = 0; i < n; ++i) {
      double factor = up == nullptr ? 1 : up[i];
      if (kind == ActivationKind::SwigluOai) factor = (factor < -7 ? -7 : factor > 7 ? 7 : factor) + 1;
      out[i] = static_cast<float>(activated(kind, x[i]) * factor);
    }
  }
  static void soft_cap(float* x, std::size_t n, float cap) {
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(cap * std::tanh(static_cast<double>(x[i]) / cap));
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

 private:
  static double activated(ActivationKind kind, double x) {
    switch (kind) {
      case ActivationKind::Silu: return x / (1.0 + std::exp(-x));
      case ActivationKind::GeluTanh:
        return x / 2 * (1 + std::tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
      case ActivationKind::GeluErf: return x / 2 * (1 + std::erf(x * 0.70710678118654752440));
      case ActivationKind::Relu: return x < 0 ? 0 : x;
      case ActivationKind::ReluSquared: return x < 0 ? 0 : x * x;
      case ActivationKind::SwigluOai: break;
    }
    const double y = x > 7 ? 7 : x;
    return y / (1.0 + std::exp(-1.702 * y));
  }

  static void store_float(CacheType type, float x, std::byte* to) {
    if (type == CacheType::F32) {
      std::memcpy(to, &x, sizeof x);
    } else if (type == CacheType::F16) {
      const half h = half::from_float(x);
      std::memcpy(to, &h, sizeof h);
    } else {
      const bfloat16 h = bfloat16::from_float(x);
      std::memcpy(to, &h, sizeof h);
    }
  }

  // Value i of row x as a level of its group of 32, whose scale is written again with each.
  static void store_level(const float* x, std::size_t i, std::byte* level, std::byte* scale) {
    const float* group = x + i / kv_group * kv_group;
    float amax = 0;
    for (std::size_t j = 0; j < kv_group; ++j) {
      if (!(std::fabs(group[j]) <= amax)) amax = std::fabs(group[j]);
      if (std::isnan(amax)) break;
    }
    const bool tiny = amax < 1e-30f;
    store_float(CacheType::F16, tiny ? 0.0f : amax / 127.0f, scale);
    const float scaled = tiny ? 0.0f : x[i] * (127.0f / amax);
    const int q = std::isfinite(scaled) ? static_cast<int>(std::nearbyint(scaled)) : 0;
    *level = static_cast<std::byte>(static_cast<std::int8_t>(q < -127 ? -127 : q > 127 ? 127 : q));
  }

  // Adds a later block's partial to the state of the rows that see it.
  static void fold(const AttentionArgs& a, std::size_t block, const Partial& state, const Partial& part) {
    const std::size_t width = value_width(a.value_dim);
    for (std::size_t row = a.first_token(block) * a.n_group; row < a.end_token(block) * a.n_group; ++row) {
      const double m = state.m[row], n = part.m[row];
      const double top = n > m || std::isnan(n) ? n : m;
      const double c = m == top ? 1 : std::exp(m - top), w = n == top ? 1 : std::exp(n - top);
      state.m[row] = static_cast<float>(top);
      state.l[row] = static_cast<float>(c * state.l[row] + w * part.l[row]);
      for (std::size_t i = row * width; i < row * width + a.value_dim; ++i) {
        state.acc[i] = static_cast<float>(c * state.acc[i] + w * part.acc[i]);
      }
    }
  }

  static void finish(const AttentionArgs& a, const Partial& state) {
    for (std::size_t row = 0; row < a.rows(); ++row) {
      float* out = a.out + row / a.n_group * a.out_stride + row % a.n_group * a.value_dim;
      double share = 1.0 / state.l[row];
      if (a.sinks != nullptr) {
        const double sink = a.sinks[row % a.n_group], m = state.m[row], top = sink > m ? sink : m;
        share = std::exp(m - top) / (state.l[row] * std::exp(m - top) + std::exp(sink - top));
      }
      for (std::size_t i = 0; i < a.value_dim; ++i) {
        out[i] = static_cast<float>(state.acc[row * value_width(a.value_dim) + i] * share);
      }
    }
  }

  // The partial of one row over `seen` keys from `first` on.
  static void attend_row(const AttentionArgs& a, std::size_t row, std::size_t first, std::size_t seen, Partial& out) {
    const float* q = a.q + row / a.n_group * a.q_stride + row % a.n_group * a.key_dim;
    double scores[key_block];
    float& top = out.m[row];
    for (std::size_t j = 0; j < seen; ++j) {
      double dot = 0;
      for (std::size_t i = 0; i < a.key_dim; ++i) {
        dot += static_cast<double>(q[i]) * cached_key(a.type, a.keys, a.key_dim, first + j, i, a.block_stride);
      }
      scores[j] = a.scale * dot;
      if (a.cap > 0) scores[j] = a.cap * std::tanh(scores[j] / a.cap);
      if (a.slopes != nullptr) {
        scores[j] -= a.slopes[row % a.n_group] * static_cast<double>(a.position + row / a.n_group - (first + j));
      }
      if (!(scores[j] <= top)) top = static_cast<float>(scores[j]);
    }
    double total = 0;
    for (std::size_t j = 0; j < seen; ++j) {
      scores[j] = std::exp(scores[j] - (std::isinf(top) && top < 0 ? 0.0 : top));
      total += scores[j];
    }
    out.l[row] = static_cast<float>(total);
    for (std::size_t i = 0; i < a.value_dim; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < seen; ++j) {
        sum += scores[j] * cached_value(a.type, a.values, a.value_dim, first + j, i, a.block_stride);
      }
      out.acc[row * value_width(a.value_dim) + i] = static_cast<float>(sum);
    }
  }
};

}  // namespace lamina::kernels
