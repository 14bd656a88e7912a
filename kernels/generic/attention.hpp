// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Causal attention of the query heads that share one KV head, for one token, in two passes: keys give scores, scores
// give weights by softmax, values are summed with them. Keys and values come from memory once for the whole group.

// scores[g][j] for G query heads from g0 on, for every key of [begin, end).
template <std::size_t G>
inline void score_keys(const AttentionArgs& a, std::size_t g0, std::size_t begin, std::size_t end,
                       std::size_t score_stride) {
  const std::size_t whole = a.key_dim / 16 * 16;
  for (std::size_t j = begin; j < end; ++j) {
    const float* key = a.keys + j * a.key_stride;
    f32x16 acc[G];
#pragma GCC unroll 4
    for (std::size_t g = 0; g < G; ++g) acc[g] = broadcast<f32x16>(0.0f);
    for (std::size_t i = 0; i < whole; i += 16) {
      const f32x16 v = load<f32x16>(key + i);
#pragma GCC unroll 4
      for (std::size_t g = 0; g < G; ++g) {
        acc[g] = fma(load<f32x16>(a.q + (g0 + g) * a.key_dim + i), v, acc[g]);
      }
    }
    if (whole < a.key_dim) {
      const f32x16 v = load_first(key + whole, a.key_dim - whole);
      for (std::size_t g = 0; g < G; ++g) {
        acc[g] = fma(load_first(a.q + (g0 + g) * a.key_dim + whole, a.key_dim - whole), v, acc[g]);
      }
    }
#pragma GCC unroll 4
    for (std::size_t g = 0; g < G; ++g) a.scores[(g0 + g) * score_stride + j] = a.scale * sum(acc[g]);
  }
}

// scores → weights that sum to one; the row is padded with −inf, hence weight 0, to a multiple of 16.
inline void softmax(float* scores, std::size_t n, std::size_t padded) {
  for (std::size_t j = n; j < padded; ++j) scores[j] = -__builtin_inff();
  f32x16 largest = load<f32x16>(scores);
  for (std::size_t j = 16; j < padded; j += 16) largest = max(largest, load<f32x16>(scores + j));
  float lanes[16];
  store(lanes, largest);
  float top = lanes[0];
  for (const float v : lanes) top = v > top ? v : top;
  const f32x16 tops = broadcast<f32x16>(top);
  f32x16 total = broadcast<f32x16>(0.0f);
  for (std::size_t j = 0; j < padded; j += 16) {
    const f32x16 e = exp(sub(load<f32x16>(scores + j), tops));
    store(scores + j, e);
    total = add(total, e);
  }
  const f32x16 inverse = broadcast<f32x16>(1.0f / sum(total));
  for (std::size_t j = 0; j < padded; j += 16) store(scores + j, mul(load<f32x16>(scores + j), inverse));
}

// out[g][i … i+16·D) += Σ_j weight[g][j] · v[j][i …] over the values of [begin, end), for G heads.
template <std::size_t G, std::size_t D>
inline void sum_values(const AttentionArgs& a, std::size_t g0, std::size_t i, std::size_t begin, std::size_t end,
                       std::size_t score_stride) {
  f32x16 acc[G][D];
#pragma GCC unroll 4
  for (std::size_t g = 0; g < G; ++g) {
#pragma GCC unroll 4
    for (std::size_t d = 0; d < D; ++d) acc[g][d] = load<f32x16>(a.out + (g0 + g) * a.value_dim + i + 16 * d);
  }
  for (std::size_t j = begin; j < end; ++j) {
    f32x16 v[D];
#pragma GCC unroll 4
    for (std::size_t d = 0; d < D; ++d) v[d] = load<f32x16>(a.values + j * a.value_stride + i + 16 * d);
#pragma GCC unroll 4
    for (std::size_t g = 0; g < G; ++g) {
      const f32x16 weight = broadcast<f32x16>(a.scores[(g0 + g) * score_stride + j]);
#pragma GCC unroll 4
      for (std::size_t d = 0; d < D; ++d) acc[g][d] = fma(weight, v[d], acc[g][d]);
    }
  }
#pragma GCC unroll 4
  for (std::size_t g = 0; g < G; ++g) {
#pragma GCC unroll 4
    for (std::size_t d = 0; d < D; ++d) store(a.out + (g0 + g) * a.value_dim + i + 16 * d, acc[g][d]);
  }
}

template <std::size_t G>
inline void sum_value_rows(const AttentionArgs& a, std::size_t g0, std::size_t begin, std::size_t end,
                           std::size_t score_stride) {
  std::size_t i = 0;
  for (; i + 32 <= a.value_dim; i += 32) sum_values<G, 2>(a, g0, i, begin, end, score_stride);
  for (; i + 16 <= a.value_dim; i += 16) sum_values<G, 1>(a, g0, i, begin, end, score_stride);
  for (; i < a.value_dim; ++i) {
    for (std::size_t g = g0; g < g0 + G; ++g) {
      float total = a.out[g * a.value_dim + i];
      for (std::size_t j = begin; j < end; ++j)
        total += a.scores[g * score_stride + j] * a.values[j * a.value_stride + i];
      a.out[g * a.value_dim + i] = total;
    }
  }
}

inline void attention(const AttentionArgs& a) {
  constexpr std::size_t block = 32;  // keys that stay in the first-level cache while every head of the group passes
  const std::size_t stride = (a.n_keys + 15) / 16 * 16;
  for (std::size_t begin = 0; begin < a.n_keys; begin += block) {
    const std::size_t end = a.n_keys - begin < block ? a.n_keys : begin + block;
    std::size_t g = 0;
    for (; g + 4 <= a.n_group; g += 4) score_keys<4>(a, g, begin, end, stride);
    for (; g < a.n_group; ++g) score_keys<1>(a, g, begin, end, stride);
  }
  for (std::size_t g = 0; g < a.n_group; ++g) softmax(a.scores + g * stride, a.n_keys, stride);
  std::memset(a.out, 0, a.n_group * a.value_dim * sizeof(float));
  for (std::size_t begin = 0; begin < a.n_keys; begin += block) {
    const std::size_t end = a.n_keys - begin < block ? a.n_keys : begin + block;
    std::size_t g = 0;
    for (; g + 2 <= a.n_group; g += 2) sum_value_rows<2>(a, g, begin, end, stride);
    for (; g < a.n_group; ++g) sum_value_rows<1>(a, g, begin, end, stride);
  }
}
