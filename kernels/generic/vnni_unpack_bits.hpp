// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes (see vnni_unpack.hpp) of formats whose integers are put together from bits: Q5_0, Q5_1, Q1_0, Q2_K, Q3_K,
// TQ2_0.

inline constexpr ByteIndex q5_0_quants = quants_of_four(22, 6, 24), q5_1_quants = quants_of_four(24, 8, 32);

// 16-bit words at four places as one mask of 64 bytes.
LAMINA_INLINE __mmask64 mask_at(const std::byte* p, std::size_t stride) {
  return load_u16(p) | static_cast<std::uint64_t>(load_u16(p + stride)) << 16 |
         static_cast<std::uint64_t>(load_u16(p + 2 * stride)) << 32 |
         static_cast<std::uint64_t>(load_u16(p + 3 * stride)) << 48;
}
LAMINA_INLINE __m512i add_where(__mmask64 mask, __m512i q, char value) {
  return _mm512_mask_add_epi8(q, mask, q, _mm512_set1_epi8(value));
}

template <>
struct Bytes<quant::Q5_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q5_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 16;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : blocks(chunk), scale{halves_at(chunk, 22)} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* p = blocks + 88 * h;
    const __m512i q = _mm512_permutex2var_epi8(load_512(p), load_512(q5_0_quants.at), load_512(p + 24));
    first = add_where(mask_at(p + 2, 22), nibbles_low(q), 16);
    second = add_where(mask_at(p + 4, 22), nibbles_high(q), 16);
  }
};

template <>
struct Bytes<quant::Q5_1> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q5_1::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 0;
  static constexpr bool has_minimum = true;

  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : blocks(chunk), scale{halves_at(chunk, 24)}, minimum{halves_at(chunk + 2, 24)} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* p = blocks + 96 * h;
    const __m512i q = _mm512_permutex2var_epi8(load_512(p), load_512(q5_1_quants.at), load_512(p + 32));
    first = add_where(mask_at(p + 4, 24), nibbles_low(q), 16);
    second = add_where(mask_at(p + 6, 24), nibbles_high(q), 16);
  }
};

template <>
struct Bytes<quant::Q1_0> {
  static constexpr std::size_t chunk_bytes = 2 * sizeof(quant::Q1_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 1;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : blocks(chunk) {
    const __m256 lower = native::raw(native::broadcast_f16(chunk)),
                 upper = native::raw(native::broadcast_f16(chunk + 18));
    scale[0] = f32x8{{native::Fh{_mm256_blend_ps(lower, upper, 0xf0)}}};
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const std::byte* q = blocks + 18 * h + 2;
    first = _mm512_maskz_set1_epi8(mask_at(q, 4), 2);
    second = _mm512_maskz_set1_epi8(mask_at(q + 2, 4), 2);
  }
};

// 16 bytes that hold four groups, two bits each: group k in 128-bit lane k.
LAMINA_INLINE __m512i two_bits_of_four(const std::byte* p) {
  const __m512i shift = _mm512_setr_epi64(0, 0, 2, 2, 4, 4, 6, 6);
  const __m512i each = _mm512_srlv_epi64(_mm512_broadcast_i32x4(native::load_128(p)), shift);
  return _mm512_and_si512(each, _mm512_set1_epi8(3));
}

template <>
struct Bytes<quant::Q2_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q2_K::Block);
  static constexpr std::size_t scales = 16;
  static constexpr int centre = 0;
  static constexpr bool has_minimum = true;

  const std::byte* block;
  f32x8 scale[2];
  f32x8 minimum[2];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : block(chunk) {
    const Unpack<quant::Q2_K> same(chunk);
    scale[0] = same.scale[0];
    scale[1] = same.scale[1];
    minimum[0] = same.minimum[0];
    minimum[1] = same.minimum[1];
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    first = two_bits_of_four(block + 16 + 32 * h);
    second = two_bits_of_four(block + 32 + 32 * h);
  }
};

template <>
struct Bytes<quant::Q3_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q3_K::Block);
  static constexpr std::size_t scales = 16;
  static constexpr int centre = 4;
  static constexpr bool has_minimum = false;

  const std::byte* block;
  f32x8 scale[2];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : block(chunk) {
    const f32x8 d = broadcast_f16(chunk + 108), middle = broadcast<f32x8>(32.0f);
    scale[0] = mul(d, sub(unsigned_bytes(q3_k_scales(chunk + 96, 0)), middle));
    scale[1] = mul(d, sub(unsigned_bytes(q3_k_scales(chunk + 96, 1)), middle));
  }
  // bit 4 h + k of a byte of hmask belongs to group k, lane k
  LAMINA_INLINE static __mmask64 third(const std::byte* p, std::size_t h) {
    const __m512i bits =
        _mm512_setr_epi64(0x0101010101010101, 0x0101010101010101, 0x0202020202020202, 0x0202020202020202,
                          0x0404040404040404, 0x0404040404040404, 0x0808080808080808, 0x0808080808080808);
    const __m512i each = _mm512_broadcast_i32x4(native::load_128(p));
    return h == 0 ? _mm512_test_epi8_mask(each, bits) : _mm512_test_epi8_mask(each, _mm512_slli_epi64(bits, 4));
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    first = add_where(third(block, h), two_bits_of_four(block + 32 + 32 * h), 4);
    second = add_where(third(block + 16, h), two_bits_of_four(block + 48 + 32 * h), 4);
  }
};

template <>
struct Bytes<quant::TQ2_0> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::TQ2_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 1;
  static constexpr bool has_minimum = false;

  const std::byte* block;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : block(chunk), scale{broadcast_f16(chunk + 64)} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    first = two_bits_of_four(block + 32 * h);
    second = two_bits_of_four(block + 16 + 32 * h);
  }
};
