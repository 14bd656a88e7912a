// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Decode on AVX-512 VNNI: one row of weights as bytes against the two planes of 16-bit activations. A row is one stream
// from memory, prefetched far ahead, because two streams at once were half as fast.

// The scales of groups 4h … 4h+3 (lanes 4h … 4h+3 of `of_groups`), each in four lanes.
LAMINA_INLINE __m512 spread_groups(const f32x8& of_groups, std::size_t h) {
  const int g = static_cast<int>(4 * h);
  const __m512i at =
      _mm512_setr_epi32(g, g, g, g, g + 1, g + 1, g + 1, g + 1, g + 2, g + 2, g + 2, g + 2, g + 3, g + 3, g + 3, g + 3);
  return _mm512_permutexvar_ps(at, _mm512_castps256_ps512(native::raw(of_groups.v[0])));
}
// The same for half groups, of which `of_halves` has those of four groups: the first (0) or the second (1) of each.
LAMINA_INLINE __m512 spread_halves(const f32x8& of_halves, int second) {
  const int i = second;
  const __m512i at =
      _mm512_setr_epi32(i, i, i, i, i + 2, i + 2, i + 2, i + 2, i + 4, i + 4, i + 4, i + 4, i + 6, i + 6, i + 6, i + 6);
  return _mm512_permutexvar_ps(at, _mm512_castps256_ps512(native::raw(of_halves.v[0])));
}

// 256 · high + low, as floats.
LAMINA_INLINE __m512 join_planes(__m512i high, __m512i low) {
  return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(high, 8), low));
}

// The sums of a row of combs with T tokens, in 8 lanes that are still to be added up.
template <class Format>
struct CombRow {
  using Chunk = Combs<Format>;
  static constexpr bool has_minimum = combs_have_minimum<Format>;

  struct Unpacked {
    __m512i v[4];
    __m512 scale;
    __m512 least;  // the minimum, or the scale that `centre` has to be multiplied with

    LAMINA_INLINE explicit Unpacked(const std::byte* chunk) {
      const Chunk w(chunk);
      w.vectors(v);
      scale = w.scale;
      if constexpr (has_minimum) {
        least = w.minimum;
      } else {
        least = w.scale;
      }
    }
  };

  template <std::size_t T>
  LAMINA_INLINE static void add_chunk(const Unpacked& w, const Activations (&x)[T], std::size_t c, __m512 (&acc)[T],
                                      __m512 (&low)[T]) {
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      const auto* high = reinterpret_cast<const std::uint8_t*>(x[t].q16) + 2 * x[t].k_padded + 256 * c;
      const std::uint8_t* fine = high + x[t].k_padded;
      __m512i coarse = _mm512_setzero_si512(), rest = coarse;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        coarse = add_dot4(coarse, w.v[i], load_512(high + 64 * i));
        rest = add_dot4(rest, w.v[i], load_512(fine + 64 * i));
      }
      const __m512 scale = _mm512_mul_ps(w.scale, twice_each(x[t].d + 8 * c));
      acc[t] = _mm512_fmadd_ps(join_planes(coarse, rest), scale, acc[t]);
      low[t] = _mm512_fmadd_ps(w.least, _mm512_loadu_ps(x[t].s16 + 16 * c), low[t]);
    }
  }

  // A chunk is unpacked before the one in front of it is multiplied, as the processor does not look far enough ahead to
  // do the two at once of its own accord.
  template <std::size_t T>
  LAMINA_INLINE static void sums(const MatmulArgs& a, std::size_t row, const Activations (&x)[T], f32x8 (&out)[T]) {
    const std::byte* w = a.weights + row * a.row_bytes;
    __m512 acc[T], low[T];
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) acc[t] = low[t] = _mm512_setzero_ps();
    const std::size_t n_chunks = a.k / 256;
    if (n_chunks > 0) {
      fetch_ahead(w, Chunk::chunk_bytes);
      Unpacked current(w);
      for (std::size_t c = 1; c < n_chunks; ++c) {
        const std::byte* chunk = w + c * Chunk::chunk_bytes;
        fetch_ahead(chunk, Chunk::chunk_bytes);
        const Unpacked next(chunk);
        add_chunk<T>(current, x, c - 1, acc, low);
        current = next;
      }
      add_chunk<T>(current, x, n_chunks - 1, acc, low);
    }
    if constexpr (Format::block_size < 256) {
      if (const std::size_t rest = a.k % 256; rest != 0) {
        alignas(64) std::byte copy[Chunk::chunk_bytes];
        Unpacked last(last_chunk<Format, Chunk>(a, row, copy));
        const auto own = static_cast<__mmask16>((1u << rest / 16) - 1);  // half groups
        last.scale = _mm512_maskz_mov_ps(own, last.scale);
        last.least = _mm512_maskz_mov_ps(own, last.least);
        add_chunk<T>(last, x, n_chunks, acc, low);
      }
    }
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      const __m512 factor = _mm512_set1_ps(has_minimum ? 1.0f : static_cast<float>(-Chunk::centre));
      out[t] = fold(f32x16{{native::F{_mm512_fmadd_ps(low[t], factor, acc[t])}}});
    }
  }
};

template <class Format>
struct VnniTile {
  using Chunk = Bytes<Format>;
  // A product with it is exact, so that it makes no difference whether a compiler contracts it with a sum.
  static_assert(has_combs<Format> || (Chunk::centre & (Chunk::centre - 1)) == 0);
  static constexpr std::size_t decode_rows = 4;
  static constexpr std::size_t prefill_rows = 1;
  static constexpr std::size_t prefill_tokens = has_combs<Format> ? 3 : 6;  // more spill
  // More than three as long as their planes stay in the first-level cache.
  static constexpr std::size_t tokens_at_once(std::size_t k_padded) {
    constexpr std::size_t cache_bytes = 32 * 1024, least = 3;
    const std::size_t fit = cache_bytes / (2 * k_padded + 1);
    return fit >= prefill_tokens ? prefill_tokens : fit < least ? least : fit;
  }

  // Adds the first n_halves halves of a chunk to the sums of T tokens.
  template <std::size_t T>
  LAMINA_INLINE static void add_chunk(const Chunk& w, std::size_t n_halves, const Activations (&x)[T], std::size_t c,
                                      __m512 (&acc)[2][T], f32x8 (&low)[T]) {
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      if constexpr (Chunk::has_minimum && Chunk::scales == 16) {
        low[t] = fma(w.minimum[0], load<f32x8>(x[t].s16 + 16 * c), low[t]);
        low[t] = fma(w.minimum[1], load<f32x8>(x[t].s16 + 16 * c + 8), low[t]);
      } else if constexpr (Chunk::has_minimum) {
        low[t] = fma(w.minimum[0], load<f32x8>(x[t].s32 + 8 * c), low[t]);
      } else if constexpr (Chunk::scales == 8) {
        low[t] = fma(w.scale[0], load<f32x8>(x[t].s32 + 8 * c), low[t]);
      } else {
        low[t] = fma(w.scale[0], load<f32x8>(x[t].s16 + 16 * c), low[t]);
        low[t] = fma(w.scale[1], load<f32x8>(x[t].s16 + 16 * c + 8), low[t]);
      }
    }
#pragma GCC unroll 2
    for (std::size_t h = 0; h < n_halves; ++h) {
      __m512i first, second;
      w.half(h, first, second);
      const __m512i zero = _mm512_setzero_si512();
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) {
        const auto* high = reinterpret_cast<const std::uint8_t*>(x[t].q16) + 256 * c + 128 * h;
        const std::uint8_t* fine = high + x[t].k_padded;
        const float* d = x[t].d + 8 * c;
        if constexpr (Chunk::scales == 8) {
          __m512i dot = add_dot4(add_dot4(zero, first, load_512(high)), second, load_512(high + 64));
          dot = _mm512_slli_epi32(dot, 8);
          dot = add_dot4(add_dot4(dot, first, load_512(fine)), second, load_512(fine + 64));
          const __m512 scale = spread_groups(mul(w.scale[0], load<f32x8>(d)), h);
          acc[h][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, acc[h][t]);
        } else {  // the halves of a group have scales of their own
          const f32x8 scale = mul(w.scale[h], spread2(d + 4 * h));
          const __m512 a = join_planes(add_dot4(zero, first, load_512(high)), add_dot4(zero, first, load_512(fine)));
          const __m512 b =
              join_planes(add_dot4(zero, second, load_512(high + 64)), add_dot4(zero, second, load_512(fine + 64)));
          acc[0][t] = _mm512_fmadd_ps(a, spread_halves(scale, 0), acc[0][t]);
          acc[1][t] = _mm512_fmadd_ps(b, spread_halves(scale, 1), acc[1][t]);
        }
      }
    }
  }

  // The sums of one row with T tokens, in 8 lanes that are still to be added up.
  template <std::size_t T>
  LAMINA_INLINE static void row_sums(const MatmulArgs& a, std::size_t row, const Activations (&x)[T], f32x8 (&out)[T]) {
    if constexpr (has_combs<Format>) {
      return CombRow<Format>::template sums<T>(a, row, x, out);
    }
    __m512 acc[2][T];  // two, because one chain of sums would be slower than memory
    f32x8 low[T];
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      acc[0][t] = acc[1][t] = _mm512_setzero_ps();
      low[t] = broadcast<f32x8>(0.0f);
    }
    const std::byte* w = a.weights + row * a.row_bytes;
    const std::size_t n_chunks = a.k / 256;
    for (std::size_t c = 0; c < n_chunks; ++c) {
      const std::byte* chunk = w + c * Chunk::chunk_bytes;
      fetch_ahead(chunk, Chunk::chunk_bytes);
      add_chunk<T>(Chunk(chunk), 2, x, c, acc, low);
    }
    if constexpr (Format::block_size < 256) {
      if (const std::size_t rest = a.k % 256; rest != 0) {
        alignas(64) std::byte copy[Chunk::chunk_bytes];
        const std::byte* chunk = last_chunk<Format, Chunk>(a, row, copy);
        fetch_ahead(chunk, Chunk::chunk_bytes);
        add_chunk<T>(FirstOf<Chunk>(chunk, rest), (rest + 127) / 128, x, n_chunks, acc, low);
      }
    }
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) {
      const f32x8 rest =
          Chunk::has_minimum ? low[t] : mul(low[t], broadcast<f32x8>(static_cast<float>(-Chunk::centre)));
      out[t] = add(fold(f32x16{{native::F{_mm512_add_ps(acc[0][t], acc[1][t])}}}), rest);
    }
  }

  // R rows one after the other, whose lanes are then added up together: with rows of some 2048 weights, doing that for
  // each took a fourth of the time.
  template <std::size_t R, std::size_t T>
  static void run(const MatmulArgs& a, std::size_t row, std::size_t token) {
    Activations x[T];
#pragma GCC unroll 6
    for (std::size_t t = 0; t < T; ++t) x[t] = a.x.token(token + t);
    f32x8 lanes[R][T];
    for (std::size_t r = 0; r < R; ++r) row_sums<T>(a, row + r, x, lanes[r]);
    float* out = a.out + token * a.out_stride + (row - a.row_begin);
    if constexpr (R == 4) {
      static_assert(T == 1);
      store4(out, lanes[0][0], lanes[1][0], lanes[2][0], lanes[3][0]);
    } else {
      static_assert(R == 1);
#pragma GCC unroll 6
      for (std::size_t t = 0; t < T; ++t) out[t * a.out_stride] = sum(lanes[0][t]);
    }
  }

  // out[0 … 3] = sum(a) … sum(d), with the same bits.
  LAMINA_INLINE static void store4(float* out, const f32x8& a, const f32x8& b, const f32x8& c, const f32x8& d) {
    const __m256 ab = add_halves(native::raw(a.v[0]), native::raw(b.v[0]));
    const __m256 cd = add_halves(native::raw(c.v[0]), native::raw(d.v[0]));
    const __m256d low = _mm256_unpacklo_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd));
    const __m256d high = _mm256_unpackhi_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd));
    const __m256 pairs = _mm256_add_ps(_mm256_castpd_ps(low), _mm256_castpd_ps(high));  // a a c c, b b d d
    const __m256 sums = _mm256_add_ps(pairs, _mm256_movehdup_ps(pairs));
    const __m256i at = _mm256_setr_epi32(0, 4, 2, 6, 0, 0, 0, 0);
    _mm_storeu_ps(out, _mm256_castps256_ps128(_mm256_permutevar8x32_ps(sums, at)));
  }
  // Lane i plus lane i + 4, of a and of b.
  LAMINA_INLINE static __m256 add_halves(__m256 a, __m256 b) {
    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
  }
};

// Quantisation into planes. The largest magnitude decides d. Magnitudes are compared as integers, so that an infinity
// or a NaN wins and reaches d, and through it every output. A group whose magnitudes are all below 1e-30 becomes zeros:
// activation_levels / it might overflow.
struct QuantisedGroup {
  __m512i q[2];  // levels of the halves
  float d;
};

LAMINA_INLINE __m512i level_of(__m512 x, __m512 inverse) {
  const __m512 scaled = _mm512_max_ps(_mm512_mul_ps(x, inverse), _mm512_set1_ps(-activation_levels));
  return _mm512_cvtps_epi32(_mm512_min_ps(scaled, _mm512_set1_ps(activation_levels)));
}
LAMINA_INLINE float largest_magnitude(const float* x) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  const __m512i a = _mm512_and_si512(load_512(x), magnitude), b = _mm512_and_si512(load_512(x + 16), magnitude);
  const int bits = _mm512_reduce_max_epi32(_mm512_max_epi32(a, b));
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}
LAMINA_INLINE QuantisedGroup quantise_group(const float* x) {
  const float amax = largest_magnitude(x);
  const bool tiny = amax < 1e-30f;
  const __m512 inverse = _mm512_set1_ps(tiny ? 0.0f : activation_levels / amax);
  return {{level_of(_mm512_loadu_ps(x), inverse), level_of(_mm512_loadu_ps(x + 16), inverse)},
          tiny ? 0.0f : amax / activation_levels};
}
LAMINA_INLINE void store_bytes_of(std::uint8_t* p, __m512i a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a));
}
// high = round(q / 256), so that low stays within −128 … 127
LAMINA_INLINE __m512i high_plane(__m512i q) {
  return _mm512_srai_epi32(_mm512_add_epi32(q, _mm512_set1_epi32(128)), 8);
}

// The combs of a chunk, beside its planes.
LAMINA_INLINE void add_combs(std::uint8_t* high, std::size_t k_padded) {
#pragma GCC unroll 2
  for (std::size_t plane = 0; plane < 2; ++plane) {
    const std::uint8_t* from = high + plane * k_padded;
    const __m512i quads[4] = {load_512(from), load_512(from + 64), load_512(from + 128), load_512(from + 192)};
    __m512i combs[4];
    comb_of_quads(quads, combs);
#pragma GCC unroll 4
    for (std::size_t c = 0; c < 4; ++c) _mm512_storeu_si512(high + (2 + plane) * k_padded + 64 * c, combs[c]);
  }
}

inline void quantize_planes(const Activations& row) {
  auto* plane = reinterpret_cast<std::uint8_t*>(row.q16);
  for (std::size_t g = 0; g < row.k_padded / 32; ++g) {
    const QuantisedGroup group = quantise_group(row.f32 + 32 * g);
    float sums[2];
#pragma GCC unroll 2
    for (std::size_t i = 0; i < 2; ++i) {
      std::uint8_t* high = plane + quad_order(32 * g + 16 * i);
      store_bytes_of(high, high_plane(group.q[i]));
      store_bytes_of(high + row.k_padded, group.q[i]);  // the low byte of q is q − 256 · high
      sums[i] = static_cast<float>(_mm512_reduce_add_epi32(group.q[i]));
      row.s16[2 * g + i] = group.d * sums[i];
    }
    row.d[g] = group.d;
    row.s32[g] = group.d * (sums[0] + sums[1]);
    if (g % 8 == 7) add_combs(plane + 32 * (g - 7), row.k_padded);
  }
}
