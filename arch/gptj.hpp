// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// GPT-J: attention and feed-forward beside each other on one norm.
// Wang & Komatsuzaki 2021
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct GptJ {
  static constexpr std::string_view name = "gptj";
  static constexpr std::string_view title = "GPT-J";
  static constexpr std::string_view models = "GPT-J 6B";
  static constexpr nn::Verified verified{.transformers = true};

  using Bodies = nn::Together<nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>, nn::Mlp<nn::Gelu>>;
  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, Bodies>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
