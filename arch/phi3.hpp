// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Phi-3 and Phi-4: one tensor for queries, keys and values, one for gate and up; LongRoPE.
// Abdin et al. 2024, arXiv:2404.14219
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Phi3 {
  static constexpr std::string_view name = "phi3";
  static constexpr std::string_view title = "Phi-3";
  static constexpr std::string_view models = "Phi-3 mini and medium, Phi-3.5 mini, Phi-4";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
