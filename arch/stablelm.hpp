// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// StableLM 2 and StableLM 3B; without a norm of its own the feed-forward stands beside attention.
// Bellagente et al. 2024, arXiv:2402.17834
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct StableLm {
  static constexpr std::string_view name = "stablelm";
  static constexpr std::string_view title = "StableLM";
  static constexpr std::string_view models = "StableLM 2 1.6B and 12B, StableLM 3B, Stable Code";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention =
      nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::QkNormIfAny<nn::MeanAndVariance, nn::OwnWeight>>;
  using Serial = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, Attention>,
                              nn::Residual<nn::LayerNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;
  using Side = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Together<Attention, nn::GatedMlp<nn::Silu>>>>;
  using Block = nn::If<nn::HasTensor<"ffn_norm.weight">, Serial, Side>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
