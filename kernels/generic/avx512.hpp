// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Full-width operations of namespace `native` for AVX-512 (F, BW, DQ, VL), after avx2_half.hpp; with VNNI where the
// including backend sets has_vnni.

LAMINA_INLINE __m256i load_256(const std::byte* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
LAMINA_INLINE F times_power(F a, I n) { return F{_mm512_scalef_ps(raw(a), _mm512_cvtepi32_ps(raw(n)))}; }
LAMINA_INLINE F load_f16(const std::byte* p) { return F{_mm512_cvtph_ps(load_256(p))}; }
LAMINA_INLINE F load_bf16(const std::byte* p) {
  return F{_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load_256(p)), 16))};
}
LAMINA_INLINE void spread8(const float* p, std::size_t step, F (&out)[1]) {
  out[0] = F{_mm512_mask_blend_ps(0xff00, _mm512_set1_ps(p[0]), _mm512_set1_ps(p[step]))};
}
LAMINA_INLINE void fold(const F (&a)[1], Fh (&out)[1]) {
  out[0] = Fh{_mm256_add_ps(_mm512_castps512_ps256(raw(a[0])), _mm512_extractf32x8_ps(raw(a[0]), 1))};
}
LAMINA_INLINE void store_i16(std::int16_t* p, I a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtsepi32_epi16(raw(a)));
}
LAMINA_INLINE B words(short value) { return B{_mm512_set1_epi16(value)}; }
LAMINA_INLINE __m256i load_two(const std::byte* a, const std::byte* b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_128(a)), load_128(b), 1);
}
LAMINA_INLINE void unsigned_words(const std::byte* a, const std::byte* b, B (&out)[1]) {
  out[0] = B{_mm512_cvtepu8_epi16(load_two(a, b))};
}
LAMINA_INLINE void signed_words(const std::byte* a, const std::byte* b, B (&out)[1]) {
  out[0] = B{_mm512_cvtepi8_epi16(load_two(a, b))};
}
LAMINA_INLINE void both_nibbles(const std::byte* p, B (&out)[1]) {
  const __m512i bytes = _mm512_cvtepu8_epi16(_mm256_broadcastsi128_si256(load_128(p)));
  // the upper half's words move down by four bits
  const __m512i moved = _mm512_mask_srli_epi16(bytes, 0xffff0000u, bytes, 4);
  out[0] = B{_mm512_and_si512(moved, _mm512_set1_epi16(15))};
}
LAMINA_INLINE void widen(const Bh (&a)[1], const Bh (&b)[1], B (&first)[1], B (&second)[1]) {
  first[0] = B{_mm512_cvtepu8_epi16(_mm256_permute2x128_si256(raw(a[0]), raw(b[0]), 0x20))};
  second[0] = B{_mm512_cvtepu8_epi16(_mm256_permute2x128_si256(raw(a[0]), raw(b[0]), 0x31))};
}
LAMINA_INLINE void unsigned_words(const Bh (&a)[1], B (&out)[1]) { out[0] = B{_mm512_cvtepu8_epi16(raw(a[0]))}; }
LAMINA_INLINE void signed_words(const Bh (&a)[1], B (&out)[1]) { out[0] = B{_mm512_cvtepi8_epi16(raw(a[0]))}; }
LAMINA_INLINE void widen_signed(const Bh (&a)[1], const Bh (&b)[1], B (&first)[1], B (&second)[1]) {
  first[0] = B{_mm512_cvtepi8_epi16(_mm256_permute2x128_si256(raw(a[0]), raw(b[0]), 0x20))};
  second[0] = B{_mm512_cvtepi8_epi16(_mm256_permute2x128_si256(raw(a[0]), raw(b[0]), 0x31))};
}
// acc + the sums of two products of words, by VNNI. Written in assembly because Highway 1.0.3 does not name avx512vnni
// among the features of its target, so that the intrinsic would be refused there.
LAMINA_INLINE __m512i add_dot2(__m512i acc, __m512i a, __m512i b) {
  asm("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));
  return acc;
}
LAMINA_INLINE I dot2(B w, B x) { return I{_mm512_madd_epi16(raw(w), raw(x))}; }
LAMINA_INLINE I dot4(B w0, B w1, B x0, B x1) {
  if constexpr (has_vnni) {
    return I{add_dot2(add_dot2(_mm512_setzero_si512(), raw(w0), raw(x0)), raw(w1), raw(x1))};
  } else {
    return I{_mm512_add_epi32(_mm512_madd_epi16(raw(w0), raw(x0)), _mm512_madd_epi16(raw(w1), raw(x1)))};
  }
}
LAMINA_INLINE F load_i8(const std::byte* p) { return F{_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load_128(p)))}; }
LAMINA_INLINE void store_f16(std::byte* p, F a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(raw(a), _MM_FROUND_TO_NEAREST_INT));
}
// Rows become columns: out[i] lane r = in[r] lane i.
LAMINA_INLINE void transpose_16x16(__m512i (&v)[16]) {
  __m512i a[16];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) {
    a[2 * i] = _mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
    a[2 * i + 1] = _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    v[4 * i] = _mm512_unpacklo_epi64(a[4 * i], a[4 * i + 2]);
    v[4 * i + 1] = _mm512_unpackhi_epi64(a[4 * i], a[4 * i + 2]);
    v[4 * i + 2] = _mm512_unpacklo_epi64(a[4 * i + 1], a[4 * i + 3]);
    v[4 * i + 3] = _mm512_unpackhi_epi64(a[4 * i + 1], a[4 * i + 3]);
  }
  // v[4 i + j] has lanes j, j + 4, j + 8, j + 12 of rows 4 i … 4 i + 3
#pragma GCC unroll 4
  for (std::size_t j = 0; j < 4; ++j) {
    const __m512i low = _mm512_shuffle_i32x4(v[j], v[4 + j], 0x88), high = _mm512_shuffle_i32x4(v[j], v[4 + j], 0xdd);
    const __m512i low2 = _mm512_shuffle_i32x4(v[8 + j], v[12 + j], 0x88);
    const __m512i high2 = _mm512_shuffle_i32x4(v[8 + j], v[12 + j], 0xdd);
    a[j] = _mm512_shuffle_i32x4(low, low2, 0x88);
    a[4 + j] = _mm512_shuffle_i32x4(high, high2, 0x88);
    a[8 + j] = _mm512_shuffle_i32x4(low, low2, 0xdd);
    a[12 + j] = _mm512_shuffle_i32x4(high, high2, 0xdd);
  }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 16; ++i) v[i] = a[i];
}
LAMINA_INLINE void transpose(const float (&rows)[16][16], float* out) {
  __m512i v[16];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 16; ++i) v[i] = _mm512_load_si512(rows[i]);
  transpose_16x16(v);
#pragma GCC unroll 16
  for (std::size_t i = 0; i < 16; ++i) _mm512_store_si512(out + 16 * i, v[i]);
}
