// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Panels of bytes (avx2_byte_panel.hpp) multiplied by activations of eight bits. A token's bytes are broadcast four at
// a time, so that no sum crosses lanes. What a token's sum is made of does not depend on the tokens beside it.

// What tiles of any number of tokens share: how records are read, and the low bytes of one token.
template <class Kind>
struct ByteRecords {
  static constexpr std::size_t n_scales = Kind::n_scales;

  LAMINA_INLINE static int four_at(const void* p) {
    int four;
    std::memcpy(&four, p, sizeof four);
    return four;
  }
  LAMINA_INLINE static __m256i bytes_of(const std::byte* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  LAMINA_INLINE static __m256 floats_of(const std::byte* p) {
    return _mm256_load_ps(reinterpret_cast<const float*>(p));
  }
  LAMINA_INLINE static __m256i add_pairs(const __m256i& words) {
    return _mm256_madd_epi16(words, _mm256_set1_epi16(1));
  }

  // What the low bytes of a group come to, for a token that keeps them. Their sum is what the high ones leave of that
  // of all levels.
  LAMINA_INLINE static void add_fine(const std::byte* record, const ByteGroup& x, const std::int16_t* words,
                                     __m256 (&sum)[2]) {
    // As many products of any low bytes as 16 bits hold, of weights up to 32, or 64 in half groups.
    constexpr std::size_t n = 8 / n_scales, step = 4 / n_scales;
    const __m256i low = _mm256_set1_epi16(255);
    alignas(32) std::int8_t bytes[32];
    const auto* p = reinterpret_cast<const __m256i*>(words);
    const __m256i first = _mm256_and_si256(_mm256_loadu_si256(p), low);
    const __m256i second = _mm256_and_si256(_mm256_loadu_si256(p + 2), low);
    const __m256i packed = _mm256_packus_epi16(first, second);
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), _mm256_permute4x64_epi64(packed, 0xd8));
    const __m256 d = _mm256_set1_ps(x.scale * (1.0f / 256));
#pragma GCC unroll 2
    for (std::size_t i = 0; i < n_scales; ++i) {
      __m256i dot[2][2];
#pragma GCC unroll 2
      for (std::size_t h = 0; h < 2; ++h) {
        __m256i words_of[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
#pragma GCC unroll 4
        for (std::size_t j = n * i + step * h; j < n * i + step * (h + 1); ++j) {
          const __m256i v = _mm256_set1_epi32(four_at(bytes + 4 * j));
#pragma GCC unroll 2
          for (std::size_t r = 0; r < 2; ++r) {
            const __m256i products = _mm256_maddubs_epi16(bytes_of(record + 64 * j + 32 * r), v);
            words_of[r] = _mm256_add_epi16(words_of[r], products);
          }
        }
#pragma GCC unroll 2
        for (std::size_t r = 0; r < 2; ++r) dot[r][h] = add_pairs(words_of[r]);
      }
      const std::int16_t(&minus)[2] = x.minus[n_scales == 1 ? 0 : i + 1];
      const float low_sum =
          __builtin_fmaf(x.scale, static_cast<float>(minus[0] + minus[1]), x.sums[n_scales == 1 ? 0 : i + 1]);
      const __m256 less = _mm256_set1_ps(static_cast<float>(-Kind::centre) * low_sum);
#pragma GCC unroll 2
      for (std::size_t r = 0; r < 2; ++r) {
        const __m256 scale = floats_of(record + 64 * (8 + i) + 32 * r);
        const __m256 value = _mm256_cvtepi32_ps(_mm256_add_epi32(dot[r][0], dot[r][1]));
        sum[r] = _mm256_fmadd_ps(value, _mm256_mul_ps(scale, d), sum[r]);
        if constexpr (Kind::centre != 0) sum[r] = _mm256_fmadd_ps(scale, less, sum[r]);
      }
    }
  }

  // The same for all groups of a part.
  static void add_fine_groups(const std::byte* records, const ByteGroup* x, const std::int16_t* words, float* sums) {
    static_assert(word_part_chunks == 4, "32 groups, of which the first says which are fine");
    std::uint32_t fine = x->fine;
    if (fine == 0) return;
    __m256 sum[2] = {_mm256_load_ps(sums), _mm256_load_ps(sums + 8)};
    for (; fine != 0; fine &= fine - 1) {
      const auto g = static_cast<std::size_t>(std::countr_zero(fine));
      add_fine(records + g * Kind::record_bytes, x[g], words + 2 * word_pair_of(g), sum);
    }
    _mm256_store_ps(sums, sum[0]);
    _mm256_store_ps(sums + 8, sum[1]);
  }
};

// Sums of 16 rows and T tokens. Registers hold the sums of a group alone; those over k go through memory once a group.
template <class Kind, std::size_t T>
struct ByteTile : ByteRecords<Kind> {
  using Records = ByteRecords<Kind>;
  static constexpr std::size_t strips = 1, most_tokens = Kind::n_scales == 2 ? 4 : 5;
  static constexpr std::size_t n_scales = Kind::n_scales;

  // Sums of scale i of a group: of its weights, or of those of its half i.
  LAMINA_INLINE static void add_scale(const std::byte* record, std::size_t i, const ByteGroup* const (&x)[T],
                                      float* sums) {
    constexpr std::size_t n = 8 / n_scales;
    const std::size_t of = n_scales == 1 ? 0 : i + 1;  // of what the group's sums are
    __m256i dot[2][T];
#pragma GCC unroll 8
    for (std::size_t t = 0; t < T; ++t) {
      if constexpr (Kind::centre == 0) {
        dot[0][t] = dot[1][t] = _mm256_setzero_si256();
      } else {
        const __m256i minus = _mm256_set1_epi32(Records::four_at(x[t]->minus[of]));
        dot[0][t] = dot[1][t] = _mm256_slli_epi16(minus, std::countr_zero(static_cast<unsigned>(Kind::centre)));
      }
    }
#pragma GCC unroll 8
    for (std::size_t j = n * i; j < n * (i + 1); ++j) {
      const __m256i w[2] = {Records::bytes_of(record + 64 * j), Records::bytes_of(record + 64 * j + 32)};
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        const __m256i v = _mm256_set1_epi32(Records::four_at(x[t]->high + 4 * j));
#pragma GCC unroll 2
        for (std::size_t r = 0; r < 2; ++r) {
          dot[r][t] = _mm256_add_epi16(dot[r][t], _mm256_maddubs_epi16(w[r], v));
          // GCC would add the products as a tree and keep them on the stack until then.
          asm("" : "+x"(dot[r][t]));
        }
      }
    }
#pragma GCC unroll 2
    for (std::size_t r = 0; r < 2; ++r) {
      const __m256 scale = Records::floats_of(record + 64 * (8 + i) + 32 * r);
      __m256 least = scale;
      if constexpr (Kind::minimum) least = Records::floats_of(record + 64 * (8 + n_scales + i) + 32 * r);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        __m256 sum = _mm256_load_ps(sums + 16 * t + 8 * r);
        const __m256 factor = _mm256_mul_ps(scale, _mm256_set1_ps(x[t]->scale));
        if constexpr (Kind::minimum) sum = _mm256_fmadd_ps(least, _mm256_set1_ps(x[t]->sums[of]), sum);
        sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(Records::add_pairs(dot[r][t])), factor, sum);
        _mm256_store_ps(sums + 16 * t + 8 * r, sum);
      }
    }
  }

  // Sums of 16 rows, of which n_rows exist.
  LAMINA_INLINE static void copy_rows(float* to, const float* from, std::size_t n_rows) {
    if (n_rows >= 16) {
      std::memcpy(to, from, 16 * sizeof(float));
    } else {
      for (std::size_t i = 0; i < n_rows; ++i) to[i] = from[i];
    }
  }

  // Adds the part's groups to the sums in a.out, or begins with them.
  static void run(const std::byte* strip, const WordPart& part, const MatmulArgs& a, std::size_t token,
                  std::size_t first_row) {
    alignas(64) float kept[T][16];
    const ByteGroup* x[T];
    for (std::size_t t = 0; t < T; ++t) {
      x[t] = reinterpret_cast<const ByteGroup*>(a.x.token(token + t).q16 + a.x.k_padded) + part.begin;
      if (part.begin == 0) {
        std::memset(kept[t], 0, sizeof kept[t]);
      } else {
        copy_rows(kept[t], a.out + (token + t) * a.out_stride + (first_row - a.row_begin), a.row_end - first_row);
      }
    }
    const std::byte* record = strip;
    for (std::size_t g = 0; g < part.n_groups; ++g) {
      float* sums = &kept[0][0];
      forget(sums);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) forget(x[t]);
#pragma GCC unroll 2
      for (std::size_t i = 0; i < n_scales; ++i) add_scale(record, i, x, sums);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) ++x[t];
      record += Kind::record_bytes;
    }
    for (std::size_t t = 0; t < T; ++t) {
      const std::int16_t* words = a.x.token(token + t).q16;
      Records::add_fine_groups(strip, reinterpret_cast<const ByteGroup*>(words + a.x.k_padded) + part.begin,
                               words + 32 * part.begin, kept[t]);
      copy_rows(a.out + (token + t) * a.out_stride + (first_row - a.row_begin), kept[t], a.row_end - first_row);
    }
  }
};

template <class Format>
void matmul_panel8(const MatmulArgs& a) {
  panel_parts<BytePacker<Format>, ByteTile>(a);
}
