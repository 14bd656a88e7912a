// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Panels of bfloat16 multiplied by tile registers: 2 × 2 tiles of sums, of 32 tokens and 32 rows. In a part of k the
// weights of 32 rows (32 KiB) stay in the first-level cache while all tokens pass over them from the second.
template <class Tiles>
struct Bf16Tiles {
  static constexpr std::size_t chunks = 2;  // of 256 weights in a part

  // All tiles are whole: the last tokens come from a copy in a place that has room for 16, and what is too much is cut
  // off when results are stored. Every call configures anew, so that whatever else uses tiles on this thread between
  // two calls does no harm.
  Bf16Tiles() { Tiles::configure(TileConfig{}); }

  // The registers of the sums of strip r and tokens 16 t …, of activations and of weights.
  template <std::size_t R, std::size_t T>
  static constexpr int sums = 2 * R + T;
  template <std::size_t T>
  static constexpr int tokens = 4 + T;
  template <std::size_t R>
  static constexpr int weights = 6 + R;

  // Activations of the next part, on their way from the last cache to the second while this one is multiplied: record i
  // of a few tokens at a time.
  struct Ahead {
    const std::byte* x;  // [n] rows
    std::size_t stride;  // bytes
    std::size_t n;

    LAMINA_INLINE void prefetch(std::size_t record) const {
      for (std::size_t t = 0; t < n; ++t) __builtin_prefetch(x + t * stride + 64 * record, 0, 2);
    }
  };

  // 16 tokens of activations or fewer
  struct Tokens {
    const std::byte* x;  // [16] rows
    std::size_t stride;  // bytes
    std::size_t first;   // token
    std::size_t n;       // that exist
  };

  template <std::size_t I>
  static void begin_sums(const MatmulArgs& a, const Bf16Panel& panel, const Tokens& t, std::size_t first_row) {
    if (panel.k_begin == 0) return Tiles::template zero<I>();
    const float* out = a.out + t.first * a.out_stride + (first_row - a.row_begin);
    const __mmask16 mask = rows_mask(a, first_row);
    if (t.n == 16 && mask == 0xffff) return Tiles::template load<I>(out, a.out_stride * sizeof(float));
    alignas(64) float tile[16][16] = {};
    for (std::size_t i = 0; i < t.n; ++i) {
      _mm512_store_ps(tile[i], _mm512_maskz_loadu_ps(mask, out + i * a.out_stride));
    }
    Tiles::template load<I>(tile, sizeof tile[0]);
  }
  template <std::size_t I>
  static void end_sums(const MatmulArgs& a, const Tokens& t, std::size_t first_row) {
    float* out = a.out + t.first * a.out_stride + (first_row - a.row_begin);
    const __mmask16 mask = rows_mask(a, first_row);
    if (t.n == 16 && mask == 0xffff) return Tiles::template store<I>(out, a.out_stride * sizeof(float));
    alignas(64) float tile[16][16];
    Tiles::template store<I>(tile, sizeof tile[0]);
    for (std::size_t i = 0; i < t.n; ++i) {
      _mm512_mask_storeu_ps(out + i * a.out_stride, mask, _mm512_load_ps(tile[i]));
    }
  }

  // R strips (1 or 2), T times 16 tokens (1 or 2).
  template <std::size_t R, std::size_t T>
  static void block(const MatmulArgs& a, const Bf16Panel& panel, std::size_t strip, const Tokens& low,
                    const Tokens& high, const Ahead& ahead) {
    const std::size_t row = a.row_begin + 16 * strip;
    begin_sums<sums<0, 0>>(a, panel, low, row);
    if constexpr (T == 2) begin_sums<sums<0, 1>>(a, panel, high, row);
    if constexpr (R == 2) begin_sums<sums<1, 0>>(a, panel, low, row + 16);
    if constexpr (R == 2 && T == 2) begin_sums<sums<1, 1>>(a, panel, high, row + 16);
    const std::byte* w = panel.strips + strip * panel.strip_bytes;
    const std::byte* x[2] = {low.x, high.x};
    for (std::size_t i = 0; i < panel.n_records; ++i) {
      ahead.prefetch(i);
      Tiles::template load<weights<0>>(w, 64);
      Tiles::template load<tokens<0>>(x[0], low.stride);
      Tiles::template multiply<sums<0, 0>, tokens<0>, weights<0>>();
      if constexpr (T == 2) {
        Tiles::template load<tokens<1>>(x[1], high.stride);
        Tiles::template multiply<sums<0, 1>, tokens<1>, weights<0>>();
      }
      if constexpr (R == 2) {
        Tiles::template load<weights<1>>(w + panel.strip_bytes, 64);
        Tiles::template multiply<sums<1, 0>, tokens<0>, weights<1>>();
        if constexpr (T == 2) Tiles::template multiply<sums<1, 1>, tokens<1>, weights<1>>();
      }
      w += bf16_record_bytes;
      x[0] += 64;
      x[1] += 64;
    }
    end_sums<sums<0, 0>>(a, low, row);
    if constexpr (T == 2) end_sums<sums<0, 1>>(a, high, row);
    if constexpr (R == 2) end_sums<sums<1, 0>>(a, low, row + 16);
    if constexpr (R == 2 && T == 2) end_sums<sums<1, 1>>(a, high, row + 16);
  }

  void multiply(const MatmulArgs& a, const Bf16Panel& panel) const {
    const std::size_t n_whole = a.n_tokens / 16, rest = a.n_tokens % 16, n_tiles = n_whole + (rest != 0 ? 1 : 0);
    const std::size_t row_bytes = 64 * panel.n_records;
    std::byte* edge = panel.strips + panel.n_strips * panel.strip_bytes;
    static_assert(16 * 256 * chunks * 2 <= bf16_edge_bytes);
    for (std::size_t i = 0; i < rest; ++i) {
      std::memcpy(edge + i * row_bytes, bf16_row(a, panel, 16 * n_whole + i), row_bytes);
    }
    const std::size_t x_stride = Activations::q16_size(a.x.k_padded) * sizeof(std::int16_t);
    // After the last part comes the first one, of other rows.
    const std::size_t next = panel.k_begin + 256 * chunks < a.k ? panel.k_begin + 256 * chunks : 0;
    const std::size_t n_blocks = (panel.n_strips + 1) / 2 * ((n_tiles + 1) / 2);
    std::size_t done = 0;
    for (std::size_t strip = 0; strip < panel.n_strips; strip += 2) {
      for (std::size_t i = 0; i < n_tiles; i += 2) {
        const std::size_t soon = done * a.n_tokens / n_blocks, end = ++done * a.n_tokens / n_blocks;
        const Ahead ahead{reinterpret_cast<const std::byte*>(a.x.token(soon).q16 + next), x_stride, end - soon};
        Tokens t[2];
        for (std::size_t j = 0; j < 2; ++j) {
          const std::size_t first = 16 * (i + j);
          t[j] = i + j < n_whole ? Tokens{bf16_row(a, panel, first), x_stride, first, 16}
                                 : Tokens{edge, row_bytes, first, rest};
        }
        const bool two_strips = strip + 1 < panel.n_strips, two_tiles = i + 1 < n_tiles;
        if (two_strips && two_tiles) {
          block<2, 2>(a, panel, strip, t[0], t[1], ahead);
        } else if (two_strips) {
          block<2, 1>(a, panel, strip, t[0], t[1], ahead);
        } else if (two_tiles) {
          block<1, 2>(a, panel, strip, t[0], t[1], ahead);
        } else {
          block<1, 1>(a, panel, strip, t[0], t[1], ahead);
        }
      }
    }
  }
};
