// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// GPT-2: learned positions.
// Radford et al. 2019
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Gpt2 {
  static constexpr std::string_view name = "gpt2";
  static constexpr std::string_view title = "GPT-2";
  static constexpr std::string_view models = "GPT-2, Cerebras-GPT";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Attention<nn::NoPosition, nn::Causal>>,
                             nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::Gelu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::LearnedPositions, nn::Repeat<Block>, nn::LayerNorm<"output_norm">,
                              nn::LmHead>;
};

}  // namespace lamina::arch
