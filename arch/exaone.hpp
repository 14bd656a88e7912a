// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// EXAONE 3.
// LG AI Research 2024, arXiv:2408.03541
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Exaone {
  static constexpr std::string_view name = "exaone";
  static constexpr std::string_view title = "EXAONE 3";
  static constexpr std::string_view models = "EXAONE 3.0, 3.5 and Deep";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
