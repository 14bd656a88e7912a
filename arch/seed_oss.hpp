// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// ByteDance Seed team 2025
#pragma once

#include "lamina/nn/layers.hpp"

namespace lamina::arch {

struct SeedOss {
  static constexpr std::string_view name = "seed_oss";
  static constexpr std::string_view title = "Seed-OSS";
  static constexpr std::string_view models = "Seed-OSS 36B";
  static constexpr nn::Verified verified{};

  using Block = nn::Sequence<nn::Residual<nn::RmsNorm<"attn_norm">, nn::Attention<nn::Rope<nn::Halves>, nn::Causal>>,
                             nn::Residual<nn::RmsNorm<"post_attention_norm">, nn::GatedMlp<nn::Silu>>>;

  using Layers = nn::Sequence<nn::TokenEmbedding, nn::Repeat<Block>, nn::RmsNorm<"output_norm">, nn::LmHead>;
};

}  // namespace lamina::arch
