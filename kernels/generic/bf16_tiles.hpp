// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Panels of bfloat16 multiplied by tile registers: 2 × 2 tiles of sums, of 32 tokens and 32 rows.
//
// What bounds this is where operands come from: a tile from the second-level cache takes longer than the product that
// needs it, one from the last cache seven times as long. So k is taken in parts of a chunk of 256 weights. A part of
// the weights of 32 rows (16 KiB) stays in the first-level cache beside that of the next 32, which is decoded
// meanwhile; a part of all activations (256 KiB) and the sums of a task (512 KiB) stay in the second; and the loop over
// parts is outside that over rows, unless all of the activations fit there.

// Split bfloat16 is two numbers for each activation and, unless the format is bfloat16, for each weight; of the four
// products that of what rounding left of both is not made.

// Activations of n tokens as tiles are loaded: per part of k, per 16 tokens, per record, the 32 values of each of the
// tokens: 64 bytes a token. The last tokens, if they are not 16, lie as close. Split, the eight records of a part are
// followed by eight of what is left over.
struct Bf16TileLayout {
  std::size_t n;  // tokens
  bool split;

  std::size_t tokens(std::size_t tile) const { return n - 16 * tile < 16 ? n - 16 * tile : 16; }
  // Bytes from the first one's to where the tile's values of a part lie.
  std::size_t at(std::size_t part, std::size_t tile) const { return (split ? 1024 : 512) * (part * n + 16 * tile); }
  // From a record to what it left over.
  std::size_t rest(std::size_t tile) const { return 512 * tokens(tile); }
};

inline void round_into_tiles(const RoundArgs& a) {
  const Bf16TileLayout layout{a.n_tokens, a.split};
  const std::size_t tile = a.t / 16, step = 64 * layout.tokens(tile);
  const float* from = a.values;
  for (std::size_t k = a.begin; k < a.end; k += 32, from += 32) {
    std::byte* to =
        reinterpret_cast<std::byte*>(a.q16) + layout.at(k / 256, tile) + k % 256 / 32 * step + a.t % 16 * 64;
    const Floats32 x(from, a.end - k);
    const __m512i rounded = round_bf16(x.low, x.high);
    _mm512_storeu_si512(to, rounded);
    if (layout.split) _mm512_storeu_si512(to + layout.rest(tile), rest_bf16(rounded, x.low, x.high));
  }
}

template <class Tiles>
struct Bf16Tiles {
  static constexpr std::size_t most_tokens = 512;        // at once
  static constexpr std::size_t most_bytes = 768 * 1024;  // of activations, to be read anew for every 32 rows

  // The registers of the sums of strip r and tokens 16 t …, of activations and of weights.
  template <std::size_t R, std::size_t T>
  static constexpr int sums = 2 * R + T;
  template <std::size_t T>
  static constexpr int tokens = 4 + T;
  template <std::size_t R>
  static constexpr int weights = 6 + R;

  // Registers hold `low` and `high` tokens. Configured anew for every 32 rows, so that whatever else uses tiles on this
  // thread between two tasks does no harm.
  static void configure(std::size_t low, std::size_t high) {
    TileConfig config;
    config.rows[tokens<0>] = config.rows[sums<0, 0>] = config.rows[sums<1, 0>] = static_cast<std::uint8_t>(low);
    config.rows[tokens<1>] = config.rows[sums<0, 1>] = config.rows[sums<1, 1>] = static_cast<std::uint8_t>(high);
    Tiles::configure(config);
  }

  // A part of k for 32 rows and 32 tokens or fewer. Between the parts sums wait in `out`.
  struct Block {
    const std::byte* w[2];  // strips
    const std::byte* x[2];  // tiles
    std::size_t x_step[2];  // bytes from a record to the next
    std::size_t x_rest[2];  // bytes from a record to what it left over
    std::size_t n_records;
    bool first;  // of the parts
    float* out;
    float* before;           // of the block whose sums the registers still hold, or null
    std::size_t out_stride;  // values
    std::size_t n_tokens[2];
    __mmask16 rows[2];      // that exist
    const std::byte* soon;  // activations of the next part, on their way from the last cache to the second
    std::size_t soon_step;  // bytes of them for a record
  };

  // The sums of strip R and tokens 16 T …, from `out` and to it.
  template <std::size_t R, std::size_t T>
  static void load_sums(const Block& b, const float* out) {
    out += 16 * T * b.out_stride + 16 * R;
    if (b.rows[R] == 0xffff) return Tiles::template load<sums<R, T>>(out, b.out_stride * sizeof(float));
    alignas(64) float tile[16][16];
    for (std::size_t i = 0; i < b.n_tokens[T]; ++i) {
      _mm512_store_ps(tile[i], _mm512_maskz_loadu_ps(b.rows[R], out + i * b.out_stride));
    }
    Tiles::template load<sums<R, T>>(tile, sizeof tile[0]);
  }
  template <std::size_t R, std::size_t T>
  static void store_sums(const Block& b, float* out) {
    out += 16 * T * b.out_stride + 16 * R;
    if (b.rows[R] == 0xffff) return Tiles::template store<sums<R, T>>(out, b.out_stride * sizeof(float));
    alignas(64) float tile[16][16];
    Tiles::template store<sums<R, T>>(tile, sizeof tile[0]);
    for (std::size_t i = 0; i < b.n_tokens[T]; ++i) {
      _mm512_mask_storeu_ps(out + i * b.out_stride, b.rows[R], _mm512_load_ps(tile[i]));
    }
  }
  template <std::size_t R, std::size_t T>
  static void store_all(const Block& b, float* out) {
    store_sums<0, 0>(b, out);
    if constexpr (T == 2) store_sums<0, 1>(b, out);
    if constexpr (R == 2) store_sums<1, 0>(b, out);
    if constexpr (R == 2 && T == 2) store_sums<1, 1>(b, out);
  }
  template <std::size_t R, std::size_t T>
  LAMINA_INLINE static void begin_sums(const Block& b) {
    if (b.before != nullptr) store_sums<R, T>(b, b.before);
    b.first ? Tiles::template zero<sums<R, T>>() : load_sums<R, T>(b, b.out);
  }

  // What is done while products wait for their operands: the next two strips. A step every `interval` records.
  struct Ahead {
    StripPacker strips[2];
    std::size_t interval = 1, count = 0;

    void step() {
      if (++count < interval) return;
      count = 0;
      StripPacker& strip = strips[strips[0].done() ? 1 : 0];
      if (!strip.done()) strip.step();
    }
    void finish() {
      strips[0].finish();
      strips[1].finish();
    }
  };

  // Products of one record: weights with activations, with what is left of activations, and what is left of weights.
  // The first record begins the sums, each just before it is needed: a store waits for the product before it and keeps
  // later products waiting, and here three others have been made since.
  template <std::size_t R, std::size_t T, std::size_t Terms, bool First>
  LAMINA_INLINE static void multiply_record(const Block& b, const std::byte* const (&w)[2],
                                            const std::byte* const (&x)[2]) {
    Tiles::template load<weights<0>>(w[0], 64);
    Tiles::template load_passing<tokens<0>>(x[0], 64);
    if constexpr (First) begin_sums<0, 0>(b);
    Tiles::template multiply<sums<0, 0>, tokens<0>, weights<0>>();
    if constexpr (T == 2) {
      Tiles::template load_passing<tokens<1>>(x[1], 64);
      if constexpr (First) begin_sums<0, 1>(b);
      Tiles::template multiply<sums<0, 1>, tokens<1>, weights<0>>();
    }
    if constexpr (R == 2) {
      Tiles::template load<weights<1>>(w[1], 64);
      if constexpr (First) begin_sums<1, 0>(b);
      Tiles::template multiply<sums<1, 0>, tokens<0>, weights<1>>();
      if constexpr (First && T == 2) begin_sums<1, 1>(b);
      if constexpr (T == 2) Tiles::template multiply<sums<1, 1>, tokens<1>, weights<1>>();
    }
    if constexpr (Terms > 1) {
      Tiles::template load_passing<tokens<0>>(x[0] + b.x_rest[0], 64);
      Tiles::template multiply<sums<0, 0>, tokens<0>, weights<0>>();
      if constexpr (R == 2) Tiles::template multiply<sums<1, 0>, tokens<0>, weights<1>>();
      if constexpr (T == 2) {
        Tiles::template load_passing<tokens<1>>(x[1] + b.x_rest[1], 64);
        Tiles::template multiply<sums<0, 1>, tokens<1>, weights<0>>();
        if constexpr (R == 2) Tiles::template multiply<sums<1, 1>, tokens<1>, weights<1>>();
      }
    }
    if constexpr (Terms > 2) {
      const std::byte* const rest[2] = {w[0] + 8 * bf16_record_bytes, w[1] + 8 * bf16_record_bytes};
      multiply_record<R, T, 1, false>(b, rest, x);
    }
  }

  // R strips (1 or 2), T times 16 tokens (1 or 2). Activations pass through; the weights stay. The sums are left in the
  // registers.
  template <std::size_t R, std::size_t T, std::size_t Terms>
  static void multiply(const Block& b, Ahead& ahead) {
    const std::byte *w[2] = {b.w[0], b.w[1]}, *x[2] = {b.x[0], b.x[1]}, *soon = b.soon;
    const float* next = b.out + 32 * b.out_stride;  // sums of the next block, four tokens a record
    for (std::size_t i = 0; i < b.n_records; ++i) {
#pragma GCC unroll 4
      for (std::size_t t = 0; t < 4; ++t) {
        __builtin_prefetch(next, 1, 3);
        __builtin_prefetch(next + 16, 1, 3);
        next += b.out_stride;
      }
      i == 0 ? multiply_record<R, T, Terms, true>(b, w, x) : multiply_record<R, T, Terms, false>(b, w, x);
      for (std::size_t line = 0; line < b.soon_step; line += 128) __builtin_prefetch(soon + line, 0, 2);
      soon += b.soon_step;
#pragma GCC unroll 2
      for (std::size_t j = 0; j < 2; ++j) {
        w[j] += bf16_record_bytes;
        x[j] += b.x_step[j];
      }
      ahead.step();
    }
  }

  // The order in which pairs of strips meet the tokens: rows of a block of rows, parts of k, blocks.
  struct Walk {
    std::size_t row_end, block_rows, n_parts;
    std::size_t block, row, part = 0;  // where it is

    std::size_t block_end() const { return row_end - block < block_rows ? row_end : block + block_rows; }
    std::size_t n_rows() const { return block_end() - row < 32 ? block_end() - row : 32; }
    bool done() const { return block == row_end; }
    Walk next() const {
      Walk to = *this;
      to.row += 32;
      if (to.row < block_end()) return to;
      to.row = block;
      if (++to.part < n_parts) return to;
      to.part = 0;
      to.block = to.row = block_end();
      return to;
    }
  };

  // Tiles [tile, end_tile) of tokens meet all rows. Terms: products for each one.
  template <std::size_t Terms>
  struct Run {
    const MatmulArgs& a;
    const Bf16Format& format;
    Bf16TileLayout layout;
    std::size_t tile, end_tile;

    std::size_t strip_bytes() const { return format.records * bf16_record_bytes; }
    std::size_t n_blocks() const { return (end_tile - tile + 1) / 2; }

    std::ptrdiff_t place(const Walk& at) const {
      return static_cast<std::ptrdiff_t>(at.row * a.row_bytes + at.part * format.chunk_bytes);
    }
    // The strips of a place, not yet packed.
    Ahead ahead(const Walk& at, std::byte* strips) const {
      Ahead out;
      if (at.done()) return out;
      const Walk after = at.next();
      const std::ptrdiff_t next = after.done() ? 0 : place(after) - place(at);
      for (std::size_t r = 0; 16 * r < at.n_rows(); ++r) {
        const std::size_t n = at.n_rows() - 16 * r < 16 ? at.n_rows() - 16 * r : 16;
        out.strips[r] =
            StripPacker(a, format, at.row + 16 * r, n, at.part, at.part + 1, strips + r * strip_bytes(), next);
      }
      return out;
    }

    void multiply(const Walk& at, const std::byte* strips, Ahead& ahead) const {
      Block b;
      const std::size_t left = a.k - 256 * at.part;
      b.n_records = left < 256 ? (left + 31) / 32 : 8;
      b.w[0] = strips;
      b.w[1] = strips + strip_bytes();
      b.first = at.part == 0;
      b.out_stride = a.out_stride;
      for (std::size_t r = 0; r < 2; ++r) {
        const std::size_t n = at.n_rows() > 16 * r ? at.n_rows() - 16 * r : 0;
        b.rows[r] = static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1);
      }
      ahead.interval = n_blocks() * b.n_records / (2 * (16 + format.records));
      const auto* x = reinterpret_cast<const std::byte*>(a.x.q16);
      // Each pair of strips fetches its share of the next part; after the last part comes the first one, of other rows.
      const std::size_t n_pairs = (at.block_end() - at.block + 31) / 32, n_fetches = n_pairs * n_blocks() * b.n_records;
      const std::byte* soon = x + layout.at(at.part + 1 < at.n_parts ? at.part + 1 : 0, tile);
      const std::size_t part_bytes = (end_tile - tile) * (layout.split ? 16384 : 8192);
      b.soon_step = (part_bytes + 128 * n_fetches - 1) / (128 * n_fetches) * 128;
      b.soon = soon + (at.row - at.block) / 32 * n_blocks() * b.n_records * b.soon_step;
      configure(16, 16);
      b.before = nullptr;
      for (std::size_t i = tile; i < end_tile; i += 2) {
        for (std::size_t t = 0; t < 2; ++t) {
          b.n_tokens[t] = i + t < end_tile ? layout.tokens(i + t) : 0;
          b.x[t] = x + layout.at(at.part, b.n_tokens[t] != 0 ? i + t : i);
          b.x_step[t] = 64 * b.n_tokens[t];
          b.x_rest[t] = 8 * b.x_step[t];
        }
        b.out = a.out + 16 * i * b.out_stride + (at.row - a.row_begin);
        at.n_rows() > 16 ? meet<2>(b, ahead) : meet<1>(b, ahead);
        b.soon += b.n_records * b.soon_step;
      }
      at.n_rows() > 16 ? leave<2>(b) : leave<1>(b);
    }
    // Two tiles of tokens leave their sums to the next ones, if there are any; fewer tokens are always the last.
    template <std::size_t R>
    static void meet(Block& b, Ahead& ahead) {
      if (b.n_tokens[0] + b.n_tokens[1] == 32) {
        Bf16Tiles::template multiply<R, 2, Terms>(b, ahead);
        b.before = b.out;
        return;
      }
      leave<R>(b);
      configure(b.n_tokens[0], b.n_tokens[1] != 0 ? b.n_tokens[1] : 16);
      if (b.n_tokens[1] != 0) {
        Bf16Tiles::template multiply<R, 2, Terms>(b, ahead);
        store_all<R, 2>(b, b.out);
      } else {
        Bf16Tiles::template multiply<R, 1, Terms>(b, ahead);
        store_all<R, 1>(b, b.out);
      }
    }
    template <std::size_t R>
    static void leave(Block& b) {
      Block whole = b;
      whole.n_tokens[0] = whole.n_tokens[1] = 16;
      if (b.before != nullptr) store_all<R, 2>(whole, b.before);
      b.before = nullptr;
    }

    void operator()() const {
      const bool fits = (end_tile - tile) * (layout.split ? 64 : 32) * a.x.k_padded <= most_bytes;
      const std::size_t rows = fits ? 32 : a.row_end - a.row_begin;  // between two parts
      std::byte *strips = a.panel, *others = a.panel + 2 * strip_bytes();
      Walk at{a.row_end, rows, (a.k + 255) / 256, a.row_begin, a.row_begin};
      ahead(at, strips).finish();
      while (!at.done()) {
        const Walk after = at.next();
        Ahead next = ahead(after, others);
        multiply(at, strips, next);
        next.finish();
        at = after;
        std::byte* const packed = others;
        others = strips;
        strips = packed;
      }
    }
  };

  template <std::size_t Terms>
  static void run(const MatmulArgs& a, const Bf16Format& format) {
    const std::size_t n_tiles = (a.n_tokens + 15) / 16;
    for (std::size_t tile = 0; tile < n_tiles; tile += most_tokens / 16) {
      const std::size_t end = n_tiles - tile < most_tokens / 16 ? n_tiles : tile + most_tokens / 16;
      Run<Terms>{a, format, {a.n_tokens, a.split}, tile, end}();
    }
    Tiles::release();
  }
  template <class Format>
  static void run(const MatmulArgs& a) {
    run<1>(a, bf16_format<Format>);
  }
  // Needs a.split.
  template <class Format>
  static void run_split(const MatmulArgs& a) {
    if constexpr (std::is_same_v<Format, quant::F16>) {
      run<3>(a, bf16_format<Format, SplitF16, 16>);
    } else {
      static_assert(std::is_same_v<Format, quant::BF16>);
      run<2>(a, bf16_format<Format>);
    }
  }
};
