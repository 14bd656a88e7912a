// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Falcon: attention and feed-forward beside each other, on one norm (7B) or on two (40B, 180B).
// Almazrouei et al. 2023, arXiv:2311.16867
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Falcon {
  static constexpr std::string_view name = "falcon";
  static constexpr std::string_view title = "Falcon";
  static constexpr std::string_view models = "Falcon 7B, 40B and 180B";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using AttentionNorm =
      nn::If<nn::HasTensor<"attn_norm_2.weight">, nn::LayerNorm<"attn_norm_2">, nn::LayerNorm<"attn_norm">>;
  using Block = nn::Sequence<nn::Parallel<nn::Residual<AttentionNorm, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                                          nn::Residual<nn::LayerNorm<"attn_norm">, nn::Mlp<nn::GeluErf>>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
