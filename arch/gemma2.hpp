// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Gemma 2: norms before and after each body, every other layer slides, scores and logits are capped.
// Gemma team 2024, arXiv:2408.00118
#pragma once

#include "lamina/arch/gemma.hpp"
#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Gemma2 {
  static constexpr std::string_view name = "gemma2";
  static constexpr std::string_view title = "Gemma 2";
  static constexpr std::string_view models = "Gemma 2 2B, 9B and 27B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Local =
      nn::Attention<nn::Rope<nn::Halves, nn::SlidingBase>, nn::Window, nn::CapScores<50>, nn::ScaleByWidthAt<46>>;
  using Global = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::CapScores<50>, nn::ScaleByWidthAt<46>>;
  using Block = nn::Sequence<
      nn::Residual<nn::RmsNorm<"attn_norm">, nn::If<nn::Slides<2>, Local, Global>, nn::RmsNorm<"post_attention_norm">>,
      nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Gelu>, nn::RmsNorm<"post_ffw_norm">>>;

  static double cap(const nn::Sizes&) { return 30; }
  using Layers = nn::Sequence<nn::TokenEmbedding, Gemma::ScaledEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">,
                              nn::Head<nn::SoftCap<nn::Factor<"final_logit_softcapping", &cap>>>>;
};

}  // namespace lamina::arch
