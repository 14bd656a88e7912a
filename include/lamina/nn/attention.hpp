// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention and its policies: where a token is (positions), what it sees (masks), and what families add.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include "lamina/nn/conditions.hpp"
#include "lamina/nn/role.hpp"
#include "lamina/nn/tensor_spec.hpp"

namespace lamina::nn {

// ---- positions

struct Adjacent {};  // rotates dimensions (2i, 2i+1)
struct Halves {};    // rotates dimensions (i, i + n_rot/2)

// Which of a file's rotary bases and scalings a layer uses.
struct Base {};         // rope.freq_base, scaled as rope.scaling says
struct LocalBase {};    // rope.freq_base_swa, 10000 if absent, not scaled: sliding layers beside global ones
struct SlidingBase {};  // rope.freq_base_swa, as Base if absent, scaled alike
struct Unscaled {};     // rope.freq_base, not scaled
struct Sections {};     // as Base, with rope.dimension_sections

// Rotary position embedding, with the scalings a file may ask for: linear, YaRN, factors per pair, long and short ones
// by the session's context (LongRoPE). Su et al. 2021, arXiv:2104.09864; YaRN: Peng et al. 2023, arXiv:2309.00071;
// LongRoPE: Ding et al. 2024, arXiv:2402.13753
template <class Pairing, class Frequencies = Base>
struct Rope {
  enum Tensor : std::size_t { Factors, LongFactors, ShortFactors };
  static constexpr std::array tensors = {
      TensorSpec{.name = "rope_freqs.weight",
                 .columns = Size::RopePairs,
                 .presence = Presence::Optional,
                 .scope = Scope::Model},
      TensorSpec{.name = "rope_factors_long.weight",
                 .columns = Size::RopePairs,
                 .presence = Presence::Optional,
                 .scope = Scope::Model},
      TensorSpec{.name = "rope_factors_short.weight",
                 .columns = Size::RopePairs,
                 .presence = Presence::Optional,
                 .scope = Scope::Model},
  };
};

// Scores fall with distance, with a slope per head that follows from attention.max_alibi_bias, else from Bias.
// Press et al. 2021, arXiv:2108.12409
template <int Bias>
struct Alibi {};

// None here: attention sees only the order that its mask gives, or positions were added to the embedding.
struct NoPosition {};

// ---- masks

struct Causal {};  // a token sees itself and all before it
struct Window {};  // and of those only the last attention.sliding_window

// ---- what families add

struct EachHead {};   // one weight [key_dim] for all heads
struct OwnWeight {};  // one weight [n_head][key_dim], a head each
struct AllHeads {};   // over the heads together, [n_head · key_dim]

// Queries and keys are normed before they are rotated.
template <class Kind, class Over, Presence P = Presence::Required>
struct QkNorm;

template <class Kind, Presence P>
struct QkNorm<Kind, EachHead, P> {
  static constexpr Role role = Role::Policy;
  enum Tensor : std::size_t { Q, K, QBias, KBias };
  static constexpr std::array tensors = {
      TensorSpec{.name = "attn_q_norm.weight", .columns = Size::KeyDim, .presence = P},
      TensorSpec{.name = "attn_k_norm.weight", .columns = Size::KeyDim, .presence = P},
      TensorSpec{.name = "attn_q_norm.bias", .columns = Size::KeyDim, .presence = Presence::Optional},
      TensorSpec{.name = "attn_k_norm.bias", .columns = Size::KeyDim, .presence = Presence::Optional},
  };
};
template <class Kind, Presence P>
struct QkNorm<Kind, OwnWeight, P> {
  static constexpr Role role = Role::Policy;
  enum Tensor : std::size_t { Q, K };
  static constexpr std::array tensors = {
      TensorSpec{.name = "attn_q_norm.weight",
                 .columns = Size::KeyDim,
                 .rows = Size::Heads,
                 .presence = P,
                 .use = Use::Floats},
      TensorSpec{.name = "attn_k_norm.weight",
                 .columns = Size::KeyDim,
                 .rows = Size::HeadsKv,
                 .presence = P,
                 .use = Use::Floats},
  };
};
template <class Kind, Presence P>
struct QkNorm<Kind, AllHeads, P> {
  static constexpr Role role = Role::Policy;
  enum Tensor : std::size_t { Q, K, QBias, KBias };
  static constexpr std::array tensors = {
      TensorSpec{.name = "attn_q_norm.weight", .columns = Size::Queries, .presence = P},
      TensorSpec{.name = "attn_k_norm.weight", .columns = Size::Keys, .presence = P},
      TensorSpec{.name = "attn_q_norm.bias", .columns = Size::Queries, .presence = Presence::Optional},
      TensorSpec{.name = "attn_k_norm.bias", .columns = Size::Keys, .presence = Presence::Optional},
  };
};

// Where a layer has them. Without the norm of queries that of keys does not count.
template <class Kind, class Over>
using QkNormIfAny = If<HasTensor<"attn_q_norm.weight">, QkNorm<Kind, Over, Presence::Optional>, Nothing>;

// A score per head that belongs to no token and takes its share of the softmax.          Xiao et al. 2023,
// arXiv:2309.17453
struct Sinks {
  enum Tensor : std::size_t { Scores };
  static constexpr std::array tensors = {TensorSpec{.name = "attn_sinks.weight", .columns = Size::Heads}};
};

struct ClampQkv {};  // queries, keys and values stay within ± attention.clamp_kqv

template <int Cap>
struct CapScores {};  // attention.attn_logit_softcapping, else Cap

// A fused projection has 3 · n_embd rows, of which those past the values are not used.
struct WideQkv {};

// Scores are divided by sqrt(n_embd / n_head) in models of N layers, by sqrt(key_dim) in others.
template <std::size_t N>
struct ScaleByWidthAt {};

// Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245), which is multi-head attention when
// n_head_kv = n_head and multi-query attention when n_head_kv = 1. Biases where the file has them; queries, keys and
// values in one tensor or three.
template <class Position, class Mask, class... Options>
struct Attention {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Q, K, V, Output, QBias, KBias, VBias, OutputBias };
  static constexpr Size fused_rows =
      (std::is_same_v<Options, WideQkv> || ...) ? Size::ThreeEmbedding : Size::QueriesKeysValues;
  static constexpr Fused in_one(Size begin) { return {"attn_qkv.weight", fused_rows, begin}; }
  static constexpr Fused bias_in_one(Size begin) { return {"attn_qkv.bias", fused_rows, begin}; }
  static constexpr std::array tensors = {
      TensorSpec{
          .name = "attn_q.weight", .columns = Size::Embedding, .rows = Size::Queries, .fused = in_one(Size::None)},
      TensorSpec{
          .name = "attn_k.weight", .columns = Size::Embedding, .rows = Size::Keys, .fused = in_one(Size::Queries)},
      TensorSpec{.name = "attn_v.weight",
                 .columns = Size::Embedding,
                 .rows = Size::Values,
                 .fused = in_one(Size::QueriesKeys)},
      TensorSpec{.name = "attn_output.weight", .columns = Size::Attended, .rows = Size::Embedding},
      TensorSpec{.name = "attn_q.bias",
                 .columns = Size::Queries,
                 .presence = Presence::Optional,
                 .fused = bias_in_one(Size::None)},
      TensorSpec{.name = "attn_k.bias",
                 .columns = Size::Keys,
                 .presence = Presence::Optional,
                 .fused = bias_in_one(Size::Queries)},
      TensorSpec{.name = "attn_v.bias",
                 .columns = Size::Values,
                 .presence = Presence::Optional,
                 .fused = bias_in_one(Size::QueriesKeys)},
      TensorSpec{.name = "attn_output.bias", .columns = Size::Embedding, .presence = Presence::Optional},
  };
};

}  // namespace lamina::nn
