// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// GPT-NeoX, Pythia, Dolly: branches beside each other, or one after the other.
// Black et al. 2022, arXiv:2204.06745
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct GptNeoX {
  static constexpr std::string_view name = "gptneox";
  static constexpr std::string_view title = "GPT-NeoX";
  static constexpr std::string_view models = "GPT-NeoX 20B, Pythia, Dolly 2, RedPajama-INCITE";
  static constexpr nn::Verified verified{.llama_cpp = true, .transformers = true};

  using First = nn::Residual<nn::LayerNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>;
  using Second = nn::Residual<nn::LayerNorm<"ffn_norm">, nn::Mlp<nn::GeluErf>>;
  using Block = nn::If<nn::Flag<"use_parallel_residual", true>, nn::Sequence<nn::Parallel<First, Second>>,
                       nn::Sequence<First, Second>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::LayerNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
