// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The KV cache's formats: rows of floats are stored into tiles, tiles are unpacked to floats (kv_layout.hpp).

// Rounded to bfloat16, ties to even; NaN stays NaN.
LAMINA_INLINE void store_bf16(std::byte* p, const f32x16& a) {
  const i32x16 bits = as_int(a), one = broadcast<i32x16>(1), quiet = broadcast<i32x16>(0x400000);
  const i32x16 over = sub(broadcast<i32x16>(0x7f800000), bit_and(bits, broadcast<i32x16>(0x7fffffff)));
  const i32x16 nan = shift_right<31>(over);  // all ones for NaN
  const i32x16 odd = bit_and(shift_right<16>(bits), one);
  const i32x16 rounded = add(bits, bit_and(add(broadcast<i32x16>(0x7fff), odd), sub(broadcast<i32x16>(-1), nan)));
  std::int16_t words[16];
  store_i16(words, shift_right<16>(bit_or(rounded, bit_and(nan, quiet))));
  std::memcpy(p, words, sizeof words);
}

// 16 values as the words of a 16-bit type.
LAMINA_INLINE void store_words(CacheType type, std::byte* p, const f32x16& a) {
  if (type == CacheType::F16) return store_f16(p, a);
  store_bf16(p, a);
}

// x ≈ scale · q for 32 values, scale as binary16. As in quantize(), the largest magnitude decides, is found among
// integers so that what is not finite reaches the scale, and below 1e-30 everything is zero.
inline void quantize_group(const float* x, std::int8_t* q, std::byte* scale) {
  const i32x16 magnitude = broadcast<i32x16>(0x7fffffff);
  const f32x16 x0 = load<f32x16>(x), x1 = load<f32x16>(x + 16);
  float magnitudes[16];
  store(magnitudes, as_float(max(bit_and(as_int(x0), magnitude), bit_and(as_int(x1), magnitude))));
  std::int32_t bits[16];
  std::memcpy(bits, magnitudes, sizeof bits);
  std::int32_t largest_bits = bits[0];
  for (const std::int32_t b : bits) largest_bits = b > largest_bits ? b : largest_bits;
  float amax;
  std::memcpy(&amax, &largest_bits, sizeof amax);
  const bool tiny = amax < 1e-30f;
  std::byte words[32];
  store_f16(words, broadcast<f32x16>(tiny ? 0.0f : amax / 127.0f));
  std::memcpy(scale, words, 2);
  const f32x16 inverse = broadcast<f32x16>(tiny ? 0.0f : 127.0f / amax);
  const f32x16 low = broadcast<f32x16>(-127.0f), high = broadcast<f32x16>(127.0f);
  std::int16_t levels[32];
  store_i16(levels, nearest_int(min(max(mul(x0, inverse), low), high)));
  store_i16(levels + 16, nearest_int(min(max(mul(x1, inverse), low), high)));
  for (std::size_t i = 0; i < 32; ++i) q[i] = static_cast<std::int8_t>(levels[i]);
}

// Values [i, i + 16) of a row of n, zeros past its end.
LAMINA_INLINE f32x16 row_part(const float* row, std::size_t i, std::size_t n) {
  return n - i >= 16 ? load<f32x16>(row + i) : load_first(row + i, n - i);
}

inline void store_keys(const StoreArgs& a) {
  for (std::size_t r = 0; r < a.n_rows; ++r) {
    const float* row = a.rows + r * a.stride;
    const std::size_t at = a.position + r, lane = at % kv_tile;
    std::byte* tile = a.tiles + tile_offset(at, key_tile_bytes(a.type, a.dim), a.block_stride);
    if (a.type == CacheType::F32) {
      for (std::size_t i = 0; i < a.dim; ++i) std::memcpy(tile + 4 * (i * kv_tile + lane), row + i, 4);
    } else if (a.type == CacheType::Q8_0) {
      for (std::size_t i = 0; i < a.dim; i += kv_group, tile += kv_key_group) {
        std::int8_t q[kv_group];
        quantize_group(row + i, q, tile + kv_group * kv_tile + 2 * lane);
        for (std::size_t j = 0; j < kv_group; ++j) std::memcpy(tile + j * kv_tile + lane, q + j, 1);
      }
    } else {
      for (std::size_t i = 0; i < a.dim; i += 16) {
        std::byte words[32];
        store_words(a.type, words, row_part(row, i, a.dim));
        const std::size_t n = a.dim - i < 16 ? a.dim - i : 16;
        for (std::size_t j = 0; j < n; ++j) std::memcpy(tile + 2 * ((i + j) * kv_tile + lane), words + 2 * j, 2);
      }
    }
  }
}

inline void store_values(const StoreArgs& a) {
  const std::size_t width = value_width(a.dim);
  for (std::size_t r = 0; r < a.n_rows; ++r) {
    const float* row = a.rows + r * a.stride;
    const std::size_t at = a.position + r, lane = at % kv_tile;
    std::byte* tile = a.tiles + tile_offset(at, value_tile_bytes(a.type, a.dim), a.block_stride);
    if (a.type == CacheType::Q8_0) {
      std::byte* scales = tile + kv_tile * a.dim + lane * (a.dim / kv_group) * 2;
      for (std::size_t i = 0; i < a.dim; i += kv_group, scales += 2) {
        std::int8_t q[kv_group];
        quantize_group(row + i, q, scales);
        std::memcpy(tile + lane * a.dim + i, q, kv_group);
      }
      continue;
    }
    std::byte* out = tile + lane * width * cache_value_bytes(a.type);
    for (std::size_t i = 0; i < a.dim; i += 16) {
      const f32x16 v = row_part(row, i, a.dim);
      if (a.type == CacheType::F32) {
        float values[16];
        store(values, v);
        std::memcpy(out + 4 * i, values, sizeof values);
      } else {
        store_words(a.type, out + 2 * i, v);
      }
    }
  }
}

// n · 16 values of a 16-bit type.
inline void unpack_words(CacheType type, const std::byte* in, std::size_t n, float* out) {
  if (type == CacheType::F16) {
    for (std::size_t i = 0; i < n; ++i) store(out + 16 * i, load_f16(in + 32 * i));
  } else {
    for (std::size_t i = 0; i < n; ++i) store(out + 16 * i, load_bf16(in + 32 * i));
  }
}

// Tiles of keys as floats, [n_tiles][key_dim][16].
inline void unpack_keys(CacheType type, const std::byte* tiles, std::size_t n_tiles, std::size_t key_dim, float* out) {
  if (type != CacheType::Q8_0) return unpack_words(type, tiles, n_tiles * key_dim, out);
  for (std::size_t g = 0; g < n_tiles * key_dim / kv_group; ++g) {
    const std::byte* group = tiles + g * kv_key_group;
    const f32x16 scale = load_f16(group + kv_group * kv_tile);
    float* to = out + g * kv_group * kv_tile;
    for (std::size_t i = 0; i < kv_group; ++i) store(to + 16 * i, mul(load_i8(group + 16 * i), scale));
  }
}

// Tiles of values as floats, [n_tiles · 16][value_width].
inline void unpack_values(CacheType type, const std::byte* tiles, std::size_t n_tiles, std::size_t value_dim,
                          float* out) {
  if (type != CacheType::Q8_0) return unpack_words(type, tiles, n_tiles * value_width(value_dim), out);
  for (std::size_t t = 0; t < n_tiles; ++t) {
    const std::byte* tile = tiles + t * value_tile_bytes(type, value_dim);
    const std::byte* scales = tile + kv_tile * value_dim;
    for (std::size_t g = 0; g < kv_tile * value_dim / kv_group; g += 16) {
      float scale[16];
      store(scale, load_f16(scales + 2 * g));
      for (std::size_t i = 0; i < 16; ++i) {
        const std::byte* group = tile + (g + i) * kv_group;
        float* to = out + t * kv_tile * value_dim + (g + i) * kv_group;
        const f32x16 s = broadcast<f32x16>(scale[i]);
        store(to, mul(load_i8(group), s));
        store(to + 16, mul(load_i8(group + 16), s));
      }
    }
  }
}
