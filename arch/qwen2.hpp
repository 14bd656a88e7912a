// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Qwen2 and Qwen2.5: biases of queries, keys and values.
// Yang et al. 2024, arXiv:2407.10671
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Qwen2 {
  static constexpr std::string_view name = "qwen2";
  static constexpr std::string_view title = "Qwen2";
  static constexpr std::string_view models = "Qwen1.5, Qwen2, Qwen2.5, QwQ, DeepSeek-R1-Distill-Qwen";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
