// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Causal attention by tile registers, for many tokens. Rows and blocks of keys are those of attention.hpp; queries,
// keys, values and weights are rounded to bfloat16, scores and sums are floats. A block's keys and values become tiles
// once for all rows, which then meet it 32 at a time: scores with 32 keys, whose products run while the weights of the
// 32 before are made, and when all keys are weighed the sums of values.
//
// Weights are 2^(score · log₂e − base). A row's base is an integer near the score of the first key that it sees, and
// stays until a weight outgrows it by 2^20: no row waits for the maximum of a block, and the sums of a row are
// scaled, by a power of two and hence exactly, a few times at most. Beside the sums of values there is one of ones,
// which is the sum of the weights as they were rounded: what rounding adds to a weight it adds to both, and a row that
// sees one value gives that value.

template <class Tiles>
struct AttentionTiles {
  static constexpr std::size_t pair = TileScratch::pair, step_keys = 32, n_steps = key_block / step_keys;
  static constexpr std::size_t tile_bytes = 1024, tile_floats = 256;

  // 2^t within 3e-6 of it: 0 for −∞, NaN for NaN and +∞ − ∞.
  LAMINA_INLINE static __m512 exp2(__m512 t) { return exp2(0xffff, t); }
  // 0 in the other lanes.
  LAMINA_INLINE static __m512 exp2(__mmask16 lanes, __m512 t) {
    const __m512 x = _mm512_reduce_ps(t, 9);  // t − ⌊t⌋
    __m512 p = _mm512_set1_ps(1.353416791e-02f);
    p = _mm512_fmadd_ps(p, x, _mm512_set1_ps(5.201146062e-02f));
    p = _mm512_fmadd_ps(p, x, _mm512_set1_ps(2.414427569e-01f));
    p = _mm512_fmadd_ps(p, x, _mm512_set1_ps(6.930038345e-01f));
    p = _mm512_fmadd_ps(p, x, _mm512_set1_ps(1.000002593f));
    return _mm512_maskz_scalef_ps(lanes, p, t);
  }

  // Pairs of two vectors of 16: lane i is a[i], b[i].
  LAMINA_INLINE static __m512i interleave(__m512i a_then_b) {
    alignas(64) static constexpr std::uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                            21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                            11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_load_si512(order), a_then_b);
  }

  // Vectors of 16 cached values.
  template <CacheType Type>
  LAMINA_INLINE static __m512i pairs_of(const std::byte* a, const std::byte* b) {
    if constexpr (Type == CacheType::BF16) {
      return interleave(_mm512_inserti64x4(_mm512_castsi256_si512(native::load_256(a)), native::load_256(b), 1));
    } else if constexpr (Type == CacheType::F16) {
      return interleave(round_bf16(_mm512_cvtph_ps(native::load_256(a)), _mm512_cvtph_ps(native::load_256(b))));
    } else {
      return interleave(round_bf16(_mm512_loadu_ps(a), _mm512_loadu_ps(b)));
    }
  }
  LAMINA_INLINE static __m512 bytes_as_floats(const std::byte* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }

  struct Block {
    const AttentionArgs& a;
    const TileScratch at{a.rows(), a.key_dim, a.value_dim};
    float factor = bent() ? log2e : a.scale * log2e;  // of scores
    std::size_t index = 0;
    std::size_t first_row = 0, end_row = 0;  // that see any of its keys
    std::size_t skipped = 0, n_tiles = 0;    // tiles of keys [skipped, n_tiles) hold those that any row sees
    bool finite = true;                      // the values, as rounded

    static constexpr float log2e = 1.44269504f;

    std::byte* bytes(std::size_t part) const { return reinterpret_cast<std::byte*>(a.scratch + part); }
    std::byte* query_tile(std::size_t row) const { return bytes(at.queries) + row * at.key_width * 2; }
    // Of a row's first 16 values; those of the next lie a tile further.
    float* sums(std::size_t row) const { return a.scratch + at.sums + row / 16 * 16 * at.value_width + row % 16 * 16; }
    float* scores(std::size_t row) const { return a.scratch + at.scores + row % pair * key_block; }
    float* strip(std::size_t i) const { return a.scratch + at.strips + i % 2 * pair * step_keys; }
    float* bases(std::size_t row) const { return a.scratch + at.bases + row; }
    bool bent() const { return a.cap > 0 || a.slopes != nullptr; }
    // Of a row's first 32 keys; those of the next lie a tile further.
    std::byte* weights(std::size_t row) const {
      return bytes(at.weights) + row % pair / 16 * n_steps * tile_bytes + row % 16 * 64;
    }

    void begin(std::size_t block) {
      index = block;
      first_row = a.first_token(block) * a.n_group;
      end_row = a.end_token(block) * a.n_group;
      // Whole pairs of tiles, so that products with keys and with values cover the same ones.
      skipped = a.keys_before(first_row / a.n_group, block) / step_keys * 2;
      n_tiles = ceil_div(a.keys_seen(end_row / a.n_group - 1, block), kv_tile);
    }

    // The keys of the block that a row sees.
    struct Keys {
      std::size_t begin, end;

      bool sees(std::size_t key) const { return key >= begin && key < end; }
    };
    Keys seen(std::size_t row) const {
      if (row < first_row || row >= end_row) return {0, 0};
      return {a.keys_before(row / a.n_group, index), a.keys_seen(row / a.n_group, index)};
    }
  };

  static void round_queries(const Block& b) {
    const AttentionArgs& a = b.a;
    for (std::size_t row = 0; row < round_up(a.rows(), pair); ++row) {
      std::byte* to = b.query_tile(row / 16 * 16) + row % 16 * 64;
      const float* q = row < a.rows() ? query_row(a, row) : nullptr;
      for (std::size_t i = 0; i < a.key_dim; i += 32, to += tile_bytes) {
        const std::size_t n = q == nullptr ? 0 : a.key_dim - i;
        const __mmask32 lanes = n >= 32 ? ~__mmask32{0} : (__mmask32{1} << n) - 1;
        const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes), q + i);
        const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes >> 16), q + i + 16);
        _mm512_storeu_si512(to, round_bf16(low, high));
      }
    }
  }

  template <CacheType Type>
  [[gnu::noinline]] static void make_key_tiles(const Block& b) {
    const AttentionArgs& a = b.a;
    const std::size_t n_parts = b.at.key_width / 32, cached = key_tile_bytes(Type, a.key_dim);
    const std::byte* from = a.keys + tile_offset(b.index * key_block, cached, a.block_stride) + b.skipped * cached;
    std::byte* to = b.bytes(b.at.keys) + b.skipped * n_parts * tile_bytes;
    for (std::size_t tile = b.skipped; tile < b.n_tiles; ++tile, from += cached, to += n_parts * tile_bytes) {
      if constexpr (Type == CacheType::Q8_0) {
        for (std::size_t i = 0; i < n_parts; ++i) {
          const std::byte* group = from + i * kv_key_group;
          const __m512 scale = _mm512_cvtph_ps(native::load_256(group + kv_group * kv_tile));
          for (std::size_t j = 0; j < 16; ++j, group += 32) {
            const __m512 low = _mm512_mul_ps(bytes_as_floats(group), scale);
            const __m512 high = _mm512_mul_ps(bytes_as_floats(group + 16), scale);
            _mm512_storeu_si512(to + i * tile_bytes + 64 * j, interleave(round_bf16(low, high)));
          }
        }
      } else {
        constexpr std::size_t vector = kv_tile * cache_value_bytes(Type);
        const std::size_t n_pairs = a.key_dim / 2;
        for (std::size_t j = 0; j < n_pairs; ++j) {
          _mm512_storeu_si512(to + 64 * j, pairs_of<Type>(from + 2 * j * vector, from + (2 * j + 1) * vector));
        }
        std::memset(to + 64 * n_pairs, 0, 32 * b.at.key_width - 64 * n_pairs);
        if (a.key_dim % 2 == 0) continue;
        alignas(64) static constexpr std::byte zeros[64] = {};
        _mm512_storeu_si512(to + 64 * n_pairs, pairs_of<Type>(from + 2 * n_pairs * vector, zeros));
      }
    }
    if (b.n_tiles % 2 != 0) std::memset(to, 0, n_parts * tile_bytes);
  }

  // Values [i, i + 16) of two positions, either of which may be null: zeros.
  template <CacheType Type>
  LAMINA_INLINE static __m512i value_pairs(const AttentionArgs& a, const std::byte* (&rows)[2],
                                           const std::byte* (&scales)[2], std::size_t i) {
    alignas(64) static constexpr std::byte zeros[64] = {};
    if constexpr (Type == CacheType::Q8_0) {
      __m512 v[2];
#pragma GCC unroll 2
      for (std::size_t h = 0; h < 2; ++h) {
        v[h] = _mm512_setzero_ps();
        if (rows[h] == nullptr) continue;
        const float scale = cache_float(CacheType::F16, scales[h] + i / kv_group * 2);
        v[h] = _mm512_mul_ps(bytes_as_floats(rows[h] + i), _mm512_set1_ps(scale));
      }
      return interleave(round_bf16(v[0], v[1]));
    } else {
      const std::size_t at = i * cache_value_bytes(Type);
      return pairs_of<Type>(rows[0] != nullptr ? rows[0] + at : zeros, rows[1] != nullptr ? rows[1] + at : zeros);
    }
  }

  // What no row sees becomes zeros.
  template <CacheType Type>
  [[gnu::noinline]] static void make_value_tiles(Block& b) {
    const AttentionArgs& a = b.a;
    const std::size_t n_values = b.at.value_width / 16, of_ones = a.value_dim / 16;
    const std::size_t cached = value_tile_bytes(Type, a.value_dim);
    const std::size_t row_size = cached / kv_tile - (Type == CacheType::Q8_0 ? a.value_dim / kv_group * 2 : 0);
    const std::byte* block = a.values + tile_offset(b.index * key_block, cached, a.block_stride);
    const std::size_t begin = a.keys_before(b.first_row / a.n_group, b.index);
    const std::size_t end = a.keys_seen(b.end_row / a.n_group - 1, b.index);
    const __m512i ones = _mm512_maskz_set1_epi32(static_cast<__mmask16>(1u << a.value_dim % 16), 0x3f803f80);
    const __m512i exponent = _mm512_set1_epi16(0x7f80);
    __mmask32 endless = 0;
    for (std::size_t key = b.skipped * kv_tile; key < round_up(end, step_keys); key += 2) {
      const std::byte *rows[2], *scales[2];
      for (std::size_t h = 0; h < 2; ++h) {
        const bool seen = key + h >= begin && key + h < end;
        const std::byte* tile = block + (key + h) / kv_tile * cached;
        const std::size_t lane = (key + h) % kv_tile;
        rows[h] = seen ? tile + lane * row_size : nullptr;
        scales[h] = tile + kv_tile * row_size + lane * (a.value_dim / kv_group) * 2;
      }
      std::byte* to = b.bytes(b.at.values) + key / step_keys * tile_bytes + key % step_keys / 2 * 64;
      for (std::size_t i = 0; i < n_values; ++i, to += n_steps * tile_bytes) {
        __m512i v = _mm512_setzero_si512();
        if (16 * i < a.value_dim) v = value_pairs<Type>(a, rows, scales, 16 * i);
        if (i == of_ones) v = _mm512_or_si512(v, ones);
        endless |= _mm512_cmpeq_epi16_mask(_mm512_and_si512(v, exponent), exponent);
        _mm512_storeu_si512(to, v);
      }
    }
    b.finite = endless == 0;
  }

  static void make_tiles(Block& b) {
    switch (b.a.type) {
      case CacheType::F32: make_key_tiles<CacheType::F32>(b), make_value_tiles<CacheType::F32>(b); return;
      case CacheType::F16: make_key_tiles<CacheType::F16>(b), make_value_tiles<CacheType::F16>(b); return;
      case CacheType::BF16: make_key_tiles<CacheType::BF16>(b), make_value_tiles<CacheType::BF16>(b); return;
      case CacheType::Q8_0: make_key_tiles<CacheType::Q8_0>(b), make_value_tiles<CacheType::Q8_0>(b); return;
    }
  }

  // The rows in hand, and the steps of 32 keys [begin, end) that hold those that any of them sees.
  struct Rows {
    std::size_t row = 0, end_row = 0;
    std::size_t begin = 0, end = 0;
    bool whole = false;  // every row sees the whole block
  };
  static Rows rows_at(const Block& b, std::size_t row) {
    Rows out{row, b.a.rows() - row < pair ? b.a.rows() : row + pair};
    const std::size_t first = row > b.first_row ? row : b.first_row;
    const std::size_t last = (out.end_row < b.end_row ? out.end_row : b.end_row) - 1;
    const typename Block::Keys low = b.seen(first), high = b.seen(last);
    out.begin = low.begin / step_keys;
    out.end = ceil_div(high.end, step_keys);
    out.whole = first == row && last + 1 == out.end_row && high.begin == 0 && low.end == key_block;
    return out;
  }

  // The scores of all rows with a step of 32 keys, `stride` values from a row to the next: two tiles of rows and two of
  // keys.
  LAMINA_INLINE static void make_scores(const Block& b, const Rows& r, std::size_t step, float* out,
                                        std::size_t stride) {
    const std::size_t tiles = b.at.key_width / 32 * tile_bytes;  // of 16 rows or keys
    const std::byte *q = b.query_tile(r.row), *k = b.bytes(b.at.keys) + 2 * step * tiles;
    Tiles::template zero<0>();
    Tiles::template zero<1>();
    Tiles::template zero<2>();
    Tiles::template zero<3>();
    for (std::size_t at = 0; at < tiles; at += tile_bytes) {
      Tiles::template load<4>(q + at, 64);
      Tiles::template load<6>(k + at, 64);
      Tiles::template multiply<0, 4, 6>();
      Tiles::template load<5>(q + tiles + at, 64);
      Tiles::template multiply<2, 5, 6>();
      Tiles::template load<7>(k + tiles + at, 64);
      Tiles::template multiply<1, 4, 7>();
      Tiles::template multiply<3, 5, 7>();
    }
    const std::size_t bytes = stride * sizeof(float);
    Tiles::template store<0>(out, bytes);
    Tiles::template store<1>(out + 16, bytes);
    Tiles::template store<2>(out + 16 * stride, bytes);
    Tiles::template store<3>(out + 16 * stride + 16, bytes);
  }

  // Adds the weighted values of all rows to a column of tiles of their sums, in one half of the registers: the next
  // column is loaded while this one is stored.
  template <int Half>
  LAMINA_INLINE static void add_values(const Block& b, const Rows& r, std::size_t column) {
    constexpr int upper = 2 * Half, lower = upper + 1, of_values = 6 + Half;
    float* const sums[2] = {b.sums(r.row) + column * tile_floats, b.sums(r.row + 16) + column * tile_floats};
    const std::byte* weights = b.weights(r.row) + r.begin * tile_bytes;
    const std::byte* values = b.bytes(b.at.values) + (column * n_steps + r.begin) * tile_bytes;
    Tiles::template load<upper>(sums[0], 64);
    Tiles::template load<lower>(sums[1], 64);
    for (std::size_t step = r.begin; step < r.end; ++step, weights += tile_bytes, values += tile_bytes) {
      Tiles::template load<4>(weights, 64);
      Tiles::template load<of_values>(values, 64);
      Tiles::template multiply<upper, 4, of_values>();
      Tiles::template load<5>(weights + n_steps * tile_bytes, 64);
      Tiles::template multiply<lower, 5, of_values>();
    }
    Tiles::template store<upper>(sums[0], 64);
    Tiles::template store<lower>(sums[1], 64);
  }
  static void make_sums(const Block& b, const Rows& r) {
    const std::size_t n_columns = b.at.value_width / 16;
    for (std::size_t i = 0; i < n_columns; i += 2) {
      add_values<0>(b, r, i);
      if (i + 1 < n_columns) add_values<1>(b, r, i + 1);
    }
  }

  // The same sums, each row's of the keys that it sees alone: where values are not finite, zero times a value is not
  // nothing.
  [[gnu::noinline]] static void careful_sums(const Block& b, const Rows& r) {
    for (std::size_t row = r.row; row < r.end_row; ++row) {
      const typename Block::Keys keys = b.seen(row);
      if (keys.begin == keys.end) continue;
      for (std::size_t i = 0; i < b.at.value_width / 16; ++i) {
        float* out = b.sums(row) + i * tile_floats;
        __m512 c = _mm512_loadu_ps(out);
        for (std::size_t step = r.begin; step < r.end; ++step) {
          __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
          for (std::size_t k = 0; k < 16; ++k) {
            const std::size_t key = step_keys * step + 2 * k;
            const __m512i w = _mm512_set1_epi32(static_cast<int>(load_u32(b.weights(row) + step * tile_bytes + 4 * k)));
            const __m512i v = _mm512_loadu_si512(b.bytes(b.at.values) + (i * n_steps + step) * tile_bytes + 64 * k);
            if (keys.sees(key)) {
              sums[0] = EmulatedTiles::multiply_add(EmulatedTiles::even(w), EmulatedTiles::even(v), sums[0]);
            }
            if (keys.sees(key + 1)) {
              sums[1] = EmulatedTiles::multiply_add(EmulatedTiles::odd(w), EmulatedTiles::odd(v), sums[1]);
            }
          }
          c = EmulatedTiles::add(sums[0], sums[1], c);
        }
        _mm512_storeu_ps(out, c);
      }
    }
  }

  // ---- weights

  static constexpr short most_weight = 0x4980;  // 2^20: larger ones move the base

  LAMINA_INLINE static bool outgrown(__m512i top) {
    return _mm512_cmpgt_epu16_mask(top, _mm512_set1_epi16(most_weight)) != 0;
  }

  // Of 32 keys beginning at `at`, those in `keys`.
  LAMINA_INLINE static __mmask32 lanes(const typename Block::Keys& keys, std::size_t at) {
    return static_cast<__mmask32>(lanes_below(keys.end, at) & ~lanes_below(keys.begin, at));
  }
  LAMINA_INLINE static std::uint64_t lanes_below(std::size_t n, std::size_t at) {
    return n <= at ? 0 : n - at >= 32 ? 0xffffffffu : (std::uint64_t{1} << (n - at)) - 1;
  }
  // Weights of the keys that a row sees; others weigh nothing. False where one is too large, or NaN.
  static bool weigh_some(const float* scores, __m512 factor, __m512 base, const Rows& r,
                         const typename Block::Keys& keys, std::byte* weights) {
    __m512i top = _mm512_setzero_si512();
    for (std::size_t i = step_keys * r.begin; i < step_keys * r.end; i += 32) {
      const __mmask32 seen = lanes(keys, i);
      const auto seen_low = static_cast<__mmask16>(seen), seen_high = static_cast<__mmask16>(seen >> 16);
      const __m512 low = exp2(seen_low, _mm512_fmsub_ps(_mm512_loadu_ps(scores + i), factor, base));
      const __m512 high = exp2(seen_high, _mm512_fmsub_ps(_mm512_loadu_ps(scores + i + 16), factor, base));
      const __m512i words = round_bf16(low, high);
      _mm512_storeu_si512(weights + i / step_keys * tile_bytes, words);
      top = _mm512_max_epu16(top, words);
    }
    return !outgrown(top);
  }

  // The base of a row that had none, from the score of the first key that it sees; none where that is not finite.
  LAMINA_INLINE static float first_base(float score) {
    return __builtin_isfinite(score) ? __builtin_floorf(score) : -__builtin_inff();
  }
  // A base that these scores do not outgrow, −∞ while there is none because all scores were −∞ so far.
  [[gnu::noinline]] static void move_base(const float* scores, float factor, const Rows& r,
                                          const typename Block::Keys& keys, float& base, float* sums,
                                          std::size_t width) {
    const __m512 least = _mm512_set1_ps(-__builtin_inff());
    __m512 top = least;
    for (std::size_t i = step_keys * r.begin; i < step_keys * r.end; i += 32) {
      const __mmask32 seen = lanes(keys, i);
#pragma GCC unroll 2
      for (std::size_t h = 0; h < 2; ++h) {
        const auto half = static_cast<__mmask16>(seen >> (16 * h));
        const __m512 s = _mm512_mul_ps(_mm512_loadu_ps(scores + i + 16 * h), _mm512_set1_ps(factor));
        top = _mm512_max_ps(top, _mm512_mask_mov_ps(least, half & _mm512_cmp_ps_mask(s, s, _CMP_ORD_Q), s));
      }
    }
    const float now = __builtin_floorf(_mm512_reduce_max_ps(top));
    if (!(now > base)) return;
    if (base != -__builtin_inff()) {
      const __m512 down = _mm512_set1_ps(base - now);
      for (std::size_t i = 0; i < width; i += 16, sums += tile_floats) {
        _mm512_storeu_ps(sums, _mm512_scalef_ps(_mm512_loadu_ps(sums), down));
      }
    }
    base = now;
  }

  static void scale_row(float* scores, const typename Block::Keys& keys, float scale) {
    for (std::size_t i = keys.begin / 16 * 16; i < keys.end; i += 16) {
      _mm512_storeu_ps(scores + i, _mm512_mul_ps(_mm512_loadu_ps(scores + i), _mm512_set1_ps(scale)));
    }
  }

  // Of any rows.
  [[gnu::noinline]] static void weigh_rows(const Block& b, const Rows& r) {
    const __m512 factor = _mm512_set1_ps(b.factor);
    for (std::size_t step = r.begin; step < r.end; ++step) {
      make_scores(b, r, step, b.scores(0) + step_keys * step, key_block);
    }
    for (std::size_t row = r.row; row < r.end_row; ++row) {
      float *const scores = b.scores(row), &base = *b.bases(row);
      const typename Block::Keys keys = b.seen(row);
      std::byte* const weights = b.weights(row);
      if (b.bent() && keys.begin < keys.end) {
        scale_row(scores, keys, b.a.scale);
        bend_scores(b.a, row, b.index, keys.begin, keys.end, scores);
      }
      if (base == -__builtin_inff() && keys.begin < keys.end) base = first_base(scores[keys.begin] * b.factor);
      if (base == -__builtin_inff() || !weigh_some(scores, factor, _mm512_set1_ps(base), r, keys, weights)) {
        move_base(scores, b.factor, r, keys, base, b.sums(row), b.at.value_width);
        const float by = base != -__builtin_inff() ? base : 0.0f;
        weigh_some(scores, factor, _mm512_set1_ps(by), r, keys, weights);
      }
    }
  }

  // The same bits for pairs of rows that see all of the block, with scores as they are. False where a weight is too
  // large, or NaN.
  [[gnu::noinline]] static bool weigh_whole(const Block& b, const Rows& r) {
    const __m512 factor = _mm512_set1_ps(b.factor);
    float* const base = b.bases(r.row);
    __m512i top = _mm512_setzero_si512();
    make_scores(b, r, 0, b.strip(0), step_keys);
    for (std::size_t row = 0; row < pair; ++row) {
      if (base[row] != -__builtin_inff()) continue;
      base[row] = first_base(b.strip(0)[row * step_keys] * b.factor);
      if (base[row] == -__builtin_inff()) return false;
    }
    for (std::size_t i = 0; i < n_steps; ++i) {
      if (i + 1 < n_steps) make_scores(b, r, i + 1, b.strip(i + 1), step_keys);
      const float* const from = b.strip(i);
      for (std::size_t tile = 0; tile < pair; tile += 16) {
        std::byte* const to = b.weights(r.row + tile) + i * tile_bytes;
#pragma GCC unroll 4
        for (std::size_t row = 0; row < 16; ++row) {
          const float* const scores = from + (tile + row) * step_keys;
          const __m512 by = _mm512_set1_ps(base[tile + row]);
          const __m512 low = exp2(_mm512_fmsub_ps(_mm512_loadu_ps(scores), factor, by));
          const __m512 high = exp2(_mm512_fmsub_ps(_mm512_loadu_ps(scores + 16), factor, by));
          const __m512i words = round_bf16(low, high);
          _mm512_storeu_si512(to + 64 * row, words);
          top = _mm512_max_epu16(top, words);
        }
      }
    }
    return !outgrown(top);
  }

  // Cached keys and values of the next block, on their way to the second-level cache.
  struct Fetch {
    const std::byte *keys, *values;
    std::size_t key_bytes, value_bytes, lines;  // in all, in all, each time
    std::size_t at = 0;

    Fetch(const Block& b, std::size_t n_times) {
      const AttentionArgs& a = b.a;
      const std::size_t key_tile = key_tile_bytes(a.type, a.key_dim),
                        value_tile = value_tile_bytes(a.type, a.value_dim);
      const std::size_t next = (b.index + 1) * key_block;
      const std::size_t n_next = a.position + a.n_tokens > next ? a.position + a.n_tokens - next : 0;
      const std::size_t tiles = ceil_div(n_next < key_block ? n_next : key_block, kv_tile);
      keys = a.keys + tile_offset(next, key_tile, a.block_stride);
      values = a.values + tile_offset(next, value_tile, a.block_stride);
      key_bytes = tiles * key_tile;
      value_bytes = tiles * value_tile;
      lines = ceil_div(key_bytes > value_bytes ? key_bytes : value_bytes, 64 * n_times);
    }
    void operator()() {
      for (std::size_t i = 0; i < lines; ++i, at += 64) {
        if (at < key_bytes) __builtin_prefetch(keys + at, 0, 2);
        if (at < value_bytes) __builtin_prefetch(values + at, 0, 2);
      }
    }
  };

  static void attend(const Block& b) {
    const std::size_t begin = b.first_row / pair * pair;
    Fetch fetch(b, ceil_div(b.end_row - begin, pair));
    for (std::size_t row = begin; row < b.end_row; row += pair) {
      const Rows rows = rows_at(b, row);
      fetch();
      const bool plain = rows.whole && !b.bent() && rows.end_row - row == pair;
      if (!plain || !weigh_whole(b, rows)) weigh_rows(b, rows);
      if (b.finite || rows.whole) {
        make_sums(b, rows);
      } else {
        careful_sums(b, rows);
      }
    }
  }

  static void finish(const Block& b) {
    const AttentionArgs& a = b.a;
    for (std::size_t row = 0; row < a.rows(); ++row) {
      const float* sums = b.sums(row);
      float total = sums[a.value_dim / 16 * tile_floats + a.value_dim % 16];
      if (a.sinks != nullptr) {
        const float sink = a.sinks[row % a.n_group] * Block::log2e;
        total += _mm512_cvtss_f32(exp2(_mm512_set1_ps(sink - a.scratch[b.at.bases + row])));
      }
      const __m512 share = _mm512_set1_ps(1.0f / total);
      float* out = a.out + row / a.n_group * a.out_stride + row % a.n_group * a.value_dim;
      for (std::size_t i = 0; i < a.value_dim; i += 16, sums += tile_floats) {
        const std::size_t n = a.value_dim - i;
        const auto lanes = static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1);
        _mm512_mask_storeu_ps(out + i, lanes, _mm512_mul_ps(_mm512_loadu_ps(sums), share));
      }
    }
  }

  static void run(const AttentionArgs& a) {
    Tiles::configure(TileConfig{});
    Block b{a};
    round_queries(b);
    const std::size_t rows = round_up(a.rows(), pair);
    std::memset(b.sums(0), 0, rows * b.at.value_width * sizeof(float));
    for (std::size_t row = 0; row < rows; ++row) a.scratch[b.at.bases + row] = -__builtin_inff();
    for (std::size_t block = a.first_block(); block < a.n_blocks(); ++block) {
      b.begin(block);
      make_tiles(b);
      attend(b);
    }
    Tiles::release();
    finish(b);
  }
};
