// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The operations of namespace `native` beyond a vector library's own, for four lanes and from that library's
// arithmetic alone: correct on every machine, and the floor for those without AVX2.

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
LAMINA_INLINE F spread4(const float* p) { return native::broadcast<F>(p[0]); }

LAMINA_INLINE void spread8(const float* p, F (&out)[4]) {
  out[0] = out[1] = native::broadcast<F>(p[0]);
  out[2] = out[3] = native::broadcast<F>(p[1]);
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

LAMINA_INLINE void join(const Bh (&low)[2], const Bh (&high)[2], B (&out)[4]) {
  out[0] = low[0];
  out[1] = low[1];
  out[2] = high[0];
  out[3] = high[1];
}
// Sixteen bytes, and the same shifted right by four: the caller masks.
LAMINA_INLINE void twice_shifted(const std::byte* p, Bh (&out)[2]) {
  out[0] = native::load<Bh>(p);
  out[1] = native::shift_right16<4>(out[0]);
}

LAMINA_INLINE void store_i8(std::int8_t* p, I a) {
  std::int32_t values[4];
  store_int(values, a);
  for (std::size_t i = 0; i < 4; ++i) p[i] = static_cast<std::int8_t>(values[i]);
}

// Products of even and of odd bytes in 16-bit lanes: 2 · 128 · 127 still fits.
LAMINA_INLINE I dot4_plane(B w, B x) {
  const B even = native::mul16(native::sign_shift_right16<8>(native::shift_left16<8>(w)),
                               native::sign_shift_right16<8>(native::shift_left16<8>(x)));
  const B odd = native::mul16(native::sign_shift_right16<8>(w), native::sign_shift_right16<8>(x));
  const I pairs = native::as_int(native::add16(even, odd));
  return native::add(native::shift_right<16>(native::shift_left<16>(pairs)), native::shift_right<16>(pairs));
}
LAMINA_INLINE I dot4_signed(B w, B high, B low) {
  return native::add(native::shift_left<7>(dot4_plane(w, high)), dot4_plane(w, low));
}
LAMINA_INLINE I dot4_unsigned(B w, B high, B low) { return dot4_signed(w, high, low); }
