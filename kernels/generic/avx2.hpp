// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Full-width operations of namespace `native` for AVX2, after avx2_half.hpp.

LAMINA_INLINE F load_f16(const std::byte* p) { return F{_mm256_cvtph_ps(load_128(p))}; }
LAMINA_INLINE F load_bf16(const std::byte* p) {
  return F{_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_128(p)), 16))};
}
LAMINA_INLINE void spread8(const float* p, std::size_t step, F (&out)[2]) {
  out[0] = F{_mm256_broadcast_ss(p)};
  out[1] = F{_mm256_broadcast_ss(p + step)};
}
LAMINA_INLINE void fold(const F (&a)[2], Fh (&out)[1]) { out[0] = add(a[0], a[1]); }
LAMINA_INLINE void store_i16(std::int16_t* p, I a) {
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(raw(a)), _mm256_extracti128_si256(raw(a), 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), words);
}
LAMINA_INLINE B words(short value) { return B{_mm256_set1_epi16(value)}; }
LAMINA_INLINE void unsigned_words(const std::byte* a, const std::byte* b, B (&out)[2]) {
  out[0] = B{_mm256_cvtepu8_epi16(load_128(a))};
  out[1] = B{_mm256_cvtepu8_epi16(load_128(b))};
}
LAMINA_INLINE void signed_words(const std::byte* a, const std::byte* b, B (&out)[2]) {
  out[0] = B{_mm256_cvtepi8_epi16(load_128(a))};
  out[1] = B{_mm256_cvtepi8_epi16(load_128(b))};
}
LAMINA_INLINE void both_nibbles(const std::byte* p, B (&out)[2]) {
  const __m256i bytes = _mm256_cvtepu8_epi16(load_128(p));
  out[0] = B{_mm256_and_si256(bytes, _mm256_set1_epi16(15))};
  out[1] = B{_mm256_srli_epi16(bytes, 4)};
}
LAMINA_INLINE void widen(const Bh (&a)[1], const Bh (&b)[1], B (&first)[2], B (&second)[2]) {
  first[0] = B{_mm256_cvtepu8_epi16(_mm256_castsi256_si128(raw(a[0])))};
  first[1] = B{_mm256_cvtepu8_epi16(_mm256_castsi256_si128(raw(b[0])))};
  second[0] = B{_mm256_cvtepu8_epi16(_mm256_extracti128_si256(raw(a[0]), 1))};
  second[1] = B{_mm256_cvtepu8_epi16(_mm256_extracti128_si256(raw(b[0]), 1))};
}
LAMINA_INLINE void unsigned_words(const Bh (&a)[1], B (&out)[2]) {
  out[0] = B{_mm256_cvtepu8_epi16(_mm256_castsi256_si128(raw(a[0])))};
  out[1] = B{_mm256_cvtepu8_epi16(_mm256_extracti128_si256(raw(a[0]), 1))};
}
LAMINA_INLINE void signed_words(const Bh (&a)[1], B (&out)[2]) {
  out[0] = B{_mm256_cvtepi8_epi16(_mm256_castsi256_si128(raw(a[0])))};
  out[1] = B{_mm256_cvtepi8_epi16(_mm256_extracti128_si256(raw(a[0]), 1))};
}
LAMINA_INLINE void widen_signed(const Bh (&a)[1], const Bh (&b)[1], B (&first)[2], B (&second)[2]) {
  first[0] = B{_mm256_cvtepi8_epi16(_mm256_castsi256_si128(raw(a[0])))};
  first[1] = B{_mm256_cvtepi8_epi16(_mm256_castsi256_si128(raw(b[0])))};
  second[0] = B{_mm256_cvtepi8_epi16(_mm256_extracti128_si256(raw(a[0]), 1))};
  second[1] = B{_mm256_cvtepi8_epi16(_mm256_extracti128_si256(raw(b[0]), 1))};
}
LAMINA_INLINE I dot2(B w, B x) { return I{_mm256_madd_epi16(raw(w), raw(x))}; }
LAMINA_INLINE I dot4(B w0, B w1, B x0, B x1) {
  return I{_mm256_add_epi32(_mm256_madd_epi16(raw(w0), raw(x0)), _mm256_madd_epi16(raw(w1), raw(x1)))};
}
LAMINA_INLINE F load_i8(const std::byte* p) {
  return F{_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
LAMINA_INLINE void store_f16(std::byte* p, F a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(raw(a), _MM_FROUND_TO_NEAREST_INT));
}
// Words of table[nibble] for the low nibbles of 16 bytes at a and at b, and for the high ones: looked up in the upper
// byte of a word, which is then shifted down with its sign.
LAMINA_INLINE void levels_of_16(const std::byte* table, const std::byte* a, const std::byte* b, B (&low)[2],
                                B (&high)[2]) {
  const __m256i levels = _mm256_broadcastsi128_si256(load_128(table)), upper = _mm256_set1_epi16(0x0f00);
  const __m256i bytes[2] = {_mm256_cvtepu8_epi16(load_128(a)), _mm256_cvtepu8_epi16(load_128(b))};
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 2; ++i) {
    const __m256i at_low = _mm256_and_si256(_mm256_slli_epi16(bytes[i], 8), upper);
    const __m256i at_high = _mm256_and_si256(_mm256_slli_epi16(bytes[i], 4), upper);
    low[i] = B{_mm256_srai_epi16(_mm256_shuffle_epi8(levels, at_low), 8)};
    high[i] = B{_mm256_srai_epi16(_mm256_shuffle_epi8(levels, at_high), 8)};
  }
}
