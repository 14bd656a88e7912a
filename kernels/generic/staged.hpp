// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Formats whose weights come one by one or eight by eight, from tables or from digits to base 3: TQ1_0, Q2_0 and IQ1 to
// IQ3. Stage<Format> writes the 256 signed integers of a chunk to memory, in the order of the row, by 64-bit arithmetic
// that every machine has; from there they are read as vectors. Plans call such kernels staged.
//
// Stage::decode(chunk, q, scale): q [256] within −bound … bound, scale [scales], weight = scale · q.
template <class Format>
struct Stage;

LAMINA_INLINE void put_eight(std::int8_t* q, std::uint64_t bytes) { std::memcpy(q, &bytes, sizeof bytes); }
inline constexpr std::uint64_t ones_of_bytes = 0x0101010101010101u, tops_of_bytes = 0x8080808080808080u;

// Negative where `mask` has ones. No byte of `levels` is 0, so nothing is carried from one to the next.
LAMINA_INLINE void put_signed(std::int8_t* q, std::uint64_t levels, std::uint64_t mask) {
  put_eight(q, (levels ^ mask) + (mask & ones_of_bytes));
}

template <class Format>
LAMINA_INLINE typename Format::Block block_at(const std::byte* p) {
  typename Format::Block block;
  std::memcpy(&block, p, sizeof block);
  return block;
}
LAMINA_INLINE float odd_scale(float d, int s) { return d * static_cast<float>(2 * s + 1); }

template <>
struct Stage<quant::TQ1_0> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 1;

  template <std::size_t N>
  LAMINA_INLINE static void digits(const std::uint8_t* bytes, std::size_t n_digits, std::int8_t* q) {
    std::uint8_t rest[N];
    std::memcpy(rest, bytes, N);
    for (std::size_t n = 0; n < n_digits; ++n) {
      for (std::size_t i = 0; i < N; ++i) {
        const unsigned three = 3u * rest[i];
        q[N * n + i] = static_cast<std::int8_t>(static_cast<int>(three >> 8) - 1);
        rest[i] = static_cast<std::uint8_t>(three);
      }
    }
  }
  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::TQ1_0>(chunk);
    digits<32>(b.qs, 5, q);
    digits<16>(b.qs + 32, 5, q + 160);
    digits<4>(b.qs + 48, 4, q + 240);
    const float d = b.d;
    for (std::size_t i = 0; i < 8; ++i) scale[i] = d;
  }
};

template <>
struct Stage<quant::Q2_0> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 2;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    for (std::size_t i = 0; i < 4; ++i, chunk += sizeof(quant::Q2_0::Block)) {
      const auto b = block_at<quant::Q2_0>(chunk);
      for (std::size_t l = 0; l < 8; ++l) {
        const std::uint64_t codes = spread_two_bits(b.qs[2 * l] | static_cast<unsigned>(b.qs[2 * l + 1]) << 8);
        put_eight(q + 64 * i + 8 * l, ((codes | tops_of_bytes) - ones_of_bytes) ^ tops_of_bytes);
      }
      scale[2 * i] = scale[2 * i + 1] = b.d;
    }
  }
};

template <>
struct Stage<quant::IQ2_XXS> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 64;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ2_XXS>(chunk);
    const float d = 0.125f * static_cast<float>(b.d);
    for (std::size_t j = 0; j < 8; ++j) {
      const std::uint16_t* w = b.qs + 4 * j;
      const std::uint32_t points = w[0] | static_cast<std::uint32_t>(w[1]) << 16;
      const std::uint32_t rest = w[2] | static_cast<std::uint32_t>(w[3]) << 16;
      for (unsigned l = 0; l < 4; ++l) {
        put_signed(q + 32 * j + 8 * l, iq2_xxs_bytes[points >> 8 * l & 255], even_bit_bytes[rest >> 7 * l & 127]);
      }
      scale[j] = odd_scale(d, static_cast<int>(rest >> 28));
    }
  }
};

template <>
struct Stage<quant::IQ2_XS> {
  static constexpr std::size_t scales = 16;
  static constexpr int bound = 64;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ2_XS>(chunk);
    const float d = 0.125f * static_cast<float>(b.d);
    for (std::size_t l = 0; l < 32; ++l) {
      const unsigned w = b.qs[l];
      put_signed(q + 8 * l, iq2_xs_bytes[w & 511], even_bit_bytes[w >> 9]);
    }
    for (std::size_t j = 0; j < 16; ++j) scale[j] = odd_scale(d, b.scales[j / 2] >> 4 * (j % 2) & 15);
  }
};

template <>
struct Stage<quant::IQ2_S> {
  static constexpr std::size_t scales = 16;
  static constexpr int bound = 64;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ2_S>(chunk);
    const float d = 0.125f * static_cast<float>(b.d);
    for (std::size_t l = 0; l < 32; ++l) {
      const unsigned point = b.qs[l] | (static_cast<unsigned>(b.qh[l / 4]) >> 2 * (l % 4) & 3) << 8;
      put_signed(q + 8 * l, iq2_s_bytes[point], bit_bytes[b.signs[l]]);
    }
    for (std::size_t j = 0; j < 16; ++j) scale[j] = odd_scale(d, b.scales[j / 2] >> 4 * (j % 2) & 15);
  }
};

// Two points of four weights.
LAMINA_INLINE std::uint64_t two_points(std::uint32_t first, std::uint32_t second) {
  const std::uint32_t both[2] = {first, second};
  std::uint64_t out;
  std::memcpy(&out, both, sizeof out);
  return out;
}

template <>
struct Stage<quant::IQ3_XXS> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 64;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ3_XXS>(chunk);
    const float d = 0.25f * static_cast<float>(b.d);
    for (std::size_t j = 0; j < 8; ++j) {
      std::uint32_t rest = 0;
      for (unsigned i = 0; i < 4; ++i) rest |= static_cast<std::uint32_t>(b.rest[4 * j + i]) << 8 * i;
      const std::uint8_t* points = b.qs + 8 * j;
      for (unsigned l = 0; l < 4; ++l) {
        put_signed(q + 32 * j + 8 * l, two_points(iq3_xxs_bytes[points[2 * l]], iq3_xxs_bytes[points[2 * l + 1]]),
                   even_bit_bytes[rest >> 7 * l & 127]);
      }
      scale[j] = odd_scale(d, static_cast<int>(rest >> 28));
    }
  }
};

template <>
struct Stage<quant::IQ3_S> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 16;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ3_S>(chunk);
    const float d = b.d;
    for (std::size_t l = 0; l < 32; ++l) {
      const unsigned high = static_cast<unsigned>(b.qh[l / 4]) >> 2 * (l % 4);
      const unsigned first = b.qs[2 * l] | (high & 1) << 8, second = b.qs[2 * l + 1] | (high & 2) << 7;
      put_signed(q + 8 * l, two_points(iq3_s_bytes[first], iq3_s_bytes[second]), bit_bytes[b.signs[l]]);
    }
    for (std::size_t j = 0; j < 8; ++j) scale[j] = odd_scale(d, b.scales[j / 2] >> 4 * (j % 2) & 15);
  }
};

// Eight levels that are 128 too high, so that nothing is carried between bytes, with one added or taken off.
LAMINA_INLINE void put_shifted(std::int8_t* q, std::uint64_t levels, bool lower) {
  put_eight(q, (lower ? levels - ones_of_bytes : levels + ones_of_bytes) ^ tops_of_bytes);
}

template <>
struct Stage<quant::IQ1_S> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 16;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ1_S>(chunk);
    const float d = 0.125f * static_cast<float>(b.d);
    for (std::size_t j = 0; j < 8; ++j) {
      const unsigned h = b.qh[j];
      for (unsigned l = 0; l < 4; ++l) {
        put_shifted(q + 32 * j + 8 * l, iq1_bytes[b.qs[4 * j + l] | (h >> 3 * l & 7) << 8], (h & 0x8000u) != 0);
      }
      scale[j] = odd_scale(d, static_cast<int>(h >> 12 & 7));
    }
  }
};

template <>
struct Stage<quant::IQ1_M> {
  static constexpr std::size_t scales = 16;
  static constexpr int bound = 16;

  [[gnu::noinline]] static void decode(const std::byte* chunk, std::int8_t* q, float* scale) {
    const auto b = block_at<quant::IQ1_M>(chunk);
    const float d = 0.125f * static_cast<float>(quant::IQ1_M::d(b));
    for (std::size_t l = 0; l < 32; ++l) {
      const unsigned h = static_cast<unsigned>(b.qh[l / 2]) >> 4 * (l % 2);
      put_shifted(q + 8 * l, iq1_bytes[b.qs[l] | (h & 7) << 8], (h & 8) != 0);
    }
    for (std::size_t j = 0; j < 16; ++j) scale[j] = odd_scale(d, b.scales[j / 4] >> 3 * (j % 4) & 7);
  }
};

// A chunk's integers and scales in memory.
template <class Format>
struct Staged {
  static constexpr std::size_t chunk_bytes = 256 / Format::block_size * sizeof(typename Format::Block);
  static constexpr std::size_t scales = Stage<Format>::scales;

  alignas(64) std::int8_t q[256];
  f32x8 scale[scales / 8];

  LAMINA_INLINE explicit Staged(const std::byte* chunk) {
    float values[scales];
    Stage<Format>::decode(chunk, q, values);
#pragma GCC unroll 2
    for (std::size_t i = 0; i < scales / 8; ++i) scale[i] = load<f32x8>(values + 8 * i);
  }
};

template <class Format>
requires is_staged_format<Format>
struct Unpack<Format> : Staged<Format> {
  static constexpr bool has_minimum = false;

  LAMINA_INLINE explicit Unpack(const std::byte* chunk) : Staged<Format>(chunk) {}
  LAMINA_INLINE WordPair pair(std::size_t p) const {
    const auto* at = reinterpret_cast<const std::byte*>(this->q + 64 * p);
    return {signed_words(at, at + 32), signed_words(at + 16, at + 48)};
  }
};
