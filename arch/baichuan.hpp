// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Baichuan: 7B, of 32 layers, rotates; 13B, of 40, has ALiBi; other sizes have no positions.
// Yang et al. 2023, arXiv:2309.10305
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Baichuan {
  static constexpr std::string_view name = "baichuan";
  static constexpr std::string_view title = "Baichuan";
  static constexpr std::string_view models = "Baichuan 7B and 13B, Baichuan 2";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using Attention = nn::If<
      nn::LayerCount<32>, nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>,
      nn::If<nn::LayerCount<40>, nn::Attention<nn::Alibi<8>, nn::Causal>, nn::Attention<nn::Alibi<0>, nn::Causal>>>;

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, Attention>,
                             nn::Residual<nn::RmsNorm<"ffn_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
