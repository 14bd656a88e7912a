// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// StarCoder and SantaCoder: GPT-2 with one head of keys and values.
// Li et al. 2023, arXiv:2305.06161
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct StarCoder {
  static constexpr std::string_view name = "starcoder";
  static constexpr std::string_view title = "StarCoder";
  static constexpr std::string_view models = "StarCoder, StarCoderBase, SantaCoder";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Attention<nn::NoPosition, nn::Causal>>,
                             nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::Gelu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::LearnedPositions, nn::Repeat<Block>, nn::LayerNorm<"output_norm">,
                              nn::LmHead>;
};

}  // namespace lamina::arch
