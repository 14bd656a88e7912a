// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The operations of namespace `native` beyond a vector library's own on half vectors, f32x8 and u8x32, which AVX2 and
// AVX-512 both hold in one 256-bit register. Needs AVX2 and F16C.

LAMINA_INLINE __m128i load_128(const std::byte* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
LAMINA_INLINE short u16_at(const std::byte* p) {
  short v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
LAMINA_INLINE Fh gather_f16(const std::byte* p, std::size_t stride) {
  return Fh{_mm256_cvtph_ps(_mm_set_epi16(u16_at(p + 7 * stride), u16_at(p + 6 * stride), u16_at(p + 5 * stride),
                                          u16_at(p + 4 * stride), u16_at(p + 3 * stride), u16_at(p + 2 * stride),
                                          u16_at(p + stride), u16_at(p)))};
}
LAMINA_INLINE Fh broadcast_f16(const std::byte* p) { return Fh{_mm256_cvtph_ps(_mm_set1_epi16(u16_at(p)))}; }
LAMINA_INLINE Fh unsigned_bytes(std::uint64_t bytes) {
  const __m128i b = _mm_cvtsi64_si128(static_cast<long long>(bytes));
  return Fh{_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b))};
}
LAMINA_INLINE Fh signed_bytes(std::uint64_t bytes) {
  const __m128i b = _mm_cvtsi64_si128(static_cast<long long>(bytes));
  return Fh{_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(b))};
}
LAMINA_INLINE Fh spread2(const float* p) {
  const __m128 x = _mm_loadu_ps(p);
  return Fh{_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_unpacklo_ps(x, x)), _mm_unpackhi_ps(x, x), 1)};
}
LAMINA_INLINE float sum(const Fh (&halves)[1]) {
  const __m256 a = raw(halves[0]);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
// Four, or eight, integers side by side.
LAMINA_INLINE void join(const std::uint64_t (&parts)[4], Bh (&out)[1]) {
  out[0] = Bh{_mm256_setr_epi64x(static_cast<long long>(parts[0]), static_cast<long long>(parts[1]),
                                 static_cast<long long>(parts[2]), static_cast<long long>(parts[3]))};
}
LAMINA_INLINE void join(const std::uint32_t (&parts)[8], Bh (&out)[1]) {
  out[0] = Bh{_mm256_setr_epi32(static_cast<int>(parts[0]), static_cast<int>(parts[1]), static_cast<int>(parts[2]),
                                static_cast<int>(parts[3]), static_cast<int>(parts[4]), static_cast<int>(parts[5]),
                                static_cast<int>(parts[6]), static_cast<int>(parts[7]))};
}
// 16 bytes at a, then 16 at b.
LAMINA_INLINE void bytes_at(const std::byte* a, const std::byte* b, Bh (&out)[1]) {
  out[0] = Bh{_mm256_inserti128_si256(_mm256_castsi128_si256(load_128(a)), load_128(b), 1)};
}
// Byte i = table[at byte i], at within 0 … 15.
LAMINA_INLINE void lookup(const std::byte* table, const Bh (&at)[1], Bh (&out)[1]) {
  out[0] = Bh{_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load_128(table)), raw(at[0]))};
}
// Byte i = 255 where bit i is set, else 0.
LAMINA_INLINE void bytes_of_bits(std::uint32_t bits, Bh (&out)[1]) {
  const __m256i spread = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
  const __m256i each = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), spread);
  out[0] = Bh{_mm256_cmpeq_epi8(_mm256_and_si256(each, bit), bit)};
}
LAMINA_INLINE float largest(const Fh (&halves)[1]) {
  const __m256 a = raw(halves[0]);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
