// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Feed-forward layers: gated, plain, and a choice of experts.
#pragma once

#include <array>
#include <cstddef>

#include "lamina/nn/role.hpp"
#include "lamina/nn/tensor_spec.hpp"

namespace lamina::nn {

// ---- activations

struct Silu {};         // x · sigmoid(x)
struct Gelu {};         // x · Φ(x) with the tanh approximation of Φ
struct GeluErf {};      // x · Φ(x)
struct Relu {};         // max(x, 0)
struct ReluSquared {};  // max(x, 0)²
struct SwigluOai {};    // of gate g and up u: min(g, 7) · sigmoid(1.702 min(g, 7)) · (clamp(u, ±7) + 1)

// The file's feed_forward_length counts gate and up together.
struct HalfWidth {};

// y = W_down (activation(W_gate x) ⊙ W_up x)          Shazeer 2020, arXiv:2002.05202
// Gate and up are two tensors, or one that is called up.
template <class Activation, class... Options>
struct GatedMlp {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Gate, Up, Down, GateBias, UpBias, DownBias };
  static constexpr std::array tensors = {
      TensorSpec{.name = "ffn_gate.weight",
                 .columns = Size::Embedding,
                 .rows = Size::FeedForward,
                 .fused = {"ffn_up.weight", Size::TwoFeedForward, Size::None}},
      TensorSpec{.name = "ffn_up.weight",
                 .columns = Size::Embedding,
                 .rows = Size::FeedForward,
                 .fused = {"ffn_up.weight", Size::TwoFeedForward, Size::FeedForward}},
      TensorSpec{.name = "ffn_down.weight", .columns = Size::FeedForward, .rows = Size::Embedding},
      TensorSpec{.name = "ffn_gate.bias", .columns = Size::FeedForward, .presence = Presence::Optional},
      TensorSpec{.name = "ffn_up.bias", .columns = Size::FeedForward, .presence = Presence::Optional},
      TensorSpec{.name = "ffn_down.bias", .columns = Size::Embedding, .presence = Presence::Optional},
  };
};

// y = W_down activation(W_up x), divided by scales of the activation where the file has them (AWQ)
template <class Activation>
struct Mlp {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Up, Down, UpBias, DownBias, Scales };
  static constexpr std::array tensors = {
      TensorSpec{.name = "ffn_up.weight", .columns = Size::Embedding, .rows = Size::FeedForward},
      TensorSpec{.name = "ffn_down.weight", .columns = Size::FeedForward, .rows = Size::Embedding},
      TensorSpec{.name = "ffn_up.bias", .columns = Size::FeedForward, .presence = Presence::Optional},
      TensorSpec{.name = "ffn_down.bias", .columns = Size::Embedding, .presence = Presence::Optional},
      TensorSpec{.name = "ffn.act.scales", .columns = Size::FeedForward, .presence = Presence::Optional},
  };
};

// y = activation(x), without weights
template <class Activation>
struct Activated {
  static constexpr Role role = Role::Body;
};

// ---- experts

// How scores of experts become the weights of the chosen ones.
struct Softmax {};            // softmax over all experts, then the largest
struct SoftmaxNormalized {};  // and these divided by their sum
struct SoftmaxOfChosen {};    // the largest scores, then softmax over these

// y = Σ over the chosen experts e of weight_e · W_down,e (activation(W_gate,e x) ⊙ W_up,e x)
// Shazeer et al. 2017, arXiv:1701.06538
template <class Activation, class Gating>
struct Experts {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Router, Gate, Up, Down, RouterBias, GateBias, UpBias, DownBias };
  static constexpr std::array tensors = {
      TensorSpec{.name = "ffn_gate_inp.weight", .columns = Size::Embedding, .rows = Size::Experts, .use = Use::Matrix},
      TensorSpec{.name = "ffn_gate_exps.weight",
                 .columns = Size::Embedding,
                 .rows = Size::ExpertFeedForward,
                 .depth = Size::Experts},
      TensorSpec{.name = "ffn_up_exps.weight",
                 .columns = Size::Embedding,
                 .rows = Size::ExpertFeedForward,
                 .depth = Size::Experts},
      TensorSpec{.name = "ffn_down_exps.weight",
                 .columns = Size::ExpertFeedForward,
                 .rows = Size::Embedding,
                 .depth = Size::Experts},
      TensorSpec{.name = "ffn_gate_inp.bias", .columns = Size::Experts, .presence = Presence::Optional},
      TensorSpec{.name = "ffn_gate_exps.bias",
                 .columns = Size::ExpertFeedForward,
                 .rows = Size::Experts,
                 .presence = Presence::Optional,
                 .use = Use::Floats},
      TensorSpec{.name = "ffn_up_exps.bias",
                 .columns = Size::ExpertFeedForward,
                 .rows = Size::Experts,
                 .presence = Presence::Optional,
                 .use = Use::Floats},
      TensorSpec{.name = "ffn_down_exps.bias",
                 .columns = Size::Embedding,
                 .rows = Size::Experts,
                 .presence = Presence::Optional,
                 .use = Use::Floats},
  };
};

// The experts that every token meets, as one gated feed-forward; weighted by sigmoid(g · x) where the file has g.
template <class Activation>
struct SharedExperts {
  static constexpr Role role = Role::Body;
  enum Tensor : std::size_t { Gate, Up, Down, Weight };
  static constexpr std::array tensors = {
      TensorSpec{.name = "ffn_gate_shexp.weight", .columns = Size::Embedding, .rows = Size::SharedFeedForward},
      TensorSpec{.name = "ffn_up_shexp.weight", .columns = Size::Embedding, .rows = Size::SharedFeedForward},
      TensorSpec{.name = "ffn_down_shexp.weight", .columns = Size::SharedFeedForward, .rows = Size::Embedding},
      TensorSpec{.name = "ffn_gate_inp_shexp.weight",
                 .columns = Size::Embedding,
                 .presence = Presence::Optional,
                 .use = Use::Matrix},
  };
};

}  // namespace lamina::nn
