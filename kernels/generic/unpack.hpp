// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How each format of small integers becomes integer lanes. A chunk is 256 weights: 8 groups of 32, read as 4 pairs of
// groups. Unpack<Format>(chunk) holds the float scales and minima of the chunk (one per group, or per half group), and
// pair(p) gives the 64 integers of groups 2p and 2p + 1 as 16-bit words in pair order. weight = scale · integer +
// minimum; where all minima are −centre · scale, `centre` says so. The layouts are those of ggml-common.h.

template <class Format>
struct Unpack;  // of its own, or of its Groups (unpack_groups.hpp)

// Makes the compiler forget where a value came from: it would otherwise turn the pointers of a tile plus each of their
// constant offsets into as many variables, and keep those on the stack.
template <class T>
LAMINA_INLINE void forget(T& value) {
  asm("" : "+r"(value));
}

// Fetches what of a row lies ahead of its next n_bytes into the second-level cache, early, as more such fetches can be
// under way than the first level has buffers for; and, where that pays, into the first. Past the end of the weights
// both are harmless. (bench/README.md has what each alone is worth.)
LAMINA_INLINE void fetch_ahead(const std::byte* row, std::size_t n_bytes) {
#pragma GCC unroll 8
  for (std::size_t line = 0; line < n_bytes; line += 64) __builtin_prefetch(row + 8192 + line, 0, 2);
  if (!fetch_into_first) return;
#pragma GCC unroll 8
  for (std::size_t line = 0; line < n_bytes; line += 64) __builtin_prefetch(row + 2048 + line, 0, 3);
}

// A chunk at the end of a row that has but its first n weights, a multiple of 32. What lies after them, another row's
// blocks perhaps, has scales and minima of 0, so that even a NaN there meets nothing.
template <class Chunk>
struct FirstOf : Chunk {
  LAMINA_INLINE FirstOf(const std::byte* chunk, std::size_t n) : Chunk(chunk) {
    keep(this->scale, n);
    if constexpr (Chunk::has_minimum) keep(this->minimum, n);
  }
  template <std::size_t N>
  LAMINA_INLINE static void keep(f32x8 (&values)[N], std::size_t n) {
    const std::size_t kept = n / (256 / (8 * N));
#pragma GCC unroll 2
    for (std::size_t i = 0; i < N; ++i) values[i] = first_lanes(values[i], kept < 8 * i ? 0 : kept - 8 * i);
  }
};

// Where the last, partial chunk of a row can be read whole: in place, if the row after it is among those that `a` is
// about and has enough bytes; else in a copy, as the row may end where memory ends.
template <class Format, class Chunk>
LAMINA_INLINE const std::byte* last_chunk(const MatmulArgs& a, std::size_t row, std::byte (&copy)[Chunk::chunk_bytes]) {
  const std::size_t n_bytes = a.k % 256 / Format::block_size * sizeof(typename Format::Block);
  const std::byte* chunk = a.weights + row * a.row_bytes + a.k / 256 * Chunk::chunk_bytes;
  if ((a.row_end - 1 - row) * a.row_bytes + n_bytes >= Chunk::chunk_bytes) [[likely]]
    return chunk;
  std::memset(copy, 0, sizeof copy);
  std::memcpy(copy, chunk, n_bytes);
  return copy;
}

LAMINA_INLINE std::uint32_t load_u32(const std::byte* p) {
  std::uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
LAMINA_INLINE std::uint64_t load_u64(const std::byte* p) {
  std::uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// weight = d · (q − 8)
template <>
struct Unpack<quant::Q4_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q4_0::Block);
  static constexpr std::size_t scales = 8;  // a chunk
  static constexpr bool has_minimum = true;
  static constexpr int centre = 8;
  static_assert(chunk_bytes == 144);

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk)
      : blocks(chunk), scale{halves_at(chunk, 18)}, minimum{mul(scale[0], broadcast<f32x8>(-8.0f))} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const { return nibbles_of_16(blocks + 36 * p + 2, blocks + 36 * p + 20); }
};

// weight = d · q + m
template <>
struct Unpack<quant::Q4_1> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q4_1::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static_assert(chunk_bytes == 160);

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk)
      : blocks(chunk), scale{halves_at(chunk, 20)}, minimum{halves_at(chunk + 2, 20)} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const { return nibbles_of_16(blocks + 40 * p + 4, blocks + 40 * p + 24); }
};

// weight = d · q, q signed
template <>
struct Unpack<quant::Q8_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q8_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = false;
  static_assert(chunk_bytes == 272);

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : blocks(chunk), scale{halves_at(chunk, 34)} {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    return {signed_words(blocks + 68 * p + 2, blocks + 68 * p + 36),
            signed_words(blocks + 68 * p + 18, blocks + 68 * p + 52)};
  }
};

// Scales and minima of Q4_K and Q5_K: weight = d · scale · q − dmin · m, scale and m of 6 bits, packed as twelve bytes
// after d and dmin.
struct SuperBlockScales {
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit SuperBlockScales(const std::byte* block) {
    // Groups 0–3 have their six bits in the low bits of words 0 (scale) and 1 (m); groups 4–7 have four bits in word 2
    // and the two high ones on top of words 0 and 1.
    const std::uint32_t w0 = load_u32(block + 4), w1 = load_u32(block + 8), w2 = load_u32(block + 12);
    const std::uint32_t scale_high = (w2 & 0x0f0f0f0fu) | (w0 >> 2 & 0x30303030u);
    const std::uint32_t min_high = (w2 >> 4 & 0x0f0f0f0fu) | (w1 >> 2 & 0x30303030u);
    const std::uint64_t scale_bytes = (w0 & 0x3f3f3f3fu) | static_cast<std::uint64_t>(scale_high) << 32;
    const std::uint64_t min_bytes = (w1 & 0x3f3f3f3fu) | static_cast<std::uint64_t>(min_high) << 32;
    scale[0] = mul(broadcast_f16(block), unsigned_bytes(scale_bytes));
    minimum[0] = mul(broadcast_f16(block + 2), sub(broadcast<f32x8>(0.0f), unsigned_bytes(min_bytes)));
  }
};

template <>
struct Unpack<quant::Q4_K> : SuperBlockScales {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q4_K::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static_assert(chunk_bytes == 144);

  const std::byte* block;

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : SuperBlockScales(chunk), block(chunk) {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    return {both_nibbles(block + 16 + 32 * p), both_nibbles(block + 32 + 32 * p)};
  }
};

// Q4_K's nibbles and, for group j, bit j of 32 more bytes as the fifth
template <>
struct Unpack<quant::Q5_K> : SuperBlockScales {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q5_K::Block);
  static constexpr std::size_t scales = 8;
  static constexpr bool has_minimum = true;
  static_assert(chunk_bytes == 176);

  const std::byte* block;
  u8x32 fifth;

  LAMINA_INLINE explicit Unpack(const std::byte* chunk)
      : SuperBlockScales(chunk), block(chunk), fifth(load<u8x32>(chunk + 16)) {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const u8x32 q = load<u8x32>(block + 48 + 32 * p);
    const u8x32 even = p == 0   ? shift_left16<4>(fifth)
                       : p == 1 ? shift_left16<2>(fifth)
                       : p == 2 ? fifth
                                : shift_right16<2>(fifth);
    const u8x32 odd = p == 0   ? shift_left16<3>(fifth)
                      : p == 1 ? shift_left16<1>(fifth)
                      : p == 2 ? shift_right16<1>(fifth)
                               : shift_right16<3>(fifth);
    const u8x32 bit = broadcast<u8x32>(std::uint8_t{0x10});
    return widen(bit_or(low_nibbles(q), bit_and(even, bit)), bit_or(high_nibbles(q), bit_and(odd, bit)));
  }
};

// weight = d · scale · (q − 32), one scale per 16 weights; q = four bits of ql and two of qh
template <>
struct Unpack<quant::Q6_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q6_K::Block);
  static constexpr std::size_t scales = 16;
  static constexpr bool has_minimum = true;
  static constexpr int centre = 32;
  static_assert(chunk_bytes == 210);

  const std::byte* block;
  f32x8 scale[2];
  f32x8 minimum[2];

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : block(chunk) {
    const f32x8 d = broadcast_f16(chunk + 208);
    const f32x8 offset = mul(d, broadcast<f32x8>(-32.0f));
    const f32x8 s0 = signed_bytes(load_u64(chunk + 192)), s1 = signed_bytes(load_u64(chunk + 200));
    scale[0] = mul(d, s0);
    scale[1] = mul(d, s1);
    minimum[0] = mul(offset, s0);
    minimum[1] = mul(offset, s1);
  }
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const std::byte* ql = block + 64 * (p / 2);
    const u8x32 low = load<u8x32>(ql), high = load<u8x32>(ql + 32);
    const u8x32 qh = load<u8x32>(block + 128 + 32 * (p / 2));
    const u8x32 two_bits = broadcast<u8x32>(std::uint8_t{0x30});
    if (p % 2 == 0) {
      return widen(bit_or(low_nibbles(low), bit_and(shift_left16<4>(qh), two_bits)),
                   bit_or(low_nibbles(high), bit_and(shift_left16<2>(qh), two_bits)));
    }
    return widen(bit_or(high_nibbles(low), bit_and(qh, two_bits)),
                 bit_or(high_nibbles(high), bit_and(shift_right16<2>(qh), two_bits)));
  }
};
