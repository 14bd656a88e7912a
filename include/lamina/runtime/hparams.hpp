// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The sizes of one model: what a file's metadata says of the structure its family fixes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lamina/nn/tensor_spec.hpp"

namespace lamina {

enum class RopeScaling : std::uint8_t { None, Linear, Yarn };

struct RopeParams {
  double base = 10000;
  RopeScaling scaling = RopeScaling::None;
  double factor = 1;                 // positions are divided by it (Linear), or blended (Yarn)
  double attention_factor = 1;       // multiplies cosines and sines
  double beta_fast = 32;             // YaRN: rotations below which a dimension is interpolated only …
  double beta_slow = 1;              // … and above which it is extrapolated only
  std::size_t original_context = 0;  // tokens; the context before YaRN extended it
};

struct Hparams {
  std::string architecture;
  std::size_t n_layers = 0;
  std::size_t n_embd = 0;   // values
  std::size_t n_vocab = 0;  // rows of the embedding
  std::size_t n_ctx = 0;    // tokens the model was trained for
  std::size_t n_ff = 0;     // values
  std::size_t n_head = 0;
  std::size_t n_head_kv = 0;
  std::size_t key_dim = 0;    // values per head
  std::size_t value_dim = 0;  // values per head
  std::size_t n_rot = 0;      // values per head that RoPE rotates
  float rms_eps = 0;
  float attention_scale = 0;
  RopeParams rope;

  std::size_t n_group() const { return n_head / n_head_kv; }  // query heads that share a KV head

  // Bounds in hparams_reader.hpp keep every product here far below 2^63.
  std::size_t size(nn::Size s) const {
    switch (s) {
      case nn::Size::One: return 1;
      case nn::Size::Embedding: return n_embd;
      case nn::Size::Vocabulary: return n_vocab;
      case nn::Size::FeedForward: return n_ff;
      case nn::Size::Queries: return n_head * key_dim;
      case nn::Size::Keys: return n_head_kv * key_dim;
      case nn::Size::Values: return n_head_kv * value_dim;
      case nn::Size::Attended: return n_head * value_dim;
      case nn::Size::RopePairs: return n_rot / 2;
    }
    return 0;
  }
};

}  // namespace lamina
