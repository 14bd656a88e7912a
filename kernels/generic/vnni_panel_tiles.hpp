// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Panels of bytes (vnni_panel.hpp) multiplied by activations of sixteen bits, and of eight. A tile of 2 × 16 rows and a
// few tokens keeps its sums in registers over the whole of k; an activation is broadcast four bytes at a time, and
// nothing is summed across lanes. What a token's sum is made of does not depend on the tokens beside it.
//
// Multiplications by scales share the ports of dot products: eight of those for 32 weights are few enough that one
// multiplication more a group costs a tenth.

// What tiles of both kinds share: sums of 2 × 16 rows and T tokens.
template <bool Halves, bool Minimum, std::size_t T>
struct PanelSums {
  using Layout = PanelLayout<Halves, Minimum>;
  static constexpr std::size_t R = 2;
  using Records = const std::byte* [R];
  using Tokens = const std::byte* [T];

  // Four bytes of a token, in all lanes.
  LAMINA_INLINE static __m512i four_of(const std::byte* p) {
    int four;
    std::memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
  }
  LAMINA_INLINE static __m512 float_at(const std::byte* p) {
    float value;
    std::memcpy(&value, p, sizeof value);
    return _mm512_set1_ps(value);
  }
  LAMINA_INLINE static std::uint32_t bits_of(const std::byte* x, std::size_t group) {
    std::uint32_t bits;
    std::memcpy(&bits, x + group + offsetof(PanelGroup, bits), sizeof bits);
    return bits;
  }

  // dot = what makes up for the bytes' bias
  LAMINA_INLINE static void begin(const Records& record, std::size_t i, __m512i (&dot)[R][T]) {
#pragma GCC unroll 2
    for (std::size_t r = 0; r < R; ++r) {
      const __m512i sum = _mm512_load_si512(record[r] + 64 * (Layout::sums + i));
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) dot[r][t] = sum;
    }
  }

  // dot += the products of four weights at a time, vectors [begin, end) of the group, with one plane's 32 bytes.
  // Weights are loaded where they are used, for both planes: kept, they would push sums out of the registers.
  LAMINA_INLINE static void add_plane(Records& record, std::size_t begin, std::size_t end, const Tokens& x,
                                      std::size_t plane, __m512i (&dot)[R][T]) {
#pragma GCC unroll 8
    for (std::size_t j = begin; j < end; ++j) {
      __m512i w[R];
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) {
        forget(record[r]);
        w[r] = _mm512_load_si512(record[r] + 64 * j);
      }
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        const __m512i v = four_of(x[t] + plane + 4 * j);
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) dot[r][t] = add_dot4(dot[r][t], v, w[r]);
      }
    }
  }

  // acc += minimum · Σ level, as scaled
  LAMINA_INLINE static void add_minima(const Records& record, const Tokens& x, std::size_t group, __m512 (&acc)[R][T]) {
#pragma GCC unroll 2
    for (std::size_t i = 0; i < Layout::n_scales; ++i) {
      __m512 minimum[R];
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) minimum[r] = _mm512_load_ps(record[r] + 64 * (Layout::minima + i));
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        __m512 sum = float_at(x[t] + group + offsetof(PanelGroup, sum));
        if constexpr (Halves) {
          const __m512 first = float_at(x[t] + group + offsetof(PanelGroup, first_sum));
          sum = i == 0 ? first : _mm512_sub_ps(sum, first);
        }
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) acc[r][t] = _mm512_fmadd_ps(minimum[r], sum, acc[r][t]);
      }
    }
  }

  LAMINA_INLINE static void store(const MatmulArgs& a, std::size_t token, std::size_t first_row,
                                  const __m512 (&acc)[R][T]) {
#pragma GCC unroll 2
    for (std::size_t r = 0; r < R; ++r) {
      const std::size_t row = first_row + 16 * r;
      if (row >= a.row_end) break;
      const __mmask16 mask = rows_mask(a, row);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        _mm512_mask_storeu_ps(a.out + (token + t) * a.out_stride + (row - a.row_begin), mask, acc[r][t]);
      }
    }
  }
};

// Activations of sixteen bits, whose scale is that of a chunk: a group costs a conversion and a multiply-add.
template <bool Halves, bool Minimum, std::size_t T>
struct PanelTile16 : PanelSums<Halves, Minimum, T> {
  using Sums = PanelSums<Halves, Minimum, T>;
  using Sums::R;
  using typename Sums::Layout, typename Sums::Records, typename Sums::Tokens;
  static constexpr std::size_t most_tokens = 6;

  LAMINA_INLINE static void add_group(Records& record, const Tokens& x, std::size_t group, std::size_t low,
                                      __m512 (&acc)[R][T]) {
#pragma GCC unroll 2
    for (std::size_t i = 0; i < Layout::n_scales; ++i) {
      const std::size_t first = i * 8 / Layout::n_scales, end = (i + 1) * 8 / Layout::n_scales;
      __m512i dot[R][T];
      Sums::begin(record, i, dot);
      Sums::add_plane(record, first, end, x, group, dot);
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) dot[r][t] = _mm512_slli_epi32(dot[r][t], 8);
      }
      Sums::add_plane(record, first, end, x, low, dot);
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) {
        const __m512 scale = _mm512_load_ps(record[r] + 64 * (Layout::scales + i));
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) {
          acc[r][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[r][t]), scale, acc[r][t]);
        }
      }
    }
    if constexpr (Minimum) Sums::add_minima(record, x, group, acc);
  }

  static void run(const std::byte* panel, const MatmulArgs& a, std::size_t token, std::size_t first_row) {
    const std::size_t n_groups = (a.k + 31) / 32, strip = n_groups * Layout::size * 64;
    const std::byte* x[T];
#pragma GCC unroll 8
    for (std::size_t t = 0; t < T; ++t) x[t] = reinterpret_cast<const std::byte*>(a.x.token(token + t).q16);
    const std::byte* record[R] = {panel, panel + strip};
    __m512 total[R][T];  // waits in memory while a chunk is summed
#pragma GCC unroll 2
    for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) total[r][t] = _mm512_setzero_ps();
    }
    std::size_t group = 0, low = a.x.k_padded / 32 * sizeof(PanelGroup);
    for (std::size_t g = 0; g < n_groups;) {
      __m512 acc[R][T];
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) acc[r][t] = _mm512_setzero_ps();
      }
      const std::size_t end = n_groups - g < 8 ? n_groups : g + 8;
      for (; g < end; ++g) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) forget(x[t]);
        add_group(record, x, group, low, acc);
        group += sizeof(PanelGroup);
        low += 32;
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) record[r] += Layout::size * 64;
      }
      auto* sums = &total;
      forget(sums);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        const __m512 d = Sums::float_at(x[t] + group - sizeof(PanelGroup) + offsetof(PanelGroup, scale));
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) (*sums)[r][t] = _mm512_fmadd_ps(acc[r][t], d, (*sums)[r][t]);
      }
    }
    Sums::store(a, token, first_row, total);
  }
};

// Activations of eight bits, each group with its scale; groups that hold sixteen have the rest added apart.
template <bool Halves, bool Minimum, std::size_t T>
struct PanelTile8 : PanelSums<Halves, Minimum, T> {
  using Sums = PanelSums<Halves, Minimum, T>;
  using Sums::R;
  using typename Sums::Layout, typename Sums::Records, typename Sums::Tokens;
  static constexpr std::size_t most_tokens = Halves ? 4 : 6;

  LAMINA_INLINE static void add_group(Records& record, const Tokens& x, std::size_t group, __m512 (&acc)[R][T]) {
    __m512 part[R][T];
#pragma GCC unroll 2
    for (std::size_t i = 0; i < Layout::n_scales; ++i) {
      __m512i dot[R][T];
      Sums::begin(record, i, dot);
      Sums::add_plane(record, i * 8 / Layout::n_scales, (i + 1) * 8 / Layout::n_scales, x, group, dot);
      __m512 scale[R];
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) scale[r] = _mm512_load_ps(record[r] + 64 * (Layout::scales + i));
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        const __m512 d = Sums::float_at(x[t] + group + offsetof(PanelGroup, scale));
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) {
          const __m512 value = _mm512_cvtepi32_ps(dot[r][t]);
          if (i == 0) part[r][t] = _mm512_mul_ps(value, scale[r]);
          if (i == 1) part[r][t] = _mm512_fmadd_ps(value, scale[r], part[r][t]);
          if (i + 1 == Layout::n_scales) acc[r][t] = _mm512_fmadd_ps(part[r][t], d, acc[r][t]);
        }
      }
    }
    if constexpr (Minimum) Sums::add_minima(record, x, group, acc);
  }

  // acc += scale · d · Σ weight · low byte, for those tokens that hold sixteen bits among others that hold eight.
  LAMINA_INLINE static void add_fine(Records& record, const Tokens& x, std::size_t group, std::size_t low,
                                     __m512 (&acc)[R][T]) {
    using One = PanelSums<Halves, Minimum, 1>;
#pragma GCC unroll 8
    for (std::size_t t = 0; t < T; ++t) {
      if ((Sums::bits_of(x[t], group) & panel_fine) == 0) continue;
      const __m512 of_high = Sums::float_at(x[t] + group + offsetof(PanelGroup, scale));
      const __m512 d = _mm512_mul_ps(of_high, _mm512_set1_ps(1.0f / 256));
#pragma GCC unroll 2
      for (std::size_t i = 0; i < Layout::n_scales; ++i) {
        const std::byte* const one[1] = {x[t]};
        __m512i dot[R][1] = {{_mm512_setzero_si512()}, {_mm512_setzero_si512()}};
        One::add_plane(record, i * 8 / Layout::n_scales, (i + 1) * 8 / Layout::n_scales, one, low, dot);
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) {
          const __m512 scale = _mm512_load_ps(record[r] + 64 * (Layout::scales + i));
          acc[r][t] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(dot[r][0]), scale), d, acc[r][t]);
        }
      }
    }
  }

  static void run(const std::byte* panel, const MatmulArgs& a, std::size_t token, std::size_t first_row) {
    const std::byte* x[T];
    std::uint32_t bits = panel_eight;
    for (std::size_t t = 0; t < T; ++t) {
      x[t] = reinterpret_cast<const std::byte*>(a.x.token(token + t).q16);
      bits |= Sums::bits_of(x[t], 0);
    }
    if ((bits & panel_row_has_fine) != 0) {
      run_groups<true>(panel, a, token, first_row, x);
    } else {
      run_groups<false>(panel, a, token, first_row, x);
    }
  }

 private:
  template <bool AnyFine>
  static void run_groups(const std::byte* panel, const MatmulArgs& a, std::size_t token, std::size_t first_row,
                         Tokens& x) {
    const std::size_t n_groups = (a.k + 31) / 32, strip = n_groups * Layout::size * 64;
    __m512 acc[R][T];
#pragma GCC unroll 8
    for (std::size_t t = 0; t < T; ++t) {
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) acc[r][t] = _mm512_setzero_ps();
    }
    const std::byte* record[R] = {panel, panel + strip};
    std::size_t group = 0, low = a.x.k_padded / 32 * sizeof(PanelGroup);
    for (std::size_t g = 0; g < n_groups; ++g) {
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) forget(x[t]);
      add_group(record, x, group, acc);
      if constexpr (AnyFine) add_fine(record, x, group, low, acc);
      group += sizeof(PanelGroup);
      low += 32;
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) record[r] += Layout::size * 64;
    }
    Sums::store(a, token, first_row, acc);
  }
};

template <template <bool, bool, std::size_t> class Tile, bool Halves, bool Minimum,
          std::size_t T = Tile<Halves, Minimum, 1>::most_tokens>
inline void panel_tile(std::size_t n, const std::byte* panel, const MatmulArgs& a, std::size_t token,
                       std::size_t first_row) {
  if constexpr (T > 1) {
    if (n < T) return panel_tile<Tile, Halves, Minimum, T - 1>(n, panel, a, token, first_row);
  }
  Tile<Halves, Minimum, T>::run(panel, a, token, first_row);
}

template <template <bool, bool, std::size_t> class Tile, bool Halves, bool Minimum>
void panel_tiles(const MatmulArgs& a, std::size_t strip) {
  // Tiles of about the same size: five tokens left over would cost as much as six.
  constexpr std::size_t most = Tile<Halves, Minimum, 1>::most_tokens;
  const std::size_t n_tiles = (a.n_tokens + most - 1) / most;
  for (std::size_t tile = 0; tile < n_tiles; ++tile) {
    const std::size_t token = tile * a.n_tokens / n_tiles, n = (tile + 1) * a.n_tokens / n_tiles - token;
    for (std::size_t row = a.row_begin, i = 0; row < a.row_end; row += panel_rows, i += 2) {
      panel_tile<Tile, Halves, Minimum>(n, a.panel + i * strip, a, token, row);
    }
  }
}

template <class Format>
void matmul_panel(const MatmulArgs& a) {
  using Kind = PanelKind<Format>;
  const std::size_t strip = (a.k + 31) / 32 * PanelPacker<Format>::record_bytes;
  for (std::size_t row = a.row_begin, i = 0; row < a.row_end; row += 16, ++i) {
    pack_strip<PanelPacker<Format>>(a, row, a.row_end - row < 16 ? a.row_end - row : 16, 0, (a.k + 255) / 256,
                                    a.panel + i * strip);
  }
  PanelGroup first;
  std::memcpy(&first, a.x.q16, sizeof first);
  if ((first.bits & panel_sixteen) != 0) {
    panel_tiles<PanelTile16, Kind::halves, Kind::minimum>(a, strip);
  } else {
    panel_tiles<PanelTile8, Kind::halves, Kind::minimum>(a, strip);
  }
}
