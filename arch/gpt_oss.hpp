// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// gpt-oss: experts with biases, sinks, every other layer slides.
// OpenAI 2025, arXiv:2508.10925
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct GptOss {
  static constexpr std::string_view name = "gpt-oss";
  static constexpr std::string_view title = "gpt-oss";
  static constexpr std::string_view models = "gpt-oss 20B and 120B";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using Local = nn::Attention<nn::Rope<nn::Halves, nn::SlidingBase>, nn::Window, nn::Sinks>;
  using Global = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::Sinks>;
  using Block =
      nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::If<nn::Slides<2>, Local, Global>>,
                   nn::Residual<nn::RmsNorm<"post_attention_norm">, nn::Experts<nn::SwigluOai, nn::SoftmaxOfChosen>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
