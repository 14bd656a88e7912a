// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The memory that attention by tiles works in.
#pragma once

#include <cstddef>

#include "lamina/kernels/kv_layout.hpp"

namespace lamina::kernels {

// Scratch of a task of attention_bf16 (generic/attention_tiles.hpp): where each part begins, and the size, in values.
struct TileScratch {
  static constexpr std::size_t pair = 32;  // rows in hand at once: two tiles

  std::size_t key_width;    // bfloat16 of a row, in whole tiles
  std::size_t value_width;  // of a row's sums: the values, then the sum of its weights
  std::size_t queries;      // bfloat16 [rows / 16][key_width / 32][16][32], rows rounded up to pairs here and below
  std::size_t sums;         // [rows / 16][value_width / 16][16][16]
  std::size_t bases;        // [rows]
  std::size_t scores;       // [pair][key_block]
  std::size_t strips;       // scores with 32 keys: [2][pair][32]
  std::size_t weights;      // bfloat16 [pair / 16][key_block / 32][16][32]
  std::size_t keys;         // bfloat16 [key_block / 16][key_width / 32][16][16 keys][2]
  std::size_t values;       // bfloat16 [value_width / 16][key_block / 32][16][16 values][2]
  std::size_t size;

  constexpr TileScratch(std::size_t n_rows, std::size_t key_dim, std::size_t value_dim)
      : key_width(round_up(key_dim, 32)),
        value_width(round_up(value_dim + 1, 16)),
        queries(0),
        sums(round_up(n_rows, pair) * key_width / 2),
        bases(sums + round_up(n_rows, pair) * value_width),
        scores(bases + round_up(n_rows, pair)),
        strips(scores + pair * key_block),
        weights(strips + 2 * pair * 32),
        keys(weights + pair * key_block / 2),
        values(keys + key_block * key_width / 2),
        size(values + key_block * value_width / 2) {}
};

}  // namespace lamina::kernels
