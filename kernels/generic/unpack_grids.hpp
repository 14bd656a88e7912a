// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Groups (unpack_groups.hpp) of IQ1 to IQ3, whose points are loaded from tables (grid_bytes.hpp). IQ2 and IQ3 have the
// levels of a group and a bit for the sign of each.

// Negative where the bit of `signs` is set.
LAMINA_INLINE u8x32 with_signs(const u8x32& levels, std::uint32_t signs) {
  const u8x32 negative = bit_and(levels, bytes_of_bits(signs));
  return sub(levels, add(negative, negative));
}
// Four times seven bits → four bytes, each with an eighth bit that makes the number of its bits even.
LAMINA_INLINE std::uint32_t even_bytes(std::uint32_t sevens) {
  std::uint32_t parity = sevens ^ sevens >> 4;
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return sevens | (parity & 0x01010101u) << 7;
}
LAMINA_INLINE std::uint32_t even_signs_of(std::uint32_t packed) {
  return even_bytes((packed & 0x7fu) | (packed << 1 & 0x7f00u) | (packed << 2 & 0x7f0000u) |
                    (packed << 3 & 0x7f000000u));
}
// d · (2 s + 1), for an s in each byte.
LAMINA_INLINE f32x8 odd_scales(const f32x8& d, std::uint64_t s) {
  return mul(d, unsigned_bytes(s << 1 | 0x0101010101010101u));
}
// Byte j = four bits at the top of byte `stride` · j.
LAMINA_INLINE std::uint64_t top_nibbles(const std::byte* p, std::size_t stride) {
  std::uint64_t out = 0;
#pragma GCC unroll 8
  for (std::size_t j = 0; j < 8; ++j) out |= static_cast<std::uint64_t>(p[stride * j] >> 4) << 8 * j;
  return out;
}
LAMINA_INLINE std::size_t byte_at(const std::byte* p) { return static_cast<std::size_t>(*p); }

template <>
struct Groups<quant::IQ2_XXS> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 64;
  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk)
      : block(chunk),
        scale{odd_scales(mul(broadcast_f16(chunk), broadcast<f32x8>(0.125f)), top_nibbles(chunk + 9, 8))} {}
  LAMINA_INLINE u8x32 levels(std::size_t j) const {
    const std::byte* p = block + 2 + 8 * j;
    const std::uint64_t points[4] = {iq2_xxs_bytes[byte_at(p)], iq2_xxs_bytes[byte_at(p + 1)],
                                     iq2_xxs_bytes[byte_at(p + 2)], iq2_xxs_bytes[byte_at(p + 3)]};
    return join(points);
  }
  LAMINA_INLINE std::uint32_t signs(std::size_t j) const { return even_signs_of(load_u32(block + 6 + 8 * j)); }
  LAMINA_INLINE u8x32 group(std::size_t j) const { return with_signs(levels(j), signs(j)); }
};

// Scales of half groups, four bits each, lowest first, at p.
LAMINA_INLINE void half_scales(const std::byte* block, const std::byte* p, f32x8 (&scale)[2]) {
  const f32x8 d = mul(broadcast_f16(block), broadcast<f32x8>(0.125f));
  scale[0] = odd_scales(d, spread_four_bits(load_u32(p)));
  scale[1] = odd_scales(d, spread_four_bits(load_u32(p + 4)));
}

template <>
struct Groups<quant::IQ2_XS> {
  static constexpr std::size_t scales = 16;
  static constexpr int bound = 64;
  const std::byte* block;
  f32x8 scale[2];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : block(chunk) { half_scales(chunk, chunk + 66, scale); }
  LAMINA_INLINE u8x32 levels(std::size_t j) const {
    const std::uint64_t w = load_u64(block + 2 + 8 * j);
    const std::uint64_t points[4] = {iq2_xs_bytes[w & 511], iq2_xs_bytes[w >> 16 & 511], iq2_xs_bytes[w >> 32 & 511],
                                     iq2_xs_bytes[w >> 48 & 511]};
    return join(points);
  }
  LAMINA_INLINE std::uint32_t signs(std::size_t j) const {
    std::uint64_t sevens = load_u64(block + 2 + 8 * j) >> 9 & 0x007f007f007f007fu;
    sevens = (sevens | sevens >> 8) & 0x0000ffff0000ffffu;
    return even_bytes(static_cast<std::uint32_t>(sevens | sevens >> 16));
  }
  LAMINA_INLINE u8x32 group(std::size_t j) const { return with_signs(levels(j), signs(j)); }
};

template <>
struct Groups<quant::IQ2_S> {
  static constexpr std::size_t scales = 16;
  static constexpr int bound = 64;
  const std::byte* block;
  f32x8 scale[2];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : block(chunk) { half_scales(chunk, chunk + 74, scale); }
  LAMINA_INLINE u8x32 levels(std::size_t j) const {
    const std::byte* p = block + 2 + 4 * j;
    const std::size_t h = byte_at(block + 66 + j);
    const std::uint64_t points[4] = {
        iq2_s_bytes[byte_at(p) | (h << 8 & 0x300)], iq2_s_bytes[byte_at(p + 1) | (h << 6 & 0x300)],
        iq2_s_bytes[byte_at(p + 2) | (h << 4 & 0x300)], iq2_s_bytes[byte_at(p + 3) | (h << 2 & 0x300)]};
    return join(points);
  }
  LAMINA_INLINE std::uint32_t signs(std::size_t j) const { return load_u32(block + 34 + 4 * j); }
  LAMINA_INLINE u8x32 group(std::size_t j) const { return with_signs(levels(j), signs(j)); }
};

template <>
struct Groups<quant::IQ3_XXS> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 64;
  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk)
      : block(chunk),
        scale{odd_scales(mul(broadcast_f16(chunk), broadcast<f32x8>(0.25f)), top_nibbles(chunk + 69, 4))} {}
  LAMINA_INLINE u8x32 levels(std::size_t j) const {
    const std::byte* p = block + 2 + 8 * j;
    std::uint32_t points[8];
#pragma GCC unroll 8
    for (std::size_t l = 0; l < 8; ++l) points[l] = iq3_xxs_bytes[byte_at(p + l)];
    return join(points);
  }
  LAMINA_INLINE std::uint32_t signs(std::size_t j) const { return even_signs_of(load_u32(block + 66 + 4 * j)); }
  LAMINA_INLINE u8x32 group(std::size_t j) const { return with_signs(levels(j), signs(j)); }
};

template <>
struct Groups<quant::IQ3_S> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 16;
  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk)
      : block(chunk), scale{odd_scales(broadcast_f16(chunk), spread_four_bits(load_u32(chunk + 106)))} {}
  LAMINA_INLINE u8x32 levels(std::size_t j) const {
    const std::byte* p = block + 2 + 8 * j;
    const std::size_t h = byte_at(block + 66 + j);
    std::uint32_t points[8];
#pragma GCC unroll 8
    for (std::size_t l = 0; l < 8; ++l) points[l] = iq3_s_bytes[byte_at(p + l) | (h << (8 - l) & 0x100)];
    return join(points);
  }
  LAMINA_INLINE std::uint32_t signs(std::size_t j) const { return load_u32(block + 74 + 4 * j); }
  LAMINA_INLINE u8x32 group(std::size_t j) const { return with_signs(levels(j), signs(j)); }
};

// Levels −8, 0, 8, to which one is added, or from which it is taken.
template <>
struct Groups<quant::IQ1_S> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 16;
  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk)
      : block(chunk),
        scale{odd_scales(mul(broadcast_f16(chunk), broadcast<f32x8>(0.125f)),
                         top_nibbles(chunk + 35, 2) & 0x0707070707070707u)} {}
  LAMINA_INLINE u8x32 group(std::size_t j) const {
    const std::byte* p = block + 2 + 4 * j;
    const std::size_t h = load_u16(block + 34 + 2 * j);
    const std::uint64_t points[4] = {
        iq1_bytes[byte_at(p) | (h << 8 & 0x700)], iq1_bytes[byte_at(p + 1) | (h << 5 & 0x700)],
        iq1_bytes[byte_at(p + 2) | (h << 2 & 0x700)], iq1_bytes[byte_at(p + 3) | (h >> 1 & 0x700)]};
    return add(join(points), broadcast<u8x32>(static_cast<std::uint8_t>((h & 0x8000) != 0 ? 255 : 1)));
  }
};

template <>
struct Groups<quant::IQ1_M> {
  static constexpr std::size_t scales = 16;
  static constexpr int bound = 16;
  const std::byte* block;
  f32x8 scale[2];

  // Four times three bits → four bytes.
  LAMINA_INLINE static std::uint64_t threes(std::uint64_t word) {
    return (word & 7) | (word << 5 & 0x700) | (word << 10 & 0x70000) | (word << 15 & 0x7000000);
  }
  LAMINA_INLINE explicit Groups(const std::byte* chunk) : block(chunk) {
    const std::uint64_t w = load_u64(chunk + 48);
    const std::uint64_t bits = (w >> 12 & 0xf) | (w >> 24 & 0xf0) | (w >> 36 & 0xf00) | (w >> 48 & 0xf000);
    const auto d_bits = static_cast<std::uint16_t>(bits);
    std::byte d_bytes[2];
    std::memcpy(d_bytes, &d_bits, sizeof d_bytes);
    const f32x8 d = mul(broadcast_f16(d_bytes), broadcast<f32x8>(0.125f));
    scale[0] = odd_scales(d, threes(w) | threes(w >> 16) << 32);
    scale[1] = odd_scales(d, threes(w >> 32) | threes(w >> 48) << 32);
  }
  LAMINA_INLINE u8x32 group(std::size_t j) const {
    const std::byte* p = block + 4 * j;
    const std::size_t h = load_u16(block + 32 + 2 * j);  // a nibble for each point
    const std::uint64_t points[4] = {
        iq1_bytes[byte_at(p) | (h << 8 & 0x700)], iq1_bytes[byte_at(p + 1) | (h << 4 & 0x700)],
        iq1_bytes[byte_at(p + 2) | (h & 0x700)], iq1_bytes[byte_at(p + 3) | (h >> 4 & 0x700)]};
    const std::uint64_t lower = spread_four_bits(h) >> 3 & 0x01010101u;
    const u8x32 minus_two = bytes_of_bits(static_cast<std::uint32_t>(lower * 255));
    const u8x32 one = broadcast<u8x32>(std::uint8_t{1});
    return sub(add(join(points), one), bit_and(minus_two, add(one, one)));
  }
};
