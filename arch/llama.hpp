// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// LLaMA and what has its shape: Llama 1-3, Mistral, Mixtral, SmolLM2, Yi, the storyteller.
// Touvron et al. 2023, arXiv:2302.13971; Mixtral: Jiang et al. 2024, arXiv:2401.04088
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Llama {
  static constexpr std::string_view name = "llama";
  static constexpr std::string_view title = "LLaMA";
  static constexpr std::string_view models = "Llama 1 to 3.3, Mistral 7B, Mixtral, SmolLM 1 and 2, Yi, the storyteller";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using FeedForward =
      nn::If<nn::Positive<"expert_count">, nn::Experts<nn::Silu, nn::SoftmaxNormalized>, nn::GatedMlp<nn::Silu>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, FeedForward>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
