// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How each format of small integers becomes bytes, for targets with AVX-512 VNNI and VBMI. A chunk is 256 weights, read
// as two halves of 128: half(h) gives the unsigned integers of groups 4h … 4h+3 as two vectors in quad order, the first
// halves of the four groups, then their second halves. weight = scale · integer + minimum, one scale a group, or one
// per half group; formats without a minimum of their own have one for `centre`: minimum = −centre · scale. Each vector
// costs about two instructions, so that one core unpacks faster than memory delivers.

// Weights −128 … 127 or integers 0 … 255, and what two of four products at a time come to. VPDPBUSD multiplies unsigned
// bytes of `u` with signed ones of `s` and adds four neighbours to a lane of `acc`, exactly. In assembly because
// Highway 1.0.3 does not name avx512vnni among the features of its target, so that the intrinsic would be refused.
LAMINA_INLINE __m512i add_dot4(__m512i acc, __m512i u, __m512i s) {
  asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(u), "vm"(s));
  return acc;
}

LAMINA_INLINE __m512i load_512(const void* p) { return _mm512_loadu_si512(p); }
// The same, once: compilers fold a load into each instruction that uses it, and an unaligned load costs two.
LAMINA_INLINE __m512i load_once(const void* p) {
  __m512i v = load_512(p);
  asm("" : "+v"(v));
  return v;
}
LAMINA_INLINE __m512i nibbles_low(__m512i q) { return _mm512_and_si512(q, _mm512_set1_epi8(15)); }
LAMINA_INLINE __m512i nibbles_high(__m512i q) { return nibbles_low(_mm512_srli_epi16(q, 4)); }
LAMINA_INLINE f32x8 floats_of_halves(__m128i halves) { return f32x8{{native::Fh{_mm256_cvtph_ps(halves)}}}; }
// [a b c d], [e f g h] of 128 bits each → [a c e g] and [b d f h]
LAMINA_INLINE void even_odd(__m512i abcd, __m512i efgh, __m512i& even, __m512i& odd) {
  even = _mm512_shuffle_i64x2(abcd, efgh, 0x88);
  odd = _mm512_shuffle_i64x2(abcd, efgh, 0xdd);
}

struct alignas(64) ByteIndex {
  std::uint8_t at[64];
};
// Index of the 16 bytes of quants of three blocks, the first of which lies `first` bytes into a vector.
constexpr ByteIndex quants_of_three(std::size_t block_bytes, std::size_t first) {
  ByteIndex out{};
  for (std::size_t i = 0; i < 48; ++i) out.at[i] = static_cast<std::uint8_t>(block_bytes * (i / 16) + first + i % 16);
  return out;
}
// Those of four blocks: three out of a vector, by one permute, and the last from where it lies.
LAMINA_INLINE __m512i join_quants(const ByteIndex& three, __m512i from, const std::byte* last) {
  return _mm512_inserti32x4(_mm512_permutexvar_epi8(load_512(three.at), from), native::load_128(last), 3);
}
// Eight binary16: words at_0 … at_3 of two vectors.
LAMINA_INLINE f32x8 halves_of_two(__m512i a, __m512i b, short at_0, short at_1, short at_2, short at_3) {
  const __m512i at = _mm512_castsi128_si512(_mm_setr_epi16(at_0, at_1, at_2, at_3, at_0, at_1, at_2, at_3));
  const __m512i words = _mm512_mask_permutexvar_epi16(_mm512_permutexvar_epi16(at, a), 0xf0, at, b);
  return floats_of_halves(_mm512_castsi512_si128(words));
}

template <class Format>
struct Bytes;  // of its own, or of its Groups (vnni_unpack_groups.hpp)

inline constexpr ByteIndex q4_0_quants = quants_of_three(18, 2), q4_1_quants = quants_of_three(20, 4);

template <>
struct Bytes<quant::Q4_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q4_0::Block);
  static constexpr std::size_t scales = 8;  // a chunk
  static constexpr int centre = 8;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  __m512i from[2];
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : blocks(chunk),
        from{load_once(chunk), load_once(chunk + 72)},
        scale{halves_of_two(from[0], from[1], 0, 9, 18, 27)} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i q = join_quants(q4_0_quants, from[h], blocks + 72 * h + 56);
    first = nibbles_low(q);
    second = nibbles_high(q);
  }
};

template <>
struct Bytes<quant::Q4_1> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q4_1::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 0;
  static constexpr bool has_minimum = true;

  const std::byte* blocks;
  __m512i from[2];
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : blocks(chunk),
        from{load_once(chunk), load_once(chunk + 80)},
        scale{halves_of_two(from[0], from[1], 0, 10, 20, 30)},
        minimum{halves_of_two(from[0], from[1], 1, 11, 21, 31)} {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i q = join_quants(q4_1_quants, from[h], blocks + 80 * h + 64);
    first = nibbles_low(q);
    second = nibbles_high(q);
  }
};

template <>
struct Bytes<quant::Q8_0> {
  static constexpr std::size_t chunk_bytes = 8 * sizeof(quant::Q8_0::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 128;
  static constexpr bool has_minimum = false;

  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : blocks(chunk), scale{halves_at(chunk, 34)} {}
  LAMINA_INLINE static __m512i two_blocks(const std::byte* p) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 2));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 36));
    return _mm512_xor_si512(_mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1), _mm512_set1_epi8(-128));
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    even_odd(two_blocks(blocks + 136 * h), two_blocks(blocks + 136 * h + 68), first, second);
  }
};

// From the low nibbles of two pairs of groups, [0 0' 2 2'], and their high ones, [1 1' 3 3'].
LAMINA_INLINE void join_pairs(__m512i low, __m512i high, __m512i& first, __m512i& second) {
  first = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), high);
  second = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), high);
}

// What SuperBlockScales of unpack.hpp computes, in vectors.
struct VectorScales {
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit VectorScales(const std::byte* block) {
    const __m128i head = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));  // d, dmin, words 0, 1, 2
    // Words 0, 2, 1, 2: their low bits are groups 0–3 and 4–7 of the scales, then of the minima.
    const __m128i low = _mm_and_si128(_mm_srlv_epi32(_mm_shuffle_epi32(head, 0xed), _mm_setr_epi32(0, 0, 0, 4)),
                                      _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
    const __m128i top =
        _mm_and_si128(_mm_srli_epi32(_mm_shuffle_epi32(head, 0xa5), 2), _mm_setr_epi32(0, 0x30303030, 0, 0x30303030));
    const __m512 integers = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_or_si128(low, top)));
    const __m128 d = _mm_xor_ps(_mm_cvtph_ps(head), _mm_setr_ps(0.0f, -0.0f, 0.0f, 0.0f));
    const __m512i eight_each = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    const __m512 both = _mm512_mul_ps(integers, _mm512_permutexvar_ps(eight_each, _mm512_castps128_ps512(d)));
    scale[0] = f32x8{{native::Fh{_mm512_castps512_ps256(both)}}};
    minimum[0] = f32x8{{native::Fh{_mm512_extractf32x8_ps(both, 1)}}};
  }
};

template <>
struct Bytes<quant::Q4_K> : VectorScales {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q4_K::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 0;
  static constexpr bool has_minimum = true;

  const std::byte* block;

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : VectorScales(chunk), block(chunk) {}
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i q = load_once(block + 16 + 64 * h);
    join_pairs(nibbles_low(q), nibbles_high(q), first, second);
  }
};

template <>
struct Bytes<quant::Q5_K> : VectorScales {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q5_K::Block);
  static constexpr std::size_t scales = 8;
  static constexpr int centre = 0;
  static constexpr bool has_minimum = true;

  const std::byte* block;
  __m512i fifth;  // the 32 bytes, twice: bit j of a byte is the fifth bit in group j

  LAMINA_INLINE explicit Bytes(const std::byte* chunk)
      : VectorScales(chunk),
        block(chunk),
        fifth(_mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(chunk + 16)))) {}
  // 16 added wherever the bit for the group is set: bit `lower` for the lower 32 bytes, two bits further for the others
  LAMINA_INLINE __m512i add_fifth(__m512i q, std::size_t lower) const {
    const auto a = static_cast<char>(1u << lower), b = static_cast<char>(4u << lower);
    const __m512i bits = _mm512_inserti64x4(_mm512_set1_epi8(a), _mm256_set1_epi8(b), 1);
    return _mm512_mask_add_epi8(q, _mm512_test_epi8_mask(fifth, bits), q, _mm512_set1_epi8(16));
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i q = load_once(block + 48 + 64 * h);
    join_pairs(add_fifth(nibbles_low(q), 4 * h), add_fifth(nibbles_high(q), 4 * h + 1), first, second);
  }
};

// For panels alone, which would only undo what Combs of it do.
template <>
struct Bytes<quant::Q6_K> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::Q6_K::Block);
  static constexpr std::size_t scales = 16;
  static constexpr int centre = 32;
  static constexpr bool has_minimum = false;

  const std::byte* block;
  f32x8 scale[2];

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : block(chunk) {
    const f32x8 d = broadcast_f16(chunk + 208);
    scale[0] = mul(d, signed_bytes(load_u64(chunk + 192)));
    scale[1] = mul(d, signed_bytes(load_u64(chunk + 200)));
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    const __m512i ql = load_once(block + 64 * h);
    const __m512i qh =
        _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + 128 + 32 * h)));
    // two bits for each group, at bits 0, 2, 4 and 6 of qh, have to come to bits 4 and 5
    const __m512i left = _mm512_inserti64x4(_mm512_set1_epi16(4), _mm256_set1_epi16(2), 1);
    const __m512i right = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
    const __m512i two_bits = _mm512_set1_epi8(0x30);
    const __m512i low = _mm512_or_si512(nibbles_low(ql), _mm512_and_si512(_mm512_sllv_epi16(qh, left), two_bits));
    const __m512i high = _mm512_or_si512(nibbles_high(ql), _mm512_and_si512(_mm512_srlv_epi16(qh, right), two_bits));
    even_odd(low, high, first, second);
  }
};
