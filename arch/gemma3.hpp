// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Gemma 3: five sliding layers with a rotary base of their own, then a global one; queries and keys are normed.
// Gemma team 2025, arXiv:2503.19786
#pragma once

#include "lamina/arch/gemma.hpp"
#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Gemma3 {
  static constexpr std::string_view name = "gemma3";
  static constexpr std::string_view title = "Gemma 3";
  static constexpr std::string_view models = "Gemma 3 270M to 27B";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using QkNorm = nn::QkNorm<nn::Rms, nn::EachHead>;
  using Local = nn::Attention<nn::Rope<nn::Halves, nn::LocalBase>, nn::Window, QkNorm, nn::ScaleByWidthAt<62>>;
  using Global = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, QkNorm, nn::ScaleByWidthAt<62>>;
  using Block = nn::Sequence<
      nn::Residual<nn::RmsNorm<"attn_norm">, nn::If<nn::Slides<6>, Local, Global>, nn::RmsNorm<"post_attention_norm">>,
      nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Gelu>, nn::RmsNorm<"post_ffw_norm">>>;

  static double no_cap(const nn::Sizes&) { return 0; }
  using Layers = nn::Sequence<nn::TokenEmbedding, Gemma::ScaledEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">,
                              nn::Head<nn::SoftCap<nn::Factor<"final_logit_softcapping", &no_cap>>>>;
};

}  // namespace lamina::arch
