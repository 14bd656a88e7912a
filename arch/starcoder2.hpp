// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// StarCoder2.
// Lozhkov et al. 2024, arXiv:2402.19173
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct StarCoder2 {
  static constexpr std::string_view name = "starcoder2";
  static constexpr std::string_view title = "StarCoder2";
  static constexpr std::string_view models = "StarCoder2 3B, 7B and 15B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::Gelu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
