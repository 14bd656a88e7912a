// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// From a family's layer list to a plan: one Lower per kind of layer, found by the compiler. A new layer adds its
// phases and its Lower here or beside them; a family adds nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "lamina/nn/check.hpp"
#include "lamina/nn/layers.hpp"
#include "lamina/runtime/bind.hpp"
#include "lamina/runtime/phase_attend.hpp"
#include "lamina/runtime/phase_attention.hpp"
#include "lamina/runtime/phase_ends.hpp"
#include "lamina/runtime/phase_mlp.hpp"
#include "lamina/runtime/plan.hpp"
#include "lamina/runtime/rope_table.hpp"

namespace lamina::runtime {

// What lowering knows and makes.
struct Lowering {
  const Hparams& h;
  const KernelTable& k;
  Binder& binder;
  Plan plan;
  std::shared_ptr<RopeTable> rope = std::make_shared<RopeTable>();
  BoundRmsNorm output_norm;
};

template <class Layer>
struct Lower;

template <class... Layers>
struct Lower<nn::Sequence<Layers...>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    Expected<void> result;
    (void)((result = Lower<Layers>::apply(to, layer), result.has_value()) && ...);
    return result;
  }
};

template <class Block>
struct Lower<nn::Repeat<Block>> {
  static Expected<void> apply(Lowering& to, std::size_t) {
    for (std::size_t i = 0; i < to.h.n_layers; ++i) {
      if (auto ok = Lower<Block>::apply(to, i); !ok) return ok;
    }
    return {};
  }
};

template <>
struct Lower<nn::TokenEmbedding> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    auto w = to.binder.bind<nn::TokenEmbedding>(layer);
    if (!w) return fail(std::move(w.error()));
    to.plan.add_body(make_step(EmbeddingPhase{&to.k, (*w)[nn::TokenEmbedding::Table], to.rope}));
    return {};
  }
};

template <FixedString Name>
Expected<BoundRmsNorm> bind_norm(Lowering& to, std::size_t layer, nn::RmsNorm<Name>) {
  using Norm = nn::RmsNorm<Name>;
  auto w = to.binder.bind<Norm>(layer);
  if (!w) return fail(std::move(w.error()));
  return BoundRmsNorm{(*w)[Norm::Weight].values.data(), to.h.n_embd, to.h.rms_eps};
}

// A norm outside any residual is the one before the head.
template <FixedString Name>
struct Lower<nn::RmsNorm<Name>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    auto norm = bind_norm(to, layer, nn::RmsNorm<Name>{});
    if (!norm) return fail(std::move(norm.error()));
    to.output_norm = *norm;
    return {};
  }
};

template <>
struct Lower<nn::LmHead> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    auto w = to.binder.bind<nn::LmHead>(layer);
    if (!w) return fail(std::move(w.error()));
    to.plan.add_head(make_step(HeadPhase<BoundRmsNorm>{&to.k, to.output_norm, std::move((*w)[nn::LmHead::Output])}));
    return {};
  }
};

constexpr kernels::RopePairing pairing_of(nn::Adjacent) { return kernels::RopePairing::Adjacent; }
constexpr kernels::RopePairing pairing_of(nn::Halves) { return kernels::RopePairing::Halves; }

template <class Norm, class Pairing>
struct Lower<nn::Residual<Norm, nn::Attention<nn::Rope<Pairing>, nn::Causal>>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    using Layer = nn::Attention<nn::Rope<Pairing>, nn::Causal>;
    auto norm = bind_norm(to, layer, Norm{});
    if (!norm) return fail(std::move(norm.error()));
    auto bound = to.binder.bind<Layer>(layer);
    if (!bound) return fail(std::move(bound.error()));
    auto& w = *bound;
    const Hparams& h = to.h;
    if (to.rope->frequency.empty()) *to.rope = make_rope_table(h.rope, h.n_rot, w[Layer::RopeFactors].values);
    to.plan.add_body(make_step(QkvPhase<BoundRmsNorm>{
        &to.k, layer, *norm, w[Layer::Q], w[Layer::K], w[Layer::V], w[Layer::QBias], w[Layer::KBias], w[Layer::VBias],
        h.n_head, h.n_head_kv, h.key_dim, h.value_dim, h.n_rot, pairing_of(Pairing{})}));
    to.plan.add_body(
        make_step(AttentionPhase{&to.k, layer, h.n_head, h.n_head_kv, h.key_dim, h.value_dim, h.attention_scale}));
    to.plan.add_body(make_step(ProjectionPhase{&to.k, in_layer(layer, "output+residual"), w[Layer::Output],
                                               w[Layer::OutputBias], &Frame::attended}));
    return {};
  }
};

template <class Norm>
struct Lower<nn::Residual<Norm, nn::GatedMlp<nn::Silu>>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    using Layer = nn::GatedMlp<nn::Silu>;
    auto norm = bind_norm(to, layer, Norm{});
    if (!norm) return fail(std::move(norm.error()));
    auto bound = to.binder.bind<Layer>(layer);
    if (!bound) return fail(std::move(bound.error()));
    auto& w = *bound;
    to.plan.add_body(make_step(GateUpPhase<BoundRmsNorm>{&to.k, layer, *norm, w[Layer::Gate], w[Layer::Up],
                                                         w[Layer::GateBias], w[Layer::UpBias]}));
    to.plan.add_body(make_step(
        ProjectionPhase{&to.k, in_layer(layer, "down+residual"), w[Layer::Down], w[Layer::DownBias], &Frame::hidden}));
    return {};
  }
};

// Binds a whole family to a file.
template <class Family>
Expected<Plan> lower(WeightStore& store, const Hparams& h, const KernelTable& kernels) {
  static_assert(nn::well_formed<typename Family::Layers>);
  Binder binder(store, h, kernels);
  Lowering to{.h = h, .k = kernels, .binder = binder, .plan = {}, .output_norm = {}};
  auto ok = Lower<typename Family::Layers>::apply(to, Binder::no_layer);
  if (!ok) return fail(std::move(ok.error()));
  return std::move(to.plan);
}

}  // namespace lamina::runtime
