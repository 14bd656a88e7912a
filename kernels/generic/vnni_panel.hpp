// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill on AVX-512 VNNI. 32 rows at a time are decoded into a panel: for every group of 32 weights, of 16 rows, eight
// vectors that hold four neighbouring weights of each row as signed bytes, the sum that makes up for activations being
// unsigned, the scales, and the minima where the format has them. The panel then meets all tokens: a tile of 2 × 16
// rows and a few tokens keeps its sums in registers over the whole of k, an activation is broadcast four bytes at a
// time, and nothing is summed across lanes. What a token's sum is made of does not depend on the tokens beside it.
//
// Activations have sixteen bits; or eight, with the rest of those groups that quantize_panel() marks as fine added
// apart.

// Lanes of 16 rows from `first_row` on that exist.
LAMINA_INLINE __mmask16 rows_mask(const MatmulArgs& a, std::size_t first_row) {
  const std::size_t n = a.row_end - first_row;
  return static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1);
}

// What the multiplication has to know of a format.
template <class Format>
struct PanelKind {
  static constexpr bool halves = Bytes<Format>::scales == 16;  // scales of half groups
  static constexpr bool minimum = Bytes<Format>::has_minimum;
};
template <bool Halves, bool Minimum>
struct PanelLayout {
  static constexpr std::size_t n_scales = Halves ? 2 : 1;
  // vectors of 64 bytes within the record of a group
  static constexpr std::size_t sums = 8;                    // int32 [n_scales][16]: −128 · Σ weights
  static constexpr std::size_t scales = sums + n_scales;    // float [n_scales][16]
  static constexpr std::size_t minima = scales + n_scales;  // float [n_scales][16]
  static constexpr std::size_t size = minima + (Minimum ? n_scales : 0);
};
static_assert(PanelLayout<true, true>::size == 14);

// One chunk of 16 rows → the records of its groups.
template <class Format>
struct PanelPacker {
  using Weights = Format;
  using Chunk = Bytes<Format>;
  using Layout = PanelLayout<PanelKind<Format>::halves, PanelKind<Format>::minimum>;
  static constexpr std::size_t chunk_bytes = Chunk::chunk_bytes, record_bytes = Layout::size * 64;
  static constexpr bool halves = PanelKind<Format>::halves;

  // A row's scales and minima, sixteen to a vector: eight scales, then as many minima; or sixteen scales, sixteen
  // minima.
  static constexpr std::size_t n_factors = halves && Chunk::has_minimum ? 2 : 1;
  LAMINA_INLINE static __m512i sixteen(const f32x8& a, const f32x8& b) {
    return _mm512_castps_si512(_mm512_insertf32x8(_mm512_castps256_ps512(native::raw(a.v[0])), native::raw(b.v[0]), 1));
  }
  LAMINA_INLINE static __m512i factors_of(const Chunk& w, std::size_t i) {
    if constexpr (halves && Chunk::has_minimum) {
      return i == 0 ? sixteen(w.scale[0], w.scale[1]) : sixteen(w.minimum[0], w.minimum[1]);
    } else if constexpr (halves) {
      return sixteen(w.scale[0], w.scale[1]);
    } else if constexpr (Chunk::has_minimum) {
      return sixteen(w.scale[0], w.minimum[0]);
    } else {
      return sixteen(w.scale[0], w.scale[0]);
    }
  }

  // All of the chunk's eight groups; what lies beyond the row is where the next strip begins, which is packed later.
  static void pack(const std::byte* const (&chunks)[16], std::size_t, std::byte* records) {
    __m512i bytes[4][16];            // first and second halves of groups 0–3, of groups 4–7; per row
    __m512i factors[n_factors][16];  // per row; then columns, of all rows
    for (std::size_t r = 0; r < 16; ++r) {
      const Chunk w(chunks[r]);
#pragma GCC unroll 2
      for (std::size_t h = 0; h < 2; ++h) {
        __m512i first, second;
        w.half(h, first, second);
        const __m512i centre = _mm512_set1_epi8(static_cast<char>(Chunk::centre));
        bytes[2 * h][r] = _mm512_sub_epi8(first, centre);
        bytes[2 * h + 1][r] = _mm512_sub_epi8(second, centre);
      }
#pragma GCC unroll 2
      for (std::size_t i = 0; i < n_factors; ++i) factors[i][r] = factors_of(w, i);
    }
#pragma GCC unroll 2
    for (std::size_t i = 0; i < n_factors; ++i) native::transpose_16x16(factors[i]);
    for (std::size_t h = 0; h < 2; ++h) {
      __m512i total[4];  // −128 · Σ weights of the first halves
      pack_halves(bytes[2 * h], 0, records + 4 * h * record_bytes, total);
      pack_halves(bytes[2 * h + 1], 1, records + 4 * h * record_bytes, total);
    }
    for (std::size_t g = 0; g < 8; ++g) {
      std::byte* record = records + g * record_bytes;
#pragma GCC unroll 2
      for (std::size_t i = 0; i < Layout::n_scales; ++i) {
        const std::size_t at = Layout::n_scales * g + i;
        _mm512_store_si512(record + 64 * (Layout::scales + i), factors[0][at]);
        if constexpr (Chunk::has_minimum) {
          _mm512_store_si512(record + 64 * (Layout::minima + i), factors[n_factors - 1][halves ? at : 8 + at]);
        }
      }
    }
  }

 private:
  // The first halves (0) or the second (1) of four groups of each row.
  LAMINA_INLINE static void pack_halves(const __m512i (&rows)[16], std::size_t second, std::byte* records,
                                        __m512i (&total)[4]) {
    __m512i v[16];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < 16; ++r) v[r] = rows[r];
    native::transpose_16x16(v);
    const __m512i bias = _mm512_set1_epi8(-128), zero = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (std::size_t g = 0; g < 4; ++g) {
      std::byte* record = records + g * record_bytes;
      __m512i sum = second == 0 || halves ? zero : total[g];
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j) {
        _mm512_store_si512(record + 64 * (4 * second + j), v[4 * g + j]);
        sum = add_dot4(sum, bias, v[4 * g + j]);
      }
      if constexpr (halves) {
        _mm512_store_si512(record + 64 * (Layout::sums + second), _mm512_sub_epi32(zero, sum));
      } else if (second == 1) {
        _mm512_store_si512(record + 64 * Layout::sums, _mm512_sub_epi32(zero, sum));
      } else {
        total[g] = sum;
      }
    }
  }
};

// What all lanes of each of eight vectors come to, by an operation on two vectors of 32-bit lanes.
template <class Op>
LAMINA_INLINE __m256i reduce_each(const __m512i (&v)[8], Op op) {
  __m512i half[4], quarter[2];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    half[i] =
        op(_mm512_shuffle_i64x2(v[2 * i], v[2 * i + 1], 0x44), _mm512_shuffle_i64x2(v[2 * i], v[2 * i + 1], 0xee));
  }
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 2; ++i) even_odd(half[2 * i], half[2 * i + 1], quarter[i], half[i]);
  const __m512i a = op(quarter[0], half[0]), b = op(quarter[1], half[1]);
  const __m512i pairs = op(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));  // 0 0 4 4, 1 1 5 5, …
  const __m512i all = op(pairs, _mm512_shuffle_epi32(pairs, _MM_PERM_CDAB));
  const __m512i at = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm512_castsi512_si256(_mm512_permutexvar_epi32(at, all));
}

LAMINA_INLINE __m256 sum_each(const __m512i (&v)[8]) {
  return _mm256_cvtepi32_ps(reduce_each(v, [](__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }));
}

// d of each group, as quantise_group() has it, eight groups at a time, or with `common` the largest of each eight; and
// Σ d² over all groups but those of zeros, divided by their number.
inline float panel_scales(const Activations& row, bool common) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  const __m256 levels = _mm256_set1_ps(activation_levels), least = _mm256_set1_ps(1e-30f);
  __m256 squares = _mm256_setzero_ps();
  std::size_t filled = 0;
  for (std::size_t g = 0; g < row.k_padded / 32; g += 8) {
    __m512i v[8];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      const float* x = row.f32 + 32 * (g + i);
      v[i] = _mm512_max_epi32(_mm512_and_si512(load_512(x), magnitude), _mm512_and_si512(load_512(x + 16), magnitude));
    }
    __m256i most = reduce_each(v, [](__m512i a, __m512i b) { return _mm512_max_epi32(a, b); });
    if (common)
      most = _mm256_set1_epi32(_mm512_reduce_max_epi32(_mm512_maskz_mov_epi32(0xff, _mm512_castsi256_si512(most))));
    const __m256 largest = _mm256_castsi256_ps(most);
    const __mmask8 large = _mm256_cmp_ps_mask(largest, least, _CMP_NLT_UQ);  // NaN too
    const __m256 d = _mm256_maskz_div_ps(large, largest, levels);
    squares = _mm256_fmadd_ps(d, d, squares);
    filled += static_cast<std::size_t>(__builtin_popcount(large));
    _mm256_storeu_ps(row.d + g, d);
  }
  const float total = sum(f32x8{{native::Fh{squares}}});
  return filled > 0 ? total / static_cast<float>(filled) : 0.0f;
}

// Of two vectors of sixteen 16-bit integers, each in 32 bits: all upper bytes, then all lower ones.
LAMINA_INLINE __m512i bytes_apart(__m512i first, __m512i second) {
  static constexpr ByteIndex at = [] {
    ByteIndex out{};
    for (std::size_t i = 0; i < 32; ++i) {
      out.at[i] = static_cast<std::uint8_t>(4 * i + 1);
      out.at[32 + i] = static_cast<std::uint8_t>(4 * i);
    }
    return out;
  }();
  return _mm512_permutex2var_epi8(first, load_512(at.at), second);
}

template <bool Eight>
inline void quantize_panel_row(const Activations& row) {
  auto* out = reinterpret_cast<std::byte*>(row.q16);
  const std::size_t n_groups = row.k_padded / 32;
  std::byte* low = out + n_groups * sizeof(PanelGroup);
  const float limit = fine_ratio * panel_scales(row, !Eight);
  const __m512i bias = _mm512_set1_epi32(32768), half = _mm512_set1_epi32(128);
  bool any_fine = false;
  for (std::size_t g = 0; g < n_groups; g += 8) {
    const __m256 d = _mm256_loadu_ps(row.d + g);
    const __mmask8 fine = Eight ? _mm256_cmp_ps_mask(_mm256_mul_ps(d, d), _mm256_set1_ps(limit), _CMP_GT_OQ) : 0;
    any_fine = any_fine || fine != 0;
    alignas(32) float inverse[8];
    const __mmask8 filled = _mm256_cmp_ps_mask(d, _mm256_setzero_ps(), _CMP_NEQ_UQ);
    _mm256_store_ps(inverse, _mm256_maskz_div_ps(filled, _mm256_set1_ps(1.0f), d));
    __m512i firsts[8], totals[8];  // levels of the first half, of both
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      const float* x = row.f32 + 32 * (g + i);
      __m512i q[2];
#pragma GCC unroll 2
      for (std::size_t j = 0; j < 2; ++j) {
        q[j] = level_of(_mm512_loadu_ps(x + 16 * j), _mm512_set1_ps(inverse[i]));
        if constexpr (Eight) {  // to the nearest multiple of 256 where the low byte is left out
          const __mmask16 keep = (fine >> i & 1) != 0 ? 0xffff : 0;
          const __m512i near = _mm512_slli_epi32(_mm512_srai_epi32(_mm512_add_epi32(q[j], half), 8), 8);
          q[j] = _mm512_mask_mov_epi32(near, keep, q[j]);
        }
      }
      firsts[i] = q[0];
      totals[i] = _mm512_add_epi32(q[0], q[1]);
      const __m512i bytes = bytes_apart(_mm512_add_epi32(q[0], bias), _mm512_add_epi32(q[1], bias));
      std::byte* group = out + (g + i) * sizeof(PanelGroup);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(group), _mm512_castsi512_si256(bytes));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(low + 32 * (g + i)), _mm512_extracti64x4_epi64(bytes, 1));
    }
    __m256 scale = d, sum = sum_each(totals), first_sum = sum_each(firsts);
    if constexpr (Eight) {
      scale = _mm256_mul_ps(d, _mm256_set1_ps(256.0f));
      sum = _mm256_mul_ps(sum, d);
      first_sum = _mm256_mul_ps(first_sum, d);
    }
    const __m256i bits =
        Eight ? _mm256_maskz_set1_epi32(fine, panel_fine) : _mm256_set1_epi32(static_cast<int>(panel_sixteen));
    // The rest of each PanelGroup, of groups i and i + 4 at a time.
    const __m256 a = _mm256_unpacklo_ps(scale, sum), b = _mm256_unpackhi_ps(scale, sum);
    const __m256 as = _mm256_unpacklo_ps(_mm256_castsi256_ps(bits), first_sum);
    const __m256 bs = _mm256_unpackhi_ps(_mm256_castsi256_ps(bits), first_sum);
    const __m256 rest[4] = {_mm256_shuffle_ps(a, as, 0x44), _mm256_shuffle_ps(a, as, 0xee),
                            _mm256_shuffle_ps(b, bs, 0x44), _mm256_shuffle_ps(b, bs, 0xee)};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      auto* to = reinterpret_cast<float*>(out + (g + i) * sizeof(PanelGroup) + offsetof(PanelGroup, scale));
      _mm_storeu_ps(to, _mm256_castps256_ps128(rest[i]));
      _mm_storeu_ps(to + sizeof(PanelGroup), _mm256_extractf128_ps(rest[i], 1));  // four groups on, in floats
    }
  }
  if (any_fine) {
    PanelGroup first;
    std::memcpy(&first, out, sizeof first);
    first.bits |= panel_row_has_fine;
    std::memcpy(out, &first, sizeof first);
  }
}
inline void quantize_panel(const Activations& row, bool eight_bits) {
  if (eight_bits) return quantize_panel_row<true>(row);
  quantize_panel_row<false>(row);
}
