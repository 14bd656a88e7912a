// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Panels of bfloat16 multiplied by VDPBF16PS: a tile of 4 × 16 rows and a few tokens keeps its sums in registers over a
// part of k; between the parts they wait in `out`. Activations are rows of bfloat16.

inline void round_row(const RoundArgs& a) {
  const float* from = a.values;
  std::int16_t* const to = a.q16 + a.t * Activations::q16_size(a.k_padded);
  for (std::size_t i = a.begin; i < a.end; i += 32, from += 32) {
    const Floats32 x(from, a.end - i);
    _mm512_storeu_si512(to + i, round_bf16(x.low, x.high));
  }
}

// The rows' weights [k_begin, k_begin + 32 · n_records) as strips of 16 rows, and where they belong.
struct Bf16Panel {
  std::byte* strips;        // [n_strips] of strip_bytes
  std::size_t strip_bytes;  // from a strip to the next
  std::size_t n_strips;
  std::size_t k_begin;    // a multiple of 256
  std::size_t n_records;  // of a strip
};

// Row i of activations, from the panel's k on.
LAMINA_INLINE const std::byte* bf16_row(const MatmulArgs& a, const Bf16Panel& panel, std::size_t token) {
  return reinterpret_cast<const std::byte*>(a.x.token(token).q16 + panel.k_begin);
}
// acc + x[2i] · w[2i] + x[2i + 1] · w[2i + 1] in lane i, each product and sum rounded as one.
LAMINA_INLINE __m512 add_dot_bf16(__m512 acc, __m512i x, __m512i w) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(acc) : "v"(x), "v"(w));
  return acc;
}

struct Bf16Dot {
  static constexpr std::size_t chunks = 8;  // of 256 weights in a part: 64 rows take 256 KiB
  static constexpr std::size_t most_strips = 4, most_tokens = 6;

  // R strips from `strip` on, T tokens from `token` on.
  template <std::size_t R, std::size_t T>
  static void tile(const MatmulArgs& a, const Bf16Panel& panel, std::size_t strip, std::size_t token) {
    const std::size_t first_row = a.row_begin + 16 * strip;
    float* out = a.out + token * a.out_stride + 16 * strip;
    __mmask16 mask[R];
    const std::byte* w[R];
    const std::byte* x[T];
    __m512 acc[R][T];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      mask[r] = rows_mask(a, first_row + 16 * r);
      w[r] = panel.strips + (strip + r) * panel.strip_bytes;
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) acc[r][t] = _mm512_setzero_ps();
    }
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) x[t] = bf16_row(a, panel, token + t);
    if (panel.k_begin != 0) {
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
        for (std::size_t t = 0; t < T; ++t) acc[r][t] = _mm512_maskz_loadu_ps(mask[r], out + t * a.out_stride + 16 * r);
      }
    }
    for (std::size_t i = 0; i < 4 * panel.n_records; ++i) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) forget(x[t]);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j) {
        __m512i pairs[R];
#pragma GCC unroll 4
        for (std::size_t r = 0; r < R; ++r) pairs[r] = _mm512_load_si512(w[r] + 64 * j);
#pragma GCC unroll 6
        for (std::size_t t = 0; t < T; ++t) {
          int pair;
          std::memcpy(&pair, x[t] + 4 * j, sizeof pair);
          const __m512i v = _mm512_set1_epi32(pair);
#pragma GCC unroll 4
          for (std::size_t r = 0; r < R; ++r) acc[r][t] = add_dot_bf16(acc[r][t], v, pairs[r]);
        }
      }
#pragma GCC unroll 4
      for (std::size_t r = 0; r < R; ++r) w[r] += 256;
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) x[t] += 16;
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) _mm512_mask_storeu_ps(out + t * a.out_stride + 16 * r, mask[r], acc[r][t]);
    }
  }

  template <std::size_t R, std::size_t T = most_tokens>
  static void tile_of(std::size_t n, const MatmulArgs& a, const Bf16Panel& panel, std::size_t strip,
                      std::size_t token) {
    if constexpr (T > 1) {
      if (n < T) return tile_of<R, T - 1>(n, a, panel, strip, token);
    }
    tile<R, T>(a, panel, strip, token);
  }
  template <std::size_t R = most_strips>
  static void strips_of(std::size_t n_strips, std::size_t n, const MatmulArgs& a, const Bf16Panel& panel,
                        std::size_t strip, std::size_t token) {
    if constexpr (R > 1) {
      if (n_strips < R) return strips_of<R - 1>(n_strips, n, a, panel, strip, token);
    }
    tile_of<R>(n, a, panel, strip, token);
  }

  static void multiply(const MatmulArgs& a, const Bf16Panel& panel) {
    // Tiles of about the same size: five tokens left over would cost as much as six.
    const std::size_t n_tiles = (a.n_tokens + most_tokens - 1) / most_tokens;
    for (std::size_t tile = 0; tile < n_tiles; ++tile) {
      const std::size_t token = tile * a.n_tokens / n_tiles, n = (tile + 1) * a.n_tokens / n_tiles - token;
      for (std::size_t strip = 0; strip < panel.n_strips; strip += most_strips) {
        const std::size_t left = panel.n_strips - strip;
        strips_of(left < most_strips ? left : most_strips, n, a, panel, strip, token);
      }
    }
  }

  // The panel has room for so many rows.
  template <class Format>
  static void run(const MatmulArgs& a) {
    MatmulArgs part = a;
    for (std::size_t row = a.row_begin; row < a.row_end; row += 2 * panel_rows) {
      part.row_begin = row;
      part.row_end = a.row_end - row < 2 * panel_rows ? a.row_end : row + 2 * panel_rows;
      part.out = a.out + (row - a.row_begin);
      run_rows<Format>(part);
    }
  }

  template <class Format>
  static void run_rows(const MatmulArgs& a) {
    const std::size_t n_chunks = (a.k + 255) / 256;
    for (std::size_t begin = 0; begin < n_chunks; begin += chunks) {
      const std::size_t end = n_chunks - begin < chunks ? n_chunks : begin + chunks;
      const std::size_t last = 256 * end < a.k ? 256 * end : a.k;
      Bf16Panel panel{.strips = a.panel, .k_begin = 256 * begin, .n_records = (last - 256 * begin + 31) / 32};
      panel.strip_bytes = panel.n_records * bf16_record_bytes;
      for (std::size_t row = a.row_begin; row < a.row_end; row += 16, ++panel.n_strips) {
        StripPacker(a, bf16_format<Format>, row, a.row_end - row < 16 ? a.row_end - row : 16, begin, end,
                    panel.strips + panel.n_strips * panel.strip_bytes, static_cast<std::ptrdiff_t>(16 * a.row_bytes))
            .finish();
      }
      multiply(a, panel);
    }
  }
};
