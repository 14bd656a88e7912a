// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bodies of residuals to steps. The types choose; the steps are the same code for all families.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lamina/runtime/lowering.hpp"
#include "lamina/runtime/phase_attend.hpp"
#include "lamina/runtime/phase_attention.hpp"
#include "lamina/runtime/phase_experts.hpp"
#include "lamina/runtime/phase_mlp.hpp"

namespace lamina::runtime {

// apply(to, layer, norm, end, out): the body of norm(x), ended at `end`, appended to `out`.
template <class Body>
struct LowerBody;

template <>
struct LowerBody<nn::Nothing> {
  static Expected<void> apply(Lowering&, std::size_t, const BoundNorm&, BranchEnd, Branch&) { return {}; }
};

template <class Condition, class Then, class Else>
struct LowerBody<nn::If<Condition, Then, Else>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    const auto holds = Holds<Condition>::in_layer(to.in, layer);
    if (!holds) return fail(holds.error());
    return *holds ? LowerBody<Then>::apply(to, layer, norm, end, out)
                  : LowerBody<Else>::apply(to, layer, norm, end, out);
  }
};

template <class... Bodies>
struct LowerBody<nn::Together<Bodies...>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    Expected<void> result;
    const auto each = [&](auto lower) {
      result = lower(to, layer, norm, end, out);
      if (!out.ends.empty()) end.assign = false;  // what follows adds to it
      return result.has_value();
    };
    (void)(each(&LowerBody<Bodies>::apply) && ...);
    return result;
  }
};

// ---- attention: each policy changes the two phases in its own way

struct AttentionParts {
  HeadShape heads;
  AttentionPhase attend;
};

template <class Policy>
struct LowerPolicy {
  static Expected<void> apply(Lowering&, std::size_t, AttentionParts&) { return {}; }
};

template <class Condition, class Then, class Else>
struct LowerPolicy<nn::If<Condition, Then, Else>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, AttentionParts& parts) {
    const auto holds = Holds<Condition>::in_layer(to.in, layer);
    if (!holds) return fail(holds.error());
    return *holds ? LowerPolicy<Then>::apply(to, layer, parts) : LowerPolicy<Else>::apply(to, layer, parts);
  }
};

constexpr kernels::RopePairing pairing_of(nn::Adjacent) { return kernels::RopePairing::Adjacent; }
constexpr kernels::RopePairing pairing_of(nn::Halves) { return kernels::RopePairing::Halves; }

inline RopeParams frequencies_of(const RopeParams& p, nn::Base) {
  RopeParams out = p;
  out.sections = {};
  return out;
}
inline RopeParams frequencies_of(const RopeParams& p, nn::Sections) { return p; }
inline RopeParams frequencies_of(const RopeParams& p, nn::Unscaled) { return {.base = p.base}; }
inline RopeParams frequencies_of(const RopeParams& p, nn::LocalBase) {
  return {.base = p.local_base > 0 ? p.local_base : 10000};
}
inline RopeParams frequencies_of(const RopeParams& p, nn::SlidingBase) {
  RopeParams out = p;
  if (p.local_base > 0) out.base = p.local_base;
  return out;
}

template <class Pairing, class Frequencies>
struct LowerPolicy<nn::Rope<Pairing, Frequencies>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, AttentionParts& parts) {
    using Layer = nn::Rope<Pairing, Frequencies>;
    RopeTable& table = *to.ropes[rope_table<Frequencies>];
    if (table.frequency.empty()) {
      auto w = to.binder.bind<Layer>(layer);
      if (!w) return fail(std::move(w.error()));
      table = make_rope_table(frequencies_of(to.h.rope, Frequencies{}), to.h.n_rot, (*w)[Layer::Factors].values,
                              (*w)[Layer::ShortFactors].values, (*w)[Layer::LongFactors].values);
    }
    parts.heads.n_rot = to.h.n_rot;
    parts.heads.rope = rope_table<Frequencies>;
    parts.heads.pairing = pairing_of(Pairing{});
    return {};
  }
};

template <int Bias>
struct LowerPolicy<nn::Alibi<Bias>> {
  static Expected<void> apply(Lowering& to, std::size_t, AttentionParts& parts) {
    const auto bias = to.in.number_or("attention.max_alibi_bias", Bias, 0, 1e6);
    if (!bias) return fail(bias.error());
    // Powers of 2^(−bias/n) for the largest power of two n ≤ n_head; the heads beyond take the odd powers of its root.
    std::size_t n = 1;
    while (2 * n <= to.h.n_head) n *= 2;
    std::vector<float> slopes(to.h.n_head);
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      const double steps = i < n ? static_cast<double>(i + 1) : static_cast<double>(i - n) + 0.5;
      slopes[i] = static_cast<float>(std::exp2(-*bias / static_cast<double>(n) * steps));
    }
    if (*bias == 0) return {};
    to.store.vectors.push_back(std::move(slopes));
    parts.attend.slopes = to.store.vectors.back();
    return {};
  }
};

template <>
struct LowerPolicy<nn::Window> {
  static Expected<void> apply(Lowering& to, std::size_t, AttentionParts& parts) {
    parts.attend.window = to.h.n_window;
    return {};
  }
};

template <class Kind, class Over, nn::Presence P>
struct LowerPolicy<nn::QkNorm<Kind, Over, P>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, AttentionParts& parts) {
    using Layer = nn::QkNorm<Kind, Over, P>;
    auto w = to.binder.bind<Layer>(layer);
    if (!w) return fail(std::move(w.error()));
    const Hparams& h = to.h;
    constexpr bool whole = std::is_same_v<Over, nn::AllHeads>;
    const auto norm = [&](std::size_t weight, std::size_t n) {
      const Bound none;
      const Bound& bias = weight + 2 < w->size() ? (*w)[weight + 2] : none;
      return norm_of_kind<Kind>(h, (*w)[weight], bias, n);
    };
    parts.heads.q_norm = norm(Layer::Q, whole ? h.n_head * h.key_dim : h.key_dim);
    parts.heads.k_norm = norm(Layer::K, whole ? h.n_head_kv * h.key_dim : h.key_dim);
    parts.heads.step = std::is_same_v<Over, nn::OwnWeight> ? h.key_dim : 0;
    parts.heads.whole = whole;
    return {};
  }
};

template <>
struct LowerPolicy<nn::Sinks> {
  static Expected<void> apply(Lowering& to, std::size_t layer, AttentionParts& parts) {
    auto w = to.binder.bind<nn::Sinks>(layer);
    if (!w) return fail(std::move(w.error()));
    parts.attend.sinks = (*w)[nn::Sinks::Scores].values;
    return {};
  }
};

template <>
struct LowerPolicy<nn::ClampQkv> {
  static Expected<void> apply(Lowering& to, std::size_t, AttentionParts& parts) {
    const auto clamp = to.in.number_or("attention.clamp_kqv", 0, 0, 1e30);
    if (!clamp) return fail(clamp.error());
    parts.heads.clamp = static_cast<float>(*clamp);
    return {};
  }
};

template <int Cap>
struct LowerPolicy<nn::CapScores<Cap>> {
  static Expected<void> apply(Lowering& to, std::size_t, AttentionParts& parts) {
    const auto cap = to.in.number_or("attn_logit_softcapping", Cap, 0, 1e9);
    if (!cap) return fail(cap.error());
    parts.attend.cap = static_cast<float>(*cap);
    return {};
  }
};

// The phases, once the policies have had their say. w as in nn::Attention::Tensor.
inline void append_attention(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end,
                             AttentionParts parts, std::span<Bound> w, Branch& out) {
  using Layer = nn::Attention<nn::NoPosition, nn::Causal>;
  parts.attend.bf16 = bf16_attention(to.k, w[Layer::Output]);
  out.inner.push_back(make_step(QkvPhase{&to.k, norm, w[Layer::Q], w[Layer::K], w[Layer::V], w[Layer::QBias],
                                         w[Layer::KBias], w[Layer::VBias], parts.heads}));
  if (parts.heads.whole) out.inner.push_back(make_step(HeadsPhase{&to.k, parts.heads}));
  out.inner.push_back(make_step(parts.attend));
  out.ends.push_back(make_step(ProjectionPhase{&to.k, in_layer(layer, "output+residual"), w[Layer::Output],
                                               w[Layer::OutputBias], &Frame::attended, end}));
}

template <class Position, class Mask, class... Options>
struct LowerBody<nn::Attention<Position, Mask, Options...>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    const Hparams& h = to.h;
    AttentionParts parts{{layer, h.n_head, h.n_head_kv, h.key_dim, h.value_dim},
                         {&to.k, layer, h.n_head, h.n_head_kv, h.key_dim, h.value_dim, h.attention_scale}};
    Expected<void> result;
    const auto policy = [&](auto apply_policy) {
      result = apply_policy(to, layer, parts);
      return result.has_value();
    };
    (void)(policy(&LowerPolicy<Position>::apply) && policy(&LowerPolicy<Mask>::apply) &&
           (policy(&LowerPolicy<Options>::apply) && ...));
    if (!result) return result;
    auto w = to.binder.bind<nn::Attention<Position, Mask, Options...>>(layer);
    if (!w) return fail(std::move(w.error()));
    append_attention(to, layer, norm, end, parts, *w, out);
    return {};
  }
};

// ---- feed-forward

constexpr kernels::ActivationKind kind_of(nn::Silu) { return kernels::ActivationKind::Silu; }
constexpr kernels::ActivationKind kind_of(nn::Gelu) { return kernels::ActivationKind::GeluTanh; }
constexpr kernels::ActivationKind kind_of(nn::GeluErf) { return kernels::ActivationKind::GeluErf; }
constexpr kernels::ActivationKind kind_of(nn::Relu) { return kernels::ActivationKind::Relu; }
constexpr kernels::ActivationKind kind_of(nn::ReluSquared) { return kernels::ActivationKind::ReluSquared; }
constexpr kernels::ActivationKind kind_of(nn::SwigluOai) { return kernels::ActivationKind::SwigluOai; }

template <class Activation, class... Options>
struct LowerBody<nn::GatedMlp<Activation, Options...>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    using Layer = nn::GatedMlp<Activation, Options...>;
    const Bound none;
    auto bound = to.binder.bind<Layer>(layer);
    if (!bound) return fail(std::move(bound.error()));
    auto& w = *bound;
    out.inner.push_back(
        make_step(GateUpPhase{&to.k, in_layer(layer, "norm+gate*up"), norm, kind_of(Activation{}), w[Layer::Gate],
                              w[Layer::Up], w[Layer::GateBias], w[Layer::UpBias], none, w[Layer::Down].kernel}));
    out.ends.push_back(make_step(ProjectionPhase{&to.k, in_layer(layer, "down+residual"), w[Layer::Down],
                                                 w[Layer::DownBias], &Frame::hidden, end}));
    return {};
  }
};

template <class Activation>
struct LowerBody<nn::Mlp<Activation>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    using Layer = nn::Mlp<Activation>;
    const Bound none;
    auto bound = to.binder.bind<Layer>(layer);
    if (!bound) return fail(std::move(bound.error()));
    auto& w = *bound;
    out.inner.push_back(
        make_step(GateUpPhase{&to.k, in_layer(layer, "norm+up"), norm, kind_of(Activation{}), none, w[Layer::Up], none,
                              w[Layer::UpBias], w[Layer::Scales], w[Layer::Down].kernel}));
    out.ends.push_back(make_step(ProjectionPhase{&to.k, in_layer(layer, "down+residual"), w[Layer::Down],
                                                 w[Layer::DownBias], &Frame::hidden, end}));
    return {};
  }
};

template <class Activation>
struct LowerBody<nn::Activated<Activation>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    out.ends.push_back(make_step(ActivatedPhase{&to.k, layer, norm, kind_of(Activation{}), end}));
    return {};
  }
};

constexpr Gating gating_of(nn::Softmax) { return Gating::Softmax; }
constexpr Gating gating_of(nn::SoftmaxNormalized) { return Gating::SoftmaxNormalized; }
constexpr Gating gating_of(nn::SoftmaxOfChosen) { return Gating::SoftmaxOfChosen; }

template <class Activation, class Gate>
struct LowerBody<nn::Experts<Activation, Gate>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    using Layer = nn::Experts<Activation, Gate>;
    auto bound = to.binder.bind<Layer>(layer);
    if (!bound) return fail(std::move(bound.error()));
    auto& w = *bound;
    const Hparams& h = to.h;
    out.inner.push_back(make_step(RouterPhase{&to.k, in_layer(layer, "norm+router"), norm, w[Layer::Router],
                                              w[Layer::RouterBias], &Frame::router}));
    out.inner.push_back(make_step(ChoicePhase{layer, h.n_expert, h.n_expert_used, gating_of(Gate{}), h.expert_scale}));
    out.inner.push_back(
        make_step(ExpertsPhase{&to.k, layer, norm, kind_of(Activation{}), w[Layer::Gate], w[Layer::Up],
                               w[Layer::GateBias], w[Layer::UpBias], h.n_expert, h.n_expert_used, h.n_ff_expert}));
    out.ends.push_back(make_step(
        ExpertsSumPhase{&to.k, layer, w[Layer::Down], w[Layer::DownBias], h.n_expert, h.n_expert_used, h.n_embd, end}));
    return {};
  }
};

template <class Activation>
struct LowerBody<nn::SharedExperts<Activation>> {
  static Expected<void> apply(Lowering& to, std::size_t layer, const BoundNorm& norm, BranchEnd end, Branch& out) {
    using Layer = nn::SharedExperts<Activation>;
    const Bound none;
    auto bound = to.binder.bind<Layer>(layer);
    if (!bound) return fail(std::move(bound.error()));
    auto& w = *bound;
    ProjectionPhase down{&to.k, in_layer(layer, "shared down+residual"), w[Layer::Down], none, &Frame::hidden, end};
    if (w[Layer::Weight].present()) {
      out.inner.push_back(make_step(RouterPhase{&to.k, in_layer(layer, "norm+weight of shared"), norm, w[Layer::Weight],
                                                none, &Frame::shared_weight, true}));
      down.weight = &Frame::shared_weight;
    }
    out.inner.push_back(
        make_step(GateUpPhase{&to.k, in_layer(layer, "norm+shared gate*up"), norm, kind_of(Activation{}),
                              w[Layer::Gate], w[Layer::Up], none, none, none, w[Layer::Down].kernel}));
    out.ends.push_back(make_step(std::move(down)));
    return {};
  }
};

}  // namespace lamina::runtime
