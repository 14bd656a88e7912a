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

// Row r's 256 weights → vector r of 8 records, in order; `to` is that of the first record.
template <class Format>
struct Bf16Chunk {
  using Chunk = Bytes<Format>;
  static constexpr std::size_t chunk_bytes = Chunk::chunk_bytes;
  static constexpr std::size_t scales_a_group = Chunk::scales / 8;

  static void decode(const std::byte* chunk, std::byte* to) {
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
        _mm512_store_si512(to + (4 * h + g) * bf16_record_bytes, round_bf16(value[0], value[1]));
      }
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
  std::size_t chunk_bytes, block_size, block_bytes;
};
template <class Format>
inline constexpr Bf16Format bf16_format = {&Bf16Chunk<Format>::decode, Bf16Chunk<Format>::chunk_bytes,
                                           Format::block_size, sizeof(typename Format::Block)};

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

  static constexpr std::size_t steps = 16 + 8;  // of a chunk
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
    if (++step_ < steps) return;
    step_ = 0;
    ++chunk_;
    to_ += 8 * bf16_record_bytes;
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
