// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// EXAONE 4: norms after the bodies; the large model has sliding layers with positions and global ones without.
// LG AI Research 2025, arXiv:2507.11407
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct Exaone4 {
  static constexpr std::string_view name = "exaone4";
  static constexpr std::string_view title = "EXAONE 4";
  static constexpr std::string_view models = "EXAONE 4.0 1.2B and 32B";
  static constexpr nn::Verified verified{.llama_cpp = true};

  using QkNorm = nn::QkNorm<nn::Rms, nn::EachHead>;
  using Plain = nn::Attention<nn::Rope<nn::Halves>, nn::Causal, QkNorm>;
  using Local = nn::Attention<nn::Rope<nn::Halves, nn::SlidingBase>, nn::Window, QkNorm>;
  using Global = nn::Attention<nn::NoPosition, nn::Causal, QkNorm>;
  using Hybrid = nn::Either<nn::LayerCount<64>, nn::HasKey<"attention.sliding_window_pattern">>;
  using Attention = nn::If<Hybrid, nn::If<nn::Slides<4>, Local, Global>, Plain>;
  using Block = nn::Sequence<nn::Residual<nn::NoNorm, Attention, nn::RmsNorm<"post_attention_norm">>,
                             nn::Residual<nn::NoNorm, nn::GatedMlp<nn::Silu>, nn::RmsNorm<"post_ffw_norm">>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
