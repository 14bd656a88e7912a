// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Keys and values of all layers (kernels/kv_layout.hpp), by blocks of positions: a block of all layers and heads, then
// the next block. Attention streams a head's part of a block, and memory is touched only as far as the sequence grows,
// even in huge pages: with a head's positions all together the first token touched every page.
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
    return checked_product(h.n_layers, h.n_head_kv, ceil_div(n_ctx, kernels::key_block), tiles_in_block(n_ctx),
                           tile_bytes(h, type));
  }

  // Where things lie, in bytes: a head's values after its keys, from a head to the next, from a block to the next.
  struct Layout {
    std::size_t key_bytes = 0, head_bytes = 0, block_stride = 0;
  };
  static Layout layout(const Hparams& h, CacheType type, std::size_t n_ctx) {
    Layout out;
    out.key_bytes = tiles_in_block(n_ctx) * kernels::key_tile_bytes(type, h.key_dim);
    out.head_bytes = tiles_in_block(n_ctx) * tile_bytes(h, type);
    out.block_stride = h.n_layers * h.n_head_kv * out.head_bytes;
    return out;
  }

  // Bytes that a position takes, and that decode reads of each position it sees.
  static std::size_t position_bytes(const Hparams& h, CacheType type) {
    return checked_product(h.n_layers, h.n_head_kv, tile_bytes(h, type)).value_or(0) / kernels::kv_tile;
  }

  // Errors: OutOfMemory. The head sizes must be such that the type takes them (kernels::cache_takes).
  static Expected<KvCache> make(const Hparams& h, CacheType type, std::size_t n_ctx) {
    const auto size = bytes(h, type, n_ctx);
    if (!size) return fail(ErrorCode::OutOfMemory, "a cache larger than memory");
    auto memory = AlignedBuffer<std::byte>::make(*size);
    if (!memory) return fail(std::move(memory.error()));
    KvCache out;
    out.memory_ = std::move(*memory);
    out.type_ = type;
    out.n_head_kv_ = h.n_head_kv;
    out.layout_ = layout(h, type, n_ctx);
    return out;
  }

  CacheType type() const { return type_; }
  // From a head's block to its next, in bytes.
  std::size_t block_stride() const { return layout_.block_stride; }
  // The tiles of a head's first block.
  std::byte* keys(std::size_t layer, std::size_t head) {
    return memory_.data() + (layer * n_head_kv_ + head) * layout_.head_bytes;
  }
  std::byte* values(std::size_t layer, std::size_t head) { return keys(layer, head) + layout_.key_bytes; }

 private:
  // A context of less than a block is one of fewer tiles.
  static std::size_t tiles_in_block(std::size_t n_ctx) {
    return ceil_div(n_ctx < kernels::key_block ? n_ctx : kernels::key_block, kernels::kv_tile);
  }
  static std::size_t tile_bytes(const Hparams& h, CacheType type) {
    return kernels::key_tile_bytes(type, h.key_dim) + kernels::value_tile_bytes(type, h.value_dim);
  }

  AlignedBuffer<std::byte> memory_;  // [blocks][n_layers][n_head_kv] of keys, then values
  CacheType type_ = CacheType::F32;
  std::size_t n_head_kv_ = 0;
  Layout layout_;
};

}  // namespace runtime
}  // namespace lamina
