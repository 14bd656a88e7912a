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
  One,          // the tensor is a vector
  Embedding,    // n_embd
  Vocabulary,   // n_vocab
  FeedForward,  // n_ff
  Queries,      // n_head · key_dim
  Keys,         // n_head_kv · key_dim
  Values,       // n_head_kv · value_dim
  Attended,     // n_head · value_dim
  RopePairs,    // n_rot / 2
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
  }
  return "?";
}

enum class Presence : std::uint8_t { Required, Optional };
enum class Scope : std::uint8_t {
  Layer,  // inside Repeat the name gets the prefix "blk.N."
  Model,  // one tensor for all layers
};

// A tensor [rows][columns]; columns are contiguous (GGUF's ne[0]).
struct TensorSpec {
  std::string_view name;  // without "blk.N."
  Size columns = Size::Embedding;
  Size rows = Size::One;
  Presence presence = Presence::Required;
  Scope scope = Scope::Layer;
  std::string_view tied_to = {};  // the tensor that stands in when this one is absent
};

}  // namespace lamina::nn
