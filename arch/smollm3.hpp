// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SmolLM3: every fourth layer has no positions (NoPE).
// Bakouch et al. 2025; Yang et al. 2025, arXiv:2501.18795
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct SmolLm3 {
  static constexpr std::string_view name = "smollm3";
  static constexpr std::string_view title = "SmolLM3";
  static constexpr std::string_view models = "SmolLM3 3B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention = nn::If<nn::EveryNth<4>, nn::Attention<nn::NoPosition, nn::Causal>,
                           nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
