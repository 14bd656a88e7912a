// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Keys and values in the cache, in the layout of kernels/kv_layout.hpp that the CPU has too: a warp that reads value i
// of 32 neighbouring keys reads whole sectors.
#pragma once

#include "lamina/kernels/cuda/args.hpp"
#include "lamina/kernels/cuda/staging.hpp"
#include "lamina/kernels/kv_layout.hpp"

namespace lamina::gpu {

template <CacheType Type>
LAMINA_HOST_DEVICE inline float cache_value(const std::byte* p, std::size_t i) {
  if constexpr (Type == CacheType::F32) {
    return reinterpret_cast<const float*>(p)[i];
  } else if constexpr (Type == CacheType::Q8_0) {
    return static_cast<float>(reinterpret_cast<const std::int8_t*>(p)[i]);
  } else {
    const std::uint32_t bits = reinterpret_cast<const std::uint16_t*>(p)[i];
    return Type == CacheType::BF16 ? float_of_bits(bits << 16) : half_value(bits);
  }
}

// Where a key lies: its tile, and the lane there. value(i) is the i-th of its values.
template <CacheType Type>
struct CachedKey {
  const std::byte* tile;
  std::uint32_t lane;

  LAMINA_HOST_DEVICE static CachedKey at(const std::byte* head, std::uint32_t dim, std::uint32_t position,
                                         std::size_t block_stride) {
    const std::size_t tile_bytes = kernels::key_tile_bytes(Type, dim);
    return {head + kernels::tile_offset(std::size_t{position}, tile_bytes, block_stride), position % 16};
  }
  LAMINA_HOST_DEVICE float value(std::uint32_t i) const {
    if constexpr (Type == CacheType::Q8_0) {
      const std::byte* group = tile + std::size_t{i / 32} * kernels::kv_key_group;
      const float scale = half_value(reinterpret_cast<const std::uint16_t*>(group + 512)[lane]);
      return scale * cache_value<Type>(group, i % 32 * 16 + lane);
    } else {
      return cache_value<Type>(tile, std::size_t{i} * 16 + lane);
    }
  }
};

template <CacheType Type>
struct CachedValue {
  const std::byte* tile;
  std::uint32_t lane;
  std::uint32_t dim;

  LAMINA_HOST_DEVICE static CachedValue at(const std::byte* head, std::uint32_t dim, std::uint32_t position,
                                           std::size_t block_stride) {
    const std::size_t tile_bytes = kernels::value_tile_bytes(Type, dim);
    return {head + kernels::tile_offset(std::size_t{position}, tile_bytes, block_stride), position % 16, dim};
  }
  LAMINA_HOST_DEVICE float value(std::uint32_t i) const {
    if constexpr (Type == CacheType::Q8_0) {
      const std::size_t place = std::size_t{lane} * dim + i;
      const auto* scales = reinterpret_cast<const std::uint16_t*>(tile + std::size_t{dim} * 16);
      return half_value(scales[place / 32]) * cache_value<Type>(tile, place);
    } else {
      return cache_value<Type>(tile, std::size_t{lane} * kernels::value_width(dim) + i);
    }
  }
};

LAMINA_HOST_DEVICE inline void put_cache(CacheType type, std::byte* p, std::size_t i, float x) {
  if (type == CacheType::F32) {
    reinterpret_cast<float*>(p)[i] = x;
  } else {
    reinterpret_cast<std::uint16_t*>(p)[i] =
        type == CacheType::BF16 ? bfloat16::from_float(x).bits : half::from_float(x).bits;
  }
}

// A group of 32 as bytes with one scale, as the CPU rounds it.
struct CacheGroup {
  float scale, inverse;

  LAMINA_HOST_DEVICE static CacheGroup of(const float* x /* [32] */) {
    std::uint32_t most = 0;
    for (int i = 0; i < 32; ++i) {
      const std::uint32_t bits = magnitude_bits(x[i]);
      most = bits > most ? bits : most;
    }
    const float amax = float_of_bits(most);
    if (amax < 1e-30f) return {0, 0};
    return {amax / 127.0f, 127.0f / amax};
  }
  LAMINA_HOST_DEVICE std::int8_t level(float x) const {
    const int q = level_of(x, inverse);
    return static_cast<std::int8_t>(q < -127 ? -127 : q > 127 ? 127 : q);
  }
};

// Thread t's part of the key of a position: values, or whole groups.
LAMINA_HOST_DEVICE inline void store_key(const Cache& cache, std::byte* head, const float* x, std::uint32_t dim,
                                         std::uint32_t position, unsigned t, unsigned threads) {
  std::byte* tile =
      head + kernels::tile_offset(std::size_t{position}, kernels::key_tile_bytes(cache.type, dim), cache.block_stride);
  const std::uint32_t lane = position % 16;
  if (cache.type != CacheType::Q8_0) {
    for (std::uint32_t i = t; i < dim; i += threads) put_cache(cache.type, tile, std::size_t{i} * 16 + lane, x[i]);
    return;
  }
  for (std::uint32_t g = t; g < dim / 32; g += threads) {
    std::byte* group = tile + std::size_t{g} * kernels::kv_key_group;
    const CacheGroup scale = CacheGroup::of(x + 32 * g);
    put_cache(CacheType::F16, group + 512, lane, scale.scale);
    for (std::uint32_t i = 0; i < 32; ++i) {
      reinterpret_cast<std::int8_t*>(group)[i * 16 + lane] = scale.level(x[32 * g + i]);
    }
  }
}

LAMINA_HOST_DEVICE inline void store_value(const Cache& cache, std::byte* head, const float* x, std::uint32_t dim,
                                           std::uint32_t position, unsigned t, unsigned threads) {
  std::byte* tile = head + kernels::tile_offset(std::size_t{position}, kernels::value_tile_bytes(cache.type, dim),
                                                cache.block_stride);
  const std::uint32_t lane = position % 16;
  if (cache.type != CacheType::Q8_0) {
    const std::size_t row = std::size_t{lane} * kernels::value_width(dim);
    for (std::uint32_t i = t; i < dim; i += threads) put_cache(cache.type, tile, row + i, x[i]);
    return;
  }
  for (std::uint32_t g = t; g < dim / 32; g += threads) {
    const std::size_t place = std::size_t{lane} * dim + 32 * g;
    const CacheGroup scale = CacheGroup::of(x + 32 * g);
    put_cache(CacheType::F16, tile + std::size_t{dim} * 16, place / 32, scale.scale);
    for (std::uint32_t i = 0; i < 32; ++i) {
      reinterpret_cast<std::int8_t*>(tile)[place + i] = scale.level(x[32 * g + i]);
    }
  }
}

}  // namespace lamina::gpu
