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
#include "lamina/runtime/lower_body.hpp"
#include "lamina/runtime/lowering.hpp"
#include "lamina/runtime/phase_ends.hpp"
#include "lamina/runtime/plan.hpp"

namespace lamina::runtime {

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
    to.plan.add_body(make_step(to.embedding));
    for (std::size_t i = 0; i < to.h.n_layers; ++i) {
      to.plan.begin_layer();
      if (auto ok = Lower<Block>::apply(to, i); !ok) return ok;
      if (!to.layer_done) continue;
      if (auto ok = to.layer_done(i + 1); !ok) return ok;
    }
    return {};
  }
};

template <class Condition, class Then, class Else>
struct Lower<nn::If<Condition, Then, Else>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    const auto holds = Holds<Condition>::in_layer(to.in, layer);
    if (!holds) return fail(holds.error());
    return *holds ? Lower<Then>::apply(to, layer) : Lower<Else>::apply(to, layer);
  }
};

// ---- the ends. The embedding's step is added when the first block follows, since layers between change it.

template <>
struct Lower<nn::TokenEmbedding> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    auto w = to.binder.bind<nn::TokenEmbedding>(layer);
    if (!w) return fail(std::move(w.error()));
    to.embedding.table = std::move((*w)[nn::TokenEmbedding::Table]);
    to.embedding.norm.n = to.h.n_embd;
    return {};
  }
};

template <>
struct Lower<nn::LearnedPositions> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    auto w = to.binder.bind<nn::LearnedPositions>(layer);
    if (!w) return fail(std::move(w.error()));
    to.embedding.positions = std::move((*w)[nn::LearnedPositions::Table]);
    return {};
  }
};
template <class F>
struct Lower<nn::OnEmbedding<nn::Scaled<F>>> {
  static Expected<void> apply(Lowering& to, std::size_t) {
    const auto factor = FactorValue<F>::read(to.in, to.h);
    if (!factor) return fail(factor.error());
    to.embedding.scale = static_cast<float>(*factor);
    return {};
  }
};
template <FixedString Name>
struct Lower<nn::OnEmbedding<nn::LayerNorm<Name>>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    return store_norm(to.embedding.norm, bind_norm(to, layer, nn::LayerNorm<Name>{}));
  }
};
template <>
struct Lower<nn::Nothing> {
  static Expected<void> apply(Lowering&, std::size_t) { return {}; }
};

// A norm outside any residual is the one before the head.
template <FixedString Name>
struct Lower<nn::RmsNorm<Name>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    return store_norm(to.output_norm, bind_norm(to, layer, nn::RmsNorm<Name>{}));
  }
};
template <FixedString Name>
struct Lower<nn::LayerNorm<Name>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    return store_norm(to.output_norm, bind_norm(to, layer, nn::LayerNorm<Name>{}));
  }
};

template <class Option>
struct LowerHeadOption;
template <class F>
struct LowerHeadOption<nn::Scaled<F>> {
  static Expected<void> apply(Lowering& to, HeadPhase& head) {
    const auto factor = FactorValue<F>::read(to.in, to.h);
    if (!factor) return fail(factor.error());
    head.scale = static_cast<float>(*factor);
    return {};
  }
};
template <class F>
struct LowerHeadOption<nn::Divided<F>> {
  static Expected<void> apply(Lowering& to, HeadPhase& head) {
    const auto factor = FactorValue<F>::read(to.in, to.h);
    if (!factor) return fail(factor.error());
    head.scale = static_cast<float>(1 / *factor);
    return {};
  }
};
template <FixedString Key, nn::SizeFunction Otherwise>
struct LowerHeadOption<nn::SoftCap<nn::Factor<Key, Otherwise>>> {
  static Expected<void> apply(Lowering& to, HeadPhase& head) {
    const auto cap = to.in.number_or(Key.view(), Otherwise({to.h.n_embd, to.h.n_layers}), 0, 1e9);
    if (!cap) return fail(cap.error());
    head.cap = static_cast<float>(*cap);
    return {};
  }
};

template <class... Options>
struct Lower<nn::Head<Options...>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    using Layer = nn::Head<Options...>;
    auto w = to.binder.bind<Layer>(layer);
    if (!w) return fail(std::move(w.error()));
    HeadPhase head{&to.k, to.output_norm, std::move((*w)[Layer::Output]), std::move((*w)[Layer::Bias])};
    Expected<void> result;
    (void)((result = LowerHeadOption<Options>::apply(to, head), result.has_value()) && ...);
    if (result) to.plan.add_head(make_step(std::move(head)));
    return result;
  }
};

// ---- residuals

// The branch of a residual, and what ends it.
template <class Residual>
struct LowerResidual;

template <class Norm, class Body, class Post>
struct LowerResidual<nn::Residual<Norm, Body, Post>> {
  static Expected<Branch> branch(Lowering& to, std::size_t layer) {
    auto norm = bind_norm(to, layer, Norm{});
    if (!norm) return fail(std::move(norm.error()));
    BranchEnd end;
    if constexpr (nn::is_norm<Post>) end = {.into = &Frame::branch, .assign = true};
    if constexpr (nn::is_scaled<Post>) {
      const auto factor = FactorValue<typename Post::factor>::read(to.in, to.h);
      if (!factor) return fail(factor.error());
      end.scale = static_cast<float>(*factor);
    }
    Branch out;
    if (auto ok = LowerBody<Body>::apply(to, layer, *norm, end, out); !ok) return fail(std::move(ok.error()));
    if constexpr (nn::is_norm<Post>) {
      auto post = bind_norm(to, layer, Post{});
      if (!post) return fail(std::move(post.error()));
      out.ends.push_back(make_step(PostNormPhase{&to.k, layer, *post}));
    }
    return out;
  }
};

// Branches side by side see x as it was: all their steps but the last come before x changes.
template <class... Residuals>
Expected<void> lower_parallel(Lowering& to, std::size_t layer) {
  Branch all;
  Expected<void> result;
  const auto add = [&](Expected<Branch> branch) {
    if (!branch) {
      result = fail(std::move(branch.error()));
      return false;
    }
    all.append(std::move(*branch));
    return true;
  };
  (void)(add(LowerResidual<Residuals>::branch(to, layer)) && ...);
  if (!result) return result;
  for (Step& step : all.inner) to.plan.add_body(std::move(step));
  for (Step& step : all.ends) to.plan.add_body(std::move(step));
  return {};
}

template <class Norm, class Body, class Post>
struct Lower<nn::Residual<Norm, Body, Post>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) {
    return lower_parallel<nn::Residual<Norm, Body, Post>>(to, layer);
  }
};
template <class... Residuals>
struct Lower<nn::Parallel<Residuals...>> {
  static Expected<void> apply(Lowering& to, std::size_t layer) { return lower_parallel<Residuals...>(to, layer); }
};

// Binds a whole family to a file. An error of layer_done ends it.
template <class Family>
Expected<Plan> lower(WeightStore& store, const Hparams& h, const KernelTable& kernels,
                     std::function<Expected<void>(std::size_t n_done)> layer_done = {}) {
  static_assert(nn::well_formed<typename Family::Layers>);
  Binder binder(store, h, kernels);
  const HparamReader in(store.file, Family::name);
  Lowering to{.h = h, .k = kernels, .in = in, .binder = binder, .store = store, .layer_done = std::move(layer_done)};
  auto ok = Lower<typename Family::Layers>::apply(to, no_layer);
  if (!ok) return fail(std::move(ok.error()));
  return std::move(to.plan);
}

}  // namespace lamina::runtime
