// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The layer vocabulary in words. A type without words here does not compile where it is drawn; empty words are for what
// needs none.
#pragma once

#include <cstddef>
#include <string>

#include "lamina/core/typelist.hpp"
#include "lamina/nn/layers.hpp"

namespace lamina::runtime {

// ---- conditions

template <FixedString Key>
std::string words(Type<nn::HasKey<Key>>) {
  return "the file has " + std::string(Key.view());
}
template <FixedString Key>
std::string words(Type<nn::Positive<Key>>) {
  return std::string(Key.view()) + " > 0";
}
template <FixedString Key, bool Otherwise>
std::string words(Type<nn::Flag<Key, Otherwise>>) {
  return std::string(Key.view()) + (Otherwise ? " (or no such key)" : "");
}
template <FixedString Name>
std::string words(Type<nn::HasTensor<Name>>) {
  return "the layer has " + std::string(Name.view());
}
template <FixedString Name>
std::string words(Type<nn::HasModelTensor<Name>>) {
  return "the file has " + std::string(Name.view());
}
template <std::size_t N>
std::string words(Type<nn::LayerCount<N>>) {
  return "block_count = " + std::to_string(N);
}
template <std::size_t N>
std::string words(Type<nn::EveryNth<N>>) {
  return "layer " + std::to_string(N - 1) + " of each " + std::to_string(N);
}
template <FixedString Key>
std::string words(Type<nn::Leading<Key>>) {
  return "one of the first " + std::string(Key.view()) + " layers";
}
template <std::size_t N>
std::string words(Type<nn::Slides<N>>) {
  return "the layer slides (as attention.sliding_window_pattern says, else all but one of " + std::to_string(N) + ")";
}
inline std::string words(Type<nn::HasSections>) { return "rope.dimension_sections are given"; }
template <class A, class B>
std::string words(Type<nn::Either<A, B>>) {
  return words(Type<A>{}) + ", or " + words(Type<B>{});
}

// ---- attention

inline std::string words(Type<nn::Adjacent>) { return "(2i, 2i+1)"; }
inline std::string words(Type<nn::Halves>) { return "(i, i+n_rot/2)"; }
inline std::string words(Type<nn::Base>) { return ""; }
inline std::string words(Type<nn::LocalBase>) { return ", base rope.freq_base_swa, not scaled"; }
inline std::string words(Type<nn::SlidingBase>) { return ", base rope.freq_base_swa if given"; }
inline std::string words(Type<nn::Unscaled>) { return ", not scaled"; }
inline std::string words(Type<nn::Sections>) { return ", in sections"; }
template <class Pairing, class Frequencies>
std::string words(Type<nn::Rope<Pairing, Frequencies>>) {
  return "RoPE of pairs " + words(Type<Pairing>{}) + words(Type<Frequencies>{});
}
template <int Bias>
std::string words(Type<nn::Alibi<Bias>>) {
  return "ALiBi by attention.max_alibi_bias, else " + (Bias == 0 ? "none" : std::to_string(Bias));
}
inline std::string words(Type<nn::NoPosition>) { return "no positions"; }
inline std::string words(Type<nn::Causal>) { return "causal"; }
inline std::string words(Type<nn::Window>) { return "causal, last attention.sliding_window tokens"; }

inline std::string words(Type<nn::Rms>) { return "RMS norm"; }
inline std::string words(Type<nn::MeanAndVariance>) { return "layer norm"; }
inline std::string words(Type<nn::EachHead>) { return "of each head"; }
inline std::string words(Type<nn::OwnWeight>) { return "of each head with its own weights"; }
inline std::string words(Type<nn::AllHeads>) { return "over all heads"; }
template <class Kind, class Over, nn::Presence P>
std::string words(Type<nn::QkNorm<Kind, Over, P>>) {
  return words(Type<Kind>{}) + " " + words(Type<Over>{}) + " of queries and keys";
}
inline std::string words(Type<nn::Sinks>) { return "sinks"; }
inline std::string words(Type<nn::ClampQkv>) { return "queries, keys and values within attention.clamp_kqv"; }
template <int Cap>
std::string words(Type<nn::CapScores<Cap>>) {
  return "scores capped at attn_logit_softcapping, else " + std::to_string(Cap);
}
inline std::string words(Type<nn::WideQkv>) { return "attn_qkv of 3*n_embd rows"; }
template <std::size_t N>
std::string words(Type<nn::ScaleByWidthAt<N>>) {
  return "scores by sqrt(n_embd/n_head) if block_count = " + std::to_string(N);
}
template <class... Ts>
std::string words(Type<nn::Attention<Ts...>>) {
  return "attention";
}

// ---- feed-forward

inline std::string words(Type<nn::Silu>) { return "SiLU"; }
inline std::string words(Type<nn::Gelu>) { return "GELU (tanh)"; }
inline std::string words(Type<nn::GeluErf>) { return "GELU (erf)"; }
inline std::string words(Type<nn::Relu>) { return "ReLU"; }
inline std::string words(Type<nn::ReluSquared>) { return "squared ReLU"; }
inline std::string words(Type<nn::SwigluOai>) { return "clamped SwiGLU"; }
inline std::string words(Type<nn::HalfWidth>) { return "n_ff = feed_forward_length/2"; }
template <class... Ts>
std::string words(Type<nn::GatedMlp<Ts...>>) {
  return "gated feed-forward";
}
template <class Activation>
std::string words(Type<nn::Mlp<Activation>>) {
  return "feed-forward";
}
template <class Activation>
std::string words(Type<nn::Activated<Activation>>) {
  return "activation alone";
}
inline std::string words(Type<nn::Softmax>) { return "softmax over all experts"; }
inline std::string words(Type<nn::SoftmaxNormalized>) { return "softmax, of the chosen divided by their sum"; }
inline std::string words(Type<nn::SoftmaxOfChosen>) { return "softmax over the chosen"; }
template <class Activation, class Gating>
std::string words(Type<nn::Experts<Activation, Gating>>) {
  return "experts, expert_used_count of expert_count";
}
template <class Activation>
std::string words(Type<nn::SharedExperts<Activation>>) {
  return "shared experts";
}

// ---- structure, ends, norms

template <class... Layers>
std::string words(Type<nn::Sequence<Layers...>>) {
  return "in turn";
}
template <class Block>
std::string words(Type<nn::Repeat<Block>>) {
  return "block, for each layer N < block_count";
}
template <class... Ts>
std::string words(Type<nn::Residual<Ts...>>) {
  return "residual";
}
template <class... Residuals>
std::string words(Type<nn::Parallel<Residuals...>>) {
  return "side by side, all of the same x";
}
template <class... Bodies>
std::string words(Type<nn::Together<Bodies...>>) {
  return "together, on one norm";
}
template <class Condition, class Then, class Else>
std::string words(Type<nn::If<Condition, Then, Else>>) {
  return words(Type<Condition>{});
}
inline std::string words(Type<nn::Nothing>) { return ""; }
inline std::string words(Type<nn::Plain>) { return ""; }
template <FixedString Key, nn::SizeFunction Otherwise>
std::string words(Type<nn::Factor<Key, Otherwise>>) {
  return Key.view().empty() ? "a factor of the family's" : std::string(Key.view());
}
template <class F>
std::string words(Type<nn::Scaled<F>>) {
  return "times " + words(Type<F>{});
}
template <class F>
std::string words(Type<nn::Divided<F>>) {
  return "divided by " + words(Type<F>{});
}
template <class F>
std::string words(Type<nn::SoftCap<F>>) {
  return "capped at " + words(Type<F>{});
}
inline std::string words(Type<nn::TokenEmbedding>) { return "embedding"; }
inline std::string words(Type<nn::LearnedPositions>) { return "learned positions, added"; }
template <class How>
std::string words(Type<nn::OnEmbedding<How>>) {
  return "embedding, changed";
}
template <class... Options>
std::string words(Type<nn::Head<Options...>>) {
  return "head";
}
template <FixedString Name>
std::string words(Type<nn::RmsNorm<Name>>) {
  return "RMS norm";
}
template <FixedString Name>
std::string words(Type<nn::LayerNorm<Name>>) {
  return "layer norm";
}
inline std::string words(Type<nn::NoNorm>) { return "no norm before"; }

}  // namespace lamina::runtime
