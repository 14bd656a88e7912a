// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// InternLM2.
// Cai et al. 2024, arXiv:2403.17297
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct InternLm2 {
  static constexpr std::string_view name = "internlm2";
  static constexpr std::string_view title = "InternLM2";
  static constexpr std::string_view models = "InternLM2, InternLM2.5";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
