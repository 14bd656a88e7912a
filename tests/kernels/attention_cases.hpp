// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the tests of attention share: a head's cache, queries, running a kernel, and the definition in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernel_fixture.hpp"
#include "lamina/kernels/tile_scratch.hpp"

namespace lamina::test {

using kernels::AttentionArgs;
using kernels::CacheType;
using kernels::KernelTable;
using kernels::Partial;

inline constexpr float infinity = std::numeric_limits<float>::infinity();

// One head's cache at the end of readable memory, filled by the reference.
struct Cache {
  CacheType type;
  std::size_t n_keys, key_dim, value_dim;
  GuardedBytes keys, values;

  Cache(CacheType t, std::size_t n, std::size_t kd, std::size_t vd, std::vector<float> k, std::vector<float> v)
      : type(t),
        n_keys(n),
        key_dim(kd),
        value_dim(vd),
        keys(ceil_div(n, 16) * kernels::key_tile_bytes(t, kd)),
        values(ceil_div(n, 16) * kernels::value_tile_bytes(t, vd)) {
    reference().store_keys({t, keys.data(), kd, 0, n, k.data(), kd});
    reference().store_values({t, values.data(), vd, 0, n, v.data(), vd});
  }
  Cache(CacheType t, std::size_t n, std::size_t kd, std::size_t vd)
      : Cache(t, n, kd, vd, random_floats(n * kd, 2), random_floats(n * vd, 3)) {}
};

// Queries of the last n_tokens positions; rows of q and out lie further apart than they are long.
struct Queries {
  std::size_t n_tokens, n_group;
  std::size_t q_stride, out_stride;
  std::vector<float> q;
  // what families add
  std::size_t window = 0;
  float cap = 0;
  std::vector<float> slopes, sinks;  // [n_group]

  Queries(const Cache& c, std::size_t tokens, std::size_t group)
      : n_tokens(tokens),
        n_group(group),
        q_stride(group * c.key_dim + 3),
        out_stride(group * c.value_dim + 5),
        q(random_floats(tokens * q_stride, 1)) {}
};

using Run = void (*)(const KernelTable&, const AttentionArgs&);

inline void run_all(const KernelTable& target, const AttentionArgs& a) { target.attention(a); }

// The same in runs of `Blocks` blocks, the last first.
template <std::size_t Blocks>
void run_blocks(const KernelTable& target, const AttentionArgs& a) {
  const std::size_t size = Partial::size(a.rows(), a.value_dim);
  const std::size_t first = a.first_block();
  std::vector<float> partials((a.n_blocks() - first) * size, NAN);
  for (std::size_t end = a.n_blocks(); end > first;) {
    const std::size_t begin = end > first + Blocks ? end - Blocks : first;
    target.attention_blocks(a, begin, end, partials.data() + (begin - first) * size);
    end = begin;
  }
  target.attention_merge(a, partials.data());
}

inline void run_bf16(const KernelTable& target, const AttentionArgs& a) { target.attention_bf16(a); }

// [n_tokens][n_group][value_dim], computed `step` tokens at a time in scratch that ends where memory does.
inline std::vector<float> attend(const KernelTable& target, const Cache& c, const Queries& q, std::size_t step,
                                 Run run = run_all) {
  const std::size_t rows = std::min(step, q.n_tokens) * q.n_group;
  const GuardedBytes scratch(4 * (run == run_bf16 ? kernels::TileScratch(rows, c.key_dim, c.value_dim).size
                                                  : kernels::attention_scratch(c.type, rows, c.key_dim, c.value_dim)));
  const GuardedBytes out(4 * ((q.n_tokens - 1) * q.out_stride + q.n_group * c.value_dim));
  std::vector<float> result;
  for (std::size_t t = 0; t < q.n_tokens; t += step) {
    AttentionArgs a;
    a.q = q.q.data() + t * q.q_stride;
    a.q_stride = q.q_stride;
    a.type = c.type;
    a.keys = c.keys.data();
    a.values = c.values.data();
    a.position = c.n_keys - q.n_tokens + t;
    a.n_tokens = std::min(step, q.n_tokens - t);
    a.n_group = q.n_group;
    a.key_dim = c.key_dim;
    a.value_dim = c.value_dim;
    a.scale = 1.0f / std::sqrt(static_cast<float>(c.key_dim));
    a.window = q.window;
    a.cap = q.cap;
    a.slopes = q.slopes.empty() ? nullptr : q.slopes.data();
    a.sinks = q.sinks.empty() ? nullptr : q.sinks.data();
    a.scratch = reinterpret_cast<float*>(scratch.data());
    a.out = reinterpret_cast<float*>(out.data()) + t * q.out_stride;
    a.out_stride = q.out_stride;
    run(target, a);
  }
  for (std::size_t t = 0; t < q.n_tokens; ++t) {
    const float* row = reinterpret_cast<const float*>(out.data()) + t * q.out_stride;
    result.insert(result.end(), row, row + q.n_group * c.value_dim);
  }
  return result;
}

inline float as_it_is(float v) { return v; }

// The definition, on what the cache holds; queries, keys and values are rounded first.
inline std::vector<float> definition(const Cache& c, const Queries& q, float (*rounded)(float) = as_it_is) {
  std::vector<double> k(c.n_keys * c.key_dim), v(c.n_keys * c.value_dim), weight(c.n_keys);
  for (std::size_t j = 0; j < c.n_keys; ++j) {
    for (std::size_t i = 0; i < c.key_dim; ++i) {
      k[j * c.key_dim + i] = rounded(kernels::cached_key(c.type, c.keys.data(), c.key_dim, j, i));
    }
    for (std::size_t i = 0; i < c.value_dim; ++i) {
      v[j * c.value_dim + i] = rounded(kernels::cached_value(c.type, c.values.data(), c.value_dim, j, i));
    }
  }
  std::vector<float> result;
  for (std::size_t row = 0; row < q.n_tokens * q.n_group; ++row) {
    const float* query = q.q.data() + row / q.n_group * q.q_stride + row % q.n_group * c.key_dim;
    const std::size_t n = c.n_keys - q.n_tokens + row / q.n_group + 1;
    const std::size_t first = q.window == 0 || n <= q.window ? 0 : n - q.window;
    double top = -infinity, total = 0;
    for (std::size_t j = first; j < n; ++j) {
      double dot = 0;
      for (std::size_t i = 0; i < c.key_dim; ++i) dot += rounded(query[i]) * k[j * c.key_dim + i];
      weight[j] = dot / std::sqrt(static_cast<double>(c.key_dim));
      if (q.cap > 0) weight[j] = q.cap * std::tanh(weight[j] / q.cap);
      if (!q.slopes.empty()) weight[j] -= q.slopes[row % q.n_group] * static_cast<double>(n - 1 - j);
      top = std::max(top, weight[j]);
    }
    if (!q.sinks.empty()) total = std::exp(q.sinks[row % q.n_group] - top);
    std::vector<double> sums(c.value_dim);
    for (std::size_t j = first; j < n; ++j) {
      weight[j] = std::exp(weight[j] - top);
      total += weight[j];
      for (std::size_t i = 0; i < c.value_dim; ++i) sums[i] += weight[j] * v[j * c.value_dim + i];
    }
    for (const double s : sums) result.push_back(static_cast<float>(s / total));
  }
  return result;
}

// The largest |a − b| as a share of the largest |b|.
inline double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, size = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) != std::isnan(b[i])) return infinity;
    error = std::fmax(error, std::fabs(static_cast<double>(a[i]) - b[i]));
    size = std::fmax(size, std::fabs(static_cast<double>(b[i])));
  }
  return error / size;
}

using Sizes = std::initializer_list<std::size_t>;

}  // namespace lamina::test
