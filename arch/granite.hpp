// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Granite 3: LLaMA with factors of embedding, branches, scores and logits; with experts in some sizes.
// IBM 2024
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Granite {
  static constexpr std::string_view name = "granite";
  static constexpr std::string_view title = "Granite";
  static constexpr std::string_view models = "Granite 3.0 to 3.3, 2B and 8B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention = nn::If<nn::Flag<"rope.scaling.finetuned", true>, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>,
                           nn::Attention<nn::NoPosition, nn::Causal>>;
  using Shared = nn::If<nn::Positive<"expert_shared_feed_forward_length">, nn::SharedExperts<nn::Silu>, nn::Nothing>;
  using Experts = nn::Together<nn::Experts<nn::Silu, nn::SoftmaxNormalized>, Shared>;
  using FeedForward = nn::If<nn::Positive<"expert_count">, Experts, nn::GatedMlp<nn::Silu>>;

  using Branch = nn::Scaled<nn::Factor<"residual_scale">>;
  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention, Branch>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, FeedForward, Branch>>;

  using Layers =
      nn::Sequence<nn::TokenEmbedding, nn::OnEmbedding<nn::Scaled<nn::Factor<"embedding_scale">>>, nn::Repeat<Block>,
                   nn::RmsNorm<"output_norm">, nn::Head<nn::Divided<nn::Factor<"logit_scale">>>>;
};

}  // namespace lamina::arch
