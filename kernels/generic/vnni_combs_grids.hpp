// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Combs (vnni_combs.hpp) of IQ1 to IQ3. Points are found in tables by byte permutes, but for those of IQ1, of which
// there are too many: they are gathered, sixteen at a time. README.md says why.

// Of every four weights `low` has the first and the second, `high` the others: a nibble each, three bits of a digit and
// one for the sign.
struct Nibbles {
  __m512i low, high;
};

// Out of a byte of x, bit i of the result is the parity of the bits that byte 7 − i of `rows` selects.
LAMINA_INLINE __m512i bit_matrix(__m512i x, std::uint64_t rows) {
  __m512i out;
  asm("vgf2p8affineqb $0, %2, %1, %0" : "=v"(out) : "v"(x), "v"(_mm512_set1_epi64(static_cast<long long>(rows))));
  return out;
}
LAMINA_INLINE __m512i bit_matrix_where(__mmask64 where, __m512i otherwise, __m512i x, std::uint64_t rows) {
  asm("vgf2p8affineqb $0, %2, %1, %0%{%3%}"
      : "+v"(otherwise)
      : "v"(x), "v"(_mm512_set1_epi64(static_cast<long long>(rows))), "Yk"(where));
  return otherwise;
}
// The sign bits of two nibbles: bits of x, or of their parity.
constexpr std::uint64_t sign_rows(unsigned first, unsigned second) { return std::uint64_t{first} << 32 | second; }

// Adds signs to nibbles. Each pair of bytes of x has eight signs twice, from bit `Shift` on; of even signs the eighth
// is not there but makes their number even.
template <unsigned Shift, bool Even>
LAMINA_INLINE void add_signs(Nibbles& n, __m512i x) {
  constexpr __mmask64 odd = 0xaaaaaaaaaaaaaaaaull;
  constexpr unsigned last = Even ? 127u << Shift : 128u;
  const __m512i low = bit_matrix_where(odd, bit_matrix(x, sign_rows(1u << Shift, 2u << Shift)), x,
                                       sign_rows(16u << Shift, 32u << Shift));
  const __m512i high =
      bit_matrix_where(odd, bit_matrix(x, sign_rows(4u << Shift, 8u << Shift)), x, sign_rows(64u << Shift, last));
  n.low = _mm512_or_si512(n.low, low);
  n.high = _mm512_or_si512(n.high, high);
}

// Levels of nibbles, `centre` too high, four times.
template <class Grid, int Centre>
constexpr ByteIndex levels_of_nibbles() {
  ByteIndex out{};
  for (int i = 0; i < 64; ++i) {
    const int digit = i & 7, level = digit < Grid::n_digits ? Grid::level(digit) : 0;
    out.at[i] = static_cast<std::uint8_t>(Centre + ((i & 8) != 0 ? -level : level));
  }
  return out;
}
template <class Grid, int Centre>
inline constexpr ByteIndex nibble_levels = levels_of_nibbles<Grid, Centre>();

template <class Grid, int Centre>
LAMINA_INLINE void levels_of(const Nibbles& n, __m512i (&v)[4]) {
  const __m512i levels = load_512(nibble_levels<Grid, Centre>.at);
  v[0] = _mm512_permutexvar_epi8(n.low, levels);
  v[1] = _mm512_permutexvar_epi8(_mm512_srli_epi16(n.low, 4), levels);
  v[2] = _mm512_permutexvar_epi8(n.high, levels);
  v[3] = _mm512_permutexvar_epi8(_mm512_srli_epi16(n.high, 4), levels);
}

// Points of eight digits of two bits, the first four and the others apart.
template <class Grid>
struct alignas(64) FourDigits {
  std::uint8_t low[Grid::n_points], high[Grid::n_points];
};
template <class Grid>
constexpr FourDigits<Grid> four_digits() {
  FourDigits<Grid> out{};
  for (int p = 0; p < Grid::n_points; ++p) {
    for (int i = 0; i < 4; ++i) {
      out.low[p] = static_cast<std::uint8_t>(out.low[p] | Grid::constant_digit(p, i) << 2 * i);
      out.high[p] = static_cast<std::uint8_t>(out.high[p] | Grid::constant_digit(p, 4 + i) << 2 * i);
    }
  }
  return out;
}
template <class Grid>
inline constexpr FourDigits<Grid> four_digits_of = four_digits<Grid>();

// Entries of a table of N · 128 bytes: bytes of `at` are the lower eight bits of an index, bits[i] says where bit 7 + i
// of it is set.
template <std::size_t N>
LAMINA_INLINE __m512i look_up_far(const std::uint8_t* table, __m512i at, const __mmask64* bits) {
  if constexpr (N == 1) {
    return _mm512_permutex2var_epi8(load_512(table), at, load_512(table + 64));
  } else {
    const __m512i lower = look_up_far<N / 2>(table, at, bits), upper = look_up_far<N / 2>(table + 64 * N, at, bits);
    return _mm512_mask_blend_epi8(bits[std::bit_width(N) - 2], lower, upper);
  }
}
// Two points for each lane, each of which `at` and `bits` name twice: bytes of four weights, then nibbles.
template <class Grid>
LAMINA_INLINE Nibbles points_of_eight(__m512i at, const __mmask64* bits) {
  constexpr std::size_t n = Grid::n_points / 128;
  const __m512i low = look_up_far<n>(four_digits_of<Grid>.low, at, bits);
  const __m512i high = look_up_far<n>(four_digits_of<Grid>.high, at, bits);
  const __m512i fours = _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaaull, low, high);
  return {bit_matrix(fours, 0x0102000004080000), bit_matrix(fours, 0x1020000040800000)};
}

// 2 s + 1 in lanes whose low four bits are s, times a unit.
template <int Denominator>
LAMINA_INLINE __m512 odd_scale(__m512i s) {
  constexpr float unit = 1.0f / Denominator;
  const __m512 odd =
      _mm512_setr_ps(1 * unit, 3 * unit, 5 * unit, 7 * unit, 9 * unit, 11 * unit, 13 * unit, 15 * unit, 17 * unit,
                     19 * unit, 21 * unit, 23 * unit, 25 * unit, 27 * unit, 29 * unit, 31 * unit);
  return _mm512_permutexvar_ps(s, odd);
}
// Of eight bytes that lie `first` bytes into a vector the nibble of each half group.
LAMINA_INLINE __m512i nibble_of_each(const ByteIndex& bytes, __m512i from) {
  const __m512i nibble = _mm512_set1_epi64(4ll << 32);
  return _mm512_srlv_epi32(_mm512_permutexvar_epi8(load_512(bytes.at), from), nibble);
}
constexpr ByteIndex byte_of_two(std::size_t first) {
  return comb_index([first](std::size_t q, std::size_t, std::size_t) { return first + q / 2; });
}
// For each pair of teeth one byte of 32.
constexpr ByteIndex signs_from(std::size_t first) {
  return comb_index([first](std::size_t q, std::size_t b, std::size_t) { return first + 2 * q + b / 2; });
}

// In eight bytes of a group four are points, lane 0 has the first two, lane 1 the others.
inline constexpr ByteIndex iq2_xxs_points =
    comb_index([](std::size_t q, std::size_t b, std::size_t) { return 8 * (q / 2) + 2 * (q % 2) + b / 2; });

template <>
struct Combs<quant::IQ2_XXS> {
  using Grid = quant::Iq2XxsGrid;
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ2_XXS::Block), scales = 8;
  static constexpr int centre = 64;

  __m512i groups;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : groups(load_once(chunk + 2)) {
    const __m512i s = _mm512_srli_epi32(_mm512_shuffle_epi32(groups, _MM_PERM_DDBB), 28);
    scale = _mm512_mul_ps(broadcast_half(chunk), odd_scale<8>(s));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i at = _mm512_permutexvar_epi8(load_512(iq2_xxs_points.at), groups);
    const __mmask64 bits[] = {_mm512_movepi8_mask(at)};
    Nibbles n = points_of_eight<Grid>(at, bits);
    // Seven bits of each point, twice.
    const __m512i sevens = _mm512_set1_epi64(0x35352e2e27272020);
    add_signs<0, true>(n, _mm512_multishift_epi64_epi8(sevens, groups));
    levels_of<Grid, centre>(n, v);
  }
};

inline constexpr ByteIndex iq2_xs_scales = byte_of_two(0);

template <>
struct Combs<quant::IQ2_XS> {
  using Grid = quant::Iq2XsGrid;
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ2_XS::Block), scales = 16;
  static constexpr int centre = 64;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const __m512i s = _mm512_castsi128_si512(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(chunk + 66)));
    scale = _mm512_mul_ps(broadcast_half(chunk), odd_scale<8>(nibble_of_each(iq2_xs_scales, s)));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i words = load_once(block + 2);
    const __m128i twice = _mm_setr_epi8(0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14);
    const __m512i at = _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(twice));
    const __m512i upper = _mm512_shuffle_epi8(_mm512_srli_epi16(words, 8), _mm512_broadcast_i32x4(twice));
    const __mmask64 bits[] = {_mm512_movepi8_mask(at), _mm512_test_epi8_mask(upper, _mm512_set1_epi8(1))};
    Nibbles n = points_of_eight<Grid>(at, bits);
    add_signs<1, true>(n, upper);
    levels_of<Grid, centre>(n, v);
  }
};

// The last 64 bytes have the signs from byte 16 on, then the upper bits of points and the scales.
inline constexpr ByteIndex iq2_s_signs = signs_from(16), iq2_s_upper = byte_of_two(48), iq2_s_scales = byte_of_two(56);

// Bits 8 and 9 of each point in a byte that has two for each of four.
constexpr ByteIndex bit_of_each_point(unsigned bit) {
  return comb_index([bit](std::size_t q, std::size_t b, std::size_t) { return bit << 2 * (2 * (q % 2) + b / 2); });
}
inline constexpr ByteIndex iq2_s_points =
    comb_index([](std::size_t q, std::size_t b, std::size_t) { return 2 * q + b / 2; });
inline constexpr ByteIndex iq2_s_bits[2] = {bit_of_each_point(1), bit_of_each_point(2)};

// Two points of bits 0 … 7 and 8 … 15 of each lane, and more bits of both: those at bits 8 and up of `upper`.
LAMINA_INLINE __m512i first_point(__m512i two, __m512i upper) {
  return _mm512_and_si512(select_bits(_mm512_set1_epi32(255), two, upper), _mm512_set1_epi32(2047));
}
LAMINA_INLINE __m512i second_point(__m512i two, __m512i upper) { return first_point(_mm512_srli_epi32(two, 8), upper); }
LAMINA_INLINE __m512i two_points_each(const std::byte* qs) { return _mm512_cvtepu16_epi32(native::load_256(qs)); }

template <>
struct Combs<quant::IQ2_S> {
  using Grid = quant::Iq2SGrid;
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ2_S::Block), scales = 16;
  static constexpr int centre = 64;

  const std::byte* block;
  __m512i rest;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk), rest(load_once(chunk + 18)) {
    scale = _mm512_mul_ps(broadcast_half(chunk), odd_scale<8>(nibble_of_each(iq2_s_scales, rest)));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i points = _mm512_castsi256_si512(native::load_256(block + 2));
    const __m512i at = _mm512_permutexvar_epi8(load_512(iq2_s_points.at), points);
    const __m512i upper = _mm512_permutexvar_epi8(load_512(iq2_s_upper.at), rest);
    const __mmask64 bits[] = {_mm512_movepi8_mask(at), _mm512_test_epi8_mask(upper, load_512(iq2_s_bits[0].at)),
                              _mm512_test_epi8_mask(upper, load_512(iq2_s_bits[1].at))};
    Nibbles n = points_of_eight<Grid>(at, bits);
    add_signs<0, false>(n, _mm512_permutexvar_epi8(load_512(iq2_s_signs.at), rest));
    levels_of<Grid, centre>(n, v);
  }
};

// Points of four coordinates as two bytes, in two tables.
template <class Grid>
struct alignas(64) SplitPoints {
  std::uint8_t low[Grid::n_points], high[Grid::n_points];
};
template <class Grid>
constexpr SplitPoints<Grid> split_points() {
  SplitPoints<Grid> out{};
  for (int p = 0; p < Grid::n_points; ++p) {
    out.low[p] = static_cast<std::uint8_t>(Grid::constant_digit(p, 0) | Grid::constant_digit(p, 1) << 4);
    out.high[p] = static_cast<std::uint8_t>(Grid::constant_digit(p, 2) | Grid::constant_digit(p, 3) << 4);
  }
  return out;
}
template <class Grid>
inline constexpr SplitPoints<Grid> split_points_of = split_points<Grid>();

// The points that 64 bytes name, and a bit more for each.
template <class Grid>
LAMINA_INLINE Nibbles points_of_four(__m512i at) {
  static_assert(Grid::n_points == 256);
  const FourParts parts(at);
  return {look_up(split_points_of<Grid>.low, at, parts.part), look_up(split_points_of<Grid>.high, at, parts.part)};
}
template <class Grid>
LAMINA_INLINE Nibbles points_of_four(__m512i at, __mmask64 b8) {
  static_assert(Grid::n_points == 512);
  const __mmask64 b6 = _mm512_movepi8_mask(_mm512_add_epi8(at, at)), b7 = _mm512_movepi8_mask(at);
  const __mmask64 part[8] = {0, b6, b7, b6 & b7, b8, b8 & b6, b8 & b7, b8 & b6 & b7};
  return {look_up(split_points_of<Grid>.low, at, part), look_up(split_points_of<Grid>.high, at, part)};
}

template <>
struct Combs<quant::IQ3_XXS> {
  using Grid = quant::Iq3XxsGrid;
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ3_XXS::Block), scales = 8;
  static constexpr int centre = 64;

  const std::byte* block;
  __m512i rest;  // each group's signs and scale, twice
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    rest = _mm512_permutexvar_epi32(twice, _mm512_castsi256_si512(native::load_256(chunk + 66)));
    scale = _mm512_mul_ps(broadcast_half(chunk), odd_scale<4>(_mm512_srli_epi32(rest, 28)));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    Nibbles n = points_of_four<Grid>(load_once(block + 2));
    const __m512i sevens = _mm512_set1_epi64(0x15150e0e07070000);
    add_signs<0, true>(n, _mm512_multishift_epi64_epi8(sevens, rest));
    levels_of<Grid, centre>(n, v);
  }
};

inline constexpr ByteIndex iq3_s_signs = signs_from(0);

template <>
struct Combs<quant::IQ3_S> {
  using Grid = quant::Iq3SGrid;
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ3_S::Block), scales = 8;
  static constexpr int centre = 16;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const __m512i shift = _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28);
    const __m512i s = _mm512_srlv_epi32(_mm512_set1_epi32(static_cast<int>(load_u32(chunk + 106))), shift);
    scale = _mm512_mul_ps(broadcast_half(chunk), odd_scale<1>(s));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    Nibbles n = points_of_four<Grid>(load_once(block + 2), load_u64(block + 66));
    const __m512i signs = _mm512_castsi256_si512(native::load_256(block + 74));
    add_signs<0, false>(n, _mm512_permutexvar_epi8(load_512(iq3_s_signs.at), signs));
    levels_of<Grid, centre>(n, v);
  }
};

// Points of eight digits of two bits, and one before and after so that a point can be read as either half of a dword.
template <class Grid>
struct PackedPoints {
  std::uint16_t at[Grid::n_points + 2];
};
template <class Grid>
constexpr PackedPoints<Grid> packed_points() {
  PackedPoints<Grid> out{};
  for (int p = 0; p < Grid::n_points; ++p) {
    for (int i = 0; i < 8; ++i) {
      out.at[p + 1] = static_cast<std::uint16_t>(out.at[p + 1] | Grid::constant_digit(p, i) << 2 * i);
    }
  }
  return out;
}
inline constexpr PackedPoints<quant::Iq1Grid> iq1_packed = packed_points<quant::Iq1Grid>();

// Of each half group the first point and the second, of eleven bits: bytes of four weights.
LAMINA_INLINE __m512i gather_fours(__m512i first, __m512i second) {
  const __m512i a = _mm512_i32gather_epi32(first, iq1_packed.at + 1, 2);
  const __m512i b = _mm512_i32gather_epi32(second, iq1_packed.at, 2);
  return _mm512_mask_mov_epi16(a, 0xaaaaaaaa, b);
}

inline constexpr ByteIndex iq1_s_upper =
    comb_index([](std::size_t q, std::size_t b, std::size_t) { return 2 * (q / 2) + (b == 2 ? 1 : 0); });

// weight = d · (2 s + 1) · (digit − 1 ± 1 / 8)
template <>
struct Combs<quant::IQ1_S> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ1_S::Block), scales = 8;
  static constexpr int centre = 0;

  const std::byte* block;
  __m512i upper;  // the word of each group at bits 8 … 23
  __m512 scale, minimum;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const __m512i words = _mm512_castsi128_si512(native::load_128(chunk + 34));
    upper = _mm512_permutexvar_epi8(load_512(iq1_s_upper.at), words);
    const __m512i s = _mm512_srli_epi32(upper, 20);  // below the bit that says whether an eighth is taken away
    const __m512 odd = _mm512_setr_ps(1, 3, 5, 7, 9, 11, 13, 15, 1, 3, 5, 7, 9, 11, 13, 15);
    const __m512 least =
        _mm512_mul_ps(odd, _mm512_setr_ps(-0.875f, -0.875f, -0.875f, -0.875f, -0.875f, -0.875f, -0.875f, -0.875f,
                                          -1.125f, -1.125f, -1.125f, -1.125f, -1.125f, -1.125f, -1.125f, -1.125f));
    const __m512 d = broadcast_half(chunk);
    scale = _mm512_mul_ps(d, _mm512_permutexvar_ps(s, odd));
    minimum = _mm512_mul_ps(d, _mm512_permutexvar_ps(s, least));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i two = two_points_each(block + 2);
    combs_of_fours(gather_fours(first_point(two, _mm512_srlv_epi32(upper, _mm512_set1_epi64(6ll << 32))),
                                second_point(two, _mm512_srlv_epi32(upper, _mm512_set1_epi64(3 | 9ll << 32)))),
                   v);
  }
};

inline constexpr ByteIndex iq1_m_scales =
    comb_index([](std::size_t q, std::size_t b, std::size_t) { return 2 * (q / 4) + b % 2; });

// weight = d · (2 s + 1) / 8 · (8 · digit + 9 ± 1 − 9 − 8): scales of three bits, four to a word, and d in what they
// leave.
template <>
struct Combs<quant::IQ1_M> {
  static constexpr std::size_t chunk_bytes = sizeof(quant::IQ1_M::Block), scales = 16;
  static constexpr int centre = 9;

  const std::byte* block;
  __m512 scale;

  LAMINA_INLINE explicit Combs(const std::byte* chunk) : block(chunk) {
    const std::uint64_t w = load_u64(chunk + 48);
    const std::uint64_t bits = _pext_u64(w, 0xf000f000f000f000u);
    const __m512 d = _mm512_broadcastss_ps(_mm_cvtph_ps(_mm_cvtsi32_si128(static_cast<int>(bits))));
    const __m512i words = _mm512_castsi128_si512(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(chunk + 48)));
    const __m512i each = _mm512_permutexvar_epi8(load_512(iq1_m_scales.at), words);
    const __m512i shift = _mm512_setr_epi32(0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9);
    const __m512i s = _mm512_and_si512(_mm512_srlv_epi32(each, shift), _mm512_set1_epi32(7));
    scale = _mm512_mul_ps(d, odd_scale<8>(s));
  }
  LAMINA_INLINE void vectors(__m512i (&v)[4]) const {
    const __m512i two = two_points_each(block);
    // A byte for each half group: three more bits of both points, and whether one is taken from the first (bit 3) and
    // the second (bit 7).
    const __m512i each = _mm512_cvtepu8_epi32(native::load_128(block + 32));
    const __m512i fours =
        gather_fours(first_point(two, _mm512_slli_epi32(each, 8)), second_point(two, _mm512_slli_epi32(each, 4)));
    // Two for each weight of a point from which nothing is taken.
    const __m512i bytes = _mm512_shuffle_epi8(
        each, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12)));
    const __m512i bit = _mm512_srlv_epi16(bytes, _mm512_set1_epi32(2 | 6 << 16)), two_each = _mm512_set1_epi8(2);
    const __m512i one_more = _mm512_andnot_si512(bit, two_each), digit = _mm512_set1_epi8(24);
    v[0] = eights(_mm512_slli_epi16(fours, 3), digit, one_more);
    v[1] = eights(_mm512_slli_epi16(fours, 1), digit, one_more);
    v[2] = eights(_mm512_srli_epi16(fours, 1), digit, one_more);
    v[3] = eights(_mm512_srli_epi16(fours, 3), digit, one_more);
  }
  // (a & b) | c
  LAMINA_INLINE static __m512i eights(__m512i a, __m512i b, __m512i c) {
    return _mm512_ternarylogic_epi32(a, b, c, 0xea);
  }
};
