// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The sizes of one model: what a file's metadata says of the structure its family fixes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lamina/nn/tensor_spec.hpp"

namespace lamina {

enum class RopeScaling : std::uint8_t { None, Linear, Yarn, Long };

struct RopeParams {
  double base = 10000;
  double local_base = 0;  // of layers with a base of their own; 0: none given
  RopeScaling scaling = RopeScaling::None;
  double factor = 1;            // positions are divided by it (Linear), or blended (Yarn)
  double attention_factor = 1;  // multiplies cosines and sines
  double beta_fast = 32;        // YaRN: rotations below which a dimension is interpolated only …
  double beta_slow = 1;         // … and above which it is extrapolated only
  // Pairs are dealt to sections in turn; those of the fourth do not turn with text (multimodal RoPE). All 0: no
  // sections.
  std::array<std::size_t, 4> sections{};
  std::size_t original_context = 0;  // tokens; the context before YaRN or LongRoPE extended it
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
  std::size_t key_dim = 0;        // values per head
  std::size_t value_dim = 0;      // values per head
  std::size_t n_rot = 0;          // values per head that RoPE rotates
  std::size_t n_rope_tables = 0;  // sets of rotary frequencies that layers use
  std::size_t n_learned = 0;      // positions that have a learned vector; 0: positions are not learned
  std::size_t n_window = 0;       // tokens that sliding layers see; 0: no layer slides
  float rms_eps = 0;
  float layer_eps = 0;
  float attention_scale = 0;
  RopeParams rope;
  bool post_norms = false;  // branches are normed or scaled before they are added

  std::size_t n_expert = 0;
  std::size_t n_expert_used = 0;  // per token
  std::size_t n_ff_expert = 0;    // values, of one expert
  std::size_t n_ff_shared = 0;    // values, of the experts that every token meets
  float expert_scale = 1;         // of the weights of chosen experts

  std::size_t n_group() const { return n_head / n_head_kv; }  // query heads that share a KV head

  // Values of the widest hidden layer that all tokens have at once.
  std::size_t n_hidden() const { return std::max(n_ff, n_ff_shared); }

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
      case nn::Size::None: return 0;
      case nn::Size::Context: return n_ctx;
      case nn::Size::KeyDim: return key_dim;
      case nn::Size::Heads: return n_head;
      case nn::Size::HeadsKv: return n_head_kv;
      case nn::Size::QueriesKeys: return (n_head + n_head_kv) * key_dim;
      case nn::Size::QueriesKeysValues: return (n_head + n_head_kv) * key_dim + n_head_kv * value_dim;
      case nn::Size::ThreeEmbedding: return 3 * n_embd;
      case nn::Size::TwoFeedForward: return 2 * n_ff;
      case nn::Size::Experts: return n_expert;
      case nn::Size::ExpertFeedForward: return n_ff_expert;
      case nn::Size::SharedFeedForward: return n_ff_shared;
    }
    return 0;
  }
};

}  // namespace lamina
