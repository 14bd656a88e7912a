// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill in bfloat16. Rows are decoded, 16 at a time, into strips: for every 32 weights a record of 16 vectors, of
// which vector j holds weights 2j and 2j + 1 of each of the 16 rows. That is what VDPBF16PS multiplies with a pair of
// activations in all lanes, and what AMX loads as a tile. k is taken in parts, so that a part of the panel stays in a
// cache however long rows are. Whatever the tokens beside it, a token's sum is made of the same steps.
//
// Needs AVX512_BF16, whose instructions are written in assembly because no target of Highway 1.0.3 has them.

inline constexpr std::size_t bf16_record_bytes = 1024;  // 32 weights of 16 rows

// Rounded to the nearest, ties to even; NaN stays NaN. The lanes of `low` come first.
LAMINA_INLINE __m512i round_bf16(__m512 low, __m512 high) {
  __m512i out;
  asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(out) : "v"(low), "v"(high));
  return out;
}

// The next 32 of n values, zeros past the last.
struct Floats32 {
  __m512 low, high;

  LAMINA_INLINE Floats32(const float* p, std::size_t n) {
    const __mmask32 lanes = n >= 32 ? ~__mmask32{0} : (__mmask32{1} << n) - 1;
    low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes), p);
    high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(lanes >> 16), p + 16);
  }
};

// Formats of sixteen levels: what each comes to in bfloat16 is worked out once for the weights that share a scale, and
// looked up in a table of two groups. (With 32 levels or scales of half groups that was no faster.)
template <class Format>
inline constexpr bool has_bf16_table = false;
template <>
inline constexpr bool has_bf16_table<quant::Q4_0> = true;
template <>
inline constexpr bool has_bf16_table<quant::Q4_1> = true;
template <>
inline constexpr bool has_bf16_table<quant::Q4_K> = true;

// Row r's 256 weights → vector r of 8 records, in order; `to` is that of the first record.
template <class Format>
struct Bf16Chunk {
  using Chunk = Bytes<Format>;
  static constexpr std::size_t chunk_bytes = Chunk::chunk_bytes;

  // The chunk's scales and minima, one for each group or half group.
  struct Scales {
    alignas(64) float scale[Chunk::scales], minimum[Chunk::scales];

    explicit Scales(const Chunk& w) {
      store8(scale, w.scale[0]);
      if constexpr (Chunk::scales == 16) store8(scale + 8, w.scale[1]);
      if constexpr (Chunk::has_minimum) store8(minimum, w.minimum[0]);
      if constexpr (Chunk::has_minimum && Chunk::scales == 16) store8(minimum + 8, w.minimum[1]);
    }
    LAMINA_INLINE __m512 apply(__m512 q, std::size_t i) const {
      if constexpr (Chunk::has_minimum) return _mm512_fmadd_ps(q, _mm512_set1_ps(scale[i]), _mm512_set1_ps(minimum[i]));
      return _mm512_mul_ps(q, _mm512_set1_ps(scale[i]));
    }
  };

  static void decode(const std::byte* chunk, std::byte* to) {
    const Chunk w(chunk);
    const Scales scales(w);
#pragma GCC unroll 2
    for (std::size_t h = 0; h < 2; ++h) {
      __m512i first, second;
      w.half(h, first, second);
      std::byte* out = to + 4 * h * bf16_record_bytes;
      if constexpr (has_bf16_table<Format>) {
        look_up(scales, 4 * h, first, second, out);
      } else {
        compute(scales, 4 * h, first, second, out);
      }
    }
  }

 private:
  // Groups g … g + 3 of the chunk, in quad order.
  LAMINA_INLINE static void compute(const Scales& scales, std::size_t g, __m512i first, __m512i second, std::byte* to) {
    const __m512i centre = _mm512_set1_epi8(static_cast<char>(Chunk::centre));
    alignas(64) std::byte bytes[2][64];
    _mm512_store_si512(bytes[0], _mm512_sub_epi8(first, centre));
    _mm512_store_si512(bytes[1], _mm512_sub_epi8(second, centre));
    constexpr std::size_t n = Chunk::scales / 8;  // scales of a group
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      __m512 value[2];
#pragma GCC unroll 2
      for (std::size_t half = 0; half < 2; ++half) {
        const auto* p = reinterpret_cast<const __m128i*>(bytes[half] + 16 * i);
        const __m512 q = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(p)));
        value[half] = scales.apply(q, n * (g + i) + (n == 2 ? half : 0));
      }
      _mm512_store_si512(to + i * bf16_record_bytes, round_bf16(value[0], value[1]));
    }
  }

  LAMINA_INLINE static void look_up(const Scales& scales, std::size_t g, __m512i first, __m512i second, std::byte* to) {
    const __m512i counted = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512 levels = _mm512_cvtepi32_ps(_mm512_sub_epi32(counted, _mm512_set1_epi32(Chunk::centre)));
#pragma GCC unroll 2
    for (std::size_t pair = 0; pair < 2; ++pair) {
      const __m256i a = pair == 0 ? _mm512_castsi512_si256(first) : _mm512_extracti64x4_epi64(first, 1);
      const __m256i b = pair == 0 ? _mm512_castsi512_si256(second) : _mm512_extracti64x4_epi64(second, 1);
      const __m512i halves = _mm512_cvtepu8_epi16(a), others = _mm512_cvtepu8_epi16(b);
      // The integers of group g, and those of group g + 1 as places in the second half of the table.
      const __m512i low = _mm512_inserti64x4(halves, _mm512_castsi512_si256(others), 1);
      const __m512i high = _mm512_or_si512(_mm512_shuffle_i64x2(halves, others, 0xee), _mm512_set1_epi16(16));
      const __m512i table = round_bf16(scales.apply(levels, g), scales.apply(levels, g + 1));
      _mm512_store_si512(to, _mm512_permutexvar_epi16(low, table));
      _mm512_store_si512(to + bf16_record_bytes, _mm512_permutexvar_epi16(high, table));
      to += 2 * bf16_record_bytes;
      g += 2;
    }
  }
};
template <>
struct Bf16Chunk<quant::BF16> {
  static constexpr std::size_t chunk_bytes = 512;

  static void decode(const std::byte* chunk, std::byte* to) {
#pragma GCC unroll 8
    for (std::size_t g = 0; g < 8; ++g) _mm512_store_si512(to + g * bf16_record_bytes, load_512(chunk + 64 * g));
  }
};
template <>
struct Bf16Chunk<quant::F16> {
  static constexpr std::size_t chunk_bytes = 512;

  static void decode(const std::byte* chunk, std::byte* to) {
#pragma GCC unroll 8
    for (std::size_t g = 0; g < 8; ++g) {
      const std::byte* p = chunk + 64 * g;
      _mm512_store_si512(to + g * bf16_record_bytes,
                         round_bf16(_mm512_cvtph_ps(native::load_256(p)), _mm512_cvtph_ps(native::load_256(p + 32))));
    }
  }
};

// A format without its type, so that what follows is compiled once for all.
struct Bf16Format {
  void (*decode)(const std::byte* chunk, std::byte* to);
  std::size_t records;  // of a chunk
  std::size_t chunk_bytes, block_size, block_bytes;
};
template <class Format, class Chunk = Bf16Chunk<Format>, std::size_t Records = 8>
inline constexpr Bf16Format bf16_format = {&Chunk::decode, Records, Chunk::chunk_bytes, Format::block_size,
                                           sizeof(typename Format::Block)};

// What bfloat16 leaves of the floats that `rounded` was made of, itself rounded.
LAMINA_INLINE __m512i rest_bf16(__m512i rounded, __m512 low, __m512 high) {
  const __m512i first = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(rounded));
  const __m512i second = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(rounded, 1));
  return round_bf16(_mm512_sub_ps(low, _mm512_castsi512_ps(_mm512_slli_epi32(first, 16))),
                    _mm512_sub_ps(high, _mm512_castsi512_ps(_mm512_slli_epi32(second, 16))));
}

// Weights of F16 as the sum of two bfloat16, exactly: eight records, then eight of what they left over.
struct SplitF16 {
  static constexpr std::size_t chunk_bytes = 512;

  static void decode(const std::byte* chunk, std::byte* to) {
#pragma GCC unroll 8
    for (std::size_t g = 0; g < 8; ++g) {
      const std::byte* p = chunk + 64 * g;
      const __m512 low = _mm512_cvtph_ps(native::load_256(p)), high = _mm512_cvtph_ps(native::load_256(p + 32));
      const __m512i rounded = round_bf16(low, high);
      _mm512_store_si512(to + g * bf16_record_bytes, rounded);
      _mm512_store_si512(to + (8 + g) * bf16_record_bytes, rest_bf16(rounded, low, high));
    }
  }
};

// Chunks of 16 rows on their way into a strip, a little at a time, so that it can be done while something else is
// waiting: every row of a chunk is decoded into its vectors of the chunk's records, then each record is transposed
// where it lies.
class StripPacker {
 public:
  // Chunks [begin, end) of rows [row, row + n_rows) of a; of 16, the rows that do not exist repeat the last one and
  // are not stored later. `next`: bytes from each of them to what is packed after it, to be fetched.
  StripPacker(const MatmulArgs& a, const Bf16Format& format, std::size_t row, std::size_t n_rows, std::size_t begin,
              std::size_t end, std::byte* records, std::ptrdiff_t next)
      : a_(&a),
        format_(&format),
        row_(row),
        last_row_(n_rows - 1),
        chunk_(begin),
        end_(end),
        to_(records),
        next_(next) {}
  StripPacker() = default;

  bool done() const { return chunk_ == end_; }
  void finish() {
    while (!done()) step();
  }
  void step() {
    if (step_ < 16) {
      decode(step_);
    } else {
      transpose(to_ + (step_ - 16) * bf16_record_bytes);
    }
    if (++step_ < 16 + format_->records) return;
    step_ = 0;
    ++chunk_;
    to_ += format_->records * bf16_record_bytes;
  }

 private:
  void decode(std::size_t r) const {
    const std::byte* chunk =
        a_->weights + (row_ + (r < last_row_ ? r : last_row_)) * a_->row_bytes + chunk_ * format_->chunk_bytes;
    const std::size_t rest = a_->k - 256 * chunk_;
    if (rest < 256) {
      // The row may end where memory ends, so its last blocks are read from a copy.
      alignas(64) std::byte last[1024] = {};
      std::memcpy(last, chunk, rest / format_->block_size * format_->block_bytes);
      return format_->decode(last, to_ + 64 * r);
    }
    for (std::size_t line = 0; line < format_->chunk_bytes; line += 64) __builtin_prefetch(chunk + next_ + line, 0, 2);
    format_->decode(chunk, to_ + 64 * r);
  }
  LAMINA_INLINE static __m128i piece(const std::byte* p) { return _mm_load_si128(reinterpret_cast<const __m128i*>(p)); }
  // Pairs of the rows become columns. Pieces of four are gathered as they are loaded, which takes half of the shuffles.
  static void transpose(std::byte* record) {
    __m512i columns[16];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) {
      __m512i rows[4];  // rows i, i + 4, i + 8, i + 12
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        const std::byte* from = record + 64 * i + 16 * j;
        rows[i] = _mm512_castsi128_si512(piece(from));
        rows[i] = _mm512_inserti32x4(rows[i], piece(from + 64 * 4), 1);
        rows[i] = _mm512_inserti32x4(rows[i], piece(from + 64 * 8), 2);
        rows[i] = _mm512_inserti32x4(rows[i], piece(from + 64 * 12), 3);
      }
      const __m512i a = _mm512_unpacklo_epi32(rows[0], rows[1]), b = _mm512_unpackhi_epi32(rows[0], rows[1]);
      const __m512i c = _mm512_unpacklo_epi32(rows[2], rows[3]), d = _mm512_unpackhi_epi32(rows[2], rows[3]);
      columns[4 * j] = _mm512_unpacklo_epi64(a, c);
      columns[4 * j + 1] = _mm512_unpackhi_epi64(a, c);
      columns[4 * j + 2] = _mm512_unpacklo_epi64(b, d);
      columns[4 * j + 3] = _mm512_unpackhi_epi64(b, d);
    }
#pragma GCC unroll 16
    for (std::size_t j = 0; j < 16; ++j) _mm512_store_si512(record + 64 * j, columns[j]);
  }

  const MatmulArgs* a_ = nullptr;
  const Bf16Format* format_ = nullptr;
  std::size_t row_ = 0, last_row_ = 0, chunk_ = 0, end_ = 0;
  std::byte* to_ = nullptr;
  std::ptrdiff_t next_ = 0;
  std::size_t step_ = 0;
};
