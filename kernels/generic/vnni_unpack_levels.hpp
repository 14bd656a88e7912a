// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes (see vnni_unpack.hpp) of formats whose four bits name one of sixteen levels, IQ4_NL, IQ4_XS and MXFP4.
// Levels are `centre` too high, so that they are not negative.

inline constexpr ByteIndex mxfp4_quants = quants_of_three(17, 1);
// The exponents of four blocks as the highest bytes of four lanes, twice.
inline constexpr ByteIndex mxfp4_exponents = [] {
  ByteIndex out{};
  for (std::size_t i = 0; i < 8; ++i) out.at[4 * i + 3] = static_cast<std::uint8_t>(17 * (i % 4));
  return out;
}();

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
  __m512i from[2];
  f32x8 scale[1];

  // What mxfp4_scales computes, in vectors, but for e = 0, which makes 0 of 2^-128.
  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : blocks(chunk), from{load_once(chunk), load_once(chunk + 68)} {
    const __m512i at = load_512(mxfp4_exponents.at);
    const __m512i lower = _mm512_maskz_permutexvar_epi8(0x8888, at, from[0]);
    const __m256i e = _mm512_castsi512_si256(_mm512_mask_permutexvar_epi8(lower, 0x88880000, at, from[1]));
    const __m256 value =
        _mm256_mul_ps(_mm256_castsi256_ps(_mm256_srli_epi32(e, 1)), _mm256_set1_ps(0.5f));  // 2^(e − 128)
    const __mmask8 infinite = _mm256_cmpgt_epu32_mask(e, _mm256_set1_epi32(252 << 24));
    scale[0] = f32x8{{native::Fh{_mm256_mask_mov_ps(value, infinite, _mm256_set1_ps(__builtin_inff()))}}};
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i q = join_quants(mxfp4_quants, from[h], blocks + 68 * h + 52);
    first = raised_levels<centre>(fp4_levels, nibbles_low(q));
    second = raised_levels<centre>(fp4_levels, nibbles_high(q));
  }
};
