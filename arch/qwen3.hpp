// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Qwen3: queries and keys are normed.
// Yang et al. 2025, arXiv:2505.09388
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Qwen3 {
  static constexpr std::string_view name = "qwen3";
  static constexpr std::string_view title = "Qwen3";
  static constexpr std::string_view models = "Qwen3 0.6B to 32B";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using Attention = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::QkNorm<nn::Rms, nn::EachHead>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
