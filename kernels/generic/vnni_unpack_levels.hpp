// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes (see vnni_unpack.hpp) of formats whose four bits name one of sixteen levels, IQ4_NL, IQ4_XS, MXFP4 and NVFP4.
// Levels are `centre` too high, so that they are not negative.

inline constexpr ByteIndex mxfp4_quants = quants_of_four(17, 1, 4);

template <int Centre>
LAMINA_INLINE __m512i raised_levels(const std::int8_t (&levels)[16], __m512i at) {
  const __m128i raised = _mm_add_epi8(native::load_128(reinterpret_cast<const std::byte*>(levels)),
                                      _mm_set1_epi8(static_cast<char>(Centre)));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(raised), at);
}

// Blocks as those of Q4_0: d, then 16 bytes.
template <>
struct Bytes<quant::IQ4_NL> : Bytes<quant::Q4_0> {
  static constexpr int centre = 128;

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : Bytes<quant::Q4_0>(chunk) {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    Bytes<quant::Q4_0>::half(h, first, second);
    first = raised_levels<centre>(iq4_levels, first);
    second = raised_levels<centre>(iq4_levels, second);
  }
};

template <>
struct Bytes<quant::IQ4_XS> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ4_XS::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 128;
  static constexpr bool has_minimum = false;

  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : block(chunk), scale{iq4_xs_scales(chunk)} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i q = load_512(block + 8 + 64 * h);
    first = raised_levels<centre>(iq4_levels, nibbles_low(q));
    second = raised_levels<centre>(iq4_levels, nibbles_high(q));
  }
};

template <>
struct Bytes<quant::MXFP4> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::MXFP4::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 16;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[1];

  // What mxfp4_scales computes, in vectors, but for e = 0, which makes 0 of 2^-128.
  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : blocks(chunk) {
    std::uint64_t e = 0;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) e |= static_cast<std::uint64_t>(chunk[17 * i]) << 8 * i;
    const __m256i each = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(e)));
    const __m256 value =
        _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(each, 23)), _mm256_set1_ps(0.5f));  // 2^(e − 128)
    const __mmask8 infinite = _mm256_cmpgt_epi32_mask(each, _mm256_set1_epi32(252));
    scale[0] = f32x8{{native::Fh{_mm256_mask_mov_ps(value, infinite, _mm256_set1_ps(__builtin_inff()))}}};
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* p = blocks + 68 * h;
    const __m512i q = _mm512_permutex2var_epi8(load_512(p), load_512(mxfp4_quants.at), load_512(p + 4));
    first = raised_levels<centre>(fp4_levels, nibbles_low(q));
    second = raised_levels<centre>(fp4_levels, nibbles_high(q));
  }
};

template <>
struct Bytes<quant::NVFP4> {
  static constexpr std::size_t chunk_bytes = 4 * sizeof(quant::NVFP4::Block);
  static constexpr std::size_t scales = 16;
  static constexpr int centre = 16;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[2];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : blocks(chunk) {
    // Exponent and fraction of E4M3 are those of a binary16 that is 2^8 too small, and levels are doubled.
    const __m128i codes =
        _mm_setr_epi32(static_cast<int>(load_u32(chunk)), static_cast<int>(load_u32(chunk + 36)),
                       static_cast<int>(load_u32(chunk + 72)), static_cast<int>(load_u32(chunk + 108)));
    const __m256i bits = _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_and_si128(codes, _mm_set1_epi8(127))), 7);
    const __mmask16 number = _mm_cmpneq_epi8_mask(codes, _mm_set1_epi8(127));
    const __m512 d = _mm512_maskz_mul_ps(number, _mm512_cvtph_ps(bits), _mm512_set1_ps(128));
    scale[0] = f32x8{{native::Fh{_mm512_castps512_ps256(d)}}};
    scale[1] = f32x8{{native::Fh{_mm512_extractf32x8_ps(d, 1)}}};
  }
  // Each eight bytes are 16 weights: the low nibbles, then the high ones.
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* p = blocks + 72 * h;
    const __m512i a = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 4)));
    const __m512i both =
        _mm512_inserti64x4(a, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 40)), 1);  // 8 of 16 weights
    const __m512i shift = _mm512_setr_epi64(0, 4, 0, 4, 0, 4, 0, 4);
    const __m512i even = _mm512_srlv_epi64(_mm512_permutex_epi64(both, 0xa0), shift);  // 0 0 2 2 of each four
    const __m512i odd = _mm512_srlv_epi64(_mm512_permutex_epi64(both, 0xf5), shift);   // 1 1 3 3
    first = raised_levels<centre>(fp4_levels, nibbles_low(even));
    second = raised_levels<centre>(fp4_levels, nibbles_low(odd));
  }
};
