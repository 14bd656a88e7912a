// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// MPT: ALiBi, in some models learned positions, clamped projections, or norms of queries and keys.
// MosaicML 2023
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Mpt {
  static constexpr std::string_view name = "mpt";
  static constexpr std::string_view title = "MPT";
  static constexpr std::string_view models = "MPT 7B and 30B";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using Attention =
      nn::Attention<nn::Alibi<0>, nn::Causal, nn::ClampQkv, nn::QkNormIfAny<nn::MeanAndVariance, nn::AllHeads>>;
  using Block = nn::Sequence<nn::Residual<nn::LayerNorm<"attn_norm">, Attention>,
                             nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::GeluErf>>>;

  using Positions = nn::If<nn::HasModelTensor<"position_embd.weight">, nn::LearnedPositions, nn::Nothing>;
  using Layers =
      nn::Sequence<nn::TokenEmbedding, Positions, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
