// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes (see vnni_unpack.hpp) of formats whose integers are put together from bits: Q5_0, Q5_1.

inline constexpr ByteIndex q5_0_quants = quants_of_three(22, 4), q5_1_quants = quants_of_three(24, 0);

// Eight binary16 out of three vectors: three of each of the first two, and two of the last.
LAMINA_INLINE f32x8 halves_of_three(const std::byte* a, const std::byte* b, const std::byte* c, __m128i at) {
  const __m512i index = _mm512_castsi128_si512(at);
  __m512i words = _mm512_permutexvar_epi16(index, load_512(a));
  words = _mm512_mask_permutexvar_epi16(words, 0x38, index, load_512(b));
  words = _mm512_mask_permutexvar_epi16(words, 0xc0, index, load_512(c));
  return floats_of_halves(_mm512_castsi512_si128(words));
}

// 16-bit words at four places as one mask of 64 bytes.
LAMINA_INLINE __mmask64 mask_at(const std::byte* p, std::size_t stride) {
  return load_u16(p) | static_cast<std::uint64_t>(load_u16(p + stride)) << 16 |
         static_cast<std::uint64_t>(load_u16(p + 2 * stride)) << 32 |
         static_cast<std::uint64_t>(load_u16(p + 3 * stride)) << 48;
}
LAMINA_INLINE __m512i add_where(__mmask64 mask, __m512i q, char value) {
  return _mm512_mask_add_epi8(q, mask, q, _mm512_set1_epi8(value));
}

template <>
struct Bytes<quant::Q5_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q5_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 16;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : blocks(chunk),
        scale{halves_of_three(chunk, chunk + 66, chunk + 112, _mm_setr_epi16(0, 11, 22, 0, 11, 22, 10, 21))} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* p = blocks + 88 * h;
    const __m512i q = join_quants(q5_0_quants, load_512(p + 2), p + 72);
    first = add_where(mask_at(p + 2, 22), nibbles_low(q), 16);
    second = add_where(mask_at(p + 4, 22), nibbles_high(q), 16);
  }
};

template <>
struct Bytes<quant::Q5_1> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q5_1::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 0;
  static constexpr bool has_minimum = true;

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : blocks(chunk),
        scale{halves_of_three(chunk, chunk + 72, chunk + 128, _mm_setr_epi16(0, 12, 24, 0, 12, 24, 8, 20))},
        minimum{halves_of_three(chunk, chunk + 72, chunk + 128, _mm_setr_epi16(1, 13, 25, 1, 13, 25, 9, 21))} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* p = blocks + 96 * h;
    const __m512i q = join_quants(q5_1_quants, load_512(p + 8), p + 80);
    first = add_where(mask_at(p + 4, 24), nibbles_low(q), 16);
    second = add_where(mask_at(p + 6, 24), nibbles_high(q), 16);
  }
};
