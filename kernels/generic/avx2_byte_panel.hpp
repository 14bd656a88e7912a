// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill with eight bits on AVX2, which multiplies unsigned bytes by signed ones and adds the products of two: twice
// as many weights an instruction as words are. 16 rows at a time are decoded into a strip whose lanes are rows: for
// every group of 32 weights, 8 times four neighbouring weights of each row as bytes, the scales, and the minima where
// the format has them. Products are added in 16 bits over a group, or a half that has a scale of its own. That may
// overflow on the way, as long as the sum does not: so weights are counted from their `centre`, which sums begin with,
// times minus the token's bytes.
//
// Activations have eight bits, but for groups whose largest value stands out; those are fine: their low bytes, which
// their words have, are added apart.

// Of the integers of a format that is_small_format, as Unpack gives them: `bias` makes them unsigned bytes, and less
// `centre` these are within −16 … 16, or −32 … 32 where scales belong to half groups. Minima make up for a centre that
// Unpack does not have.
struct ByteRange {
  int bias = 0, centre = 0;
};
template <class Format>
constexpr ByteRange byte_range() {
  using Chunk = Unpack<Format>;
  using quant::MXFP4, quant::NVFP4, quant::Q2_K, quant::Q4_1, quant::Q4_K, quant::Q5_1, quant::Q5_K;
  if constexpr (requires { Chunk::bound; }) {
    return {Chunk::bound, Chunk::bound};
  } else if constexpr (centre_of<Chunk>() != 0) {
    return {0, Chunk::centre};
  } else if constexpr (std::is_same_v<Format, MXFP4> || std::is_same_v<Format, NVFP4>) {
    return {16, 16};
  } else if constexpr (std::is_same_v<Format, Q5_1> || std::is_same_v<Format, Q5_K>) {
    return {0, 16};
  } else {
    static_assert(std::is_same_v<Format, Q4_1> || std::is_same_v<Format, Q4_K> || std::is_same_v<Format, Q2_K>,
                  "say how large a format's integers are");
    return {0, 0};
  }
}

// What the multiplication has to know of a format.
template <bool Halves, bool Minimum, int Centre>
struct ByteKind {
  static constexpr bool minimum = Minimum;
  static constexpr int centre = Centre;
  static constexpr std::size_t n_scales = Halves ? 2 : 1;  // of a group
  static constexpr std::size_t record_bytes = 64 * (8 + n_scales * (Minimum ? 2 : 1));
  static_assert(Centre <= (Halves ? 32 : 16), "sums have to fit 16 bits");
};

template <class Format>
struct BytePacker {
  using Weights = Format;
  using Chunk = Unpack<Format>;
  static constexpr ByteRange range = byte_range<Format>();
  using Kind = ByteKind<Chunk::scales == 16, Chunk::has_minimum && centre_of<Chunk>() == 0, range.centre>;
  static constexpr bool minimum = Kind::minimum;
  static constexpr std::size_t n_scales = Kind::n_scales;
  static constexpr std::size_t chunk_bytes = Chunk::chunk_bytes;
  static constexpr std::size_t record_bytes = Kind::record_bytes;
  static_assert(record_bytes <= panel_record_bytes);

  // Lanes i of eight rows, which lie `stride` apart → vector i.
  LAMINA_INLINE static void transpose(const std::byte* rows, std::size_t stride, __m256i (&out)[8]) {
#pragma GCC unroll 2
    for (std::size_t half = 0; half < 2; ++half) {
      __m256i v[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        const std::byte* p = rows + i * stride + 16 * half;
        v[i] =
            _mm256_inserti128_si256(_mm256_castsi128_si256(native::load_128(p)), native::load_128(p + 4 * stride), 1);
      }
      into_lanes(v);
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) out[4 * half + i] = v[i];
    }
  }
  LAMINA_INLINE static void store(std::byte* p, const __m256i& v) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(p), v);
  }

  // All of the chunk's eight groups; what lies beyond the row is where the next strip begins, which is packed later.
  static void pack(const std::byte* const (&chunks)[16], std::size_t, std::byte* records) {
    alignas(64) std::byte bytes[16][8][32];  // of each row and group; quads in the order 0 1 4 5 2 3 6 7
    alignas(64) float scale[16][8 * n_scales], least[16][minimum ? 8 * n_scales : 1];
    for (std::size_t r = 0; r < 16; ++r) {
      const Chunk w(chunks[r]);
#pragma GCC unroll 4
      for (std::size_t p = 0; p < 4; ++p) {
        const WordPair q = w.pair(p);
#pragma GCC unroll 2
        for (std::size_t i = 0; i < 2; ++i) {
          __m256i v = _mm256_packs_epi16(native::raw(q.first.v[i]), native::raw(q.second.v[i]));
          if constexpr (range.bias != 0) v = _mm256_add_epi8(v, _mm256_set1_epi8(range.bias));
          store(bytes[r][2 * p + i], v);
        }
      }
#pragma GCC unroll 2
      for (std::size_t i = 0; i < n_scales; ++i) {
        store8(scale[r] + 8 * i, w.scale[i]);
        if constexpr (minimum) {
          const f32x8 centre = broadcast<f32x8>(static_cast<float>(range.centre));
          store8(least[r] + 8 * i, range.centre == 0 ? w.minimum[i] : fma(centre, w.scale[i], w.minimum[i]));
        }
      }
    }
    constexpr std::size_t order[8] = {0, 1, 4, 5, 2, 3, 6, 7};
    for (std::size_t rows = 0; rows < 16; rows += 8) {
      std::byte* to = records + 4 * rows;
      __m256i v[8];
      for (std::size_t g = 0; g < 8; ++g) {
        transpose(bytes[rows][g], sizeof bytes[0], v);
#pragma GCC unroll 8
        for (std::size_t j = 0; j < 8; ++j) store(to + g * record_bytes + 64 * order[j], v[j]);
      }
      for (std::size_t i = 0; i < n_scales; ++i) {
        transpose(reinterpret_cast<const std::byte*>(scale[rows] + 8 * i), sizeof scale[0], v);
        store_factors(to + 64 * 8, i, v);
        if constexpr (minimum) {
          transpose(reinterpret_cast<const std::byte*>(least[rows] + 8 * i), sizeof least[0], v);
          store_factors(to + 64 * (8 + n_scales), i, v);
        }
      }
    }
  }

 private:
  // Factors 8 i … 8 i + 7 of eight rows, of which n_scales belong to a group.
  LAMINA_INLINE static void store_factors(std::byte* to, std::size_t i, const __m256i (&v)[8]) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) {
      const std::size_t at = 8 * i + j;
      store(to + at / n_scales * record_bytes + 64 * (at % n_scales), v[j]);
    }
  }
};

// The row's groups of bytes, from its words.
inline void quantize_bytes(const Activations& row) {
  const std::size_t n_groups = row.k_padded / 32;
  float squares = 0, filled = 0;
  for (std::size_t g = 0; g < n_groups; ++g) {
    squares += row.d[g] * row.d[g];
    filled += row.d[g] != 0 ? 1 : 0;
  }
  const float limit = filled > 0 ? fine_ratio * squares / filled : 0.0f;
  auto* out = reinterpret_cast<ByteGroup*>(row.q16 + row.k_padded);
  const __m256i half = _mm256_set1_epi16(128), one = _mm256_set1_epi8(1);
  for (std::size_t g = 0; g < n_groups; ++g) {
    const auto* words = reinterpret_cast<const __m256i*>(row.q16 + 2 * word_pair_of(g));
    const __m256i a = _mm256_srai_epi16(_mm256_add_epi16(_mm256_loadu_si256(words), half), 8);
    const __m256i b = _mm256_srai_epi16(_mm256_add_epi16(_mm256_loadu_si256(words + 2), half), 8);
    const __m256i high = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xd8);
    ByteGroup& to = out[g];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to.high), high);
    alignas(32) std::int16_t pairs[16];
    _mm256_store_si256(reinterpret_cast<__m256i*>(pairs), _mm256_maddubs_epi16(one, high));
    for (std::size_t i = 0; i < 2; ++i) {
      const std::int16_t* p = pairs + i;
      const int first = p[0] + p[2] + p[4] + p[6], second = p[8] + p[10] + p[12] + p[14];
      to.minus[0][i] = static_cast<std::int16_t>(-first - second);
      to.minus[1][i] = static_cast<std::int16_t>(-first);
      to.minus[2][i] = static_cast<std::int16_t>(-second);
    }
    const std::uint32_t fine = row.d[g] * row.d[g] > limit ? 1 : 0;
    to.fine = 0;
    out[g / 32 * 32].fine |= fine << g % 32;
    to.scale = 256 * row.d[g];
    for (std::size_t i = 0; i < 3; ++i) {
      to.sums[i] = to.scale * static_cast<float>(-to.minus[i][0] - to.minus[i][1]);
    }
    if (fine != 0) {
      to.sums[0] = row.s32[g];
      to.sums[1] = row.s16[2 * g];
      to.sums[2] = row.s16[2 * g + 1];
    }
  }
}

// With eight bits both words, for formats that keep to them, and bytes.
inline void quantize_panel(const Activations& row, bool eight_bits) {
  quantize_words(row);
  if (eight_bits) quantize_bytes(row);
}
