// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Keys and values of all layers, per layer and KV head one run of tiles (kernels/kv_layout.hpp), so that attention
// streams them. Touched only as far as the sequence grows.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/runtime/hparams.hpp"

namespace lamina {

using kernels::CacheType;

namespace runtime {

class KvCache {
 public:
  KvCache() = default;

  // Bytes for n_ctx tokens, empty when they cannot be counted in 64 bits.
  static std::optional<std::size_t> bytes(const Hparams& h, CacheType type, std::size_t n_ctx) {
    return checked_product(h.n_layers, h.n_head_kv, ceil_div(n_ctx, kernels::kv_tile),
                           kernels::key_tile_bytes(type, h.key_dim) + kernels::value_tile_bytes(type, h.value_dim));
  }

  // Bytes that a position takes, and that decode reads of each position it sees.
  static std::size_t position_bytes(const Hparams& h, CacheType type) {
    return bytes(h, type, kernels::kv_tile).value_or(0) / kernels::kv_tile;
  }

  // Errors: OutOfMemory. The head sizes must be such that the type takes them (kernels::cache_takes).
  static Expected<KvCache> make(const Hparams& h, CacheType type, std::size_t n_ctx) {
    if (!bytes(h, type, n_ctx)) return fail(ErrorCode::OutOfMemory, "a cache larger than memory");
    KvCache out;
    const std::size_t tiles = ceil_div(n_ctx, kernels::kv_tile);
    out.type_ = type;
    out.n_head_kv_ = h.n_head_kv;
    out.key_head_bytes_ = tiles * kernels::key_tile_bytes(type, h.key_dim);
    out.value_head_bytes_ = tiles * kernels::value_tile_bytes(type, h.value_dim);
    auto keys = AlignedBuffer<std::byte>::make(h.n_layers * h.n_head_kv * out.key_head_bytes_);
    if (!keys) return fail(std::move(keys.error()));
    auto values = AlignedBuffer<std::byte>::make(h.n_layers * h.n_head_kv * out.value_head_bytes_);
    if (!values) return fail(std::move(values.error()));
    out.keys_ = std::move(*keys);
    out.values_ = std::move(*values);
    return out;
  }

  CacheType type() const { return type_; }
  // The tiles of a head, from position 0.
  std::byte* keys(std::size_t layer, std::size_t head) {
    return keys_.data() + (layer * n_head_kv_ + head) * key_head_bytes_;
  }
  std::byte* values(std::size_t layer, std::size_t head) {
    return values_.data() + (layer * n_head_kv_ + head) * value_head_bytes_;
  }

 private:
  AlignedBuffer<std::byte> keys_;    // [n_layers][n_head_kv][key_head_bytes_]
  AlignedBuffer<std::byte> values_;  // [n_layers][n_head_kv][value_head_bytes_]
  CacheType type_ = CacheType::F32;
  std::size_t n_head_kv_ = 0;
  std::size_t key_head_bytes_ = 0;
  std::size_t value_head_bytes_ = 0;
};

}  // namespace runtime
}  // namespace lamina
