// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matrix times activations. A tile of a few rows and a few tokens runs over the whole of k with its sums in registers;
// every (row, token) sum takes the same steps in the same order in every tile, so that splitting changes no bit.

// low += the chunk's minima times the sums of T tokens' activations
template <class Chunk, std::size_t T>
LAMINA_INLINE void add_minima(const Chunk& w, const Activations (&x)[T], std::size_t c, f32x8 (&low)[T]) {
  if constexpr (Chunk::has_minimum) {
#pragma GCC unroll 4
    for (std::size_t t = 0; t < T; ++t) {
      if constexpr (Chunk::scales == 8) {
        low[t] = fma(w.minimum[0], load<f32x8>(x[t].s32 + 8 * c), low[t]);
      } else {
        low[t] = fma(w.minimum[0], load<f32x8>(x[t].s16 + 16 * c), low[t]);
        low[t] = fma(w.minimum[1], load<f32x8>(x[t].s16 + 16 * c + 8), low[t]);
      }
    }
  }
}

// Products of weights and activations as words.
template <class Format>
struct WordProducts {
  using Chunk = Unpack<Format>;

  // Adds the chunk's first n_pairs pairs to the sums of T tokens, whose rows are x.
  template <std::size_t T>
  LAMINA_INLINE static void add_chunk(const Chunk& w, std::size_t n_pairs, const Activations (&x)[T], std::size_t c,
                                      f32x16 (&acc)[T], f32x8 (&low)[T]) {
    alignas(64) float scale[T][Chunk::scales];
    add_minima(w, x, c, low);
#pragma GCC unroll 4
    for (std::size_t t = 0; t < T; ++t) {
      const float* d = x[t].d + 8 * c;
      if constexpr (Chunk::scales == 8) {
        store8(scale[t], mul(w.scale[0], load<f32x8>(d)));
      } else {
        store8(scale[t], mul(w.scale[0], spread2(d)));
        store8(scale[t] + 8, mul(w.scale[1], spread2(d + 4)));
      }
    }
#pragma GCC unroll 4
    for (std::size_t p = 0; p < n_pairs; ++p) {
      const WordPair q = w.pair(p);
#pragma GCC unroll 4
      for (std::size_t t = 0; t < T; ++t) {
        const std::int16_t* v = x[t].q16 + 256 * c + 64 * p;
        if constexpr (Chunk::scales == 8) {
          acc[t] = fma(to_float(dot4(q, v)), spread8(scale[t] + 2 * p, 1), acc[t]);
        } else {  // the halves of a group have scales of their own
          acc[t] = fma(to_float(dot2(q.first, v)), spread8(scale[t] + 4 * p, 2), acc[t]);
          acc[t] = fma(to_float(dot2(q.second, v + 32)), spread8(scale[t] + 4 * p + 1, 2), acc[t]);
        }
      }
    }
  }
};

#if LAMINA_KERNELS_AVX2
#include "lamina/kernels/generic/avx2_rows.hpp"
template <class Format>
using Products = std::conditional_t<has_row_bytes<Format>, ByteProducts<Format>, WordProducts<Format>>;
#else
template <class Format>
using Products = WordProducts<Format>;
#endif

template <class Format>
struct IntTile {
  using Chunk = typename Products<Format>::Chunk;
  static constexpr std::size_t decode_rows = 1;
  static constexpr std::size_t prefill_rows = 1;
  static constexpr std::size_t prefill_tokens = 4;
  static constexpr std::size_t tokens_at_once(std::size_t) { return prefill_tokens; }

  template <std::size_t R, std::size_t T>
  static void run(const MatmulArgs& a, std::size_t row, std::size_t token) {
    Activations x[T];
    for (std::size_t t = 0; t < T; ++t) x[t] = a.x.token(token + t);
    f32x16 acc[R][T];
    f32x8 low[R][T];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (std::size_t t = 0; t < T; ++t) {
        acc[r][t] = broadcast<f32x16>(0.0f);
        low[r][t] = broadcast<f32x8>(0.0f);
      }
    }
    const std::byte* w = a.weights + row * a.row_bytes;
    const std::size_t n_chunks = a.k / 256;
    for (std::size_t c = 0; c < n_chunks; ++c) {
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) {
        const std::byte* chunk = w + r * a.row_bytes + c * Chunk::chunk_bytes;
        fetch_ahead(chunk, Chunk::chunk_bytes);
        Products<Format>::template add_chunk<T>(Chunk(chunk), 4, x, c, acc[r], low[r]);
      }
    }
    if constexpr (Format::block_size < 256) {
      const std::size_t rest = a.k % 256;
      if (rest != 0) {
        for (std::size_t r = 0; r < R; ++r) {
          alignas(64) std::byte copy[Chunk::chunk_bytes];
          const std::byte* chunk = last_chunk<Format, Chunk>(a, row + r, copy);
          fetch_ahead(chunk, Chunk::chunk_bytes);
          Products<Format>::template add_chunk<T>(FirstOf<Chunk>(chunk, rest), (rest + 63) / 64, x, n_chunks, acc[r],
                                                  low[r]);
        }
      }
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (std::size_t t = 0; t < T; ++t) {
        a.out[(token + t) * a.out_stride + (row + r - a.row_begin)] = sum(add(fold(acc[r][t]), low[r][t]));
      }
    }
  }
};

template <class Format>
LAMINA_INLINE f32x16 load_weights(const std::byte* p) {
  if constexpr (std::is_same_v<Format, quant::F32>) {
    return load<f32x16>(p);
  } else if constexpr (std::is_same_v<Format, quant::F16>) {
    return load_f16(p);
  } else {
    return load_bf16(p);
  }
}

// Sums of floats run in four chains, of which chain c takes every fourth 16 values from 16 · c on; they are added at
// the end, (0 + 1) + (2 + 3). Decode keeps all four in registers, so that the latency of additions hides; a tile of
// many sums has no room for that and goes through k once per chain, at other cache lines each time. Both give the same
// bits.
template <class Format>
struct FloatTile {
  static constexpr std::size_t decode_rows = 1;
  static constexpr std::size_t prefill_rows = native::lanes == 16 ? 4 : 2;
  static constexpr std::size_t prefill_tokens = native::lanes == 16 ? 6 : 3;
  static constexpr std::size_t tokens_at_once(std::size_t) { return prefill_tokens; }
  static constexpr std::size_t value_bytes = sizeof(typename Format::Block) / Format::block_size;

  // The 16 values from k on, zeros past the end of the row.
  LAMINA_INLINE static f32x16 weights_at(const std::byte* row, std::size_t k, std::size_t end) {
    if (k + 16 <= end) [[likely]]
      return load_weights<Format>(row + k * value_bytes);
    alignas(64) std::byte last[16 * value_bytes] = {};
    std::memcpy(last, row + k * value_bytes, (end - k) * value_bytes);
    return load_weights<Format>(last);
  }

  // acc += the 16 products from i on, of R rows and T tokens
  template <std::size_t R, std::size_t T>
  LAMINA_INLINE static void add_16(const std::byte* const (&rows)[R], const float* const (&x)[T], std::size_t i,
                                   std::size_t k, f32x16 (&acc)[R][T]) {
    f32x16 w[R];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) w[r] = weights_at(rows[r], i, k);
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      const f32x16 v = load<f32x16>(x[t] + i);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) acc[r][t] = fma(w[r], v, acc[r][t]);
    }
  }

  // R rows, T tokens, the values that chain c takes: out = or += their sums. Not inlined, since GCC would keep some of
  // the other chains' sums in registers instead of this one's.
  template <bool Add, std::size_t R, std::size_t T>
  [[gnu::noinline]] static void chain(const std::byte* weights, std::size_t row_bytes, const float* first_x,
                                      std::size_t x_stride, std::size_t c, std::size_t k, f32x16 (&out)[R][T]) {
    f32x16 acc[R][T];
    clear(acc);
    const std::byte* rows[R];
    const float* x[T];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) rows[r] = weights + r * row_bytes;
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) x[t] = first_x + t * x_stride;
    std::size_t i = 16 * c;
    for (; i + 16 <= k; i += 64) {
      // A tile is a handful of pointers and one index; GCC would make as many variables as there are sums.
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) forget(rows[r]);
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) forget(x[t]);
      add_16(rows, x, i, i + 16, acc);
    }
    if (i < k) add_16(rows, x, i, k, acc);
    if constexpr (Add) join(acc, out);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) out[r][t] = acc[r][t];
    }
  }

  template <std::size_t R, std::size_t T>
  LAMINA_INLINE static void clear(f32x16 (&acc)[R][T]) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) acc[r][t] = broadcast<f32x16>(0.0f);
    }
  }
  // a += b
  template <std::size_t R, std::size_t T>
  LAMINA_INLINE static void join(f32x16 (&a)[R][T], const f32x16 (&b)[R][T]) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) a[r][t] = add(a[r][t], b[r][t]);
    }
  }

  // One row and T tokens, all chains at once.
  template <std::size_t T>
  LAMINA_INLINE static void all_chains(const std::byte* weights, const float* x, std::size_t x_stride, std::size_t k,
                                       f32x16 (&total)[1][T]) {
    f32x16 acc[4][1][T];
#pragma GCC unroll 4
    for (auto& chain : acc) clear(chain);
    std::size_t i = 0;
    for (; i + 64 <= k; i += 64) {
      fetch_ahead(weights + i * value_bytes, 64 * value_bytes);
#pragma GCC unroll 4
      for (std::size_t c = 0; c < 4; ++c) {
        const f32x16 w = load_weights<Format>(weights + (i + 16 * c) * value_bytes);
#pragma GCC unroll 6
        for (std::size_t t = 0; t < T; ++t) {
          acc[c][0][t] = fma(w, load<f32x16>(x + t * x_stride + i + 16 * c), acc[c][0][t]);
        }
      }
    }
    for (std::size_t c = 0; i < k; i += 16, ++c) {
      const f32x16 w = weights_at(weights, i, k);
      for (std::size_t t = 0; t < T; ++t) acc[c][0][t] = fma(w, load<f32x16>(x + t * x_stride + i), acc[c][0][t]);
    }
    join(acc[0], acc[1]);
    join(acc[2], acc[3]);
    join(acc[0], acc[2]);
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) total[0][t] = acc[0][0][t];
  }

  template <std::size_t R, std::size_t T>
  static void run(const MatmulArgs& a, std::size_t row, std::size_t token) {
    const std::byte* w = a.weights + row * a.row_bytes;
    const float* x = a.x.f32 + token * a.x.k_padded;
    const std::size_t stride = a.x.k_padded;
    f32x16 total[R][T];
    if constexpr (R == 1 && 4 * T * f32x16::size <= (native::lanes == 16 ? 24 : 12)) {
      all_chains<T>(w, x, stride, a.k, total);
    } else {
      f32x16 other[R][T];
      chain<false>(w, a.row_bytes, x, stride, 0, a.k, total);
      chain<true>(w, a.row_bytes, x, stride, 1, a.k, total);
      chain<false>(w, a.row_bytes, x, stride, 2, a.k, other);
      chain<true>(w, a.row_bytes, x, stride, 3, a.k, other);
      join(total, other);
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) {
        a.out[(token + t) * a.out_stride + (row + r - a.row_begin)] = sum(total[r][t]);
      }
    }
  }
};

// All rows of [begin, end), R at a time, for T tokens.
template <class Tile, std::size_t R, std::size_t T>
inline void run_rows(const MatmulArgs& a, std::size_t begin, std::size_t end, std::size_t token) {
  std::size_t row = begin;
  for (; row + R <= end; row += R) Tile::template run<R, T>(a, row, token);
  if constexpr (R > 1) {
    for (; row < end; ++row) Tile::template run<1, T>(a, row, token);
  }
}

#if LAMINA_KERNELS_VNNI
template <class Format>
using IntegerTile = VnniTile<Format>;
#else
template <class Format>
using IntegerTile = IntTile<Format>;
#endif

// The same for n < T tokens, whatever n is.
template <class Tile, std::size_t R, std::size_t T>
inline void run_last_rows(const MatmulArgs& a, std::size_t begin, std::size_t end, std::size_t token, std::size_t n) {
  if constexpr (T > 1) {
    if (n < T) return run_last_rows<Tile, R, T - 1>(a, begin, end, token, n);
  }
  run_rows<Tile, R, T>(a, begin, end, token);
}

template <class Format>
void matmul(const MatmulArgs& a) {
  using Tile = typename std::conditional_t<is_float_format<Format>, std::type_identity<FloatTile<Format>>,
                                           std::type_identity<IntegerTile<Format>>>::type;
  if (a.n_tokens == 1) return run_rows<Tile, Tile::decode_rows, 1>(a, a.row_begin, a.row_end, 0);
  // A block of rows stays in the second-level cache while all tokens pass over it.
  constexpr std::size_t block_bytes = 192 * 1024;
  const std::size_t fit = block_bytes / (a.row_bytes + 1);
  const std::size_t rows = fit < 4 ? 4 : fit;
  // Tiles of about the same size: a few tokens left over would cost as much as a whole tile.
  constexpr std::size_t most = Tile::prefill_tokens;
  const std::size_t at_once = Tile::tokens_at_once(a.x.k_padded);
  const std::size_t n_tiles = (a.n_tokens + at_once - 1) / at_once;
  for (std::size_t begin = a.row_begin; begin < a.row_end; begin += rows) {
    const std::size_t end = a.row_end - begin < rows ? a.row_end : begin + rows;
    for (std::size_t tile = 0; tile < n_tiles; ++tile) {
      const std::size_t token = tile * a.n_tokens / n_tiles, n = (tile + 1) * a.n_tokens / n_tiles - token;
      run_last_rows<Tile, Tile::prefill_rows, most>(a, begin, end, token, n);
    }
  }
}
