// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the layer vocabulary promises at compile time.
#include "lamina/arch/registry.hpp"
#include "lamina/nn/check.hpp"

namespace lamina {

template <class... Families>
constexpr bool all_well_formed(TypeList<Families...>) {
  return (nn::well_formed<typename Families::Layers> && ...);
}
static_assert(all_well_formed(arch::All{}));

static_assert(nn::RmsNorm<"attn_norm">::tensors[0].name == "attn_norm.weight");

template <class Layer>
constexpr bool lists_matrices_before_vectors() {
  bool vector = false;
  for (const auto& t : Layer::tensors) {
    if (t.rows == nn::Size::One) vector = true;
    if (t.rows != nn::Size::One && vector) return false;
  }
  return true;
}
static_assert(lists_matrices_before_vectors<nn::GatedMlp<nn::Silu>>());
static_assert(lists_matrices_before_vectors<nn::Attention<nn::Rope<nn::Adjacent>, nn::Causal>>());
static_assert(nn::GatedMlp<nn::Silu>::tensors[nn::GatedMlp<nn::Silu>::Down].name == "ffn_down.weight");
static_assert(nn::LmHead::tensors[nn::LmHead::Output].tied_to == nn::TokenEmbedding::tensors[0].name);

}  // namespace lamina
