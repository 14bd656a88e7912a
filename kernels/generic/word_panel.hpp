// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill without byte dot products. 16 rows at a time are decoded into a strip: for every group of 32 weights, 16
// vectors whose lane r holds two neighbouring weights of row r as words, the scales, and the minima where the format
// has them. The strip then meets all tokens, whose words are those of `Words`: two at a time are broadcast, multiplied
// with the pairs of 16 rows and added, so that nothing is summed across lanes. What a token's sum is made of does not
// depend on the tokens beside it.

// Where the pairs of words of group g begin: the first halves of two groups lie together, then the second ones.
constexpr std::size_t word_pair_of(std::size_t g) { return g / 2 * 32 + g % 2 * 8; }

// What is subtracted from integers as a strip is packed, so that no minima are left; 0 where they have to stay.
template <class Chunk>
constexpr std::uint32_t centre_of() {
  if constexpr (requires { Chunk::centre; }) {
    return static_cast<std::uint32_t>(Chunk::centre);
  } else {
    return 0;
  }
}
// Both words of a pair, which are not negative, less `centre`.
constexpr std::uint32_t centred(std::uint32_t pair, std::uint32_t centre) {
  return ((pair | 0x80008000u) - centre * 0x00010001u) ^ 0x80008000u;
}

// What the multiplication has to know of a format: whether scales belong to half groups, and whether minima stay.
template <bool Halves, bool Minimum>
struct WordKind {
  static constexpr bool halves = Halves, minimum = Minimum;
  static constexpr std::size_t n_scales = Halves ? 2 : 1;
  static constexpr std::size_t record_bytes = 64 * (16 + n_scales * (Minimum ? 2 : 1));
};

template <class Format>
struct WordPacker {
  using Weights = Format;
  using Chunk = Unpack<Format>;
  static constexpr std::uint32_t centre = centre_of<Chunk>();
  using Kind = WordKind<Chunk::scales == 16, Chunk::has_minimum && centre == 0>;
  static constexpr bool minimum = Kind::minimum;
  static constexpr std::size_t n_scales = Kind::n_scales;
  static constexpr std::size_t chunk_bytes = Chunk::chunk_bytes;
  static constexpr std::size_t record_bytes = Kind::record_bytes;
  static_assert(record_bytes <= panel_record_bytes);

  // n_groups: of the chunk's eight, those that lie within the padded row
  static void pack(const std::byte* const (&chunks)[16], std::size_t n_groups, std::byte* records) {
    alignas(64) std::uint32_t pairs[16][128];  // of each row, in the order of Words
    alignas(64) float scale[16][8 * n_scales], least[16][minimum ? 8 * n_scales : 1];
    for (std::size_t r = 0; r < 16; ++r) {
      const Chunk w(chunks[r]);
#pragma GCC unroll 4
      for (std::size_t p = 0; p < 4; ++p) {
        const WordPair q = w.pair(p);
        store_words(reinterpret_cast<std::byte*>(pairs[r] + 32 * p), q.first);
        store_words(reinterpret_cast<std::byte*>(pairs[r] + 32 * p + 16), q.second);
      }
#pragma GCC unroll 2
      for (std::size_t i = 0; i < n_scales; ++i) {
        store8(scale[r] + 8 * i, w.scale[i]);
        if constexpr (minimum) store8(least[r] + 8 * i, w.minimum[i]);
      }
    }
    for (std::size_t g = 0; g < n_groups; ++g) {
      auto* words = reinterpret_cast<std::uint32_t*>(records + g * record_bytes);
      auto* column = reinterpret_cast<float*>(words + 256);
      const std::size_t first = word_pair_of(g);
      for (std::size_t j = 0; j < 16; ++j) {
        for (std::size_t r = 0; r < 16; ++r) {
          const std::uint32_t pair = pairs[r][first + j % 8 + j / 8 * 16];
          words[16 * j + r] = centre == 0 ? pair : centred(pair, centre);
        }
      }
      for (std::size_t i = 0; i < n_scales; ++i) {
        for (std::size_t r = 0; r < 16; ++r) column[16 * i + r] = scale[r][n_scales * g + i];
        if constexpr (minimum) {
          for (std::size_t r = 0; r < 16; ++r) column[16 * (n_scales + i) + r] = least[r][n_scales * g + i];
        }
      }
    }
  }
};

// k is taken in parts, so that a part of a task's strips fits the second-level cache at any width; the sums wait in the
// output between parts.
struct WordPart {
  std::size_t begin, n_groups;  // of a row
};
inline constexpr std::size_t word_part_chunks = 4;

// Sums of R strips of 16 rows and T tokens. What there are registers for: with sixteen of them, the sums of a group
// alone; those over k then go through memory once a group.
template <class Kind, std::size_t T>
struct WordTile {
  static constexpr std::size_t strips = native::lanes == 16 ? 2 : 1, most_tokens = native::lanes == 16 ? 6 : 4;
  static constexpr std::size_t R = strips;
  static constexpr bool Halves = Kind::halves, Minimum = Kind::minimum;
  static constexpr std::size_t n_scales = Kind::n_scales, record_bytes = Kind::record_bytes;

  // Two words of a token, in all lanes.
  LAMINA_INLINE static i16x32 pair_at(const std::int16_t* p) {
    std::int32_t pair;
    std::memcpy(&pair, p, sizeof pair);
    return word_pairs(pair);
  }

  // dot += the products of eight pairs, a half of the group
  LAMINA_INLINE static void add_half(const std::byte* const (&words)[R], const std::int16_t* const (&x)[T],
                                     std::size_t at, i32x16 (&dot)[R][T]) {
    // Unrolled, GCC would add the products as a tree and keep them on the stack until then.
#pragma GCC unroll 2
    for (std::size_t j = 0; j < 8; ++j) {
      i16x32 w[R];
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) w[r] = load<i16x32>(words[r] + 64 * j);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) {
        const i16x32 v = pair_at(x[t] + at + 2 * j);
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) dot[r][t] = add(dot[r][t], dot2(w[r], v));
      }
    }
  }

  // Adds the part's groups to the sums in a.out, or begins with them.
  static void run(const std::byte* strips, const WordPart& part, const MatmulArgs& a, std::size_t token,
                  std::size_t first_row) {
    const std::size_t n_rows = a.row_end - first_row, stride = a.x.k_padded;
    alignas(64) float kept[R][T][16] = {};
    const std::int16_t* x[T];
    for (std::size_t t = 0; t < T; ++t) {
      x[t] = a.x.token(token + t).q16 + 32 * part.begin;
      if (part.begin == 0) continue;
      const float* out = a.out + (token + t) * a.out_stride + (first_row - a.row_begin);
      for (std::size_t i = 0; i < 16 * R && i < n_rows; ++i) kept[i / 16][t][i % 16] = out[i];
    }
    const float* d = a.x.token(token).d + part.begin;  // of the tokens' groups; a row on, stride / 32 further
    const float* s = Halves ? a.x.token(token).s16 + 2 * part.begin : a.x.token(token).s32 + part.begin;
    const std::byte* record[R];
    for (std::size_t r = 0; r < R; ++r) record[r] = strips + r * part.n_groups * record_bytes;
    for (std::size_t g = 0; g < part.n_groups; ++g) {
      float* sums = &kept[0][0][0];
      forget(sums);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < T; ++t) forget(x[t]);
      const std::size_t at = 2 * word_pair_of(g);
#pragma GCC unroll 2
      for (std::size_t i = 0; i < n_scales; ++i) {
        i32x16 dot[R][T];
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
          for (std::size_t t = 0; t < T; ++t) dot[r][t] = broadcast<i32x16>(0);
        }
#pragma GCC unroll 2
        for (std::size_t half = i; half < (Halves ? i + 1 : 2); ++half) {
          const std::byte* words[R];
#pragma GCC unroll 2
          for (std::size_t r = 0; r < R; ++r) words[r] = record[r] + 512 * half;
          add_half(words, x, at + 32 * half, dot);
        }
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) {
          const f32x16 scale = load<f32x16>(record[r] + 64 * (16 + i));
#pragma GCC unroll 8
          for (std::size_t t = 0; t < T; ++t) {
            float* sum = sums + 16 * (r * T + t);
            const f32x16 factor = mul(scale, broadcast<f32x16>(d[t * (stride / 32) + g]));
            store(sum, fma(to_float(dot[r][t]), factor, load<f32x16>(sum)));
          }
        }
      }
      if constexpr (Minimum) {
#pragma GCC unroll 2
        for (std::size_t r = 0; r < R; ++r) {
#pragma GCC unroll 2
          for (std::size_t i = 0; i < n_scales; ++i) {
            const f32x16 minimum = load<f32x16>(record[r] + 64 * (16 + n_scales + i));
#pragma GCC unroll 8
            for (std::size_t t = 0; t < T; ++t) {
              float* sum = sums + 16 * (r * T + t);
              const float level = s[n_scales * (t * (stride / 32) + g) + i];
              store(sum, fma(minimum, broadcast<f32x16>(level), load<f32x16>(sum)));
            }
          }
        }
      }
#pragma GCC unroll 2
      for (std::size_t r = 0; r < R; ++r) record[r] += record_bytes;
    }
    for (std::size_t t = 0; t < T; ++t) {
      float* out = a.out + (token + t) * a.out_stride + (first_row - a.row_begin);
      for (std::size_t i = 0; i < 16 * R && i < n_rows; ++i) out[i] = kept[i / 16][t][i % 16];
    }
  }
};

template <template <class, std::size_t> class Tile, class Kind, std::size_t T = Tile<Kind, 1>::most_tokens>
inline void part_tile(std::size_t n, const std::byte* strips, const WordPart& part, const MatmulArgs& a,
                      std::size_t token, std::size_t first_row) {
  if constexpr (T > 1) {
    if (n < T) return part_tile<Tile, Kind, T - 1>(n, strips, part, a, token, first_row);
  }
  Tile<Kind, T>::run(strips, part, a, token, first_row);
}

template <class Packer, template <class, std::size_t> class Tile>
void panel_parts(const MatmulArgs& a) {
  using Kind = typename Packer::Kind;
  constexpr std::size_t tile_strips = Tile<Kind, 1>::strips, tile_tokens = Tile<Kind, 1>::most_tokens;
  const std::size_t n_chunks = (a.k + 255) / 256, n_groups = (a.k + 31) / 32;
  const std::size_t n_tiles = (a.n_tokens + tile_tokens - 1) / tile_tokens;
  for (std::size_t chunk = 0; chunk < n_chunks; chunk += word_part_chunks) {
    const std::size_t end = n_chunks - chunk < word_part_chunks ? n_chunks : chunk + word_part_chunks;
    const WordPart part{8 * chunk, (8 * end < n_groups ? 8 * end : n_groups) - 8 * chunk};
    const std::size_t strip = part.n_groups * Packer::record_bytes;
    for (std::size_t row = a.row_begin, i = 0; row < a.row_end; row += 16, ++i) {
      pack_strip<Packer>(a, row, a.row_end - row < 16 ? a.row_end - row : 16, chunk, end, a.panel + i * strip);
    }
    // Tiles of about the same size: a few tokens left over would cost as much as a whole tile.
    for (std::size_t tile = 0; tile < n_tiles; ++tile) {
      const std::size_t token = tile * a.n_tokens / n_tiles, n = (tile + 1) * a.n_tokens / n_tiles - token;
      for (std::size_t row = a.row_begin, i = 0; row < a.row_end; row += 16 * tile_strips, i += tile_strips) {
        part_tile<Tile, Kind>(n, a.panel + i * strip, part, a, token, row);
      }
    }
  }
}

template <class Format>
void matmul_panel(const MatmulArgs& a) {
  panel_parts<WordPacker<Format>, WordTile>(a);
}

#if !LAMINA_KERNELS_AVX2
// Panels read what rows read.
inline void quantize_panel(const Activations& row, bool) { quantize_words(row); }
#endif
