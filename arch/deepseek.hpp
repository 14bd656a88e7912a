// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// DeepSeekMoE: dense layers first, then experts and shared ones.
// Dai et al. 2024, arXiv:2401.06066
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct DeepSeek {
  static constexpr std::string_view name = "deepseek";
  static constexpr std::string_view title = "DeepSeekMoE";
  static constexpr std::string_view models = "DeepSeekMoE 16B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Experts = nn::Together<nn::Experts<nn::Silu, nn::Softmax>, nn::SharedExperts<nn::Silu>>;
  using FeedForward = nn::If<nn::Leading<"leading_dense_block_count">, nn::GatedMlp<nn::Silu>, Experts>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, FeedForward>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
