// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// GLM-4: norms before and after each body.
// GLM team 2024, arXiv:2406.12793
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Glm4 {
  static constexpr std::string_view name = "glm4";
  static constexpr std::string_view title = "GLM-4";
  static constexpr std::string_view models = "GLM-4-0414, GLM-Z1";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention = nn::If<nn::HasSections, nn::Attention<nn::Rope<nn::Halves, nn::Sections>, nn::Causal>,
                           nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>;
  using Block =
      nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention, nn::RmsNorm<"post_attention_norm">>,
                   nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>, nn::RmsNorm<"post_ffw_norm">>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
