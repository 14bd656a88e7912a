// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Formats as combs, for decode on AVX-512 VNNI: 256 weights as four vectors of unsigned bytes in comb order
// (kernel_set.hpp), of which each takes every fourth weight, so that a lane meets one half group alone. Whatever the
// scales belong to, 256 weights are then one conversion to float and one multiplication with sixteen scales, where
// vectors in quad order need one for each scale of a group; and bits that lie beside each other, in bytes that hold
// four weights, are in their places once the byte is.
//
// Combs<Format>(chunk) has `scale`, one for each half group in the order of the row; `scales`, how many of those differ
// (8 or 16); `minimum`, or `centre` as of Bytes; and vectors(v), the integers. The Bytes that panels need follow from
// them.
template <class Format>
struct Combs;

template <class Format>
inline constexpr bool has_combs = requires {
  sizeof(Combs<Format>);
};
template <class Format>
inline constexpr bool combs_have_minimum = requires(const Combs<Format>& c) {
  c.minimum;
};

// One of binary16 in all lanes: the first or the last of eight bytes, which a conversion reads without a permute.
LAMINA_INLINE __m128 four_halves(const std::byte* p) {
  return _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
LAMINA_INLINE __m512 broadcast_half(const std::byte* p) { return _mm512_broadcastss_ps(four_halves(p)); }
LAMINA_INLINE __m512 broadcast_half_before(const std::byte* end) {
  return _mm512_permutexvar_ps(_mm512_set1_epi32(3), _mm512_castps128_ps512(four_halves(end - 8)));
}
// Lane i = p[i / 2], of eight.
LAMINA_INLINE __m512 twice_each(const float* p) {
  const __m512i at = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  return _mm512_permutexvar_ps(at, _mm512_castps256_ps512(_mm256_loadu_ps(p)));
}

// Bytes of a chunk of 256 weights in quad order → comb order, and back.
LAMINA_INLINE __m512i swap_teeth(__m512i half_groups) {  // in each half group byte 4 i + j ↔ 4 j + i
  const __m128i at = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_shuffle_epi8(half_groups, _mm512_broadcast_i32x4(at));
}
LAMINA_INLINE void comb_of_quads(const __m512i (&quads)[4], __m512i (&combs)[4]) {
  // Dwords c and c + 1 of the half groups of groups 0 … 3: first 0, second 0, first 1, …
  const __m512i at = _mm512_setr_epi32(0, 16, 4, 20, 8, 24, 12, 28, 1, 17, 5, 21, 9, 25, 13, 29);
#pragma GCC unroll 2
  for (int c = 0; c < 4; c += 2) {
    const __m512i index = _mm512_add_epi32(at, _mm512_set1_epi32(c));
    const __m512i lower = _mm512_permutex2var_epi32(swap_teeth(quads[0]), index, swap_teeth(quads[1]));
    const __m512i upper = _mm512_permutex2var_epi32(swap_teeth(quads[2]), index, swap_teeth(quads[3]));
    combs[c] = _mm512_shuffle_i64x2(lower, upper, 0x44);
    combs[c + 1] = _mm512_shuffle_i64x2(lower, upper, 0xee);
  }
}
LAMINA_INLINE void quads_of_comb(const __m512i (&combs)[4], std::size_t h, __m512i& first, __m512i& second) {
  // Lanes of eight half groups from two vectors: first halves, then second ones, two dwords each.
  const __m512i lower = _mm512_setr_epi32(0, 16, 2, 18, 4, 20, 6, 22, 1, 17, 3, 19, 5, 21, 7, 23);
  const __m512i index = _mm512_add_epi32(lower, _mm512_set1_epi32(static_cast<int>(8 * h)));
  const __m512i a = _mm512_permutex2var_epi32(combs[0], index, combs[1]);
  const __m512i b = _mm512_permutex2var_epi32(combs[2], index, combs[3]);
  first = swap_teeth(_mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b));
  second = swap_teeth(_mm512_permutex2var_epi64(a, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b));
}

template <class Format>
requires has_combs<Format>
struct Bytes<Format> {
  using Same = Combs<Format>;
  static constexpr std::size_t chunk_bytes = Same::chunk_bytes, scales = Same::scales;
  static constexpr bool has_minimum = combs_have_minimum<Format>;
  static constexpr int centre = Same::centre;

  __m512i combs[4];
  f32x8 scale[scales / 8];
  f32x8 minimum[has_minimum ? scales / 8 : 1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) {
    const Same w(chunk);
    w.vectors(combs);
    split(w.scale, scale);
    if constexpr (has_minimum) split(w.minimum, minimum);
  }
  template <std::size_t N>
  LAMINA_INLINE static void split(__m512 halves, f32x8 (&out)[N]) {
    if constexpr (N == 1) {
      const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14);
      out[0] = f32x8{{native::Fh{_mm512_castps512_ps256(_mm512_permutexvar_ps(even, halves))}}};
    } else {
      out[0] = f32x8{{native::Fh{_mm512_castps512_ps256(halves)}}};
      out[1] = f32x8{{native::Fh{_mm512_extractf32x8_ps(halves, 1)}}};
    }
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    quads_of_comb(combs, h, first, second);
  }
};

// An index of bytes from a function of the half group q, the tooth b in its lane, and the comb c.
template <class F>
constexpr ByteIndex comb_index(F byte_of, std::size_t c = 0) {
  ByteIndex out{};
  for (std::size_t q = 0; q < 16; ++q) {
    for (std::size_t b = 0; b < 4; ++b) out.at[4 * q + b] = static_cast<std::uint8_t>(byte_of(q, b, c));
  }
  return out;
}
template <class F>
constexpr std::array<ByteIndex, 4> comb_indices(F byte_of) {
  return {comb_index(byte_of, 0), comb_index(byte_of, 1), comb_index(byte_of, 2), comb_index(byte_of, 3)};
}

// Entries of a table of Parts · 64 bytes. `part` says which bytes of `at` mean each 64 of them; a later one counts.
template <std::size_t Parts>
LAMINA_INLINE __m512i look_up(const std::uint8_t* table, __m512i at, const __mmask64 (&part)[Parts]) {
  __m512i out = _mm512_permutexvar_epi8(at, load_512(table));
#pragma GCC unroll 8
  for (std::size_t i = 1; i < Parts; ++i) {
    out = _mm512_mask_permutexvar_epi8(out, part[i], at, load_512(table + 64 * i));
  }
  return out;
}
struct FourParts {
  __mmask64 part[4];

  LAMINA_INLINE explicit FourParts(__m512i at) {
    const __mmask64 b6 = _mm512_movepi8_mask(_mm512_add_epi8(at, at)), b7 = _mm512_movepi8_mask(at);
    part[0] = 0;
    part[1] = b6;
    part[2] = b7;
    part[3] = b6 & b7;
  }
};
