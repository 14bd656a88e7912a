// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Unpack (see unpack.hpp) of formats whose four bits name one of sixteen levels: IQ4_NL, IQ4_XS, MXFP4, NVFP4.

inline constexpr std::int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};
inline constexpr std::int8_t fp4_levels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// Groups whose first half is the low nibbles of 16 bytes and whose second half the high ones.
LAMINA_INLINE WordPair levels_of_16(const std::int8_t (&levels)[16], const std::byte* a, const std::byte* b) {
#if LAMINA_KERNELS_AVX2  // where widening bytes that are in a register takes longer than looking up
  WordPair out;
  native::levels_of_16(reinterpret_cast<const std::byte*>(levels), a, b, out.first.v, out.second.v);
  return out;
#else
  const u8x32 q = bytes_at(a, b);
  return {signed_words(lookup(levels, low_nibbles(q))), signed_words(lookup(levels, high_nibbles(q)))};
#endif
}

// weight = d · level
template <>
struct Unpack<quant::IQ4_NL> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::IQ4_NL::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = false;
  static_assert(chunk_bytes == 144);

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : blocks(chunk), scale{halves_at(chunk, 18)} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    return levels_of_16(iq4_levels, blocks + 36 * p + 2, blocks + 36 * p + 20);
  }
};

// Two bits of x for each byte of the result, the lowest first.
LAMINA_INLINE std::uint64_t spread_two_bits(std::uint64_t x) {
  x = (x | x << 24) & 0x000000ff000000ffu;
  x = (x | x << 12) & 0x000f000f000f000fu;
  return (x | x << 6) & 0x0303030303030303u;
}
// Four bits of x for each byte of the result, the lowest first.
LAMINA_INLINE std::uint64_t spread_four_bits(std::uint64_t x) {
  x = (x | x << 16) & 0x0000ffff0000ffffu;
  x = (x | x << 8) & 0x00ff00ff00ff00ffu;
  return (x | x << 4) & 0x0f0f0f0f0f0f0f0fu;
}
LAMINA_INLINE std::uint32_t load_u16(const std::byte* p) {
  std::uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// weight = d · (scale − 32) · level
LAMINA_INLINE f32x8 iq4_xs_scales(const std::byte* block) {
  const std::uint64_t six_bits = spread_four_bits(load_u32(block + 4)) | spread_two_bits(load_u16(block + 2)) << 4;
  return mul(broadcast_f16(block), sub(unsigned_bytes(six_bits), broadcast<f32x8>(32.0f)));
}
template <>
struct Unpack<quant::IQ4_XS> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ4_XS::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = false;
  static_assert(chunk_bytes == 136);

  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : block(chunk), scale{iq4_xs_scales(chunk)} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    return levels_of_16(iq4_levels, block + 8 + 32 * p, block + 24 + 32 * p);
  }
};

// weight = 2^(e − 128) · level. Scales that take the largest level past the range of floats are infinite here, so that
// weights that are infinite show whatever the others are.
LAMINA_INLINE f32x8 mxfp4_scales(const std::byte* blocks) {
  float scale[8];
  for (std::size_t i = 0; i < 8; ++i) {
    const auto e = static_cast<std::uint8_t>(blocks[17 * i]);
    scale[i] = e > 252 ? __builtin_inff() : quant::MXFP4::scale(e);
  }
  return load<f32x8>(scale);
}
template <>
struct Unpack<quant::MXFP4> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::MXFP4::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = false;
  static_assert(chunk_bytes == 136);

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : blocks(chunk), scale{mxfp4_scales(chunk)} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    return levels_of_16(fp4_levels, blocks + 34 * p + 1, blocks + 34 * p + 18);
  }
};

// weight = scale · level, one scale per 16 weights. Exponent and fraction of E4M3 are those of a binary16 that is 2^8
// too small, and levels are doubled; code 0x7f is 0. Words of four such codes as binary16:
LAMINA_INLINE std::uint64_t nvfp4_halves(std::uint32_t codes) {
  const std::uint32_t seven = 0x7f7f7f7fu, other = codes ^ seven;
  const std::uint32_t equal = ~(((other & seven) + seven) | other | seven) >> 7;  // 1 where the code is 0x7f
  const std::uint64_t kept = codes & seven & ~(equal * 255);
  std::uint64_t x = (kept | kept << 16) & 0x0000ffff0000ffffu;
  x = (x | x << 8) & 0x00ff00ff00ff00ffu;
  return x << 7;
}
template <>
struct Unpack<quant::NVFP4> {
  static constexpr std::size_t chunk_bytes = 4 * sizeof(quant::NVFP4::Block);
  static constexpr std::size_t scales = 16;
  static constexpr bool has_minimum = false;
  static_assert(chunk_bytes == 144);

  const std::byte* blocks;
  f32x8 scale[2];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : blocks(chunk) {
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      const std::uint64_t bits[2] = {nvfp4_halves(load_u32(chunk + 72 * i)),
                                     nvfp4_halves(load_u32(chunk + 72 * i + 36))};
      scale[i] = mul(halves_at(reinterpret_cast<const std::byte*>(bits), 2), broadcast<f32x8>(128.0f));
    }
  }
  // Eight bytes are 16 weights, the low nibbles first.
  LAMINA_INLINE static u8x32 two_halves(const std::byte* a, const std::byte* b) {
    const std::uint64_t low = 0x0f0f0f0f0f0f0f0fu, qa = load_u64(a), qb = load_u64(b);
    const std::uint64_t at[4] = {qa & low, qa >> 4 & low, qb & low, qb >> 4 & low};
    return join(at);
  }
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const std::byte* q = blocks + 36 * p + 4;
    return {signed_words(lookup(fp4_levels, two_halves(q, q + 16))),
            signed_words(lookup(fp4_levels, two_halves(q + 8, q + 24)))};
  }
};
