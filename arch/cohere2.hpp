// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Command R7B and Command A: as Command R, three sliding layers with positions, then a global one without.
// Cohere 2025, arXiv:2504.00698
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Cohere2 {
  static constexpr std::string_view name = "cohere2";
  static constexpr std::string_view title = "Cohere 2";
  static constexpr std::string_view models = "Command R7B, Command A";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Local = nn::Attention<nn::Rope<nn::Adjacent, nn::SlidingBase>, nn::Window>;
  using Global = nn::Attention<nn::NoPosition, nn::Causal>;
  using Attention = nn::If<nn::Slides<4>, Local, Global>;
  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Together<Attention, nn::GatedMlp<nn::Silu>>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">,
                              nn::Head<nn::Scaled<nn::Factor<"logit_scale">>>>;
};

}  // namespace lamina::arch
