// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// MiniCPM: LLaMA with factors of embedding, branches and logits; files of early converters have none of them.
// Hu et al. 2024, arXiv:2404.06395
#pragma once

#include <cmath>

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct MiniCpm {
  static constexpr std::string_view name = "minicpm";
  static constexpr std::string_view title = "MiniCPM";
  static constexpr std::string_view models = "MiniCPM 1B, 2B and MoE";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using FeedForward =
      nn::If<nn::Positive<"expert_count">, nn::Experts<nn::Silu, nn::SoftmaxNormalized>, nn::GatedMlp<nn::Silu>>;

  static double embedding(const nn::Sizes&) { return 12; }
  static double branch(const nn::Sizes& s) { return 1.4 / std::sqrt(static_cast<double>(s.n_layers)); }
  static double logits(const nn::Sizes& s) { return static_cast<double>(s.n_embd) / 256; }
  using Branch = nn::Scaled<nn::Factor<"residual_scale", &branch>>;
  using Block =
      nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>, Branch>,
                   nn::Residual<nn::RmsNorm<"ffn_norm">, FeedForward, Branch>>;

  using Layers = nn::Sequence<nn::TokenEmbedding,
                              nn::OnEmbedding<nn::Scaled<nn::Factor<"embedding_scale", &embedding>>>, nn::Repeat<Block>,
                              nn::RmsNorm<"output_norm">, nn::Head<nn::Divided<nn::Factor<"logit_scale", &logits>>>>;
};

}  // namespace lamina::arch
