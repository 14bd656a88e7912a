// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// BLOOM: ALiBi, and a norm of the embeddings.
// BigScience 2022, arXiv:2211.05100
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Bloom {
  static constexpr std::string_view name = "bloom";
  static constexpr std::string_view title = "BLOOM";
  static constexpr std::string_view models = "BLOOM, BLOOMZ";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, nn::Attention<nn::Alibi<8>, nn::Causal>>,
                             nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::Gelu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::OnEmbedding<nn::LayerNorm<"token_embd_norm">>, nn::Repeat<Block>,
                              nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
