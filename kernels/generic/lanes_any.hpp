// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The operations of namespace `native` beyond a vector library's own, for four lanes and from that library's
// arithmetic alone, but for two that SSE2 has: correct on every machine, and the floor for those without AVX2.

// binary16 from integer lanes: its exponent and fraction read as a float are 2^112 too small; infinity and NaN need the
// rest of the exponent's ones.
LAMINA_INLINE F f16_value(I bits) {
  const I magnitude = native::bit_and(bits, native::broadcast<I>(0x7fff));
  const I special = native::bit_and(native::shift_right<31>(native::sub(native::broadcast<I>(0x7bff), magnitude)),
                                    native::broadcast<I>(0x7f800000));
  const I sign = native::shift_left<16>(native::bit_and(bits, native::broadcast<I>(0x8000)));
  const F scaled =
      native::mul(native::as_float(native::shift_left<13>(magnitude)), native::broadcast<F>(5.192296858534828e33f));
  return native::as_float(native::bit_or(native::bit_or(native::as_int(scaled), special), sign));
}

LAMINA_INLINE std::int32_t u16_at(const std::byte* p) {
  std::uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
LAMINA_INLINE I gather_u16(const std::byte* p, std::size_t stride) {
  const std::int32_t values[4] = {u16_at(p), u16_at(p + stride), u16_at(p + 2 * stride), u16_at(p + 3 * stride)};
  return native::load<I>(values);
}
LAMINA_INLINE Fh gather_f16(const std::byte* p, std::size_t stride) { return f16_value(gather_u16(p, stride)); }
LAMINA_INLINE Fh broadcast_f16(const std::byte* p) { return f16_value(native::broadcast<I>(u16_at(p))); }
LAMINA_INLINE F load_f16(const std::byte* p) { return gather_f16(p, 2); }
LAMINA_INLINE F load_bf16(const std::byte* p) { return native::as_float(native::shift_left<16>(gather_u16(p, 2))); }

LAMINA_INLINE Fh unsigned_bytes(std::uint64_t bytes) {
  const std::int32_t values[4] = {static_cast<std::uint8_t>(bytes), static_cast<std::uint8_t>(bytes >> 8),
                                  static_cast<std::uint8_t>(bytes >> 16), static_cast<std::uint8_t>(bytes >> 24)};
  return native::to_float(native::load<I>(values));
}
LAMINA_INLINE Fh signed_bytes(std::uint64_t bytes) {
  const std::int32_t values[4] = {static_cast<std::int8_t>(bytes), static_cast<std::int8_t>(bytes >> 8),
                                  static_cast<std::int8_t>(bytes >> 16), static_cast<std::int8_t>(bytes >> 24)};
  return native::to_float(native::load<I>(values));
}

LAMINA_INLINE Fh spread2(const float* p) {
  const float values[4] = {p[0], p[0], p[1], p[1]};
  return native::load<Fh>(values);
}

LAMINA_INLINE void spread8(const float* p, std::size_t step, F (&out)[4]) {
  out[0] = out[1] = native::broadcast<F>(p[0]);
  out[2] = out[3] = native::broadcast<F>(p[step]);
}

LAMINA_INLINE void fold(const F (&a)[4], Fh (&out)[2]) {
  out[0] = native::add(a[0], a[2]);
  out[1] = native::add(a[1], a[3]);
}
LAMINA_INLINE float sum(const Fh (&a)[2]) {
  float v[4];
  native::store(v, native::add(a[0], a[1]));
  return (v[0] + v[2]) + (v[1] + v[3]);
}

LAMINA_INLINE void store_i16(std::int16_t* p, I a) {
  std::int32_t values[4];
  store_int(values, a);
  for (std::size_t i = 0; i < 4; ++i) p[i] = static_cast<std::int16_t>(values[i]);
}
LAMINA_INLINE B words(std::int16_t value) {
  const std::int16_t values[8] = {value, value, value, value, value, value, value, value};
  return native::load<B>(reinterpret_cast<const std::uint8_t*>(values));
}
// Eight bytes of type T as words.
#if defined(__SSE2__)
template <class T>
LAMINA_INLINE B words_of_8(const std::byte* p) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  if constexpr (std::is_signed_v<T>) return B{_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8)};
  return B{_mm_unpacklo_epi8(bytes, _mm_setzero_si128())};
}
#else
template <class T>
LAMINA_INLINE B words_of_8(const std::byte* p) {
  T bytes[8];
  std::memcpy(bytes, p, sizeof bytes);
  std::int16_t values[8];
  // NOLINTNEXTLINE(bugprone-signed-char-misuse): T is a number, signed where it is int8_t
  for (std::size_t i = 0; i < 8; ++i) values[i] = bytes[i];
  return native::load<B>(reinterpret_cast<const std::uint8_t*>(values));
}
#endif
template <class T>
LAMINA_INLINE void words_of_32(const std::byte* a, const std::byte* b, B (&out)[4]) {
  out[0] = words_of_8<T>(a);
  out[1] = words_of_8<T>(a + 8);
  out[2] = words_of_8<T>(b);
  out[3] = words_of_8<T>(b + 8);
}
LAMINA_INLINE void unsigned_words(const std::byte* a, const std::byte* b, B (&out)[4]) {
  words_of_32<std::uint8_t>(a, b, out);
}
LAMINA_INLINE void signed_words(const std::byte* a, const std::byte* b, B (&out)[4]) {
  words_of_32<std::int8_t>(a, b, out);
}
LAMINA_INLINE void both_nibbles(const std::byte* p, B (&out)[4]) {
  const B low = words_of_8<std::uint8_t>(p), high = words_of_8<std::uint8_t>(p + 8);
  out[0] = native::bit_and(low, words(15));
  out[1] = native::bit_and(high, words(15));
  out[2] = native::shift_right16<4>(low);
  out[3] = native::shift_right16<4>(high);
}
template <class T>
LAMINA_INLINE void widen_as(const Bh (&a)[2], const Bh (&b)[2], B (&first)[4], B (&second)[4]) {
  std::uint8_t bytes[2][32];
  for (std::size_t i = 0; i < 2; ++i) {
    native::store_bytes(bytes[0] + 16 * i, a[i]);
    native::store_bytes(bytes[1] + 16 * i, b[i]);
  }
  const auto* p = reinterpret_cast<const std::byte*>(bytes[0]);
  const auto* q = reinterpret_cast<const std::byte*>(bytes[1]);
  words_of_32<T>(p, q, first);
  words_of_32<T>(p + 16, q + 16, second);
}
LAMINA_INLINE void widen(const Bh (&a)[2], const Bh (&b)[2], B (&first)[4], B (&second)[4]) {
  widen_as<std::uint8_t>(a, b, first, second);
}
LAMINA_INLINE void widen_signed(const Bh (&a)[2], const Bh (&b)[2], B (&first)[4], B (&second)[4]) {
  widen_as<std::int8_t>(a, b, first, second);
}
template <class T, std::size_t N>
LAMINA_INLINE void join(const T (&parts)[N], Bh (&out)[2]) {
  static_assert(sizeof parts == 32);
  out[0] = native::load<Bh>(reinterpret_cast<const std::uint8_t*>(parts));
  out[1] = native::load<Bh>(reinterpret_cast<const std::uint8_t*>(parts + N / 2));
}
LAMINA_INLINE void bytes_at(const std::byte* a, const std::byte* b, Bh (&out)[2]) {
  out[0] = native::load<Bh>(reinterpret_cast<const std::uint8_t*>(a));
  out[1] = native::load<Bh>(reinterpret_cast<const std::uint8_t*>(b));
}
LAMINA_INLINE void lookup(const std::byte* table, const Bh (&at)[2], Bh (&out)[2]) {
  std::uint8_t bytes[32];
  for (std::size_t i = 0; i < 2; ++i) native::store_bytes(bytes + 16 * i, at[i]);
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(table[b]);
  for (std::size_t i = 0; i < 2; ++i) out[i] = native::load<Bh>(bytes + 16 * i);
}
LAMINA_INLINE void bytes_of_bits(std::uint32_t bits, Bh (&out)[2]) {
  std::uint8_t bytes[32];
  for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::uint8_t>(0u - (bits >> i & 1));
  for (std::size_t i = 0; i < 2; ++i) out[i] = native::load<Bh>(bytes + 16 * i);
}
template <class T>
LAMINA_INLINE void words_of_bytes(const Bh (&a)[2], B (&out)[4]) {
  std::uint8_t bytes[32];
  for (std::size_t i = 0; i < 2; ++i) native::store_bytes(bytes + 16 * i, a[i]);
  for (std::size_t i = 0; i < 4; ++i) out[i] = words_of_8<T>(reinterpret_cast<const std::byte*>(bytes) + 8 * i);
}
LAMINA_INLINE void unsigned_words(const Bh (&a)[2], B (&out)[4]) { words_of_bytes<std::uint8_t>(a, out); }
LAMINA_INLINE void signed_words(const Bh (&a)[2], B (&out)[4]) { words_of_bytes<std::int8_t>(a, out); }
#if defined(__SSE2__)
LAMINA_INLINE I dot2(B w, B x) { return I{_mm_madd_epi16(raw(w), raw(x))}; }
#else
LAMINA_INLINE I low_word(B a) { return native::shift_right<16>(native::shift_left<16>(native::as_int(a))); }
LAMINA_INLINE I high_word(B a) { return native::shift_right<16>(native::as_int(a)); }
LAMINA_INLINE I dot2(B w, B x) {
  return native::add(native::mul(low_word(w), low_word(x)), native::mul(high_word(w), high_word(x)));
}
#endif
LAMINA_INLINE I dot4(B w0, B w1, B x0, B x1) { return native::add(dot2(w0, x0), dot2(w1, x1)); }
LAMINA_INLINE F load_i8(const std::byte* p) {
  std::int8_t bytes[4];
  std::memcpy(bytes, p, sizeof bytes);
  const std::int32_t values[4] = {bytes[0], bytes[1], bytes[2], bytes[3]};
  return native::to_float(native::load<I>(values));
}
LAMINA_INLINE void store_f16(std::byte* p, F a) {
  float values[4];
  native::store(values, a);
  for (std::size_t i = 0; i < 4; ++i) {
    const ::lamina::half h = ::lamina::half::from_float(values[i]);
    std::memcpy(p + 2 * i, &h, sizeof h);
  }
}
LAMINA_INLINE float largest(const Fh (&a)[2]) {
  float v[4];
  native::store(v, native::max(a[0], a[1]));
  const float first = v[0] > v[2] ? v[0] : v[2], second = v[1] > v[3] ? v[1] : v[3];
  return first > second ? first : second;
}
