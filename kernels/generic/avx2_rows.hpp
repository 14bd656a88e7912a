// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Decode on AVX2: weights as bytes (avx2_row_bytes.hpp) against two planes of bytes, level = 255 · high + low, which
// VPMADDUBSW multiplies without having to widen the weights. Both are in lane order, in which a lane of 32 bits meets
// one half group, so that 256 weights are but one or two conversions to float, whatever a scale belongs to.

LAMINA_INLINE const std::byte* byte_planes(const Activations& row) {
  return reinterpret_cast<const std::byte*>(row.q16 + row.k_padded);
}

// Four groups of a chunk, 32 bytes each: of each half, the first, second … four bytes of all four. (In the halves of
// vectors, dword j of vector i → dword i of vector j.)
LAMINA_INLINE void into_lanes(__m256i (&v)[4]) {
  const __m256i a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpackhi_epi32(v[0], v[1]);
  const __m256i c = _mm256_unpacklo_epi32(v[2], v[3]), d = _mm256_unpackhi_epi32(v[2], v[3]);
  v[0] = _mm256_unpacklo_epi64(a, c);
  v[1] = _mm256_unpackhi_epi64(a, c);
  v[2] = _mm256_unpacklo_epi64(b, d);
  v[3] = _mm256_unpackhi_epi64(b, d);
}

template <class Format>
struct ByteProducts {
  using Chunk = RowBytes<Format>;
  // Products with a byte and its neighbour that 16 bits hold the sum of.
  static constexpr int fit = 32767 / (2 * 127 * Chunk::most);
  static constexpr std::size_t sums = fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
  static_assert(fit >= 1);

  // Adds the chunk's first n_pairs pairs of groups, those after them having scales of 0, to the sums of T tokens.
  template <std::size_t T>
  LAMINA_INLINE static void add_chunk(const Chunk& w, std::size_t, const Activations (&x)[T], std::size_t c,
                                      f32x16 (&acc)[T], f32x8 (&low)[T]) {
    add_minima(w, x, c, low);
    __m256i dot[2][T];
#pragma GCC unroll 2
    for (std::size_t half = 0; half < 2; ++half) {
      __m256i v[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) v[i] = w.group(4 * half + i);
      into_lanes(v);
#pragma GCC unroll 4
      for (std::size_t t = 0; t < T; ++t) {
        const std::byte* high = byte_planes(x[t]) + 256 * c + 128 * half;
        dot[half][t] = _mm256_add_epi32(multiply(v, high, plane_radix), multiply(v, high + x[t].k_padded, 1));
      }
    }
#pragma GCC unroll 4
    for (std::size_t t = 0; t < T; ++t) {
      if constexpr (Chunk::scales == 8) {
        // Lanes 0 … 3 are groups 0 … 3 or 4 … 7, their second halves in lanes 4 … 7.
        const __m256i crossed = _mm256_permute2x128_si256(dot[0][t], dot[1][t], 0x21);
        const __m256i groups = _mm256_add_epi32(_mm256_blend_epi32(dot[0][t], dot[1][t], 0xf0), crossed);
        const __m256 scale = _mm256_mul_ps(native::raw(w.scale[0].v[0]), _mm256_loadu_ps(x[t].d + 8 * c));
        add_product(acc[t].v[0], groups, scale);
      } else {
#pragma GCC unroll 2
        for (std::size_t half = 0; half < 2; ++half) {
          const __m256i at = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
          const __m256 scale = _mm256_permutevar8x32_ps(native::raw(w.scale[half].v[0]), at);
          const auto* d = reinterpret_cast<const __m128*>(x[t].d + 8 * c + 4 * half);
          add_product(acc[t].v[half], dot[half][t], _mm256_mul_ps(scale, _mm256_broadcast_ps(d)));
        }
      }
    }
  }

 private:
  LAMINA_INLINE static void add_product(native::F& sum, __m256i dot, __m256 scale) {
    sum = native::F{_mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, native::raw(sum))};
  }
  // factor · Σ of products of four vectors with a plane, by lanes of 32 bits
  LAMINA_INLINE static __m256i multiply(const __m256i (&w)[4], const std::byte* plane, short factor) {
    __m256i total{};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; i += sums) {
      __m256i sum = product(w[i], plane + 32 * i);
#pragma GCC unroll 4
      for (std::size_t j = 1; j < sums; ++j) sum = _mm256_add_epi16(sum, product(w[i + j], plane + 32 * (i + j)));
      sum = _mm256_madd_epi16(sum, _mm256_set1_epi16(factor));
      total = i == 0 ? sum : _mm256_add_epi32(total, sum);
    }
    return total;
  }
  LAMINA_INLINE static __m256i product(__m256i w, const std::byte* levels) {
    return _mm256_maddubs_epi16(w, load_256(levels));
  }
};

// Quantisation into words, and into planes after them. The largest magnitude decides d; magnitudes are compared as
// integers, so that an infinity or a NaN wins and reaches d. A group whose magnitudes are all below 1e-30 becomes
// zeros: activation_levels / it might overflow.
struct QuantisedGroup {
  __m256i q[4];  // levels
  float d;
};
LAMINA_INLINE QuantisedGroup quantise_group(const float* x) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i most = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    const auto* bits = reinterpret_cast<const std::byte*>(x + 8 * i);
    most = _mm256_max_epi32(most, _mm256_and_si256(load_256(bits), magnitude));
  }
  __m128i four = _mm_max_epi32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
  four = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0xb1));
  const float amax = _mm_cvtss_f32(_mm_castsi128_ps(four));
  const bool tiny = amax < 1e-30f;
  const __m256 inverse = _mm256_set1_ps(tiny ? 0.0f : activation_levels / amax);
  QuantisedGroup out{{}, tiny ? 0.0f : amax / activation_levels};
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(x + 8 * i), inverse);
    const __m256 above = _mm256_max_ps(scaled, _mm256_set1_ps(-activation_levels));
    out.q[i] = _mm256_cvtps_epi32(_mm256_min_ps(above, _mm256_set1_ps(activation_levels)));
  }
  return out;
}
LAMINA_INLINE float sum_of(__m256i a) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
  return static_cast<float>(_mm_cvtsi128_si32(four));
}
// Packing works in the halves of vectors: dwords of four vectors come out as 0 2 4 6, 1 3 5 7.
LAMINA_INLINE void store_words_of(std::int16_t* p, __m256i a, __m256i b) {
  const __m256i in_order = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), in_order);
}

LAMINA_INLINE __m256i bytes_of(const __m256i (&a)[4]) {
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a[0], a[1]), _mm256_packs_epi32(a[2], a[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
LAMINA_INLINE void store_in_lanes(std::byte* p, __m256i (&groups)[4]) {
  into_lanes(groups);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 32 * i), groups[i]);
}

inline void quantize_words_and_planes(const Activations& row) {
  auto* planes = reinterpret_cast<std::byte*>(row.q16 + row.k_padded);
  __m256i coarse[4], fine[4];  // bytes of four groups
  for (std::size_t g = 0; g < row.k_padded / 32; ++g) {
    const QuantisedGroup group = quantise_group(row.f32 + 32 * g);
    const auto& q = group.q;
    std::int16_t* pair = row.q16 + 64 * (g / 2) + 16 * (g % 2);
    store_words_of(pair, q[0], q[1]);
    store_words_of(pair + 32, q[2], q[3]);
    __m256i high[4], low[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      // |q − 255 · high| is at most 127, whichever way this product is rounded: 255 is odd.
      high[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(q[i]), _mm256_set1_ps(1.0f / plane_radix)));
      low[i] = _mm256_sub_epi32(q[i], _mm256_mullo_epi32(high[i], _mm256_set1_epi32(plane_radix)));
    }
    coarse[g % 4] = bytes_of(high);
    fine[g % 4] = bytes_of(low);
    if (g % 4 == 3) {
      store_in_lanes(planes + 32 * (g - 3), coarse);
      store_in_lanes(planes + row.k_padded + 32 * (g - 3), fine);
    }
    const float first = sum_of(_mm256_add_epi32(q[0], q[1])), second = sum_of(_mm256_add_epi32(q[2], q[3]));
    row.d[g] = group.d;
    row.s16[2 * g] = group.d * first;
    row.s16[2 * g + 1] = group.d * second;
    row.s32[g] = group.d * (first + second);
  }
}
