// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Full-width operations of namespace `native` for AVX2, after avx2_half.hpp.

LAMINA_INLINE F load_f16(const std::byte* p) { return F{_mm256_cvtph_ps(load_128(p))}; }
LAMINA_INLINE F load_bf16(const std::byte* p) {
  return F{_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_128(p)), 16))};
}
LAMINA_INLINE F spread4(const float* p) {
  return F{_mm256_blend_ps(_mm256_broadcast_ss(p), _mm256_broadcast_ss(p + 1), 0xf0)};
}
LAMINA_INLINE void spread8(const float* p, F (&out)[2]) {
  out[0] = F{_mm256_broadcast_ss(p)};
  out[1] = F{_mm256_broadcast_ss(p + 1)};
}
LAMINA_INLINE void fold(const F (&a)[2], Fh (&out)[1]) { out[0] = add(a[0], a[1]); }
LAMINA_INLINE void join(const Bh (&low)[1], const Bh (&high)[1], B (&out)[2]) {
  out[0] = low[0];
  out[1] = high[0];
}
LAMINA_INLINE void store_i8(std::int8_t* p, I a) {
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(raw(a)), _mm256_extracti128_si256(raw(a), 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(words, words));
}
// Pairs of products in 16 bits, which 2 · 128 · 127 does not fill, then pairs of those in 32; the second step weighs
// the planes for nothing.
LAMINA_INLINE I dot4_unsigned(B w, B high, B low) {
  const __m256i h = _mm256_madd_epi16(_mm256_maddubs_epi16(raw(w), raw(high)), _mm256_set1_epi16(128));
  const __m256i l = _mm256_madd_epi16(_mm256_maddubs_epi16(raw(w), raw(low)), _mm256_set1_epi16(1));
  return I{_mm256_add_epi32(h, l)};
}
LAMINA_INLINE I dot4_signed(B w, B high, B low) {
  return dot4_unsigned(B{_mm256_abs_epi8(raw(w))}, B{_mm256_sign_epi8(raw(high), raw(w))},
                       B{_mm256_sign_epi8(raw(low), raw(w))});
}
