// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lamina::nn {

// What place a layer may take in a list.
enum class Role : std::uint8_t { Embedding, OnEmbedding, Norm, Body, Residual, Repeat, Head, List, Policy, Nothing };

// What a norm divides by.
struct Rms {};
struct MeanAndVariance {};

// Whose logits a family agrees with in tests/conformance.
struct Verified {
  bool llama_cpp = false;
  bool transformers = false;
};

}  // namespace lamina::nn
