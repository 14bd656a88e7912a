// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Qwen, the first: biases of queries, keys and values.
// Bai et al. 2023, arXiv:2309.16609
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Qwen {
  static constexpr std::string_view name = "qwen";
  static constexpr std::string_view title = "Qwen";
  static constexpr std::string_view models = "Qwen 1.8B to 72B, the first";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block =
      nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal, nn::WideQkv>>,
                   nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu, nn::HalfWidth>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
