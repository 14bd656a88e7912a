// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Refact: LLaMA with ALiBi. No published model has experts; files that say so run as llama.cpp runs them, which uses
// none of the experts' weights. Small Magellanic Cloud AI 2023
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Refact {
  static constexpr std::string_view name = "refact";
  static constexpr std::string_view title = "Refact";
  static constexpr std::string_view models = "Refact 1.6B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using FeedForward = nn::If<nn::Positive<"expert_count">, nn::Activated<nn::Silu>, nn::GatedMlp<nn::Silu>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Alibi<8>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, FeedForward>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
