// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// RowBytes (avx2_row_bytes.hpp) of IQ1 to IQ3. Where a chunk's points lie in their table and what their signs are is
// found in vectors, for all groups at once; what is left for each point is one load from the table.

// Makes the compiler forget what it stored: it would otherwise take indices out of vectors one by one, which is slower
// than to load them.
template <class T, std::size_t N>
LAMINA_INLINE void forget_values(T (&values)[N]) {
  asm("" : "+m"(values));
}
// at[i] = low[i] + 256 · high[i]
LAMINA_INLINE void store_indices(std::uint16_t* at, __m256i low, __m256i high) {
  const __m256i a = _mm256_unpacklo_epi8(low, high), b = _mm256_unpackhi_epi8(low, high);
  auto* out = reinterpret_cast<__m128i*>(at);
  _mm_storeu_si128(out, _mm256_castsi256_si128(a));
  _mm_storeu_si128(out + 1, _mm256_castsi256_si128(b));
  _mm_storeu_si128(out + 2, _mm256_extracti128_si256(a, 1));
  _mm_storeu_si128(out + 3, _mm256_extracti128_si256(b, 1));
}
template <std::size_t N>
LAMINA_INLINE __m256i points_at(const std::array<std::uint64_t, N>& table, const std::uint16_t* at) {
  return _mm256_setr_epi64x(static_cast<long long>(table[at[0]]), static_cast<long long>(table[at[1]]),
                            static_cast<long long>(table[at[2]]), static_cast<long long>(table[at[3]]));
}
// T: an unsigned integer, of 8 bits where the indices are those of the block itself
template <class T, std::size_t N>
LAMINA_INLINE __m256i points_at(const std::array<std::uint32_t, N>& table, const T* at) {
  return _mm256_setr_epi32(static_cast<int>(table[at[0]]), static_cast<int>(table[at[1]]),
                           static_cast<int>(table[at[2]]), static_cast<int>(table[at[3]]),
                           static_cast<int>(table[at[4]]), static_cast<int>(table[at[5]]),
                           static_cast<int>(table[at[6]]), static_cast<int>(table[at[7]]));
}
// bound + the levels, negative where the bit of `signs` is set
LAMINA_INLINE __m256i above_bound(__m256i levels, std::uint32_t signs, char bound) {
  const u8x32 mask = bytes_of_bits(signs);
  const __m256i sign = _mm256_or_si256(native::raw(mask.v[0]), _mm256_set1_epi8(1));
  return _mm256_add_epi8(_mm256_sign_epi8(levels, sign), _mm256_set1_epi8(bound));
}
// Seven bits in each byte, and an eighth that makes the number of bits even.
LAMINA_INLINE __m256i with_parity(__m256i sevens) {
  static constexpr std::uint8_t odd[16] = {0, 128, 128, 0, 128, 0, 0, 128, 128, 0, 0, 128, 0, 128, 128, 0};
  const __m256i low = look_up(odd, bits_at(sevens, 0, 15)), high = look_up(odd, bits_at(sevens, -4, 15));
  return _mm256_or_si256(sevens, _mm256_xor_si256(low, high));
}
// Four times seven bits of each dword → four bytes, as above.
LAMINA_INLINE __m256i even_signs(__m256i packed) {
  const __m256i first = _mm256_and_si256(packed, _mm256_set1_epi32(0x7f));
  const __m256i second = _mm256_and_si256(_mm256_slli_epi32(packed, 1), _mm256_set1_epi32(0x7f00));
  const __m256i third = _mm256_and_si256(_mm256_slli_epi32(packed, 2), _mm256_set1_epi32(0x7f0000));
  const __m256i fourth = _mm256_and_si256(_mm256_slli_epi32(packed, 3), _mm256_set1_epi32(0x7f000000));
  return with_parity(_mm256_or_si256(_mm256_or_si256(first, second), _mm256_or_si256(third, fourth)));
}
// What they have in common: scales as Groups have them, `Bound` added to integers.
template <class Format, int Bound>
struct GridRow {
  static constexpr std::size_t chunk_bytes = Unpack<Format>::chunk_bytes, scales = Groups<Format>::scales;
  static constexpr bool has_minimum = true;
  const std::byte* block;
  f32x8 scale[scales / 8];
  f32x8 minimum[scales / 8];
  alignas(32) std::uint8_t signs[32];

 protected:
  LAMINA_INLINE explicit GridRow(const std::byte* chunk) : block(chunk) {}
  LAMINA_INLINE void set_scales(const f32x8 (&from)[scales / 8]) {
#pragma GCC unroll 2
    for (std::size_t i = 0; i < scales / 8; ++i) {
      scale[i] = from[i];
      minimum[i] = mul(from[i], broadcast<f32x8>(-static_cast<float>(Bound)));
    }
  }
  // d · (2 s + 1), s being the upper four bits of eight dwords
  LAMINA_INLINE void set_scales(float factor, __m256i dwords) {
    const __m256i twice = _mm256_and_si256(_mm256_srli_epi32(dwords, 27), _mm256_set1_epi32(30));
    const __m256 odd = _mm256_cvtepi32_ps(_mm256_or_si256(twice, _mm256_set1_epi32(1)));
    const f32x8 d = mul(broadcast_f16(block), broadcast<f32x8>(factor));
    set_scales({mul(d, f32x8{{native::Fh{odd}}})});
  }
  LAMINA_INLINE void set_signs(__m256i of_points) { _mm256_store_si256(reinterpret_cast<__m256i*>(signs), of_points); }
  LAMINA_INLINE std::uint32_t signs_of(std::size_t j) const {
    std::uint32_t out;
    std::memcpy(&out, signs + 4 * j, sizeof out);
    return out;
  }
  LAMINA_INLINE static const std::uint8_t* bytes(const std::byte* p) {
    return reinterpret_cast<const std::uint8_t*>(p);
  }
};

template <>
struct RowBytes<quant::IQ2_XXS> : GridRow<quant::IQ2_XXS, 43> {
  static constexpr int most = 86;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    // Of each group four indices, then a dword of signs and scale.
    const __m256 a = _mm256_castsi256_ps(load_256(chunk + 2)), b = _mm256_castsi256_ps(load_256(chunk + 34));
    const __m256i mixed = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));  // groups 0 1 4 5, 2 3 6 7
    const __m256i dwords = _mm256_permute4x64_epi64(mixed, 0xd8);
    set_signs(even_signs(dwords));
    set_scales(0.125f, dwords);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    const std::uint8_t* p = bytes(block + 2 + 8 * j);
    const std::uint16_t at[4] = {p[0], p[1], p[2], p[3]};
    return above_bound(points_at(iq2_xxs_bytes, at), signs_of(j), 43);
  }
};
template <>
struct RowBytes<quant::IQ2_XS> : GridRow<quant::IQ2_XS, 43> {
  static constexpr int most = 86;
  alignas(32) std::uint16_t at[32];
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    const __m256i a = load_256(chunk + 2), b = load_256(chunk + 34), nine = _mm256_set1_epi16(511);
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), _mm256_and_si256(a, nine));
    _mm256_store_si256(reinterpret_cast<__m256i*>(at + 16), _mm256_and_si256(b, nine));
    const __m256i sevens = _mm256_packus_epi16(_mm256_srli_epi16(a, 9), _mm256_srli_epi16(b, 9));
    set_signs(with_parity(_mm256_permute4x64_epi64(sevens, 0xd8)));
    f32x8 halves[2];
    half_scales(chunk, chunk + 66, halves);
    set_scales(halves);
    forget_values(at);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return above_bound(points_at(iq2_xs_bytes, at + 4 * j), signs_of(j), 43);
  }
};
template <>
struct RowBytes<quant::IQ2_S> : GridRow<quant::IQ2_S, 43> {
  static constexpr int most = 86;
  alignas(32) std::uint16_t at[32];
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    store_indices(at, load_256(chunk + 2), codes_of_two_bits(load_u64(chunk + 66)));
    f32x8 halves[2];
    half_scales(chunk, chunk + 74, halves);
    set_scales(halves);
    forget_values(at);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return above_bound(points_at(iq2_s_bytes, at + 4 * j), load_u32(block + 34 + 4 * j), 43);
  }
};
template <>
struct RowBytes<quant::IQ3_XXS> : GridRow<quant::IQ3_XXS, 62> {
  static constexpr int most = 124;
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    const __m256i dwords = load_256(chunk + 66);
    set_signs(even_signs(dwords));
    set_scales(0.25f, dwords);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return above_bound(points_at(iq3_xxs_bytes, bytes(block + 2 + 8 * j)), signs_of(j), 62);
  }
};
template <>
struct RowBytes<quant::IQ3_S> : GridRow<quant::IQ3_S, 15> {
  static constexpr int most = 30;
  alignas(32) std::uint16_t at[64];
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    store_indices(at, load_256(chunk + 2), where_bits(load_u32(chunk + 66), 1));
    store_indices(at + 32, load_256(chunk + 34), where_bits(load_u32(chunk + 70), 1));
    set_scales({odd_scales(broadcast_f16(chunk), spread_four_bits(load_u32(chunk + 106)))});
    forget_values(at);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return above_bound(points_at(iq3_s_bytes, at + 8 * j), load_u32(block + 74 + 4 * j), 15);
  }
};

// Levels −8, 0, 8 and 1 more or less; with 9 added.
template <>
struct RowBytes<quant::IQ1_S> : GridRow<quant::IQ1_S, 9> {
  static constexpr int most = 18;
  alignas(32) std::uint16_t at[32];
  alignas(16) std::uint16_t added[8];  // 9 + 1 or 9 − 1
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    const __m128i h = native::load_128(chunk + 34), three = _mm_set1_epi16(7), upper = _mm_set1_epi16(0x700);
    const __m128i first = _mm_or_si128(_mm_and_si128(h, three), _mm_and_si128(_mm_slli_epi16(h, 5), upper));
    const __m128i second =
        _mm_or_si128(_mm_and_si128(_mm_srli_epi16(h, 6), three), _mm_and_si128(_mm_srli_epi16(h, 1), upper));
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi16(first, second)),
                                                 _mm_unpackhi_epi16(first, second), 1);
    store_indices(at, load_256(chunk + 2), high);
    const __m128i minus_two = _mm_slli_epi16(_mm_srai_epi16(h, 15), 1);
    _mm_store_si128(reinterpret_cast<__m128i*>(added), _mm_add_epi16(_mm_set1_epi16(10), minus_two));
    const __m128i s = _mm_and_si128(_mm_srli_epi16(h, 12), three);
    const __m128i odd = _mm_add_epi16(_mm_add_epi16(s, s), _mm_set1_epi16(1));
    const f32x8 d = mul(broadcast_f16(chunk), broadcast<f32x8>(0.125f));
    set_scales({mul(d, f32x8{{native::Fh{_mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(odd))}}})});
    forget_values(at);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    return _mm256_add_epi8(points_at(iq1_bytes, at + 4 * j), _mm256_set1_epi8(static_cast<char>(added[j])));
  }
};
template <>
struct RowBytes<quant::IQ1_M> : GridRow<quant::IQ1_M, 9> {
  static constexpr int most = 18;
  alignas(32) std::uint16_t at[32];
  alignas(32) std::uint8_t added[32];
  LAMINA_INLINE explicit RowBytes(const std::byte* chunk) : GridRow(chunk) {
    const __m256i nibbles = nibbles_in_order(chunk + 32);  // those of even points, then those of odd ones
    const __m128i even = _mm256_castsi256_si128(nibbles), odd = _mm256_extracti128_si256(nibbles, 1);
    const __m256i high =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(even, odd)), _mm_unpackhi_epi8(even, odd), 1);
    store_indices(at, load_256(chunk), _mm256_and_si256(high, _mm256_set1_epi8(7)));
    const __m256i two = bits_at(high, -2, 2);  // where the fourth bit is set
    _mm256_store_si256(reinterpret_cast<__m256i*>(added), _mm256_sub_epi8(_mm256_set1_epi8(10), two));
    const Groups<quant::IQ1_M> scales_of(chunk);
    set_scales(scales_of.scale);
    forget_values(at);
  }
  LAMINA_INLINE __m256i group(std::size_t j) const {
    std::uint32_t four;
    std::memcpy(&four, added + 4 * j, sizeof four);
    const __m256i each =
        _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(four)),
                            _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
    return _mm256_add_epi8(points_at(iq1_bytes, at + 4 * j), each);
  }
};
