// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes (see vnni_unpack.hpp) of formats that have Groups (unpack_groups.hpp), and what is faster for Q2_0 and TQ1_0.

// Groups may tell levels and signs apart: group(j) is levels(j), negative where signs(j) has a bit.
template <class Format>
inline constexpr bool groups_have_signs = requires(const Groups<Format>& g) {
  g.signs(0);
};

// Integers beside a minimum are not negative.
template <class Format>
constexpr int centre_of_groups() {
  if constexpr (groups_have_minimum<Format>) {
    return 0;
  } else {
    return Groups<Format>::bound;
  }
}

template <class Format>
struct Bytes : Groups<Format> {
  static constexpr std::size_t chunk_bytes = Unpack<Format>::chunk_bytes;
  static constexpr bool has_minimum = groups_have_minimum<Format>;
  static constexpr int centre = centre_of_groups<Format>();

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : Groups<Format>(chunk) {}
  LAMINA_INLINE static __m512i join_groups(const u8x32& a, const u8x32& b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(native::raw(a.v[0])), native::raw(b.v[0]), 1);
  }
  LAMINA_INLINE __m512i two_groups(std::size_t j) const {
    const __m512i middle = _mm512_set1_epi8(static_cast<char>(centre));
    if constexpr (groups_have_signs<Format>) {  // 64 signs are a mask
      const __m512i levels = join_groups(this->levels(j), this->levels(j + 1));
      const std::uint64_t negative = this->signs(j) | static_cast<std::uint64_t>(this->signs(j + 1)) << 32;
      return _mm512_mask_sub_epi8(_mm512_add_epi8(middle, levels), negative, middle, levels);
    } else {
      return _mm512_add_epi8(join_groups(this->group(j), this->group(j + 1)), middle);
    }
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    even_odd(two_groups(4 * h), two_groups(4 * h + 2), first, second);
  }
};

// For each 64-bit lane of Q2_0's half groups the two bytes that it takes of two blocks: groups lie at 2, 10, 20 and 28,
// a half group has four bytes.
constexpr ByteIndex q2_0_halves(std::size_t second) {
  ByteIndex out{};
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t group = i / 16, byte = i % 2 + i / 8 % 2 * 2;
    out.at[i] = static_cast<std::uint8_t>(18 * (group / 2) + 2 + 8 * (group % 2) + 4 * second + byte);
  }
  return out;
}
inline constexpr ByteIndex q2_0_first = q2_0_halves(0), q2_0_second = q2_0_halves(1);

template <>
struct Bytes<quant::Q2_0> {
  static constexpr std::size_t chunk_bytes = 4 * sizeof(quant::Q2_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 1;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : blocks(chunk), scale{Groups<quant::Q2_0>::halves_at_four(chunk)} {}
  // Eight codes of two bits from each two bytes.
  LAMINA_INLINE static __m512i codes(__m512i two_blocks, const ByteIndex& index) {
    const __m512i each = _mm512_permutexvar_epi8(load_512(index.at), two_blocks);
    const __m512i at = _mm512_set1_epi64(0x0e0c0a0806040200);
    return _mm512_and_si512(_mm512_multishift_epi64_epi8(at, each), _mm512_set1_epi8(3));
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i both = _mm512_maskz_loadu_epi8((1ull << 36) - 1, blocks + 36 * h);
    first = codes(both, q2_0_first);
    second = codes(both, q2_0_second);
  }
};

// Digit n of all bytes at once: a byte is a fraction of 256, its first digit to base 3 is how many thirds it has, and
// times 3 the next digit comes first.
template <>
struct Bytes<quant::TQ1_0> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::TQ1_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 1;
  static constexpr bool has_minimum = false;

  __m512i digit[5];  // of the 52 bytes
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : scale{broadcast_f16(chunk + 52)} {
    __m512i rest = _mm512_maskz_loadu_epi8((1ull << 52) - 1, chunk);
    const __m512i one = _mm512_set1_epi8(1);
#pragma GCC unroll 5
    for (__m512i& d : digit) {
      d = _mm512_maskz_mov_epi8(_mm512_cmpgt_epu8_mask(rest, _mm512_set1_epi8(85)), one);
      d = _mm512_mask_add_epi8(d, _mm512_cmpgt_epu8_mask(rest, _mm512_set1_epi8(static_cast<char>(170))), d, one);
      rest = _mm512_add_epi8(rest, _mm512_add_epi8(rest, rest));
    }
  }
  template <int Lane>
  LAMINA_INLINE __m128i lane(int n) const {
    return _mm512_extracti32x4_epi32(digit[n], Lane);
  }
  LAMINA_INLINE static __m512i four(__m128i a, __m128i b, __m128i c, __m128i d) {
    const __m512i ab = _mm512_inserti32x4(_mm512_castsi128_si512(a), b, 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(ab, c, 2), d, 3);
  }
  // Groups 0 … 4 are the digits of bytes 0 … 31, half groups from then on those of bytes 32 … 47, and the last 16
  // weights four digits of bytes 48 … 51.
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    if (h == 0) {
      first = four(lane<0>(0), lane<0>(1), lane<0>(2), lane<0>(3));
      second = four(lane<1>(0), lane<1>(1), lane<1>(2), lane<1>(3));
    } else {
      const __m128i last =
          _mm_unpacklo_epi64(_mm_unpacklo_epi32(lane<3>(0), lane<3>(1)), _mm_unpacklo_epi32(lane<3>(2), lane<3>(3)));
      first = four(lane<0>(4), lane<2>(0), lane<2>(2), lane<2>(4));
      second = four(lane<1>(4), lane<2>(1), lane<2>(3), last);
    }
  }
};
