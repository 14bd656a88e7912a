// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Phi-1, 1.5 and 2: attention and feed-forward beside each other on one norm.
// Li et al. 2023, arXiv:2309.05463
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Phi2 {
  static constexpr std::string_view name = "phi2";
  static constexpr std::string_view title = "Phi-2";
  static constexpr std::string_view models = "Phi-1, Phi-1.5, Phi-2";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Bodies = nn::Together<nn::Attention<nn::Rope<nn::Halves>, nn::Causal>, nn::Mlp<nn::Gelu>>;
  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, Bodies>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
