// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Feed-forward and experts on a GPU, and the choice of a GPU's phase for a step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lamina/runtime/gpu_phases.hpp"
#include "lamina/runtime/phase_experts.hpp"
#include "lamina/runtime/phase_mlp.hpp"

namespace lamina::runtime {

// hidden = activation(gate x) · up x, for all tokens or for the chosen experts of each: in one launch for few rows
// where both matrices are of one format, else by way of two buffers.
struct GpuGated {
  const gpu::Kernels* kernels;
  const gpu::FormatKernels* both;  // null: by way of buffers
  gpu::Matrix gate, up;
  GpuProducts products;  // of gate, where there is one, then up
  gpu::Norm norm;
  kernels::ActivationKind activation;
  const float* scales;
  std::uint32_t k;

  // rows: of hidden, of one expert where there are several.
  static GpuGated of(const GpuBuild& b, const BoundNorm& norm, kernels::ActivationKind activation, const Bound& gate,
                     const Bound& gate_bias, const Bound& up, const Bound& up_bias, const Bound& scales,
                     std::size_t rows) {
    GpuGated out{&b.kernels, nullptr, {}, {}, {}, b.weights.norm(norm), activation, nullptr, u32(up.columns)};
    if (gate.present()) out.gate = b.weights.matrix(gate, gate_bias, rows);
    out.up = b.weights.matrix(up, up_bias, rows);
    out.scales = b.weights.floats(scales.values);
    if (gate.present() && gate.type_id == up.type_id) out.both = b.kernels_for(up);
    if (gate.present()) out.products.add(b, gate, out.gate);
    out.products.add(b, up, out.up);
    return out;
  }

  void run(const GpuFrame& f, gpu::Queue& queue, std::size_t n_rows, float* hidden, const std::uint32_t* chosen,
           std::uint32_t share) const {
    const gpu::Rows in{f.x, f.n_embd, norm};
    const bool few = chosen != nullptr || f.strict || n_rows < GpuProducts::gemm_min_rows;
    if (both != nullptr && few) {
      gpu::GateUpArgs a;
      a.in = in;
      a.k = k;
      a.n_rows = u32(n_rows);
      a.gate = gate;
      a.up = up;
      a.activation = activation;
      a.scales = scales;
      a.out = hidden;
      a.stride = up.rows;
      a.chosen = chosen;
      a.share = share;
      return both->gate_up(queue, a);
    }
    const bool has_gate = gate.blocks != nullptr;
    std::array<gpu::End, gpu::max_products> ends;
    ends[0].out = has_gate ? f.gate : f.up;
    ends[1].out = f.up;
    ends[0].stride = ends[1].stride = up.rows;
    products.run(f, queue, in, n_rows, ends, chosen, share);
    gpu::GateArgs a;
    a.gate = has_gate ? f.gate : nullptr;
    a.up = f.up;
    a.out = hidden;
    a.n = up.rows;
    a.n_rows = u32(n_rows);
    a.activation = activation;
    a.scales = scales;
    kernels->gate(queue, a);
  }
};

struct GpuGateUp {
  GpuGated gated;

  static GpuStep make(const GpuBuild& b, const GateUpPhase& p) {
    return b.step(
        GpuGateUp{GpuGated::of(b, p.norm, p.activation, p.gate, p.gate_bias, p.up, p.up_bias, p.scales, p.up.rows)},
        {&p.gate, &p.up});
  }
  void run(const GpuFrame& f, gpu::Queue& queue) const { gated.run(f, queue, f.n_tokens, f.hidden, nullptr, 1); }
};

// x += norm(branch); or += activation(norm(x)), at the end of a branch.
struct GpuRows {
  const gpu::Kernels* kernels;
  gpu::RowsArgs fixed;
  bool from_branch;
  GpuEnd end;

  static GpuStep make(const GpuBuild& b, const PostNormPhase& p) {
    gpu::RowsArgs a;
    a.in.norm = b.weights.norm(p.norm);
    return make_gpu_step(GpuRows{&b.kernels, a, true, {}}, b.float_kernel());
  }
  static GpuStep make(const GpuBuild& b, const ActivatedPhase& p) {
    gpu::RowsArgs a;
    a.in.norm = b.weights.norm(p.norm);
    a.activate = true;
    a.activation = p.activation;
    return make_gpu_step(GpuRows{&b.kernels, a, false, GpuEnd::of(p.end)}, b.float_kernel());
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::RowsArgs a = fixed;
    a.in.x = from_branch ? f.branch : f.x;
    a.in.stride = a.stride = f.n_embd;
    a.n = u32(f.n_embd);
    a.n_rows = u32(f.n_tokens);
    a.out = end.data(f);
    a.scale = end.scale;
    a.add = end.add;
    kernels->norm_rows(queue, a);
  }
};

struct GpuRouter {
  GpuProducts product;
  gpu::Norm norm;
  bool sigmoid, shared;

  static GpuStep make(const GpuBuild& b, const RouterPhase& p) {
    GpuRouter out{{}, b.weights.norm(p.norm), p.sigmoid, p.out == &Frame::shared_weight};
    out.product.add(b, p.w, b.weights.matrix(p.w, p.bias));
    out.product.exact = true;  // a rounding may change the choice
    return make_gpu_step(out, b.names({&p.w}, &gpu::FormatKernels::kernel));
  }
  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::End end;
    end.out = shared ? f.shared_weight : f.router;
    end.stride = product.matrix[0].rows;
    end.sigmoid = sigmoid;
    product.run(f, queue, {f.x, f.n_embd, norm}, f.n_tokens, {end});
  }
};

struct GpuChoice {
  const gpu::Kernels* kernels;
  gpu::ChooseArgs fixed;

  static GpuStep make(const GpuBuild& b, const ChoicePhase& p) {
    gpu::ChooseArgs a;
    a.n_expert = u32(p.n_expert);
    a.n_used = u32(p.n_used);
    a.scale = p.scale;
    switch (p.gating) {
      case Gating::Softmax: a.gating = gpu::ChooseArgs::Gating::Softmax; break;
      case Gating::SoftmaxNormalized: a.gating = gpu::ChooseArgs::Gating::SoftmaxNormalized; break;
      case Gating::SoftmaxOfChosen: a.gating = gpu::ChooseArgs::Gating::SoftmaxOfChosen; break;
    }
    return make_gpu_step(GpuChoice{&b.kernels, a}, b.float_kernel());
  }
  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::ChooseArgs a = fixed;
    a.scores = f.router;
    a.n_tokens = u32(f.n_tokens);
    a.chosen = f.chosen;
    a.weight = f.chosen_weight;
    kernels->choose(queue, a);
  }
};

struct GpuExperts {
  GpuGated gated;
  std::uint32_t n_used;

  static GpuStep make(const GpuBuild& b, const ExpertsPhase& p) {
    return make_gpu_step(
        GpuExperts{GpuGated::of(b, p.norm, p.activation, p.gate, p.gate_bias, p.up, p.up_bias, {}, p.n_ff),
                   u32(p.n_used)},
        b.names({&p.gate, &p.up}, &gpu::FormatKernels::kernel));
  }
  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gated.run(f, queue, f.n_tokens * n_used, f.expert_hidden, f.chosen, n_used);
  }
};

struct GpuExpertsSum {
  const gpu::Kernels* kernels;
  GpuProducts product;
  std::uint32_t n_used;
  GpuEnd end;

  static GpuStep make(const GpuBuild& b, const ExpertsSumPhase& p) {
    GpuExpertsSum out{&b.kernels, {}, u32(p.n_used), GpuEnd::of(p.end)};
    out.product.add(b, p.down, b.weights.matrix(p.down, p.bias, p.n_embd));
    return make_gpu_step(out, b.names({&p.down}, &gpu::FormatKernels::kernel));
  }
  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::End each;
    each.out = f.expert_out;
    each.stride = f.n_embd;
    product.run(f, queue, {f.expert_hidden, product.k, {}}, f.n_tokens * n_used, {each}, f.chosen);
    gpu::CombineArgs a;
    a.y = f.expert_out;
    a.weight = f.chosen_weight;
    a.n = u32(f.n_embd);
    a.n_used = n_used;
    a.n_tokens = u32(f.n_tokens);
    a.scale = end.scale;
    a.out = end.data(f);
    a.add = end.add;
    kernels->combine(queue, a);
  }
};

// The launches of a step: none where another step does its work, two where the CPU's phase does more than one kernel.
inline Expected<std::vector<GpuStep>> gpu_steps_of(const GpuBuild& b, const Step& step) {
  std::vector<GpuStep> out;
  if (const auto* p = step.as<EmbeddingPhase>()) out = {GpuEmbedding::make(b, *p)};
  if (const auto* p = step.as<QkvPhase>()) {
    out = {GpuQkv::make(b, *p)};
    if (!p->heads.whole) out.push_back(GpuHeads::make(b, p->heads));
  }
  if (const auto* p = step.as<HeadsPhase>()) out = {GpuHeads::make(b, p->heads)};
  if (const auto* p = step.as<AttentionPhase>()) out = {GpuAttention::make(b, *p)};
  if (const auto* p = step.as<ProjectionPhase>()) out = {GpuProjection::make(b, *p)};
  if (const auto* p = step.as<PostNormPhase>()) out = {GpuRows::make(b, *p)};
  if (const auto* p = step.as<ActivatedPhase>()) out = {GpuRows::make(b, *p)};
  if (const auto* p = step.as<GateUpPhase>()) out = {GpuGateUp::make(b, *p)};
  if (const auto* p = step.as<RouterPhase>()) out = {GpuRouter::make(b, *p)};
  if (const auto* p = step.as<ChoicePhase>()) out = {GpuChoice::make(b, *p)};
  if (const auto* p = step.as<ExpertsPhase>()) out = {GpuExperts::make(b, *p)};
  if (const auto* p = step.as<ExpertsSumPhase>()) out = {GpuExpertsSum::make(b, *p)};
  if (const auto* p = step.as<HeadPhase>()) out = {GpuHead::make(b, *p)};
  if (b.refused) return fail(*b.refused);
  if (!out.empty()) return out;
  return fail(Error(ErrorCode::TargetUnavailable, "no GPU kernel does this; leave its layer to the CPU")
                  .about(step.info.phase)
                  .wanted("gpu_layers so small that the layer stays")
                  .found(std::string(b.kernels.target)));
}

}  // namespace lamina::runtime
