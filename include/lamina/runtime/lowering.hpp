// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What lowering a family knows and makes, and norms as values.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "lamina/nn/layers.hpp"
#include "lamina/runtime/bind.hpp"
#include "lamina/runtime/phase_ends.hpp"
#include "lamina/runtime/plan.hpp"
#include "lamina/runtime/read_layer.hpp"
#include "lamina/runtime/rope_table.hpp"

namespace lamina::runtime {

struct Lowering {
  const Hparams& h;
  const KernelTable& k;
  const HparamReader& in;
  Binder& binder;
  WeightStore& store;
  Plan plan{};
  // Filled by the layers that rotate; the embedding's step makes their angles.
  std::array<std::shared_ptr<RopeTable>, 2> ropes = {std::make_shared<RopeTable>(), std::make_shared<RopeTable>()};
  EmbeddingPhase embedding{&k, {}, {ropes[0], ropes[1]}};
  BoundNorm output_norm{};
  std::function<Expected<void>(std::size_t n_done)> layer_done{};  // called after each of h.n_layers, where it is set
};

// Steps of a branch: those that read x, and those that end it by adding to x.
struct Branch {
  std::vector<Step> inner, ends;

  void append(Branch other) {
    std::move(other.inner.begin(), other.inner.end(), std::back_inserter(inner));
    std::move(other.ends.begin(), other.ends.end(), std::back_inserter(ends));
  }
};

template <class Kind>
BoundNorm norm_of_kind(const Hparams& h, const Bound& weight, const Bound& bias, std::size_t n) {
  if (!weight.present()) return {.n = n};
  const bool rms = std::is_same_v<Kind, nn::Rms>;
  return {rms ? BoundNorm::Kind::Rms : BoundNorm::Kind::Layer, weight.values.data(),
          bias.present() ? bias.values.data() : nullptr, n, rms ? h.rms_eps : h.layer_eps};
}

template <FixedString Name>
Expected<BoundNorm> bind_norm(Lowering& to, std::size_t layer, nn::RmsNorm<Name>) {
  auto w = to.binder.bind<nn::RmsNorm<Name>>(layer);
  if (!w) return fail(std::move(w.error()));
  return norm_of_kind<nn::Rms>(to.h, (*w)[0], {}, to.h.n_embd);
}
template <FixedString Name>
Expected<BoundNorm> bind_norm(Lowering& to, std::size_t layer, nn::LayerNorm<Name>) {
  auto w = to.binder.bind<nn::LayerNorm<Name>>(layer);
  if (!w) return fail(std::move(w.error()));
  return norm_of_kind<nn::MeanAndVariance>(to.h, (*w)[0], (*w)[1], to.h.n_embd);
}
inline Expected<BoundNorm> bind_norm(Lowering& to, std::size_t, nn::NoNorm) { return BoundNorm{.n = to.h.n_embd}; }
template <class Condition, class Then, class Else>
Expected<BoundNorm> bind_norm(Lowering& to, std::size_t layer, nn::If<Condition, Then, Else>) {
  const auto holds = Holds<Condition>::in_layer(to.in, layer);
  if (!holds) return fail(holds.error());
  return *holds ? bind_norm(to, layer, Then{}) : bind_norm(to, layer, Else{});
}

inline Expected<void> store_norm(BoundNorm& into, Expected<BoundNorm> norm) {
  if (!norm) return fail(std::move(norm.error()));
  into = *norm;
  return {};
}

}  // namespace lamina::runtime
