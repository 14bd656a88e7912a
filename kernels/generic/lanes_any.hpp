// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The operations of namespace `native` beyond a vector library's own, for four lanes and from that library's
// arithmetic alone: correct on every machine, and the floor for those without AVX2.

// binary16 from integer lanes: its exponent and fraction read as a float are 2^112 too small; infinity and NaN need the
// rest of the exponent's ones.
LAMINA_INLINE F f16_value(I bits) {
  const I magnitude = bit_and(bits, broadcast<I>(0x7fff));
  const I special = bit_and(shift_right<31>(sub(broadcast<I>(0x7bff), magnitude)), broadcast<I>(0x7f800000));
  const I sign = shift_left<16>(bit_and(bits, broadcast<I>(0x8000)));
  const F scaled = mul(as_float(shift_left<13>(magnitude)), broadcast<F>(5.192296858534828e33f));
  return as_float(bit_or(bit_or(as_int(scaled), special), sign));
}

LAMINA_INLINE std::int32_t u16_at(const std::byte* p) {
  std::uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
LAMINA_INLINE I gather_u16(const std::byte* p, std::size_t stride) {
  const std::int32_t values[4] = {u16_at(p), u16_at(p + stride), u16_at(p + 2 * stride), u16_at(p + 3 * stride)};
  return load<I>(values);
}
LAMINA_INLINE Fh gather_f16(const std::byte* p, std::size_t stride) { return f16_value(gather_u16(p, stride)); }
LAMINA_INLINE F load_f16(const std::byte* p) { return gather_f16(p, 2); }
LAMINA_INLINE F load_bf16(const std::byte* p) { return as_float(shift_left<16>(gather_u16(p, 2))); }

LAMINA_INLINE Fh unsigned_bytes(std::uint64_t bytes) {
  const std::int32_t values[4] = {static_cast<std::uint8_t>(bytes), static_cast<std::uint8_t>(bytes >> 8),
                                  static_cast<std::uint8_t>(bytes >> 16), static_cast<std::uint8_t>(bytes >> 24)};
  return to_float(load<I>(values));
}
LAMINA_INLINE Fh signed_bytes(std::uint64_t bytes) {
  const std::int32_t values[4] = {static_cast<std::int8_t>(bytes), static_cast<std::int8_t>(bytes >> 8),
                                  static_cast<std::int8_t>(bytes >> 16), static_cast<std::int8_t>(bytes >> 24)};
  return to_float(load<I>(values));
}

LAMINA_INLINE Fh spread2(const float* p) {
  const float values[4] = {p[0], p[0], p[1], p[1]};
  return load<Fh>(values);
}
LAMINA_INLINE F spread4(const float* p) { return broadcast<F>(p[0]); }

LAMINA_INLINE float sum(Fh a) {
  float v[4];
  store(v, a);
  return (v[0] + v[2]) + (v[1] + v[3]);
}

LAMINA_INLINE void store_i8(std::int8_t* p, I a) {
  std::int32_t values[4];
  store_int(values, a);
  for (std::size_t i = 0; i < 4; ++i) p[i] = static_cast<std::int8_t>(values[i]);
}

// Products of even and of odd bytes in 16-bit lanes: 2 · 128 · 127 still fits.
LAMINA_INLINE I dot4_signed(B w, B x) {
  const B even = mul16(sign_shift_right16<8>(shift_left16<8>(w)), sign_shift_right16<8>(shift_left16<8>(x)));
  const B odd = mul16(sign_shift_right16<8>(w), sign_shift_right16<8>(x));
  const I pairs = as_int(add16(even, odd));
  return add(shift_right<16>(shift_left<16>(pairs)), shift_right<16>(pairs));
}
LAMINA_INLINE I dot4_unsigned(B w, B x) { return dot4_signed(w, x); }
