// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill in bfloat16. Rows are decoded, 16 at a time, into strips: for every 32 weights a record of 16 vectors, of
// which vector j holds weights 2j and 2j + 1 of each of the 16 rows. That is what VDPBF16PS multiplies with a pair of
// activations in all lanes, and what AMX loads as a tile; activations are rows of bfloat16, of which 16 are a tile too.
// k is taken in parts, so that a part of the panel stays in the second-level cache however long rows are; between the
// parts sums wait in `out`. An Engine multiplies one part; whatever the tokens beside it, a token's sum is made of the
// same steps.
//
// Needs AVX512_BF16, whose instructions are written in assembly because no target of Highway 1.0.3 has them.

inline constexpr std::size_t bf16_record_bytes = 1024;  // 32 weights of 16 rows

// Rounded to the nearest, ties to even; NaN stays NaN. The lanes of `low` come first.
LAMINA_INLINE __m512i round_bf16(__m512 low, __m512 high) {
  __m512i out;
  asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(out) : "v"(low), "v"(high));
  return out;
}

// One row of activations, f32 [k_padded] → bfloat16 [k_padded] in q16.
inline void round_row(const Activations& row) {
  for (std::size_t i = 0; i < row.k_padded; i += 32) {
    _mm512_storeu_si512(row.q16 + i, round_bf16(_mm512_loadu_ps(row.f32 + i), _mm512_loadu_ps(row.f32 + i + 16)));
  }
}

// 256 weights of one row → 8 vectors of bfloat16, in order.
template <class Format>
struct Bf16Chunk {
  using Chunk = Bytes<Format>;
  static constexpr std::size_t chunk_bytes = Chunk::chunk_bytes;
  static constexpr std::size_t scales_a_group = Chunk::scales / 8;

  LAMINA_INLINE static void decode(const std::byte* chunk, __m512i (&out)[8]) {
    const Chunk w(chunk);
    alignas(64) float scale[Chunk::scales], minimum[Chunk::scales];
    store8(scale, w.scale[0]);
    if constexpr (Chunk::scales == 16) store8(scale + 8, w.scale[1]);
    if constexpr (Chunk::has_minimum) store8(minimum, w.minimum[0]);
    if constexpr (Chunk::has_minimum && Chunk::scales == 16) store8(minimum + 8, w.minimum[1]);
#pragma GCC unroll 2
    for (std::size_t h = 0; h < 2; ++h) {
      __m512i halves[2];
      w.half(h, halves[0], halves[1]);
      const __m512i centre = _mm512_set1_epi8(static_cast<char>(Chunk::centre));
      alignas(64) std::byte bytes[2][64];
#pragma GCC unroll 2
      for (std::size_t i = 0; i < 2; ++i) _mm512_store_si512(bytes[i], _mm512_sub_epi8(halves[i], centre));
#pragma GCC unroll 4
      for (std::size_t g = 0; g < 4; ++g) {
        __m512 value[2];
#pragma GCC unroll 2
        for (std::size_t i = 0; i < 2; ++i) {
          const auto* p = reinterpret_cast<const __m128i*>(bytes[i] + 16 * g);
          const __m512 q = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(p)));
          const std::size_t group = 4 * h + g;
          const __m512 d = _mm512_set1_ps(scale[scales_a_group * group + (scales_a_group == 2 ? i : 0)]);
          if constexpr (Chunk::has_minimum) {
            value[i] =
                _mm512_fmadd_ps(q, d, _mm512_set1_ps(minimum[scales_a_group * group + (scales_a_group == 2 ? i : 0)]));
          } else {
            value[i] = _mm512_mul_ps(q, d);
          }
        }
        out[4 * h + g] = round_bf16(value[0], value[1]);
      }
    }
  }
};
template <>
struct Bf16Chunk<quant::BF16> {
  static constexpr std::size_t chunk_bytes = 512;

  LAMINA_INLINE static void decode(const std::byte* chunk, __m512i (&out)[8]) {
#pragma GCC unroll 8
    for (std::size_t g = 0; g < 8; ++g) out[g] = load_512(chunk + 64 * g);
  }
};
template <>
struct Bf16Chunk<quant::F16> {
  static constexpr std::size_t chunk_bytes = 512;

  LAMINA_INLINE static void decode(const std::byte* chunk, __m512i (&out)[8]) {
#pragma GCC unroll 8
    for (std::size_t g = 0; g < 8; ++g) {
      const std::byte* p = chunk + 64 * g;
      out[g] = round_bf16(_mm512_cvtph_ps(native::load_256(p)), _mm512_cvtph_ps(native::load_256(p + 32)));
    }
  }
};

template <class Format>
struct Bf16Packer {
  using Weights = Format;
  static constexpr std::size_t chunk_bytes = Bf16Chunk<Format>::chunk_bytes, record_bytes = bf16_record_bytes;

  // n_groups: of the chunk's eight, those that lie within the row, the last filled with zeros
  static void pack(const std::byte* const (&chunks)[16], std::size_t n_groups, std::byte* records) {
    alignas(64) __m512i pairs[8][16];  // per group and row
    for (std::size_t r = 0; r < 16; ++r) {
      __m512i row[8];
      Bf16Chunk<Format>::decode(chunks[r], row);
#pragma GCC unroll 8
      for (std::size_t g = 0; g < 8; ++g) pairs[g][r] = row[g];
    }
    for (std::size_t g = 0; g < n_groups; ++g) {
      transpose_16x16(pairs[g]);
#pragma GCC unroll 16
      for (std::size_t j = 0; j < 16; ++j) _mm512_store_si512(records + g * record_bytes + 64 * j, pairs[g][j]);
    }
  }
};

// The rows' weights [k_begin, k_begin + 32 · n_records) as strips of 16 rows, and where they belong.
struct Bf16Panel {
  std::byte* strips;        // [n_strips] of strip_bytes; after them scratch of bf16_edge_bytes
  std::size_t strip_bytes;  // from a strip to the next
  std::size_t n_strips;
  std::size_t k_begin;    // a multiple of 256
  std::size_t n_records;  // of a strip
};

// Row i of activations, from the panel's k on.
LAMINA_INLINE const std::byte* bf16_row(const MatmulArgs& a, const Bf16Panel& panel, std::size_t token) {
  return reinterpret_cast<const std::byte*>(a.x.token(token).q16 + panel.k_begin);
}
// Lanes of 16 rows from `first_row` on that exist.
LAMINA_INLINE __mmask16 rows_mask(const MatmulArgs& a, std::size_t first_row) {
  const std::size_t n = a.row_end - first_row;
  return static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1);
}

template <class Format, class Engine>
void matmul_bf16(const MatmulArgs& a) {
  const std::size_t n_chunks = (a.k + 255) / 256;
  Engine engine;
  for (std::size_t begin = 0; begin < n_chunks; begin += Engine::chunks) {
    const std::size_t end = n_chunks - begin < Engine::chunks ? n_chunks : begin + Engine::chunks;
    const std::size_t last = 256 * end < a.k ? 256 * end : a.k;
    Bf16Panel panel{.strips = a.panel, .k_begin = 256 * begin, .n_records = (last - 256 * begin + 31) / 32};
    panel.strip_bytes = panel.n_records * bf16_record_bytes;
    for (std::size_t row = a.row_begin; row < a.row_end; row += 16, ++panel.n_strips) {
      pack_strip<Bf16Packer<Format>>(a, row, a.row_end - row < 16 ? a.row_end - row : 16, begin, end,
                                     panel.strips + panel.n_strips * panel.strip_bytes);
    }
    engine.multiply(a, panel);
  }
}
