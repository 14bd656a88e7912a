// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Gemma: LLaMA with GELU and scaled embeddings; its norms have their 1 + in the file.
// Gemma team 2024, arXiv:2403.08295
#pragma once

#include <cmath>

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Gemma {
  static constexpr std::string_view name = "gemma";
  static constexpr std::string_view title = "Gemma";
  static constexpr std::string_view models = "Gemma 2B and 7B, CodeGemma";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Gelu>>>;

  static double root_of_width(const nn::Sizes& s) { return std::sqrt(static_cast<double>(s.n_embd)); }
  using ScaledEmbedding = nn::OnEmbedding<nn::Scaled<nn::Factor<"", &root_of_width>>>;
  using Layers =
      nn::Sequence<nn::TokenEmbedding, ScaledEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
