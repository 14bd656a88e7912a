// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Formats whose weights are found group by group, each as 32 bytes: all that a new format has to say to every target.
// Both Unpack (unpack.hpp) and, for AVX-512 VNNI, Bytes (vnni_unpack.hpp) follow from it. A format whose bytes can be
// had for several groups at once is faster with Unpack and Bytes of its own.
//
// Groups<Format>(chunk) has the float scales of a chunk of 256 weights: scale[1], one for each of its eight groups, or
// scale[2], one for each half of a group (`scales`, 8 or 16, says which). group(j) gives the integers of group j.
//   weight = scale · integer              with `bound`, a power of two: integers −bound … bound, less than 128
//   weight = scale · integer + minimum    with `minimum`, as many as scales: integers 0 … 127
// Nothing is read past the chunk.
template <class Format>
struct Groups {
  static_assert(sizeof(Format) == 0, "a format of integers needs Groups, or Unpack and Bytes, in kernels/generic");
};

template <class Format>
inline constexpr bool groups_have_minimum = requires(const Groups<Format>& g) {
  g.minimum[0];
};
template <class Format>
inline constexpr bool groups_have_bound = requires {
  Groups<Format>::bound;
};

template <class Format>
struct Unpack : Groups<Format> {
  static constexpr std::size_t chunk_bytes = 256 / Format::block_size * sizeof(typename Format::Block);
  static constexpr bool has_minimum = groups_have_minimum<Format>;
  static_assert(256 % Format::block_size == 0, "the blocks of a format of integers fill 256 weights");
  static_assert(has_minimum != groups_have_bound<Format>, "Groups have either `bound` or `minimum`");

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : Groups<Format>(chunk) {}
  LAMINA_INLINE WordPair pair(std::size_t p) const { return widen_signed(this->group(2 * p), this->group(2 * p + 1)); }
};

// weight = d · (code − 1), four codes to a byte
template <>
struct Groups<quant::Q2_0> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 2;
  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : blocks(chunk) {
    const f32x8 d = halves_at_four(chunk);
    scale[0] = d;
  }
  LAMINA_INLINE static f32x8 halves_at_four(const std::byte* chunk) {
    std::byte twice[16];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      std::memcpy(twice + 4 * i, chunk + 18 * i, 2);
      std::memcpy(twice + 4 * i + 2, chunk + 18 * i, 2);
    }
    return halves_at(twice, 2);
  }
  LAMINA_INLINE u8x32 group(std::size_t j) const {
    const std::uint64_t w = load_u64(blocks + 18 * (j / 2) + 2 + 8 * (j % 2));
    const std::uint64_t codes[4] = {spread_two_bits(w & 0xffff), spread_two_bits(w >> 16 & 0xffff),
                                    spread_two_bits(w >> 32 & 0xffff), spread_two_bits(w >> 48)};
    return sub(join(codes), broadcast<u8x32>(std::uint8_t{1}));
  }
};

// weight = d · (digit − 1), five digits to base 3 in a byte. A byte is a fraction of 256, its first digit is how many
// thirds it has, and times 3 the next digit comes first. Groups 0 … 4 are the digits of bytes 0 … 31, half groups from
// then on those of bytes 32 … 47, and the last 16 weights four digits of bytes 48 … 51.
template <>
struct Groups<quant::TQ1_0> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 1;
  std::uint8_t digits[5][64];  // digit n of bytes 0 … 31, of 32 … 47 and of 36 … 51
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : scale{broadcast_f16(chunk + 52)} {
    u8x32 rest[2] = {load<u8x32>(chunk), bytes_at(chunk + 32, chunk + 36)};
#pragma GCC unroll 5
    for (std::size_t n = 0; n < 5; ++n) {
#pragma GCC unroll 2
      for (std::size_t i = 0; i < 2; ++i) {
        store32(digits[n] + 32 * i, add(above(rest[i], 85), above(rest[i], 170)));
        rest[i] = add(rest[i], add(rest[i], rest[i]));
      }
    }
  }
  // 1 where a byte is larger than the limit, else 0
  LAMINA_INLINE static u8x32 above(const u8x32& a, std::uint8_t limit) {
    const u8x32 at = broadcast<u8x32>(limit);
    return min(sub(max(a, at), at), broadcast<u8x32>(std::uint8_t{1}));
  }
  LAMINA_INLINE const std::byte* digit(std::size_t n, std::size_t at) const {
    return reinterpret_cast<const std::byte*>(digits[n] + at);
  }
  LAMINA_INLINE u8x32 group(std::size_t j) const {
    const u8x32 one = broadcast<u8x32>(std::uint8_t{1});
    if (j < 5) return sub(load<u8x32>(digit(j, 0)), one);
    if (j < 7) return sub(bytes_at(digit(2 * j - 10, 32), digit(2 * j - 9, 32)), one);
    const std::uint32_t parts[8] = {load_u32(digit(4, 32)), load_u32(digit(4, 36)), load_u32(digit(4, 40)),
                                    load_u32(digit(4, 44)), load_u32(digit(0, 60)), load_u32(digit(1, 60)),
                                    load_u32(digit(2, 60)), load_u32(digit(3, 60))};
    return sub(join(parts), one);
  }
};
