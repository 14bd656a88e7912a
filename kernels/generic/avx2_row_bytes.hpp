// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Weights as VPMADDUBSW takes them, for decode on AVX2: RowBytes<Format>(chunk) has the scales and minima of Unpack
// (unpack.hpp), and group(j) gives the 32 integers of group j as unsigned bytes, at most `most`, in the order of the
// row. Formats without one are multiplied as words, which is as fast where a load widens the weights (Q4_0, Q4_K,
// Q8_0), and where integers are signed and large (IQ4_NL).

template <class Format>
struct RowBytes;
template <class Format>
inline constexpr bool has_row_bytes = requires {
  sizeof(RowBytes<Format>);
};

// The low nibbles of 16 bytes, then their high ones.
LAMINA_INLINE __m256i nibbles_in_order(const std::byte* p) {
  const __m256i twice = _mm256_broadcastsi128_si256(native::load_128(p));
  const __m256i shifted = _mm256_srlv_epi32(twice, _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4));
  return _mm256_and_si256(shifted, _mm256_set1_epi8(15));
}
LAMINA_INLINE __m256i load_256(const std::byte* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
// Byte i of the result = table[byte i of `at`], which is within 0 … 15.
template <class T>
LAMINA_INLINE __m256i look_up(const T (&table)[16], __m256i at) {
  static_assert(sizeof(T) == 1);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(native::load_128(reinterpret_cast<const std::byte*>(table))),
                             at);
}
// `value` in the bytes whose bit is set.
LAMINA_INLINE __m256i where_bits(std::uint32_t bits, char value) {
  u8x32 mask = bytes_of_bits(bits);
  return _mm256_and_si256(native::raw(mask.v[0]), _mm256_set1_epi8(value));
}
// Byte i's four codes of two bits, the lowest first → bytes 4i … 4i + 3.
LAMINA_INLINE __m256i codes_of_two_bits(std::uint64_t packed) {
  const __m256i four_times = _mm256_shuffle_epi8(
      _mm256_set1_epi64x(static_cast<long long>(packed)),
      _mm256_setr_epi32(0, 0x01010101, 0x02020202, 0x03030303, 0x04040404, 0x05050505, 0x06060606, 0x07070707));
  // The lower two want bits 0 … 3, the upper ones bits 4 … 7; of each pair the first 0 and 1, the second 2 and 3.
  const __m256i nibbles = _mm256_blend_epi16(four_times, _mm256_srli_epi16(four_times, 4), 0xaa);
  static constexpr std::uint8_t code[16] = {0, 1, 2, 3, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
  return look_up(code, _mm256_and_si256(nibbles, _mm256_set1_epi16(0x0c03)));
}

// Bits `mask` of each byte after a shift by `left` (right where it is negative), which is known once inlined.
LAMINA_INLINE __m256i bits_at(__m256i a, int left, char mask) {
  const __m256i shifted = left == 0 ? a : left > 0 ? _mm256_slli_epi16(a, left) : _mm256_srli_epi16(a, -left);
  return _mm256_and_si256(shifted, _mm256_set1_epi8(mask));
}

template <>
struct RowBytes<quant::Q5_0> : Unpack<quant::Q5_0> {
  static constexpr int most = 31;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const std::byte* b = blocks + 22 * j;
    return _mm256_or_si256(nibbles_in_order(b + 6), where_bits(load_u32(b + 2), 16));
  }
};
template <>
struct RowBytes<quant::Q5_1> : Unpack<quant::Q5_1> {
  static constexpr int most = 31;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const std::byte* b = blocks + 24 * j;
    return _mm256_or_si256(nibbles_in_order(b + 8), where_bits(load_u32(b + 4), 16));
  }
};
template <>
struct RowBytes<quant::Q1_0> : Unpack<quant::Q1_0> {
  static constexpr int most = 2;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return where_bits(load_u32(blocks + 2 + 18 * (j / 4) + 4 * (j % 4)), 2);
  }
};

template <>
struct RowBytes<quant::Q5_K> : Unpack<quant::Q5_K> {
  static constexpr int most = 31;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const __m256i nibbles = bits_at(load_256(block + 48 + 32 * (j / 2)), j % 2 == 0 ? 0 : -4, 15);
    return _mm256_or_si256(nibbles, bits_at(native::raw(fifth.v[0]), 4 - static_cast<int>(j), 16));
  }
};
template <>
struct RowBytes<quant::Q6_K> : Unpack<quant::Q6_K> {
  static constexpr int most = 63;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const std::byte* ql = block + 64 * (j / 4) + 32 * (j % 2);
    const __m256i nibbles = bits_at(load_256(ql), j % 4 < 2 ? 0 : -4, 15);
    return _mm256_or_si256(nibbles, bits_at(load_256(block + 128 + 32 * (j / 4)), 4 - 2 * static_cast<int>(j % 4), 48));
  }
};
template <>
struct RowBytes<quant::Q2_K> : Unpack<quant::Q2_K> {
  static constexpr int most = 3;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return bits_at(load_256(block + 16 + 32 * (j / 4)), -2 * static_cast<int>(j % 4), 3);
  }
};
template <>
struct RowBytes<quant::Q3_K> : Unpack<quant::Q3_K> {
  static constexpr int most = 7;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const __m256i two = bits_at(load_256(block + 32 + 32 * (j / 4)), -2 * static_cast<int>(j % 4), 3);
    return _mm256_or_si256(two, bits_at(native::raw(third.v[0]), 2 - static_cast<int>(j), 4));
  }
};
template <>
struct RowBytes<quant::TQ2_0> : Unpack<quant::TQ2_0> {
  static constexpr int most = 3;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : Unpack(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return bits_at(load_256(block + 32 * (j / 4)), -2 * static_cast<int>(j % 4), 3);
  }
};

// Levels of four-bit floats, doubled, with 12 added.
inline constexpr std::uint8_t fp4_unsigned[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

template <>
struct RowBytes<quant::MXFP4> {
  static constexpr std::size_t chunk_bytes = Unpack<quant::MXFP4>::chunk_bytes, scales = 8;
  static constexpr bool has_minimum = true;
  static constexpr int most = 24;
  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : blocks(chunk) {
    std::uint64_t exponents = 0;
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) exponents |= static_cast<std::uint64_t>(chunk[17 * j]) << 8 * j;
    scale[0] = f32x8{{native::Fh{powers(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(exponents))))}}};
    minimum[0] = mul(scale[0], broadcast<f32x8>(-12.0f));
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return look_up(fp4_unsigned, nibbles_in_order(blocks + 17 * j + 1));
  }

 private:
  // 2^(e − 128), infinite where mxfp4_scales() is; the two smallest are denormal.
  LAMINA_INLINE static __m256 powers(__m256i e) {
    const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
    const __m256i denormal = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), e);
    const __m256i bits = _mm256_blendv_epi8(normal, denormal, _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e));
    const __m256i infinity = _mm256_set1_epi32(0x7f800000);
    return _mm256_castsi256_ps(_mm256_blendv_epi8(bits, infinity, _mm256_cmpgt_epi32(e, _mm256_set1_epi32(252))));
  }
};

template <>
struct RowBytes<quant::NVFP4> {
  static constexpr std::size_t chunk_bytes = Unpack<quant::NVFP4>::chunk_bytes, scales = 16;
  static constexpr bool has_minimum = true;
  static constexpr int most = 24;
  const std::byte* blocks;
  f32x8 scale[2];
  f32x8 minimum[2];

  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : blocks(chunk) {
    __m128i codes = _mm_cvtsi32_si128(static_cast<int>(load_u32(chunk)));
    codes = _mm_insert_epi32(codes, static_cast<int>(load_u32(chunk + 36)), 1);
    codes = _mm_insert_epi32(codes, static_cast<int>(load_u32(chunk + 72)), 2);
    codes = _mm_insert_epi32(codes, static_cast<int>(load_u32(chunk + 108)), 3);
    const __m128i seven = _mm_set1_epi8(0x7f);
    const __m128i kept = _mm_andnot_si128(_mm_cmpeq_epi8(codes, seven), _mm_and_si128(codes, seven));
    // As binary16 (see nvfp4_halves in unpack_levels.hpp): a byte above another is 256 times as large.
    const __m128i zero = _mm_setzero_si128();
    const __m128i halves[2] = {_mm_srli_epi16(_mm_unpacklo_epi8(zero, kept), 1),
                               _mm_srli_epi16(_mm_unpackhi_epi8(zero, kept), 1)};
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      scale[i] = mul(f32x8{{native::Fh{_mm256_cvtph_ps(halves[i])}}}, broadcast<f32x8>(128.0f));
      minimum[i] = mul(scale[i], broadcast<f32x8>(-12.0f));
    }
  }
  // Eight bytes are 16 weights, the low nibbles first.
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const __m256i twice = _mm256_broadcastsi128_si256(native::load_128(blocks + 36 * (j / 2) + 4 + 16 * (j % 2)));
    const __m256i each = _mm256_shuffle_epi8(
        twice, _mm256_setr_epi64x(0x0706050403020100, 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x0f0e0d0c0b0a0908));
    const __m256i shifted = _mm256_srlv_epi64(each, _mm256_setr_epi64x(0, 4, 0, 4));
    return look_up(fp4_unsigned, _mm256_and_si256(shifted, _mm256_set1_epi8(15)));
  }
};

// Of an integer format whose codes are 0 … 2 or 0 … 3 and whose centre is 1.
template <class Format>
struct RowsAboutOne : Unpack<Format> {
  static constexpr bool has_minimum = true;
  static constexpr int most = 3;
  f32x8 minimum[1];
  LAMINA_INLINE explicit RowsAboutOne(const std::byte* chunk)
      : Unpack<Format>(chunk), minimum{mul(this->scale[0], broadcast<f32x8>(-1.0f))} {}
};
template <>
struct RowBytes<quant::Q2_0> : RowsAboutOne<quant::Q2_0> {
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : RowsAboutOne(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return codes_of_two_bits(load_u64(blocks + 18 * (j / 2) + 2 + 8 * (j % 2)));
  }
};
template <>
struct RowBytes<quant::TQ1_0> : RowsAboutOne<quant::TQ1_0> {
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : RowsAboutOne(chunk) {}
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const u8x32 signed_digits = Unpack<quant::TQ1_0>::group(j);
    return _mm256_add_epi8(native::raw(signed_digits.v[0]), _mm256_set1_epi8(1));
  }
};
