// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Qwen3 with experts.
// Yang et al. 2025, arXiv:2505.09388
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Qwen3Moe {
  static constexpr std::string_view name = "qwen3moe";
  static constexpr std::string_view title = "Qwen3 with experts";
  static constexpr std::string_view models = "Qwen3-30B-A3B, Qwen3-235B-A22B, Qwen3-Coder";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::QkNorm<nn::Rms, nn::EachHead>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::Experts<nn::Silu, nn::SoftmaxNormalized>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
