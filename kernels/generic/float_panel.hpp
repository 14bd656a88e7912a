// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill of float formats. Rows are decoded, 16 at a time, into strips of floats whose vector k holds weight k of each
// of the 16 rows. Strips then meet all tokens: a value of a token is broadcast, multiplied with the weights of a few
// strips and added, so that nothing is summed across lanes and activations are loaded a value at a time. k is taken in
// parts, so that a part of the strips stays in the second-level cache and that of a tile's activations in the first;
// between the parts sums wait in `out`. Whatever the tokens beside it, a token's sum is made of the same steps.

// Sums that there are registers for.
inline constexpr std::size_t float_strips = native::lanes == 16 ? 4 : 1;
inline constexpr std::size_t float_tokens = native::lanes == 4 ? 3 : 6;

struct FloatPart {
  std::size_t begin, size;  // of a row
};

// Values of `part` of 16 rows from `row` on, of which `n_rows` exist; the others repeat the last and are not stored.
template <class Format>
void pack_floats(const MatmulArgs& a, std::size_t row, std::size_t n_rows, const FloatPart& part, float* strip) {
  constexpr std::size_t value_bytes = FloatTile<Format>::value_bytes;
  for (std::size_t i = 0; i < part.size; i += 16, strip += 16 * 16) {
    alignas(64) float rows[16][16];
    for (std::size_t r = 0; r < 16; ++r) {
      const std::byte* from = a.weights + (row + (r < n_rows ? r : n_rows - 1)) * a.row_bytes;
      // Rows follow each other in memory, so the next 16 lie at the same places further on.
      const std::byte* next = from + 16 * a.row_bytes + (part.begin + i) * value_bytes;
      if (i * value_bytes % 64 == 0) __builtin_prefetch(next, 0, 2);
      store(rows[r], FloatTile<Format>::weights_at(from, part.begin + i, a.k));
    }
    native::transpose(rows, strip);
  }
}

// R strips of 16 rows and T tokens.
template <std::size_t R, std::size_t T>
struct FloatPanelTile {
  // Adds the part's products to the sums in a.out, or begins with them.
  static void run(const float* strips, std::size_t strip_size, const FloatPart& part, const MatmulArgs& a,
                  std::size_t token, std::size_t first_row) {
    float* out = a.out + token * a.out_stride + (first_row - a.row_begin);
    const std::size_t n_rows = a.row_end - first_row;
    if (n_rows >= 16 * R) return add(strips, strip_size, part, a, token, out, a.out_stride);
    // Lanes of rows that do not exist have no place in `out`.
    alignas(64) float kept[T][16 * R] = {};
    for (std::size_t t = 0; t < T && part.begin != 0; ++t) {
      std::memcpy(kept[t], out + t * a.out_stride, n_rows * sizeof(float));
    }
    add(strips, strip_size, part, a, token, kept[0], 16 * R);
    for (std::size_t t = 0; t < T; ++t) std::memcpy(out + t * a.out_stride, kept[t], n_rows * sizeof(float));
  }

 private:
  static void add(const float* strips, std::size_t strip_size, const FloatPart& part, const MatmulArgs& a,
                  std::size_t token, float* out, std::size_t stride) {
    const float* w[R];
    const float* x[T];
    f32x16 acc[R][T];
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) x[t] = a.x.token(token + t).f32 + part.begin;
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      w[r] = strips + r * strip_size;
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) {
        acc[r][t] = part.begin == 0 ? broadcast<f32x16>(0.0f) : load<f32x16>(out + t * stride + 16 * r);
      }
    }
    std::size_t i = 0;
    for (; i + 4 <= part.size; i += 4) {
      // A tile is a handful of pointers; GCC would make as many variables as there are loads.
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) forget(x[t]);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j) multiply(w, x, j, acc);
      advance(w, x, 4);
    }
    for (; i < part.size; ++i) {
      multiply(w, x, 0, acc);
      advance(w, x, 1);
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) store(out + t * stride + 16 * r, acc[r][t]);
    }
  }
  // The products of the weights and values `j` further on.
  LAMINA_INLINE static void multiply(const float* const (&w)[R], const float* const (&x)[T], std::size_t j,
                                     f32x16 (&acc)[R][T]) {
    f32x16 weights[R];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) weights[r] = load<f32x16>(w[r] + 16 * j);
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      const f32x16 v = broadcast<f32x16>(x[t][j]);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) acc[r][t] = fma(weights[r], v, acc[r][t]);
    }
  }
  LAMINA_INLINE static void advance(const float* (&w)[R], const float* (&x)[T], std::size_t n) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) w[r] += 16 * n;
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) x[t] += n;
  }
};

// The same for as many strips and tokens as there are, R and T at most.
template <std::size_t R = float_strips, std::size_t T = float_tokens>
inline void float_tile(std::size_t n_strips, std::size_t n, const float* strips, std::size_t strip_size,
                       const FloatPart& part, const MatmulArgs& a, std::size_t token, std::size_t first_row) {
  if constexpr (R > 1) {
    if (n_strips < R) return float_tile<R - 1, T>(n_strips, n, strips, strip_size, part, a, token, first_row);
  }
  if constexpr (T > 1) {
    if (n < T) return float_tile<R, T - 1>(n_strips, n, strips, strip_size, part, a, token, first_row);
  }
  FloatPanelTile<R, T>::run(strips, strip_size, part, a, token, first_row);
}

// Rows of a.panel's size or fewer.
template <class Format>
void float_panel_rows(const MatmulArgs& a) {
  const std::size_t n_strips = (a.row_end - a.row_begin + 15) / 16;
  auto* strips = reinterpret_cast<float*>(a.panel);
  for (std::size_t begin = 0; begin < a.k; begin += float_panel_part) {
    const FloatPart part{begin, a.k - begin < float_panel_part ? a.k - begin : float_panel_part};
    const std::size_t strip_size = round_up(part.size, 16) * 16;
    for (std::size_t i = 0; i < n_strips; ++i) {
      const std::size_t row = a.row_begin + 16 * i, left = a.row_end - row;
      pack_floats<Format>(a, row, left < 16 ? left : 16, part, strips + i * strip_size);
    }
    // Tiles of about the same size: a few tokens left over would cost as much as a whole tile.
    const std::size_t n_tiles = (a.n_tokens + float_tokens - 1) / float_tokens;
    for (std::size_t tile = 0; tile < n_tiles; ++tile) {
      const std::size_t token = tile * a.n_tokens / n_tiles, n = (tile + 1) * a.n_tokens / n_tiles - token;
      for (std::size_t i = 0; i < n_strips; i += float_strips) {
        float_tile(n_strips - i, n, strips + i * strip_size, strip_size, part, a, token, a.row_begin + 16 * i);
      }
    }
  }
}

// Rows are taken as many at a time as panel_bytes() has room for.
template <class Format>
void float_panel(const MatmulArgs& a) {
  MatmulArgs part = a;
  for (std::size_t row = a.row_begin; row < a.row_end; row += float_panel_most_rows) {
    part.row_begin = row;
    part.row_end = a.row_end - row < float_panel_most_rows ? a.row_end : row + float_panel_most_rows;
    part.out = a.out + (row - a.row_begin);
    float_panel_rows<Format>(part);
  }
}
