// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Qwen1.5-MoE and Qwen2-MoE: experts, and shared ones with a weight of their own.
// Yang et al. 2024, arXiv:2407.10671
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Qwen2Moe {
  static constexpr std::string_view name = "qwen2moe";
  static constexpr std::string_view title = "Qwen2 with experts";
  static constexpr std::string_view models = "Qwen1.5-MoE-A2.7B, Qwen2-57B-A14B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using FeedForward = nn::Together<nn::Experts<nn::Silu, nn::Softmax>, nn::SharedExperts<nn::Silu>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, FeedForward>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
