// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Nemotron-4 and Minitron: squared ReLU without a gate; their LayerNorm1p is a LayerNorm in files.
// Parmar et al. 2024, arXiv:2402.16819
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Nemotron {
  static constexpr std::string_view name = "nemotron";
  static constexpr std::string_view title = "Nemotron";
  static constexpr std::string_view models = "Nemotron-4, Minitron 4B and 8B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::ReluSquared>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
