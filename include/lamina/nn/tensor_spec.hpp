// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How a layer names its tensors and their shapes, before any file is read. Sizes are symbols here; a file's
// hyperparameters give them values.
#pragma once

#include <cstdint>
#include <string_view>

namespace lamina::nn {

// A dimension of a tensor, as the family's structure knows it.
enum class Size : std::uint8_t {
  One,                // the tensor is a vector
  Embedding,          // n_embd
  Vocabulary,         // n_vocab
  FeedForward,        // n_ff
  Queries,            // n_head · key_dim
  Keys,               // n_head_kv · key_dim
  Values,             // n_head_kv · value_dim
  Attended,           // n_head · value_dim
  RopePairs,          // n_rot / 2
  None,               // 0: where the first part of a fused tensor begins
  Context,            // n_ctx: rows of learned positions
  KeyDim,             // key_dim
  Heads,              // n_head
  HeadsKv,            // n_head_kv
  QueriesKeys,        // where the values begin in a fused projection
  QueriesKeysValues,  // rows of a fused projection
  ThreeEmbedding,     // 3 · n_embd
  TwoFeedForward,     // 2 · n_ff: gate and up in one matrix
  Experts,            // n_expert
  ExpertFeedForward,  // n_ff of one expert
  SharedFeedForward,  // n_ff of the experts that every token meets
};

constexpr std::string_view to_string(Size size) {
  switch (size) {
    case Size::One: return "1";
    case Size::Embedding: return "n_embd";
    case Size::Vocabulary: return "n_vocab";
    case Size::FeedForward: return "n_ff";
    case Size::Queries: return "n_head*key_dim";
    case Size::Keys: return "n_head_kv*key_dim";
    case Size::Values: return "n_head_kv*value_dim";
    case Size::Attended: return "n_head*value_dim";
    case Size::RopePairs: return "n_rot/2";
    case Size::None: return "0";
    case Size::Context: return "n_ctx";
    case Size::KeyDim: return "key_dim";
    case Size::Heads: return "n_head";
    case Size::HeadsKv: return "n_head_kv";
    case Size::QueriesKeys: return "n_head*key_dim + n_head_kv*key_dim";
    case Size::QueriesKeysValues: return "n_head*key_dim + n_head_kv*key_dim + n_head_kv*value_dim";
    case Size::ThreeEmbedding: return "3*n_embd";
    case Size::TwoFeedForward: return "2*n_ff";
    case Size::Experts: return "n_expert";
    case Size::ExpertFeedForward: return "n_ff_expert";
    case Size::SharedFeedForward: return "n_ff_shared";
  }
  return "?";
}

enum class Presence : std::uint8_t { Required, Optional };
enum class Scope : std::uint8_t {
  Layer,  // inside Repeat the name gets the prefix "blk.N."
  Model,  // one tensor for all layers
};

enum class Use : std::uint8_t {
  ByShape,  // several rows: a matrix that a kernel multiplies with; one row: floats
  Floats,   // floats of our own, however many rows: a norm or bias of each head or expert
  Matrix,   // a matrix, though it has one row
};

// Several tensors of one name stored as one: this one is rows [begin, begin + its own) of `rows`.
struct Fused {
  std::string_view name = {};
  Size rows = Size::One;
  Size begin = Size::None;
};

// A tensor [depth][rows][columns]; columns are contiguous (GGUF's ne[0]).
struct TensorSpec {
  std::string_view name;  // without "blk.N."
  Size columns = Size::Embedding;
  Size rows = Size::One;
  Size depth = Size::One;
  Presence presence = Presence::Required;
  Scope scope = Scope::Layer;
  Use use = Use::ByShape;
  std::string_view tied_to = {};  // the tensor that stands in when this one is absent
  Fused fused = {};               // where else it may be
};

}  // namespace lamina::nn
