// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Full-width operations of namespace `native` for AVX-512 (F, BW, DQ, VL), after avx2_half.hpp; with VNNI where the
// including backend sets has_vnni.

LAMINA_INLINE __m256i load_256(const std::byte* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
LAMINA_INLINE F load_f16(const std::byte* p) { return F{_mm512_cvtph_ps(load_256(p))}; }
LAMINA_INLINE F load_bf16(const std::byte* p) {
  return F{_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load_256(p)), 16))};
}
LAMINA_INLINE F spread4(const float* p) {
  const __m512i lane = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return F{_mm512_permutexvar_ps(lane, _mm512_castps128_ps512(_mm_loadu_ps(p)))};
}
LAMINA_INLINE void spread8(const float* p, F (&out)[1]) {
  out[0] = F{_mm512_mask_blend_ps(0xff00, _mm512_set1_ps(p[0]), _mm512_set1_ps(p[1]))};
}
LAMINA_INLINE void fold(const F (&a)[1], Fh (&out)[1]) {
  out[0] = Fh{_mm256_add_ps(_mm512_castps512_ps256(raw(a[0])), _mm512_extractf32x8_ps(raw(a[0]), 1))};
}
LAMINA_INLINE void join(const Bh (&low)[1], const Bh (&high)[1], B (&out)[1]) {
  out[0] = B{_mm512_inserti64x4(_mm512_castsi256_si512(raw(low[0])), raw(high[0]), 1)};
}
LAMINA_INLINE void store_i8(std::int8_t* p, I a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(raw(a)));
}
// acc + the sums of four products, by VNNI. Written in assembly because Highway 1.0.3 does not name avx512vnni among
// the features of its target, so that the intrinsic would be refused there.
LAMINA_INLINE __m512i add_dot4(__m512i acc, __m512i unsigned_bytes, __m512i signed_bytes) {
  asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(unsigned_bytes), "v"(signed_bytes));
  return acc;
}
LAMINA_INLINE I dot4_unsigned(B w, B high, B low) {
  if constexpr (has_vnni) {
    const __m512i h = add_dot4(_mm512_setzero_si512(), raw(w), raw(high));
    return I{add_dot4(_mm512_slli_epi32(h, 7), raw(w), raw(low))};
  } else {
    const __m512i h = _mm512_madd_epi16(_mm512_maddubs_epi16(raw(w), raw(high)), _mm512_set1_epi16(128));
    const __m512i l = _mm512_madd_epi16(_mm512_maddubs_epi16(raw(w), raw(low)), _mm512_set1_epi16(1));
    return I{_mm512_add_epi32(h, l)};
  }
}
// |w| times the activations with the sign of w.
LAMINA_INLINE I dot4_signed(B w, B high, B low) {
  const __mmask64 negative = _mm512_movepi8_mask(raw(w));
  const __m512i h = _mm512_mask_sub_epi8(raw(high), negative, _mm512_setzero_si512(), raw(high));
  const __m512i l = _mm512_mask_sub_epi8(raw(low), negative, _mm512_setzero_si512(), raw(low));
  return dot4_unsigned(B{_mm512_abs_epi8(raw(w))}, B{h}, B{l});
}
