// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Command R: attention and feed-forward beside each other on one norm.
// Cohere 2024
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct CommandR {
  static constexpr std::string_view name = "command-r";
  static constexpr std::string_view title = "Cohere";
  static constexpr std::string_view models = "Command R, Command R+, Aya 23, Aya Expanse";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention =
      nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal, nn::QkNormIfAny<nn::MeanAndVariance, nn::OwnWeight>>;
  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Together<Attention, nn::GatedMlp<nn::Silu>>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">,
                              nn::Head<nn::Scaled<nn::Factor<"logit_scale">>>>;
};

}  // namespace lamina::arch
