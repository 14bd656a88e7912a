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

  // n_groups: of the chunk's eight, those that lie within the padded row
  static void pack(const std::byte* const (&chunks)[16], std::size_t n_groups, std::byte* records) {
    alignas(64) __m512i bytes[4][16];  // first and second halves of groups 0–3, of groups 4–7; per row
    alignas(64) float scale[16][Chunk::scales], minimum[16][Chunk::scales];
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
      store8(scale[r], w.scale[0]);
      if constexpr (Chunk::scales == 16) store8(scale[r] + 8, w.scale[1]);
      if constexpr (Chunk::has_minimum) store8(minimum[r], w.minimum[0]);
      if constexpr (Chunk::has_minimum && Chunk::scales == 16) store8(minimum[r] + 8, w.minimum[1]);
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) native::transpose_16x16(bytes[i]);
    const __m512i zero = _mm512_setzero_si512(), bias = _mm512_set1_epi8(-128);
    for (std::size_t g = 0; g < n_groups; ++g) {
      std::byte* record = records + g * Layout::size * 64;
      __m512i total[2] = {zero, zero};
#pragma GCC unroll 8
      for (std::size_t j = 0; j < 8; ++j) {
        const __m512i w = bytes[2 * (g / 4) + j / 4][4 * (g % 4) + j % 4];
        _mm512_store_si512(record + 64 * j, w);
        __m512i& part = total[Layout::n_scales == 2 ? j / 4 : 0];
        part = add_dot4(part, bias, w);
      }
#pragma GCC unroll 2
      for (std::size_t i = 0; i < Layout::n_scales; ++i) {
        _mm512_store_si512(record + 64 * (Layout::sums + i), _mm512_sub_epi32(zero, total[i]));
        auto* column = reinterpret_cast<float*>(record + 64 * (Layout::scales + i));
        for (std::size_t r = 0; r < 16; ++r) column[r] = scale[r][Layout::n_scales * g + i];
        if constexpr (Chunk::has_minimum) {
          auto* least = reinterpret_cast<float*>(record + 64 * (Layout::minima + i));
          for (std::size_t r = 0; r < 16; ++r) least[r] = minimum[r][Layout::n_scales * g + i];
        }
      }
    }
  }
};

// With eight bits a group is fine all the same when their error, which grows with the group's largest value, would be
// far above that of the row's other groups: eight bits cannot hold the few large activations of real models beside
// small ones.
inline constexpr float fine_ratio = 4.0f;  // of the mean of the squares of the groups' largest values

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

inline void quantize_panel(const Activations& row, bool eight_bits) {
  auto* out = reinterpret_cast<std::byte*>(row.q16);
  const std::size_t n_groups = row.k_padded / 32;
  auto* low = reinterpret_cast<std::uint8_t*>(out + n_groups * sizeof(PanelGroup));
  const float limit = fine_ratio * panel_scales(row, !eight_bits);
  const __m512i bias = _mm512_set1_epi32(32768), half = _mm512_set1_epi32(128);
  for (std::size_t g = 0; g < n_groups; g += 8) {
    __m512i firsts[8], totals[8];  // levels of the first half, of both
    for (std::size_t i = 0; i < 8; ++i) {
      PanelGroup held;
      const float d = row.d[g + i];
      held.fine = !eight_bits ? panel_sixteen : d * d > limit ? panel_fine : panel_eight;
      const __m512 inverse = _mm512_set1_ps(d == 0 ? 0.0f : 1 / d);
      __m512i total = _mm512_setzero_si512();
#pragma GCC unroll 2
      for (std::size_t j = 0; j < 2; ++j) {
        __m512i q = level_of(_mm512_loadu_ps(row.f32 + 32 * (g + i) + 16 * j), inverse);
        // to the nearest multiple of 256 when the low byte is left out
        if (held.fine == panel_eight) q = _mm512_slli_epi32(_mm512_srai_epi32(_mm512_add_epi32(q, half), 8), 8);
        total = _mm512_add_epi32(total, q);
        if (j == 0) firsts[i] = q;
        q = _mm512_add_epi32(q, bias);
        store_bytes_of(held.high + 16 * j, _mm512_srli_epi32(q, 8));
        store_bytes_of(low + 32 * (g + i) + 16 * j, q);
      }
      totals[i] = total;
      held.d = d;
      held.sum = held.first_sum = 0;
      std::memcpy(out + (g + i) * sizeof held, &held, sizeof held);
    }
    const __m256i sums = reduce_each(totals, [](__m512i a, __m512i b) { return _mm512_add_epi32(a, b); });
    const __m256i first_sums = reduce_each(firsts, [](__m512i a, __m512i b) { return _mm512_add_epi32(a, b); });
    const __m256 d = eight_bits ? _mm256_loadu_ps(row.d + g) : _mm256_set1_ps(1.0f);
    alignas(32) float sum_of[8], first_of[8];
    _mm256_store_ps(sum_of, _mm256_mul_ps(_mm256_cvtepi32_ps(sums), d));
    _mm256_store_ps(first_of, _mm256_mul_ps(_mm256_cvtepi32_ps(first_sums), d));
    for (std::size_t i = 0; i < 8; ++i) {
      std::byte* held = out + (g + i) * sizeof(PanelGroup);
      std::memcpy(held + offsetof(PanelGroup, sum), &sum_of[i], sizeof(float));
      std::memcpy(held + offsetof(PanelGroup, first_sum), &first_of[i], sizeof(float));
    }
  }
}
