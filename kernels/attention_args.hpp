// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What attention and the kernels that fill its cache are given, and the memory they need.
#pragma once

#include <cstddef>

#include "lamina/core/checked.hpp"
#include "lamina/kernels/kv_layout.hpp"

namespace lamina::kernels {

// Rows for the cache of one head: row r, `dim` values at rows + r · stride, belongs to `position + r`.
struct StoreArgs {
  CacheType type = CacheType::F32;
  std::byte* tiles = nullptr;  // of the head, from position 0
  std::size_t dim = 0;         // values
  std::size_t position = 0;
  std::size_t n_rows = 0;
  const float* rows = nullptr;
  std::size_t stride = 0;        // values
  std::size_t block_stride = 0;  // of the cache, bytes: tile_offset()
};

// Causal attention of one KV head for the query heads that share it and n_tokens consecutive tokens; token t sees
// positions 0 … position + t:
//   out[t][g][d] = Σ_j softmax_j(scale · q[t][g]·k[j]) · v[j][d]
// with a window only the last `window` of these positions. Families change a score s of token p and key j, in this
// order: s ← cap · tanh(s / cap), s ← s − slopes[g] · (p − j); and sinks[g] is one more score, without a value.
// Row r = t · n_group + g of what follows is query head g of token t.
struct AttentionArgs {
  const float* q = nullptr;           // [n_tokens] × [n_group][key_dim], consecutive query heads
  std::size_t q_stride = 0;           // values from a token to the next
  CacheType type = CacheType::F32;    // of keys and values
  const std::byte* keys = nullptr;    // tiles of the head, from position 0; whole tiles may be read
  const std::byte* values = nullptr;  // the same
  std::size_t block_stride = 0;       // of both, bytes: tile_offset()
  std::size_t position = 0;           // of token 0
  std::size_t n_tokens = 0;
  std::size_t n_group = 0;    // query heads per KV head
  std::size_t key_dim = 0;    // values; any number ≥ 1
  std::size_t value_dim = 0;  // values; any number ≥ 1
  float scale = 1;
  std::size_t window = 0;         // positions a token sees, itself among them; 0: all before it
  float cap = 0;                  // 0: none
  const float* slopes = nullptr;  // [n_group], null: none
  const float* sinks = nullptr;   // [n_group], null: none
  float* scratch = nullptr;       // attention_scratch() values, of attention_bf16 TileScratch::size
  float* out = nullptr;           // [n_tokens] × [n_group][value_dim]
  std::size_t out_stride = 0;     // values from a token to the next

  std::size_t rows() const { return n_tokens * n_group; }
  std::size_t n_blocks() const { return ceil_div(position + n_tokens, key_block); }
  // The first position that a token sees.
  std::size_t first_position(std::size_t token) const {
    const std::size_t end = position + token + 1;
    return window == 0 || end <= window ? 0 : end - window;
  }
  // The first block that any token sees.
  std::size_t first_block() const { return first_position(0) / key_block; }
  // The tokens [first_token, end_token) see a key of the block.
  std::size_t first_token(std::size_t block) const {
    return block * key_block > position ? block * key_block - position : 0;
  }
  std::size_t end_token(std::size_t block) const {
    const std::size_t end = (block + 1) * key_block;  // the last key's position + 1
    if (window == 0 || end + window > position + n_tokens) return n_tokens;
    return end + window <= position + 1 ? 0 : end + window - position - 1;
  }
  // Keys [keys_before, keys_seen) of the block are those that a token sees, which must be one that sees any.
  std::size_t keys_seen(std::size_t token, std::size_t block) const {
    const std::size_t n = position + token + 1 - block * key_block;
    return n < key_block ? n : key_block;
  }
  std::size_t keys_before(std::size_t token, std::size_t block) const {
    const std::size_t first = first_position(token);
    return first > block * key_block ? first - block * key_block : 0;
  }
};

// What a row has of a range of keys: the largest score m, l = Σ exp(score − m), acc = Σ exp(score − m) · v.
//   m [rows rounded up to 16], l [the same], acc [rows][value_width]
struct Partial {
  float* m;
  float* l;
  float* acc;

  static constexpr std::size_t size(std::size_t rows, std::size_t value_dim) {  // values
    return 2 * round_up(rows, 16) + rows * value_width(value_dim);
  }
  static Partial at(float* memory, std::size_t rows) {
    return {memory, memory + round_up(rows, 16), memory + 2 * round_up(rows, 16)};
  }
};

// Scratch of a task, in values. Keys and values of other types are unpacked a block at a time.
constexpr std::size_t attention_scratch(CacheType type, std::size_t rows, std::size_t key_dim, std::size_t value_dim) {
  const std::size_t unpacked = type == CacheType::F32 ? 0 : key_block * (key_dim + value_width(value_dim));
  return rows * key_block + 2 * Partial::size(rows, value_dim) + 2 * round_up(rows, 16) + unpacked;
}

}  // namespace lamina::kernels
