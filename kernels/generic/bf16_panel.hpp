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

// Formats whose integers are few: what each comes to in bfloat16 is worked out once for all weights that share a scale,
// and looked up in a table of 32. 0: more than that.
template <class Format>
inline constexpr std::size_t bf16_levels = 0;
template <>
inline constexpr std::size_t bf16_levels<quant::Q4_0> = 16;
template <>
inline constexpr std::size_t bf16_levels<quant::Q4_1> = 16;
template <>
inline constexpr std::size_t bf16_levels<quant::Q4_K> = 16;
template <>
inline constexpr std::size_t bf16_levels<quant::Q5_0> = 32;
template <>
inline constexpr std::size_t bf16_levels<quant::Q5_1> = 32;
template <>
inline constexpr std::size_t bf16_levels<quant::Q5_K> = 32;
template <>
inline constexpr std::size_t bf16_levels<quant::Q2_K> = 8;
template <>
inline constexpr std::size_t bf16_levels<quant::Q3_K> = 8;

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
    // q · scale + minimum; lanes from 8 on have those at `high`, the others those at `low`.
    LAMINA_INLINE __m512 apply(__m512 q, std::size_t low, std::size_t high) const {
      const auto at = [&](const float* of) {
        const __m512 v = _mm512_set1_ps(of[low]);
        return low == high ? v : _mm512_mask_broadcastss_ps(v, 0xff00, _mm_load_ss(of + high));
      };
      if constexpr (Chunk::has_minimum) return _mm512_fmadd_ps(q, at(scale), at(minimum));
      return _mm512_mul_ps(q, at(scale));
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
      if constexpr (bf16_levels<Format> != 0) {
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
        const std::size_t at = n * (g + i) + (n == 2 ? half : 0);
        value[half] = scales.apply(q, at, at);
      }
      _mm512_store_si512(to + i * bf16_record_bytes, round_bf16(value[0], value[1]));
    }
  }

  // Levels `from` …, each as often as `period` tells.
  template <int From, int Period>
  LAMINA_INLINE static __m512 levels() {
    alignas(64) static constexpr auto values = [] {
      std::array<float, 16> out{};
      for (int i = 0; i < 16; ++i)
        out[static_cast<std::size_t>(i)] = static_cast<float>(From + i % Period - Chunk::centre);
      return out;
    }();
    return _mm512_load_ps(values.data());
  }
  LAMINA_INLINE static void look_up(const Scales& scales, std::size_t g, __m512i first, __m512i second, std::byte* to) {
#pragma GCC unroll 2
    for (std::size_t pair = 0; pair < 2; ++pair) {
      const __m512i a =
          _mm512_cvtepu8_epi16(pair == 0 ? _mm512_castsi512_si256(first) : _mm512_extracti64x4_epi64(first, 1));
      const __m512i b =
          _mm512_cvtepu8_epi16(pair == 0 ? _mm512_castsi512_si256(second) : _mm512_extracti64x4_epi64(second, 1));
      // The integers of group g and of group g + 1, as words.
      __m512i low = _mm512_inserti64x4(a, _mm512_castsi512_si256(b), 1), high = _mm512_shuffle_i64x2(a, b, 0xee);
      __m512i of_low, of_high;
      if constexpr (Chunk::scales == 16) {
        static_assert(bf16_levels<Format> <= 8);
        const __m512 q = levels<0, 8>();
        of_low = of_high = round_bf16(scales.apply(q, 2 * g, 2 * g + 1), scales.apply(q, 2 * g + 2, 2 * g + 3));
        const __m512i second_half = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(8), 1);
        low = _mm512_or_si512(low, second_half);
        high = _mm512_or_si512(_mm512_or_si512(high, second_half), _mm512_set1_epi16(16));
      } else if constexpr (bf16_levels<Format> <= 16) {
        const __m512 q = levels<0, 16>();
        of_low = of_high = round_bf16(scales.apply(q, g, g), scales.apply(q, g + 1, g + 1));
        high = _mm512_or_si512(high, _mm512_set1_epi16(16));
      } else {
        const __m512 q = levels<0, 16>(), more = levels<16, 16>();
        of_low = round_bf16(scales.apply(q, g, g), scales.apply(more, g, g));
        of_high = round_bf16(scales.apply(q, g + 1, g + 1), scales.apply(more, g + 1, g + 1));
      }
      _mm512_store_si512(to, _mm512_permutexvar_epi16(low, of_low));
      _mm512_store_si512(to + bf16_record_bytes, _mm512_permutexvar_epi16(high, of_high));
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
  static void transpose(std::byte* record) {
    __m512i pairs[16];
#pragma GCC unroll 16
    for (std::size_t j = 0; j < 16; ++j) pairs[j] = _mm512_load_si512(record + 64 * j);
    transpose_16x16(pairs);
#pragma GCC unroll 16
    for (std::size_t j = 0; j < 16; ++j) _mm512_store_si512(record + 64 * j, pairs[j]);
  }

  const MatmulArgs* a_ = nullptr;
  const Bf16Format* format_ = nullptr;
  std::size_t row_ = 0, last_row_ = 0, chunk_ = 0, end_ = 0;
  std::byte* to_ = nullptr;
  std::ptrdiff_t next_ = 0;
  std::size_t step_ = 0;
};
