// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Causal attention: rows of queries (tokens · heads of the group) against blocks of 128 keys. A block gives each row a
// Partial, and partials are folded in the order of the blocks, so that a row has the same bits alone or among others,
// and whether one worker went over all blocks or many over some. Scores are vectors of 16 keys, each lane a chain of
// multiply-adds over key_dim; weighted values are vectors of 16 dims, each lane a chain over the keys of the block.

// Rows in a tile whose sums stay in registers, at most; then 4, 2, 1. And the vectors beside each other in it.
inline constexpr std::size_t attention_rows = native::lanes == 16 ? 8 : native::lanes == 8 ? 4 : 2;
template <std::size_t R>
inline constexpr std::size_t attention_columns = native::lanes == 16 ? (R == 8 ? 2 : 4) : attention_rows / R;

// What is needed next, fetched from memory meanwhile and in its order, as memory is best at one stream: the n-th vector
// of 16 values lies at at + n · step. Nothing is fetched when at is null.
struct Ahead {
  const std::byte* at = nullptr;
  std::size_t step = 0;  // bytes

  LAMINA_INLINE void fetch(std::size_t n) const { __builtin_prefetch(at + n * step, 0, 3); }
};

inline const float* query_row(const AttentionArgs& a, std::size_t row) {
  return a.q + row / a.n_group * a.q_stride + row % a.n_group * a.key_dim;
}

// The queries of rows one after the other. A division for each row of each tile took 2% of prefill.
class QueryRows {
 public:
  QueryRows(const AttentionArgs& a, std::size_t token)
      : row_(a.q + token * a.q_stride), n_group_(a.n_group), key_dim_(a.key_dim), next_(a.q_stride) {
    next_ -= (n_group_ - 1) * key_dim_;
  }

  const float* take() {
    const float* const row = row_;
    const bool last = ++head_ == n_group_;
    row_ += last ? next_ : key_dim_;
    head_ = last ? 0 : head_;
    return row;
  }

 private:
  const float* row_;
  std::size_t head_ = 0, n_group_, key_dim_, next_;  // next_: values from a token's last head to the next token
};

// scores[r][16 c …] = scale · q[r] · keys of C tiles [key_dim][16]
template <std::size_t R, std::size_t C, bool Fetch>
inline void score_tile(const AttentionArgs& a, const float* const (&rows)[R], const float* keys, float* scores,
                       Ahead ahead) {
  const float* q[R];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) q[r] = rows[r];
  f32x16 acc[R][C];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (std::size_t c = 0; c < C; ++c) acc[r][c] = broadcast<f32x16>(0.0f);
  }
  for (std::size_t i = 0; i < a.key_dim; ++i) {
    f32x16 k[C];
#pragma GCC unroll 8
    for (std::size_t c = 0; c < C; ++c) {
      k[c] = load<f32x16>(keys + (c * a.key_dim + i) * 16);
      if constexpr (Fetch) ahead.fetch(i * C + c);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      const f32x16 v = broadcast<f32x16>(q[r][i]);
#pragma GCC unroll 8
      for (std::size_t c = 0; c < C; ++c) acc[r][c] = fma(v, k[c], acc[r][c]);
    }
  }
  const f32x16 scale = broadcast<f32x16>(a.scale);
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (std::size_t c = 0; c < C; ++c) store(scores + r * key_block + 16 * c, mul(acc[r][c], scale));
  }
}

// The scores of R rows against tiles [begin, end).
template <std::size_t R, bool Fetch>
inline void score_rows(const AttentionArgs& a, const float* const (&q)[R], const float* keys, std::size_t begin,
                       std::size_t end, float* out, Ahead ahead) {
  constexpr std::size_t columns = attention_columns<R>;
  const std::size_t tile = 16 * a.key_dim, ahead_tile = a.key_dim * ahead.step;
  std::size_t c = begin;
  for (; c + columns <= end; c += columns) {
    score_tile<R, columns, Fetch>(a, q, keys + c * tile, out + 16 * c, {ahead.at + c * ahead_tile, ahead.step});
  }
  if constexpr (columns > 1) {
    for (; c < end; ++c) {
      score_tile<R, 1, Fetch>(a, q, keys + c * tile, out + 16 * c, {ahead.at + c * ahead_tile, ahead.step});
    }
  }
}

// Rows [row, end_row), R at a time, then fewer. The first tile of rows fetches.
template <std::size_t R>
inline void score_all(const AttentionArgs& a, QueryRows queries, std::size_t row, std::size_t end_row,
                      const float* keys, std::size_t begin, std::size_t end, float* scores, Ahead ahead) {
  for (; row + R <= end_row; row += R) {
    const float* q[R];
    for (const float*& of_row : q) of_row = queries.take();
    float* const out = scores + row * key_block;
    if (ahead.at != nullptr) {
      score_rows<R, true>(a, q, keys, begin, end, out, ahead);
      ahead.at = nullptr;
    } else {
      score_rows<R, false>(a, q, keys, begin, end, out, {});
    }
  }
  if constexpr (R > 1) {
    if (row < end_row) score_all<R / 2>(a, queries, row, end_row, keys, begin, end, scores, ahead);
  }
}

// What a family does to the scores of a row with keys [begin, end) of a block: whole vectors of 16. Not inlined, so
// that compilers contract sums and products in one way only.
[[gnu::noinline]] inline void bend_scores(const AttentionArgs& a, std::size_t row, std::size_t block, std::size_t begin,
                                          std::size_t end, float* scores) {
  begin = begin / 16 * 16;
  end = (end + 15) / 16 * 16;
  if (a.cap > 0) soft_cap(scores + begin, end - begin, a.cap);
  if (a.slopes == nullptr) return;
  static constexpr float lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const f32x16 slope = broadcast<f32x16>(a.slopes[row % a.n_group]), lane = load<f32x16>(lanes);
  const std::size_t position = a.position + row / a.n_group;
  for (std::size_t j = begin; j < end; j += 16) {
    const float back = static_cast<float>(position) - static_cast<float>(block * key_block + j);
    const f32x16 forward = sub(lane, broadcast<f32x16>(back));  // key − position, exact
    store(scores + j, fma(forward, slope, load<f32x16>(scores + j)));
  }
}

// scores[begin … n) → exp(score − m); vectors that are not whole are filled up with zeros. Not inlined, for the same
// reason. A row whose scores are all −inf has the sum 0, not NaN: other blocks may have more.
[[gnu::noinline]] inline void softmax(float* scores, std::size_t begin, std::size_t n, float* m, float* l) {
  const std::size_t padded = (n + 15) / 16 * 16;
  for (std::size_t j = begin / 16 * 16; j < begin; ++j) scores[j] = -__builtin_inff();
  for (std::size_t j = n; j < padded; ++j) scores[j] = -__builtin_inff();
  begin = begin / 16 * 16;
  f32x16 tops = load<f32x16>(scores + begin);
  for (std::size_t j = begin + 16; j < padded; j += 16) tops = max(tops, load<f32x16>(scores + j));
  const float top = largest(tops);
  const f32x16 base = broadcast<f32x16>(top == -__builtin_inff() ? 0.0f : top);
  f32x16 total = broadcast<f32x16>(0.0f);
  for (std::size_t j = begin; j < padded; j += 16) {
    const f32x16 e = exp(sub(load<f32x16>(scores + j), base));
    store(scores + j, e);
    total = add(total, e);
  }
  *m = top;
  *l = sum(total);
}

// acc[r][16 d …] += Σ_j weights[r][j] · values[j][16 d …] over keys [begin, end)
template <std::size_t R, std::size_t D, bool Fetch>
inline void sum_tile(const float* weights, const float* values, std::size_t width, std::size_t begin, std::size_t end,
                     float* out, Ahead ahead) {
  f32x16 acc[R][D];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (std::size_t d = 0; d < D; ++d) acc[r][d] = load<f32x16>(out + r * width + 16 * d);
  }
  for (std::size_t j = begin; j < end; ++j) {
    f32x16 v[D];
#pragma GCC unroll 8
    for (std::size_t d = 0; d < D; ++d) {
      v[d] = load<f32x16>(values + j * width + 16 * d);
      if constexpr (Fetch) ahead.fetch(j * D + d);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      const f32x16 w = broadcast<f32x16>(weights[r * key_block + j]);
#pragma GCC unroll 8
      for (std::size_t d = 0; d < D; ++d) acc[r][d] = fma(w, v[d], acc[r][d]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (std::size_t d = 0; d < D; ++d) store(out + r * width + 16 * d, acc[r][d]);
  }
}

template <std::size_t R, bool Fetch>
inline void sum_rows(const float* weights, const float* values, std::size_t width, std::size_t begin, std::size_t end,
                     float* out, Ahead ahead) {
  constexpr std::size_t columns = attention_columns<R>;
  std::size_t i = 0;
  for (; i + 16 * columns <= width; i += 16 * columns) {
    sum_tile<R, columns, Fetch>(weights, values + i, width, begin, end, out + i,
                                {ahead.at + i / 16 * key_block * ahead.step, ahead.step});
  }
  if constexpr (columns > 1) {
    for (; i < width; i += 16) {
      sum_tile<R, 1, Fetch>(weights, values + i, width, begin, end, out + i,
                            {ahead.at + i / 16 * key_block * ahead.step, ahead.step});
    }
  }
}

// Rows [row, end_row), R at a time, then fewer, each over the keys that it sees: of tokens beside each other, the later
// sees more, and with a window begins later. Each row's keys are summed in their order: those that it has for itself,
// those that all R have, and again its own. The first tile of rows fetches.
template <std::size_t R>
inline void sum_all(const AttentionArgs& a, std::size_t block, std::size_t row, std::size_t end_row,
                    const float* scores, const float* values, float* acc, Ahead ahead) {
  const std::size_t width = value_width(a.value_dim);
  for (; row + R <= end_row; row += R) {
    const std::size_t common = a.keys_seen(row / a.n_group, block);
    const std::size_t before = a.keys_before((row + R - 1) / a.n_group, block);
    const std::size_t begin = before < common ? before : common;
    const float* weights = scores + row * key_block;
    float* out = acc + row * width;
    const auto alone = [&](std::size_t r, std::size_t from, std::size_t to) {
      if (from < to) sum_rows<1, false>(weights + r * key_block, values, width, from, to, out + r * width, {});
    };
    if (begin > 0) {
      for (std::size_t r = 0; r < R; ++r) alone(r, a.keys_before((row + r) / a.n_group, block), begin);
    }
    if (ahead.at != nullptr) {
      sum_rows<R, true>(weights, values, width, begin, common, out, ahead);
      ahead.at = nullptr;
    } else {
      sum_rows<R, false>(weights, values, width, begin, common, out, {});
    }
    for (std::size_t r = 1; r < R; ++r) {
      const std::size_t token = (row + r) / a.n_group;
      const std::size_t from = a.keys_before(token, block);
      alone(r, from > common ? from : common, a.keys_seen(token, block));
    }
  }
  if constexpr (R > 1) {
    if (row < end_row) sum_all<R / 2>(a, block, row, end_row, scores, values, acc, ahead);
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

// The partial of one block; `more` when there is a next block, to be fetched even where another task takes it. Rows
// that see none of its keys get m = −inf, l = 0 and an acc of zeros. While the scores are made the values come from
// memory, meanwhile they are summed the next keys.
inline void attend_block(const AttentionArgs& a, std::size_t block, bool more, const AttentionScratch& scratch,
                         const Partial& out) {
  const std::size_t first = a.first_token(block), last = a.end_token(block) - 1;
  const std::size_t first_row = first * a.n_group, end_row = (last + 1) * a.n_group, rows = a.rows();
  const std::size_t width = value_width(a.value_dim);
  // Tiles [skipped, n_tiles) hold the keys that any of these rows sees.
  const std::size_t skipped = a.keys_before(first, block) / kv_tile;
  const std::size_t n_tiles = ceil_div(a.keys_seen(last, block), kv_tile);
  const std::size_t key_tile = key_tile_bytes(a.type, a.key_dim);
  const std::byte* keys = a.keys + tile_offset(block * key_block, key_tile, a.block_stride);
  const std::byte* values =
      a.values + tile_offset(block * key_block, value_tile_bytes(a.type, a.value_dim), a.block_stride);
  const float* k = reinterpret_cast<const float*>(keys);
  if (a.type != CacheType::F32) {
    unpack_keys(a.type, keys + skipped * key_tile, n_tiles - skipped, a.key_dim,
                scratch.keys + skipped * kv_tile * a.key_dim);
    k = scratch.keys;
  }
  // Four tiles of keys at a time stay in the first-level cache while all rows pass.
  for (std::size_t begin = skipped; begin < n_tiles; begin += 4) {
    score_all<attention_rows>(a, QueryRows(a, first), first_row, end_row, k, begin,
                              n_tiles - begin < 4 ? n_tiles : begin + 4, scratch.scores,
                              {values, value_tile_bytes(a.type, 16) / kv_tile});
  }
  for (std::size_t row = 0; row < round_up(rows, 16); ++row) {
    out.m[row] = -__builtin_inff();
    out.l[row] = 0;
    if (row < first_row || row >= end_row) continue;
    float* const scores = scratch.scores + row * key_block;
    const std::size_t begin = a.keys_before(row / a.n_group, block), seen = a.keys_seen(row / a.n_group, block);
    if (a.cap > 0 || a.slopes != nullptr) bend_scores(a, row, block, begin, seen, scores);
    softmax(scores, begin, seen, out.m + row, out.l + row);
  }
  const float* v = reinterpret_cast<const float*>(values);
  if (a.type != CacheType::F32) {
    unpack_values(a.type, values + skipped * value_tile_bytes(a.type, a.value_dim), n_tiles - skipped, a.value_dim,
                  scratch.values + skipped * kv_tile * width);
    v = scratch.values;
  }
  std::memset(out.acc + first_row * width, 0, (rows - first_row) * width * sizeof(float));
  const std::byte* next_keys = a.keys + tile_offset((block + 1) * key_block, key_tile, a.block_stride);
  sum_all<attention_rows>(a, block, first_row, end_row, scratch.scores, v, out.acc,
                          {more ? next_keys : nullptr, key_tile_bytes(a.type, 32) / 32});
}

// Adds a later block's partial to the state, for rows [first_row, rows); others see nothing of it and stay as they are.
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

// out = acc / l; with sinks out = acc / (l + exp(sink − m)), both sides scaled so that neither exponential overflows.
inline void finish_rows(const AttentionArgs& a, const Partial& state) {
  const std::size_t width = value_width(a.value_dim);
  for (std::size_t row = 0; row < a.rows(); ++row) {
    float share = 1.0f / state.l[row];
    if (a.sinks != nullptr) {
      const float sink = a.sinks[row % a.n_group], m = state.m[row], top = sink > m ? sink : m;
      float of_row[16], of_sink[16];
      store(of_row, exp(broadcast<f32x16>(m - top)));
      store(of_sink, exp(broadcast<f32x16>(sink - top)));
      share = of_row[0] / (state.l[row] * of_row[0] + of_sink[0]);
    }
    const f32x16 inverse = broadcast<f32x16>(share);
    const float* sums = state.acc + row * width;
    float* out = a.out + row / a.n_group * a.out_stride + row % a.n_group * a.value_dim;
    std::size_t i = 0;
    for (; i + 16 <= a.value_dim; i += 16) store(out + i, mul(load<f32x16>(sums + i), inverse));
    if (i < a.value_dim) store_first(out + i, mul(load<f32x16>(sums + i), inverse), a.value_dim - i);
  }
}

inline void attention(const AttentionArgs& a) {
  const AttentionScratch scratch(a);
  const std::size_t first = a.first_block();
  attend_block(a, first, a.n_blocks() > first + 1, scratch, scratch.state);
  for (std::size_t block = first + 1; block < a.n_blocks(); ++block) {
    attend_block(a, block, block + 1 < a.n_blocks(), scratch, scratch.block);
    fold_block(a.first_token(block) * a.n_group, a.end_token(block) * a.n_group, value_width(a.value_dim),
               scratch.state, scratch.block, scratch.factors);
  }
  finish_rows(a, scratch.state);
}

inline void attention_blocks(const AttentionArgs& a, std::size_t begin, std::size_t end, float* partials) {
  const AttentionScratch scratch(a);
  const std::size_t size = Partial::size(a.rows(), a.value_dim);
  for (std::size_t block = begin; block < end; ++block) {
    attend_block(a, block, block + 1 < a.n_blocks(), scratch, Partial::at(partials + (block - begin) * size, a.rows()));
  }
}

inline void attention_merge(const AttentionArgs& a, const float* partials) {
  const AttentionScratch scratch(a);
  const std::size_t size = Partial::size(a.rows(), a.value_dim);
  std::memcpy(scratch.state.m, partials, size * sizeof(float));
  const std::size_t first = a.first_block();
  for (std::size_t block = first + 1; block < a.n_blocks(); ++block) {
    const Partial part = Partial::at(const_cast<float*>(partials) + (block - first) * size, a.rows());
    fold_block(a.first_token(block) * a.n_group, a.end_token(block) * a.n_group, value_width(a.value_dim),
               scratch.state, part, scratch.factors);
  }
  finish_rows(a, scratch.state);
}
