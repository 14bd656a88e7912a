// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// OLMoE.
// Muennighoff et al. 2024, arXiv:2409.02060
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Olmoe {
  static constexpr std::string_view name = "olmoe";
  static constexpr std::string_view title = "OLMoE";
  static constexpr std::string_view models = "OLMoE 1B-7B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::QkNorm<nn::Rms, nn::AllHeads>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::Experts<nn::Silu, nn::Softmax>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
