// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The layer vocabulary: types that describe a model family. They hold names, shapes and structure and do no arithmetic;
// runtime/lower.hpp turns each into phases of a plan. A layer lists its tensors in `tensors`, and the enum beside it
// names their positions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/fixed_string.hpp"
#include "lamina/nn/tensor_spec.hpp"

namespace lamina::nn {

// What place a layer may take in a list.
enum class Role : std::uint8_t { Embedding, Norm, Body, Residual, Repeat, Head, List };

// ---- structure

template <class... Layers>
struct Sequence {
  static constexpr Role role = Role::List;
};

// x ← x + Body(Norm(x))
template <class Norm, class Body>
struct Residual {
  static constexpr Role role = Role::Residual;
};

// Block, once per layer of the file (block_count); tensors inside are named "blk.N.…".
template <class Block>
struct Repeat {
  static constexpr Role role = Role::Repeat;
};

// ---- ends of the model

struct TokenEmbedding {
  static constexpr Role role = Role::Embedding;
  enum Tensor : std::size_t { Table };
  static constexpr std::array tensors = {
      TensorSpec{.name = "token_embd.weight", .columns = Size::Embedding, .rows = Size::Vocabulary}};
};

// logits = W x; without a matrix of its own the embedding's serves (tied embeddings).
struct LmHead {
  static constexpr Role role = Role::Head;
  enum Tensor : std::size_t { Output };
  static constexpr std::array tensors = {TensorSpec{
      .name = "output.weight", .columns = Size::Embedding, .rows = Size::Vocabulary, .tied_to = "token_embd.weight"}};
};

// ---- norms

// y = x / sqrt(mean(x²) + ε) · w          Zhang & Sennrich 2019, arXiv:1910.07467
template <FixedString Name>
struct RmsNorm {
  static constexpr Role role = Role::Norm;
  enum Tensor : std::size_t { Weight };
  static constexpr FixedString stem = Name;
  static constexpr auto full_name = [] {
    std::array<char, Name.view().size() + 7> out{};
    std::copy_n(Name.text, Name.view().size(), out.data());
    std::copy_n(".weight", 7, out.data() + Name.view().size());
    return out;
  }();
  static constexpr std::array tensors = {
      TensorSpec{.name = {full_name.data(), full_name.size()}, .columns = Size::Embedding}};
};

// ---- attention

struct Adjacent {};  // rotates dimensions (2i, 2i+1)
struct Halves {};    // rotates dimensions (i, i + n_rot/2)

// Rotary position embedding, with the scalings a file may ask for: linear, YaRN, factors per pair.
// Su et al. 2021, arXiv:2104.09864; YaRN: Peng et al. 2023, arXiv:2309.00071
template <class Pairing>
struct Rope {
  using pairing = Pairing;
};

struct Causal {};  // a token sees itself and all before it

// Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245), which is multi-head attention when
// n_head_kv = n_head and multi-query attention when n_head_kv = 1. Biases where the file has them.
template <class Position, class Mask>
struct Attention {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Q, K, V, Output, QBias, KBias, VBias, OutputBias, RopeFactors };
  static constexpr std::array tensors = {
      TensorSpec{.name = "attn_q.weight", .columns = Size::Embedding, .rows = Size::Queries},
      TensorSpec{.name = "attn_k.weight", .columns = Size::Embedding, .rows = Size::Keys},
      TensorSpec{.name = "attn_v.weight", .columns = Size::Embedding, .rows = Size::Values},
      TensorSpec{.name = "attn_output.weight", .columns = Size::Attended, .rows = Size::Embedding},
      TensorSpec{.name = "attn_q.bias", .columns = Size::Queries, .presence = Presence::Optional},
      TensorSpec{.name = "attn_k.bias", .columns = Size::Keys, .presence = Presence::Optional},
      TensorSpec{.name = "attn_v.bias", .columns = Size::Values, .presence = Presence::Optional},
      TensorSpec{.name = "attn_output.bias", .columns = Size::Embedding, .presence = Presence::Optional},
      TensorSpec{.name = "rope_freqs.weight",
                 .columns = Size::RopePairs,
                 .presence = Presence::Optional,
                 .scope = Scope::Model},
  };
};

// ---- feed-forward

struct Silu {};  // x · sigmoid(x)

// y = W_down (activation(W_gate x) ⊙ W_up x)          Shazeer 2020, arXiv:2002.05202
template <class Activation>
struct GatedMlp {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Gate, Up, Down, GateBias, UpBias, DownBias };
  static constexpr std::array tensors = {
      TensorSpec{.name = "ffn_gate.weight", .columns = Size::Embedding, .rows = Size::FeedForward},
      TensorSpec{.name = "ffn_up.weight", .columns = Size::Embedding, .rows = Size::FeedForward},
      TensorSpec{.name = "ffn_down.weight", .columns = Size::FeedForward, .rows = Size::Embedding},
      TensorSpec{.name = "ffn_gate.bias", .columns = Size::FeedForward, .presence = Presence::Optional},
      TensorSpec{.name = "ffn_up.bias", .columns = Size::FeedForward, .presence = Presence::Optional},
      TensorSpec{.name = "ffn_down.bias", .columns = Size::Embedding, .presence = Presence::Optional},
  };
};

}  // namespace lamina::nn
