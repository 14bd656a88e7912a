// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Combs (vnni_combs.hpp) of formats whose integers are put together from bits: Q2_K, Q3_K, Q6_K, NVFP4, TQ2_0, Q2_0,
// Q1_0, TQ1_0.

// Where the bit of `mask` is set, that of a, otherwise that of b.
LAMINA_INLINE __m512i select_bits(__m512i mask, __m512i a, __m512i b) {
  return _mm512_ternarylogic_epi32(mask, a, b, 0xca);
}

// Two bits of 256 weights in 64 bytes: each 32 bytes hold four groups, at bits 0, 2, 4 and 6.
inline constexpr auto two_bits_combs =
    comb_indices([](std::size_t q, std::size_t b, std::size_t c) { return 32 * (q / 8) + 16 * (q % 2) + 4 * b + c; });

// The bytes with the bits of comb c, shifted so that those of each half group come first.
LAMINA_INLINE __m512i two_bits_comb(__m512i bytes, std::size_t c) {
  const __m512i shift = _mm512_setr_epi32(0, 0, 2, 2, 4, 4, 6, 6, 0, 0, 2, 2, 4, 4, 6, 6);
  return _mm512_srlv_epi32(_mm512_permutexvar_epi8(load_512(two_bits_combs[c].at), bytes), shift);
}

// All combs, of integers that are two bits.
LAMINA_INLINE void combs_of_two_bits(const std::byte* q, __m512i (&v)[4]) {
  const __m512i bytes = load_once(q), three = _mm512_set1_epi8(3);
#pragma GCC unroll 4
  for (std::size_t c = 0; c < 4; ++c) v[c] = _mm512_and_si512(two_bits_comb(bytes, c), three);
}

template <>
struct Combs<quant::Q2_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q2_K::Block), scales = 16;
  static constexpr int centre = 0;

  const std::byte* block;
  __m512 scale, minimum;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const __m512i both = _mm512_cvtepu8_epi32(native::load_128(chunk));
    const __m512 d = _mm512_castps128_ps512(_mm_xor_ps(four_halves(chunk + 76), _mm_setr_ps(0.0f, 0.0f, 0.0f, -0.0f)));
    const __m512 d_least = _mm512_permutexvar_ps(_mm512_set1_epi32(3), d);
    scale = _mm512_mul_ps(_mm512_permutexvar_ps(_mm512_set1_epi32(2), d),
                          _mm512_cvtepi32_ps(_mm512_and_si512(both, _mm512_set1_epi32(15))));
    minimum = _mm512_mul_ps(d_least, _mm512_cvtepi32_ps(_mm512_srli_epi32(both, 4)));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const { combs_of_two_bits(block + 16, v); }
};

// The third bit of group g of Q3_K is bit g of 32 bytes.
inline constexpr auto third_bit_combs =
    comb_indices([](std::size_t q, std::size_t b, std::size_t c) { return 16 * (q % 2) + 4 * b + c; });
// Scale j of Q3_K: four bits of byte 2 + j mod 8, and two of byte 10 + j mod 4.
inline constexpr ByteIndex q3_k_scale_bytes =
    comb_index([](std::size_t q, std::size_t b, std::size_t) { return b == 0 ? 2 + q % 8 : 10 + q % 4; });

template <>
struct Combs<quant::Q3_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q3_K::Block), scales = 16;
  static constexpr int centre = 4;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const __m512i packed = _mm512_castsi128_si512(native::load_128(chunk + 94));
    const __m512i each = _mm512_permutexvar_epi8(load_512(q3_k_scale_bytes.at), packed);
    const __m512i four = _mm512_srlv_epi32(each, _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4));
    const __m512i two = _mm512_srlv_epi32(each, _mm512_setr_epi32(4, 4, 4, 4, 6, 6, 6, 6, 8, 8, 8, 8, 10, 10, 10, 10));
    const __m512i six = _mm512_and_si512(select_bits(_mm512_set1_epi32(15), four, two), _mm512_set1_epi32(63));
    scale = _mm512_mul_ps(broadcast_half_before(chunk + 110),
                          _mm512_cvtepi32_ps(_mm512_sub_epi32(six, _mm512_set1_epi32(32))));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i q = load_once(block + 32);
    const __m512i bits = _mm512_castsi256_si512(native::load_256(block));
    // Bit g comes to bit 2.
    const __m512i turn = _mm512_setr_epi32(2, 2, 1, 1, 0, 0, 31, 31, 30, 30, 29, 29, 28, 28, 27, 27);
#pragma GCC unroll 4
    for (std::size_t c = 0; c < 4; ++c) {
      const __m512i third = _mm512_permutexvar_epi8(load_512(third_bit_combs[c].at), bits);
      const __m512i all = select_bits(_mm512_set1_epi8(3), two_bits_comb(q, c), _mm512_rolv_epi32(third, turn));
      v[c] = _mm512_and_si512(all, _mm512_set1_epi8(7));
    }
  }
};

// Of the low bytes of Q6_K, 64 at a time, in the order of two vectors: dword 4 c + 2 n + s is comb c of half s of the
// 32 bytes n.
inline constexpr ByteIndex q6_k_dwords = [] {
  ByteIndex out{};
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t dword = i / 4, n = dword / 2 % 2, s = dword % 2;
    out.at[i] = static_cast<std::uint8_t>(32 * n + 16 * s + 4 * (i % 4) + dword / 4);
  }
  return out;
}();

template <>
struct Combs<quant::Q6_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q6_K::Block), scales = 16;
  static constexpr int centre = 32;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk)
      : block(chunk),
        scale(_mm512_mul_ps(broadcast_half_before(chunk + 210),
                            _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(native::load_128(chunk + 192))))) {}
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i at = load_512(q6_k_dwords.at);
    const __m512i lower = _mm512_permutexvar_epi8(at, load_512(block));
    const __m512i upper = _mm512_permutexvar_epi8(at, load_512(block + 64));
    const __m512i qh = load_once(block + 128);
    const __m512i nibble = _mm512_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4);
    const __m512i turn = _mm512_setr_epi32(4, 4, 2, 2, 0, 0, 30, 30, 4, 4, 2, 2, 0, 0, 30, 30);
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3, 16, 17, 18, 19, 16, 17, 18, 19);
#pragma GCC unroll 4
    for (std::size_t c = 0; c < 4; ++c) {
      const __m512i dwords = _mm512_add_epi32(first, _mm512_set1_epi32(static_cast<int>(4 * c)));
      const __m512i low = _mm512_srlv_epi32(_mm512_permutex2var_epi32(lower, dwords, upper), nibble);
      const __m512i high = _mm512_rolv_epi32(_mm512_permutexvar_epi8(load_512(two_bits_combs[c].at), qh), turn);
      v[c] = _mm512_and_si512(select_bits(_mm512_set1_epi8(15), low, high), _mm512_set1_epi8(63));
    }
  }
};

template <>
struct Combs<quant::TQ2_0> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::TQ2_0::Block), scales = 8;
  static constexpr int centre = 1;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk), scale(broadcast_half_before(chunk + 66)) {}
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const { combs_of_two_bits(block, v); }
};

// Bytes of four weights, two bits each.
LAMINA_INLINE void combs_of_fours(__m512i fours, __m512i (&v)[4]) {
  const __m512i three = _mm512_set1_epi8(3);
  v[0] = _mm512_and_si512(fours, three);
  v[1] = _mm512_and_si512(_mm512_srli_epi32(fours, 2), three);
  v[2] = _mm512_and_si512(_mm512_srli_epi32(fours, 4), three);
  v[3] = _mm512_and_si512(_mm512_srli_epi32(fours, 6), three);
}
// The binary16 that are words at_0 … at_3 of a vector, each in four lanes.
LAMINA_INLINE __m512 four_lanes_each(__m512i words, short at_0, short at_1, short at_2, short at_3) {
  const __m256i at =
      _mm256_setr_epi16(at_0, at_0, at_0, at_0, at_1, at_1, at_1, at_1, at_2, at_2, at_2, at_2, at_3, at_3, at_3, at_3);
  return _mm512_cvtph_ps(_mm512_castsi512_si256(_mm512_permutexvar_epi16(_mm512_castsi256_si512(at), words)));
}

// Three blocks of 18 bytes lie in one vector; the fourth is inserted.
inline constexpr ByteIndex q2_0_fours =
    comb_index([](std::size_t q, std::size_t b, std::size_t) { return 18 * (q / 4) + 2 + 4 * (q % 4) + b; });

template <>
struct Combs<quant::Q2_0> {
  static constexpr std::size_t chunk_bytes = 4 * sizeof(quant::Q2_0::Block), scales = 8;
  static constexpr int centre = 1;

  const std::byte* blocks;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk)
      : blocks(chunk), scale(four_lanes_each(load_512(chunk), 0, 9, 18, 27)) {}
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i three_blocks = _mm512_permutexvar_epi8(load_512(q2_0_fours.at), load_512(blocks));
    combs_of_fours(_mm512_inserti32x4(three_blocks, native::load_128(blocks + 56), 3), v);
  }
};

template <>
struct Combs<quant::Q1_0> {
  static constexpr std::size_t chunk_bytes = 2 * sizeof(quant::Q1_0::Block), scales = 8;
  static constexpr int centre = 1;

  const std::byte* blocks;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk)
      : blocks(chunk), scale(four_lanes_each(_mm512_castsi256_si512(native::load_256(chunk)), 0, 0, 9, 9)) {}
  // Each byte becomes two of four weights: comb c has their bits c. A bit counts two.
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m256i bits =
        _mm256_inserti128_si256(_mm256_castsi128_si256(native::load_128(blocks + 2)), native::load_128(blocks + 20), 1);
    const __m512i wide = _mm512_cvtepu8_epi16(bits), two = _mm512_set1_epi8(2);
    const __m512i fours = _mm512_or_si512(wide, _mm512_slli_epi16(wide, 4));
    v[0] = _mm512_and_si512(_mm512_add_epi8(fours, fours), two);
    v[1] = _mm512_and_si512(fours, two);
    v[2] = _mm512_and_si512(_mm512_srli_epi16(fours, 1), two);
    v[3] = _mm512_and_si512(_mm512_srli_epi16(fours, 2), two);
  }
};

// Eight bytes are a half group: eight low nibbles, then eight high ones. The same for two blocks and the other two.
inline constexpr auto nvfp4_combs =
    comb_indices([](std::size_t q, std::size_t b, std::size_t c) { return 8 * (q % 8) + 4 * (b % 2) + c; });

template <>
struct Combs<quant::NVFP4> {
  static constexpr std::size_t chunk_bytes = 4 * sizeof(quant::NVFP4::Block), scales = 16;
  static constexpr int centre = 16;

  const std::byte* blocks;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : blocks(chunk) {
    const __m512i four_each = _mm512_permutex2var_epi32(
        load_512(chunk), _mm512_setr_epi32(0, 9, 16, 25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), load_512(chunk + 72));
    // Exponent and fraction of E4M3 are those of a binary16 that is 2^8 too small, and levels are doubled.
    const __m128i codes = _mm512_castsi512_si128(four_each);
    const __m256i bits = _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_and_si128(codes, _mm_set1_epi8(127))), 7);
    const __mmask16 number = _mm_cmpneq_epi8_mask(codes, _mm_set1_epi8(127));
    scale = _mm512_maskz_mul_ps(number, _mm512_cvtph_ps(bits), _mm512_set1_ps(128));
  }
  LAMINA_INLINE static __m512i two_blocks(const std::byte* p) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(native::load_256(p + 4)), native::load_256(p + 40), 1);
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i a = two_blocks(blocks), b = two_blocks(blocks + 72);
#pragma GCC unroll 4
    for (std::size_t c = 0; c < 4; ++c) {
      const __m512i at = load_512(nvfp4_combs[c].at);
      const __m512i bytes = _mm512_mask_permutexvar_epi8(_mm512_permutexvar_epi8(at, a), 0xffffffff00000000ull, at, b);
      const __m512i nibbles = _mm512_srlv_epi16(bytes, _mm512_set1_epi32(4 << 16));
      v[c] = raised_levels<centre>(fp4_levels, nibbles_low(nibbles));
    }
  }
};

// What a byte of TQ1_0 holds: its first four digits at bits 0, 2, 4 and 6, and the fifth.
struct alignas(64) TernaryDigits {
  std::uint8_t four[256], fifth[256];
};
inline constexpr TernaryDigits ternary_digits = [] {
  TernaryDigits out{};
  for (int byte = 0; byte < 256; ++byte) {
    const auto b = static_cast<std::uint8_t>(byte);
    for (int n = 0; n < 4; ++n) out.four[byte] |= static_cast<std::uint8_t>(quant::TQ1_0::digit(b, n) << 2 * n);
    out.fifth[byte] = static_cast<std::uint8_t>(quant::TQ1_0::digit(b, 4));
  }
  return out;
}();
// Groups 0 … 4 are the digits of bytes 0 … 31, half groups 10 … 14 those of bytes 32 … 47, and each four weights of the
// last a digit of bytes 48 … 51, which vectors() spreads to where no byte has a fifth digit.
inline constexpr auto tq1_0_combs = comb_indices([](std::size_t q, std::size_t b, std::size_t c) {
  return (q < 10 ? 16 * (q % 2) : q < 15 ? 32 : 48) + 4 * b + c;
});

template <>
struct Combs<quant::TQ1_0> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::TQ1_0::Block), scales = 8;
  static constexpr int centre = 1;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk), scale(broadcast_half_before(chunk + 54)) {}
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i bytes = _mm512_maskz_loadu_epi8((1ull << 52) - 1, block);
    const FourParts parts(bytes);
    const __m512i four = look_up(ternary_digits.four, bytes, parts.part);
    // Bits 2 b of bytes 48 … 51 as bytes 48 + 4 b …
    const __m512i spread =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 8, 16, 24, 2, 10, 18, 26, 4, 12, 20, 28, 6, 14, 22, 30));
    const __m512i fifth =
        _mm512_mask_multishift_epi64_epi8(look_up(ternary_digits.fifth, bytes, parts.part), 0xffffull << 48, spread,
                                          _mm512_shuffle_epi32(four, _MM_PERM_AAAA));
    const __m512i shift = _mm512_setr_epi32(0, 0, 2, 2, 4, 4, 6, 6, 0, 0, 0, 2, 4, 6, 0, 0),
                  three = _mm512_set1_epi8(3);
    // Half groups 8, 9, 14 and 15 are fifth digits.
    constexpr __mmask64 fifths = 0xff0000ff00000000ull;
#pragma GCC unroll 4
    for (std::size_t c = 0; c < 4; ++c) {
      const __m512i at = load_512(tq1_0_combs[c].at);
      const __m512i q = _mm512_srlv_epi32(_mm512_permutexvar_epi8(at, four), shift);
      v[c] = _mm512_and_si512(_mm512_mask_permutexvar_epi8(q, fifths, at, fifth), three);
    }
  }
};
