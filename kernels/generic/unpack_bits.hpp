// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Unpack (see unpack.hpp) of formats whose integers are put together from bits: Q5_0, Q5_1, Q1_0, Q2_K, Q3_K, TQ2_0.

// The fifth bits of two groups, 32 bits each, as masks of bytes: the first halves of both, then the second halves.
struct BitPair {
  u8x32 first;
  u8x32 second;
};
LAMINA_INLINE BitPair bit_pair(std::uint32_t a, std::uint32_t b) {
  return {bytes_of_bits((a & 0xffffu) | b << 16), bytes_of_bits(a >> 16 | (b & 0xffff0000u))};
}

// Nibbles of two blocks and their fifth bits.
LAMINA_INLINE WordPair five_bits(const std::byte* qh_a, const std::byte* qs_a, const std::byte* qh_b,
                                 const std::byte* qs_b) {
  const u8x32 q = bytes_at(qs_a, qs_b), sixteen = broadcast<u8x32>(std::uint8_t{16});
  const BitPair fifth = bit_pair(load_u32(qh_a), load_u32(qh_b));
  return {unsigned_words(bit_or(low_nibbles(q), bit_and(fifth.first, sixteen))),
          unsigned_words(bit_or(high_nibbles(q), bit_and(fifth.second, sixteen)))};
}

// weight = d · (q − 16)
template <>
struct Unpack<quant::Q5_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q5_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static constexpr int centre = 16;
  static_assert(chunk_bytes == 176);

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk)
      : blocks(chunk), scale{halves_at(chunk, 22)}, minimum{mul(scale[0], broadcast<f32x8>(-16.0f))} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const std::byte* b = blocks + 44 * p;
    return five_bits(b + 2, b + 6, b + 24, b + 28);
  }
};

// weight = d · q + m
template <>
struct Unpack<quant::Q5_1> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q5_1::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static_assert(chunk_bytes == 192);

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk)
      : blocks(chunk), scale{halves_at(chunk, 24)}, minimum{halves_at(chunk + 2, 24)} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const std::byte* b = blocks + 48 * p;
    return five_bits(b + 4, b + 8, b + 28, b + 32);
  }
};

// weight = d · (2 · bit − 1)
template <>
struct Unpack<quant::Q1_0> {
  static constexpr std::size_t chunk_bytes = 2 * sizeof(quant::Q1_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static constexpr int centre = 1;
  static_assert(chunk_bytes == 36);

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : blocks(chunk) {
    float d[8];
    store8(d, broadcast_f16(chunk));
    float upper[8];
    store8(upper, broadcast_f16(chunk + 18));
    std::memcpy(d + 4, upper, 4 * sizeof(float));
    scale[0] = load<f32x8>(d);
    minimum[0] = mul(scale[0], broadcast<f32x8>(-1.0f));
  }
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const std::byte* q = blocks + 2 + 18 * (p / 2) + 8 * (p % 2);
    const BitPair bits = bit_pair(load_u32(q), load_u32(q + 4));
    const u8x32 two = broadcast<u8x32>(std::uint8_t{2});
    return {unsigned_words(bit_and(bits.first, two)), unsigned_words(bit_and(bits.second, two))};
  }
};

// Of 32 bytes that hold four groups, two bits each, those of groups 2 (p mod 2) and 2 (p mod 2) + 1.
struct TwoBits {
  u8x32 even;
  u8x32 odd;
};
LAMINA_INLINE TwoBits two_bits(const u8x32& q, std::size_t p) {
  const u8x32 three = broadcast<u8x32>(std::uint8_t{3});
  if (p % 2 == 0) return {bit_and(q, three), bit_and(shift_right16<2>(q), three)};
  return {bit_and(shift_right16<4>(q), three), bit_and(shift_right16<6>(q), three)};
}

// weight = d · scale · q − dmin · m, one scale and one m per 16 weights
template <>
struct Unpack<quant::Q2_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q2_K::Block);
  static constexpr std::size_t scales = 16;
  static constexpr bool has_minimum = true;
  static_assert(chunk_bytes == 84);

  const std::byte* block;
  f32x8 scale[2];
  f32x8 minimum[2];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : block(chunk) {
    const f32x8 d = broadcast_f16(chunk + 80);
    const f32x8 dmin = sub(broadcast<f32x8>(0.0f), broadcast_f16(chunk + 82));
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      const std::uint64_t both = load_u64(chunk + 8 * i), nibbles = 0x0f0f0f0f0f0f0f0fu;
      scale[i] = mul(d, unsigned_bytes(both & nibbles));
      minimum[i] = mul(dmin, unsigned_bytes(both >> 4 & nibbles));
    }
  }
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const TwoBits q = two_bits(load<u8x32>(block + 16 + 32 * (p / 2)), p);
    return widen(q.even, q.odd);
  }
};

// The 6-bit scales of Q3_K, 0 … 63: four bits each in 8 bytes, two more in 4.
LAMINA_INLINE std::uint64_t q3_k_scales(const std::byte* packed, std::size_t upper) {
  const std::uint64_t low = load_u64(packed) >> 4 * upper & 0x0f0f0f0f0f0f0f0fu;
  const std::uint32_t high = load_u32(packed + 8) >> 4 * upper;
  const std::uint64_t two = (high & 0x03030303u) | static_cast<std::uint64_t>(high >> 2 & 0x03030303u) << 32;
  return low | two << 4;
}

// weight = d · (scale − 32) · (q − 4), one scale per 16 weights; q = two bits of qs and one of hmask
template <>
struct Unpack<quant::Q3_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q3_K::Block);
  static constexpr std::size_t scales = 16;
  static constexpr bool has_minimum = true;
  static constexpr int centre = 4;
  static_assert(chunk_bytes == 110);

  const std::byte* block;
  u8x32 third;
  f32x8 scale[2];
  f32x8 minimum[2];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : block(chunk), third(load<u8x32>(chunk)) {
    const f32x8 d = broadcast_f16(chunk + 108), thirty_two = broadcast<f32x8>(32.0f), four = broadcast<f32x8>(-4.0f);
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      scale[i] = mul(d, sub(unsigned_bytes(q3_k_scales(chunk + 96, i)), thirty_two));
      minimum[i] = mul(scale[i], four);
    }
  }
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const TwoBits q = two_bits(load<u8x32>(block + 32 + 32 * (p / 2)), p);
    const u8x32 four = broadcast<u8x32>(std::uint8_t{4});
    const u8x32 even = p == 0   ? shift_left16<2>(third)
                       : p == 1 ? third
                       : p == 2 ? shift_right16<2>(third)
                                : shift_right16<4>(third);
    const u8x32 odd = p == 0   ? shift_left16<1>(third)
                      : p == 1 ? shift_right16<1>(third)
                      : p == 2 ? shift_right16<3>(third)
                               : shift_right16<5>(third);
    return widen(bit_or(q.even, bit_and(even, four)), bit_or(q.odd, bit_and(odd, four)));
  }
};

// weight = d · (q − 1)
template <>
struct Unpack<quant::TQ2_0> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::TQ2_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static constexpr int centre = 1;
  static_assert(chunk_bytes == 66);

  const std::byte* block;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk)
      : block(chunk), scale{broadcast_f16(chunk + 64)}, minimum{mul(scale[0], broadcast<f32x8>(-1.0f))} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const TwoBits q = two_bits(load<u8x32>(block + 32 * (p / 2)), p);
    return widen(q.even, q.odd);
  }
};
