// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// OLMo 2 and 3: norms after the bodies, and over all heads of queries and keys; the third has sliding layers.
// OLMo team 2024, arXiv:2501.00656
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Olmo2 {
  static constexpr std::string_view name = "olmo2";
  static constexpr std::string_view title = "OLMo 2";
  static constexpr std::string_view models = "OLMo 2 1B to 32B, OLMo 3";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using QkNorm = nn::QkNorm<nn::Rms, nn::AllHeads>;
  using Local = nn::Attention<nn::Rope<nn::Halves, nn::Unscaled>, nn::Window, QkNorm>;
  using Global = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, QkNorm>;
  using Attention = nn::If<nn::Slides<4>, Local, Global>;
  using Block = nn::Sequence<nn::Residual<nn::NoNorm, Attention, nn::RmsNorm<"post_attention_norm">>,
                             nn::Residual<nn::NoNorm, nn::GatedMlp<nn::Silu>, nn::RmsNorm<"post_ffw_norm">>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
