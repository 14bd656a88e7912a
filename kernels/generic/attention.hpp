// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Causal attention: rows of queries (tokens · heads of the group) against blocks of 128 keys. A block gives each row a
// Partial, and partials are folded in the order of the blocks, so that a row has the same bits alone or among others,
// and whether one worker went over all blocks or many over some. Scores are vectors of 16 keys, each lane a chain of
// multiply-adds over key_dim; weighted values are vectors of 16 dims, each lane a chain over the keys of the block.

// Tiles of rows whose sums stay in registers, by the number of registers: their vectors beside each other.
inline constexpr std::size_t attention_rows = native::lanes == 4 ? 2 : 4;
template <std::size_t R>
inline constexpr std::size_t attention_columns = native::lanes == 16 ? 4 : attention_rows / R;

inline const float* query_row(const AttentionArgs& a, std::size_t row) {
  return a.q + row / a.n_group * a.q_stride + row % a.n_group * a.key_dim;
}

// scores[r][16 c …] = scale · q[row + r] · keys of C tiles [key_dim][16]
template <std::size_t R, std::size_t C>
inline void score_tile(const AttentionArgs& a, std::size_t row, const float* keys, float* scores) {
  const float* q[R];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) q[r] = query_row(a, row + r);
  f32x16 acc[R][C];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t c = 0; c < C; ++c) acc[r][c] = broadcast<f32x16>(0.0f);
  }
  for (std::size_t i = 0; i < a.key_dim; ++i) {
    f32x16 k[C];
#pragma GCC unroll 4
    for (std::size_t c = 0; c < C; ++c) k[c] = load<f32x16>(keys + (c * a.key_dim + i) * 16);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      const f32x16 v = broadcast<f32x16>(q[r][i]);
#pragma GCC unroll 4
      for (std::size_t c = 0; c < C; ++c) acc[r][c] = fma(v, k[c], acc[r][c]);
    }
  }
  const f32x16 scale = broadcast<f32x16>(a.scale);
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t c = 0; c < C; ++c) store(scores + r * key_block + 16 * c, mul(acc[r][c], scale));
  }
}

// The scores of R rows against tiles [begin, end).
template <std::size_t R>
inline void score_rows(const AttentionArgs& a, std::size_t row, const float* keys, std::size_t begin, std::size_t end,
                       float* scores) {
  constexpr std::size_t columns = attention_columns<R>;
  const std::size_t tile = 16 * a.key_dim;
  float* out = scores + row * key_block;
  std::size_t c = begin;
  for (; c + columns <= end; c += columns) score_tile<R, columns>(a, row, keys + c * tile, out + 16 * c);
  if constexpr (columns > 1) {
    for (; c < end; ++c) score_tile<R, 1>(a, row, keys + c * tile, out + 16 * c);
  }
}

// Four tiles of keys at a time stay in the first-level cache while all rows pass.
inline void score_block(const AttentionArgs& a, std::size_t first_row, const float* keys, std::size_t n_tiles,
                        float* scores) {
  for (std::size_t begin = 0; begin < n_tiles; begin += 4) {
    const std::size_t end = n_tiles - begin < 4 ? n_tiles : begin + 4;
    std::size_t row = first_row;
    for (; row + attention_rows <= a.rows(); row += attention_rows) {
      score_rows<attention_rows>(a, row, keys, begin, end, scores);
    }
    if constexpr (attention_rows > 2) {
      for (; row + 2 <= a.rows(); row += 2) score_rows<2>(a, row, keys, begin, end, scores);
    }
    for (; row < a.rows(); ++row) score_rows<1>(a, row, keys, begin, end, scores);
  }
}

// scores[0 … n) → exp(score − m); the last vector is filled up with zeros. Not inlined, so that compilers contract sums
// and products in one way only. A row whose scores are all −inf has the sum 0, not NaN: other blocks may have more.
[[gnu::noinline]] inline void softmax(float* scores, std::size_t n, float* m, float* l) {
  const std::size_t padded = (n + 15) / 16 * 16;
  for (std::size_t j = n; j < padded; ++j) scores[j] = -__builtin_inff();
  f32x16 tops = load<f32x16>(scores);
  for (std::size_t j = 16; j < padded; j += 16) tops = max(tops, load<f32x16>(scores + j));
  const float top = largest(tops);
  const f32x16 base = broadcast<f32x16>(top == -__builtin_inff() ? 0.0f : top);
  f32x16 total = broadcast<f32x16>(0.0f);
  for (std::size_t j = 0; j < padded; j += 16) {
    const f32x16 e = exp(sub(load<f32x16>(scores + j), base));
    store(scores + j, e);
    total = add(total, e);
  }
  *m = top;
  *l = sum(total);
}

// acc[r][16 d …] += Σ_j weights[r][j] · values[j][16 d …] over keys [begin, end)
template <std::size_t R, std::size_t D>
inline void sum_tile(const float* weights, const float* values, std::size_t width, std::size_t begin, std::size_t end,
                     float* out) {
  f32x16 acc[R][D];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t d = 0; d < D; ++d) acc[r][d] = load<f32x16>(out + r * width + 16 * d);
  }
  for (std::size_t j = begin; j < end; ++j) {
    f32x16 v[D];
#pragma GCC unroll 4
    for (std::size_t d = 0; d < D; ++d) v[d] = load<f32x16>(values + j * width + 16 * d);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      const f32x16 w = broadcast<f32x16>(weights[r * key_block + j]);
#pragma GCC unroll 4
      for (std::size_t d = 0; d < D; ++d) acc[r][d] = fma(w, v[d], acc[r][d]);
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (std::size_t d = 0; d < D; ++d) store(out + r * width + 16 * d, acc[r][d]);
  }
}

template <std::size_t R>
inline void sum_rows(const float* weights, const float* values, std::size_t width, std::size_t begin, std::size_t end,
                     float* out) {
  constexpr std::size_t columns = attention_columns<R>;
  std::size_t i = 0;
  for (; i + 16 * columns <= width; i += 16 * columns) {
    sum_tile<R, columns>(weights, values + i, width, begin, end, out + i);
  }
  if constexpr (columns > 1) {
    for (; i < width; i += 16) sum_tile<R, 1>(weights, values + i, width, begin, end, out + i);
  }
}

// R rows over the keys that each of them sees: of tokens beside each other, the later sees more.
template <std::size_t R>
inline void sum_seen(const AttentionArgs& a, std::size_t block, std::size_t row, const float* weights,
                     const float* values, float* acc) {
  const std::size_t width = value_width(a.value_dim);
  const std::size_t common = a.keys_seen(row / a.n_group, block);
  weights += row * key_block;
  acc += row * width;
  sum_rows<R>(weights, values, width, 0, common, acc);
  for (std::size_t r = 1; r < R; ++r) {
    const std::size_t seen = a.keys_seen((row + r) / a.n_group, block);
    if (seen > common) sum_rows<1>(weights + r * key_block, values, width, common, seen, acc + r * width);
  }
}

// Where a task keeps what (attention_scratch() values).
struct AttentionScratch {
  float* scores;   // [rows][key_block]
  Partial state;   // of the blocks so far
  Partial block;   // of one block
  float* factors;  // [2][rows rounded up to 16]
  float* keys;     // [key_block / 16][key_dim][16], unless the cache has floats
  float* values;   // [key_block][value_width], the same

  explicit AttentionScratch(const AttentionArgs& a)
      : scores(a.scratch),
        state(Partial::at(scores + a.rows() * key_block, a.rows())),
        block(Partial::at(state.m + Partial::size(a.rows(), a.value_dim), a.rows())),
        factors(block.m + Partial::size(a.rows(), a.value_dim)),
        keys(factors + 2 * round_up(a.rows(), 16)),
        values(keys + key_block * a.key_dim) {}
};

// The partial of one block. Rows that see none of its keys get m = −inf, l = 0 and no acc.
inline void attend_block(const AttentionArgs& a, std::size_t block, const AttentionScratch& scratch,
                         const Partial& out) {
  const std::size_t first_row = a.first_token(block) * a.n_group, rows = a.rows();
  const std::size_t width = value_width(a.value_dim);
  const std::size_t n_tiles = ceil_div(a.keys_seen(a.n_tokens - 1, block), kv_tile);
  const std::size_t first_tile = block * (key_block / kv_tile);
  const std::byte* keys = a.keys + first_tile * key_tile_bytes(a.type, a.key_dim);
  const std::byte* values = a.values + first_tile * value_tile_bytes(a.type, a.value_dim);
  const float* k = reinterpret_cast<const float*>(keys);
  if (a.type != CacheType::F32) {
    unpack_keys(a.type, keys, n_tiles, a.key_dim, scratch.keys);
    k = scratch.keys;
  }
  score_block(a, first_row, k, n_tiles, scratch.scores);
  for (std::size_t row = 0; row < round_up(rows, 16); ++row) {
    out.m[row] = -__builtin_inff();
    out.l[row] = 0;
    if (row < first_row || row >= rows) continue;
    softmax(scratch.scores + row * key_block, a.keys_seen(row / a.n_group, block), out.m + row, out.l + row);
  }
  const float* v = reinterpret_cast<const float*>(values);
  if (a.type != CacheType::F32) {
    unpack_values(a.type, values, n_tiles, a.value_dim, scratch.values);
    v = scratch.values;
  }
  std::memset(out.acc + first_row * width, 0, (rows - first_row) * width * sizeof(float));
  std::size_t row = first_row;
  for (; row + attention_rows <= rows; row += attention_rows) {
    sum_seen<attention_rows>(a, block, row, scratch.scores, v, out.acc);
  }
  if constexpr (attention_rows > 2) {
    for (; row + 2 <= rows; row += 2) sum_seen<2>(a, block, row, scratch.scores, v, out.acc);
  }
  for (; row < rows; ++row) sum_seen<1>(a, block, row, scratch.scores, v, out.acc);
}

// Adds a later block's partial to the state. Rows before first_row see nothing of it and stay as they are.
[[gnu::noinline]] inline void fold_block(std::size_t first_row, std::size_t rows, std::size_t width,
                                         const Partial& state, const Partial& block, float* factors) {
  float* of_state = factors;
  float* of_block = factors + round_up(rows, 16);
  for (std::size_t row = first_row / 16 * 16; row < rows; row += 16) {
    const f32x16 m = load<f32x16>(state.m + row), n = load<f32x16>(block.m + row);
    const f32x16 top = max(m, n);
    // At least the smallest float, so that −inf less itself is no NaN; a NaN stays: max gives the second.
    const f32x16 base = max(broadcast<f32x16>(-3.402823466e38f), top);
    const f32x16 c = exp(sub(m, base)), w = exp(sub(n, base));
    store(of_state + row, c);
    store(of_block + row, w);
    store(state.m + row, top);
    store(state.l + row, fma(load<f32x16>(state.l + row), c, mul(load<f32x16>(block.l + row), w)));
  }
  for (std::size_t row = first_row; row < rows; ++row) {
    const f32x16 c = broadcast<f32x16>(of_state[row]), w = broadcast<f32x16>(of_block[row]);
    float* sums = state.acc + row * width;
    const float* more = block.acc + row * width;
    for (std::size_t i = 0; i < width; i += 16) {
      store(sums + i, fma(load<f32x16>(sums + i), c, mul(load<f32x16>(more + i), w)));
    }
  }
}

// out = acc / l
inline void finish_rows(const AttentionArgs& a, const Partial& state) {
  const std::size_t width = value_width(a.value_dim);
  for (std::size_t row = 0; row < a.rows(); ++row) {
    const f32x16 inverse = broadcast<f32x16>(1.0f / state.l[row]);
    const float* sums = state.acc + row * width;
    float* out = a.out + row / a.n_group * a.out_stride + row % a.n_group * a.value_dim;
    std::size_t i = 0;
    for (; i + 16 <= a.value_dim; i += 16) store(out + i, mul(load<f32x16>(sums + i), inverse));
    if (i < a.value_dim) store_first(out + i, mul(load<f32x16>(sums + i), inverse), a.value_dim - i);
  }
}

inline void attention(const AttentionArgs& a) {
  const AttentionScratch scratch(a);
  attend_block(a, 0, scratch, scratch.state);
  for (std::size_t block = 1; block < a.n_blocks(); ++block) {
    attend_block(a, block, scratch, scratch.block);
    fold_block(a.first_token(block) * a.n_group, a.rows(), value_width(a.value_dim), scratch.state, scratch.block,
               scratch.factors);
  }
  finish_rows(a, scratch.state);
}

inline void attention_blocks(const AttentionArgs& a, std::size_t begin, std::size_t end, float* partials) {
  const AttentionScratch scratch(a);
  const std::size_t size = Partial::size(a.rows(), a.value_dim);
  for (std::size_t block = begin; block < end; ++block) {
    attend_block(a, block, scratch, Partial::at(partials + (block - begin) * size, a.rows()));
  }
}

inline void attention_merge(const AttentionArgs& a, const float* partials) {
  const AttentionScratch scratch(a);
  const std::size_t size = Partial::size(a.rows(), a.value_dim);
  std::memcpy(scratch.state.m, partials, size * sizeof(float));
  for (std::size_t block = 1; block < a.n_blocks(); ++block) {
    const Partial part = Partial::at(const_cast<float*>(partials) + block * size, a.rows());
    fold_block(a.first_token(block) * a.n_group, a.rows(), value_width(a.value_dim), scratch.state, part,
               scratch.factors);
  }
  finish_rows(a, scratch.state);
}
