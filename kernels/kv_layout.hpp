// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How keys and values lie in the cache of one KV head: tiles of 16 positions in the form in which attention reads them,
// eight of them, a block, one after the other, and blocks a stride apart. With lane = position % 16:
//   keys, F32 F16 BF16   [key_dim][16 lanes]: 16 scores come from vectors of 16 keys, without a transpose
//   keys, Q8_0           per group of 32 values: int8 [32][16 lanes], then binary16 scales [16 lanes]
//   values, F32 F16 BF16 [16 lanes][value_width], value_width = value_dim rounded up to 16, zeros past value_dim
//   values, Q8_0         int8 [16 lanes][value_dim], then binary16 scales [16 lanes][value_dim / 32]
// Nothing outside the kernels depends on it. Attention by tiles of bfloat16 interleaves keys as [key_dim / 2][16
// lanes][2] a block at a time, which is a thirtieth of its work.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "lamina/core/checked.hpp"
#include "lamina/core/half.hpp"

namespace lamina::kernels {

// The format of cached keys and values.
enum class CacheType : std::uint8_t { F32, F16, BF16, Q8_0 };

inline constexpr std::array cache_types = {CacheType::F32, CacheType::F16, CacheType::BF16, CacheType::Q8_0};

constexpr std::string_view to_string(CacheType type) {
  switch (type) {
    case CacheType::F32: return "f32";
    case CacheType::F16: return "f16";
    case CacheType::BF16: return "bf16";
    case CacheType::Q8_0: return "q8_0";
  }
  return "?";
}

inline constexpr std::size_t kv_tile = 16;  // positions
// Keys are taken in blocks of so many positions, counted from position 0. The unit of work that may be split off, and
// of the order of summation: see README.md.
inline constexpr std::size_t key_block = 128;
static_assert(key_block % kv_tile == 0);
inline constexpr std::size_t kv_group = 32;       // values of Q8_0 that share a scale
inline constexpr std::size_t kv_key_group = 544;  // bytes of a group of Q8_0 keys: 32 · 16 integers and 16 scales

// A Q8_0 head must be whole groups; the others take any size.
constexpr bool cache_takes(CacheType type, std::size_t dim) { return type != CacheType::Q8_0 || dim % kv_group == 0; }

// Bytes of one value without scales.
constexpr std::size_t cache_value_bytes(CacheType type) {
  return type == CacheType::F32 ? 4 : type == CacheType::Q8_0 ? 1 : 2;
}
constexpr std::size_t key_tile_bytes(CacheType type, std::size_t key_dim) {
  if (type == CacheType::Q8_0) return key_dim / kv_group * kv_key_group;
  return kv_tile * key_dim * cache_value_bytes(type);
}
constexpr std::size_t value_width(std::size_t value_dim) { return round_up(value_dim, 16); }
constexpr std::size_t value_tile_bytes(CacheType type, std::size_t value_dim) {
  if (type == CacheType::Q8_0) return kv_tile * (value_dim + value_dim / kv_group * 2);
  return kv_tile * value_width(value_dim) * cache_value_bytes(type);
}

// Where the tile of a position lies, in bytes from that of position 0. block_stride: from a block to the next, 0 when
// blocks follow each other like tiles.
constexpr std::size_t tile_offset(std::size_t position, std::size_t tile_bytes, std::size_t block_stride) {
  if (block_stride == 0) return position / kv_tile * tile_bytes;
  return position / key_block * block_stride + position % key_block / kv_tile * tile_bytes;
}

// A value read on its own, for the reference and for tests.
inline float cache_float(CacheType type, const std::byte* p) {
  if (type == CacheType::F32) {
    float v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  std::uint16_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return type == CacheType::BF16 ? static_cast<float>(bfloat16{bits}) : static_cast<float>(half{bits});
}
inline float cached_key(CacheType type, const std::byte* head, std::size_t key_dim, std::size_t position, std::size_t i,
                        std::size_t block_stride = 0) {
  const std::byte* tile = head + tile_offset(position, key_tile_bytes(type, key_dim), block_stride);
  const std::size_t lane = position % kv_tile;
  if (type != CacheType::Q8_0) return cache_float(type, tile + (i * kv_tile + lane) * cache_value_bytes(type));
  const std::byte* group = tile + i / kv_group * kv_key_group;
  const float scale = cache_float(CacheType::F16, group + kv_group * kv_tile + 2 * lane);
  return scale * static_cast<float>(static_cast<std::int8_t>(group[i % kv_group * kv_tile + lane]));
}
inline float cached_value(CacheType type, const std::byte* head, std::size_t value_dim, std::size_t position,
                          std::size_t i, std::size_t block_stride = 0) {
  const std::byte* tile = head + tile_offset(position, value_tile_bytes(type, value_dim), block_stride);
  const std::size_t lane = position % kv_tile;
  if (type != CacheType::Q8_0) {
    return cache_float(type, tile + (lane * value_width(value_dim) + i) * cache_value_bytes(type));
  }
  const std::size_t at = lane * value_dim + i;
  const float scale = cache_float(CacheType::F16, tile + kv_tile * value_dim + at / kv_group * 2);
  return scale * static_cast<float>(static_cast<std::int8_t>(tile[at]));
}

}  // namespace lamina::kernels
