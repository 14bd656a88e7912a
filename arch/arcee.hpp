// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Arcee AI 2025
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Arcee {
  static constexpr std::string_view name = "arcee";
  static constexpr std::string_view title = "Arcee";
  static constexpr std::string_view models = "AFM-4.5B";
  static constexpr nn::Verified verified{};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::Mlp<nn::ReluSquared>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
