// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The phases of a plan on a GPU: each is made of the CPU's phase of the same name and launches the kernels that do what
// that one does. The ends of a model and attention; the rest is in gpu_phases_mlp.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/runtime/gpu_weights.hpp"
#include "lamina/runtime/phase_attend.hpp"
#include "lamina/runtime/phase_attention.hpp"
#include "lamina/runtime/phase_ends.hpp"

namespace lamina::runtime {

inline std::uint32_t u32(std::size_t n) { return static_cast<std::uint32_t>(n); }  // sizes of a model are far smaller

struct GpuStep {
  void (*run)(const void* phase, const GpuFrame& frame, gpu::Queue& queue) = nullptr;
  std::shared_ptr<const void> phase;
  std::string kernel, prefill_kernel;  // what plans show
};

template <class Phase>
GpuStep make_gpu_step(Phase phase, std::string kernel, std::string prefill_kernel = {}) {
  return {[](const void* p, const GpuFrame& f, gpu::Queue& q) { static_cast<const Phase*>(p)->run(f, q); },
          std::make_shared<const Phase>(std::move(phase)), std::move(kernel), std::move(prefill_kernel)};
}

// What making a step knows.
struct GpuBuild {
  const gpu::Kernels& kernels;
  const gpu::Properties& device;
  GpuWeights& weights;
  std::optional<Error>& refused;  // set when a step cannot run on this device

  // The kernels for a matrix, whose rows have to fit a block's shared memory.
  const gpu::FormatKernels* kernels_for(const Bound& w) const {
    const gpu::FormatKernels* out = kernels.find(w.type_id);
    if (const std::size_t needed = out->shared_bytes(u32(w.columns)); needed > device.shared_bytes) {
      refused = Error(ErrorCode::TargetUnavailable, "rows of this tensor do not fit the GPU's shared memory")
                    .about(w.name)
                    .wanted("at most " + std::to_string(device.shared_bytes) + " bytes")
                    .found(std::to_string(needed));
    }
    return out;
  }

  std::string float_kernel() const { return "float " + std::string(kernels.target); }
  // The names of the kernels that multiply these.
  std::string names(std::initializer_list<const Bound*> of, std::string_view gpu::FormatKernels::*kind) const {
    std::string out;
    for (const Bound* w : of) {
      if (w->present()) add_name(out, kernels.find(w->type_id)->*kind);
    }
    return out + " " + std::string(kernels.target);
  }
  // A step that multiplies these.
  template <class Phase>
  GpuStep step(Phase phase, std::initializer_list<const Bound*> of) const {
    return make_gpu_step(std::move(phase), names(of, &gpu::FormatKernels::kernel),
                         names(of, &gpu::FormatKernels::prefill_kernel));
  }
};

// The branch's end as that of a product.
struct GpuEnd {
  bool into_x = true;
  float scale = 1;
  bool add = true;

  static GpuEnd of(const BranchEnd& end) { return {end.into == &Frame::x, end.scale, !end.assign}; }
  float* data(const GpuFrame& f) const { return into_x ? f.x : f.branch; }
};

// Products of several matrices with the same rows: one launch for each format among them.
struct GpuProducts {
  // From so many rows on, tensor cores beat reading the weights for every four of them.
  static constexpr std::size_t gemm_min_rows = 16;

  struct Group {
    const gpu::FormatKernels* kernels = nullptr;
    std::uint32_t n = 0;
    std::array<std::uint32_t, gpu::max_products> which{};
  };
  std::array<gpu::Matrix, gpu::max_products> matrix{};
  std::array<Group, gpu::max_products> groups{};
  std::uint32_t n_matrices = 0, n_groups = 0, k = 0;
  const gpu::Kernels* kernels = nullptr;
  bool exact = false;  // not on tensor cores

  void add(const GpuBuild& b, const Bound& w, const gpu::Matrix& m) {
    kernels = &b.kernels;
    const gpu::FormatKernels* own = b.kernels_for(w);
    k = u32(w.columns);
    std::uint32_t g = 0;
    while (g < n_groups && groups[g].kernels != own) ++g;
    n_groups = std::max(n_groups, g + 1);
    groups[g].kernels = own;
    groups[g].which[groups[g].n++] = n_matrices;
    matrix[n_matrices++] = m;
  }

  using Ends = std::array<gpu::End, gpu::max_products>;

  // ends: one for each matrix, in the order in which they were added.
  void run(const GpuFrame& f, gpu::Queue& queue, const gpu::Rows& in, std::size_t n_rows, const Ends& ends,
           const std::uint32_t* chosen = nullptr, std::uint32_t share = 1) const {
    if (chosen == nullptr && n_rows >= gemm_min_rows && !f.strict && !exact)
      return run_gemm(f, queue, in, n_rows, ends);
    for (std::uint32_t g = 0; g < n_groups; ++g) {
      gpu::MatvecArgs args;
      args.in = in;
      args.k = k;
      args.n_rows = u32(n_rows);
      args.chosen = chosen;
      args.share = share;
      for (std::uint32_t i = 0; i < groups[g].n; ++i) {
        const std::uint32_t m = groups[g].which[i];
        args.product[args.n_products++] = {matrix[m], ends[m]};
      }
      groups[g].kernels->matvec(queue, args);
    }
  }

 private:
  // On tensor cores: the rows are packed once for all matrices.
  void run_gemm(const GpuFrame& f, gpu::Queue& queue, const gpu::Rows& in, std::size_t n_rows, const Ends& ends) const {
    bool split = false;
    for (std::uint32_t g = 0; g < n_groups; ++g) split = split || (groups[g].kernels->split && !f.eight_bits);
    gpu::PackArgs pack;
    pack.in = in;
    pack.k = k;
    pack.k_padded = u32(packed_width(k));
    pack.n_rows = u32(n_rows);
    pack.high = f.packed;
    pack.low = split ? f.packed_rest : nullptr;
    kernels->pack(queue, pack);
    for (std::uint32_t g = 0; g < n_groups; ++g) {
      gpu::GemmArgs args;
      args.high = pack.high;
      args.low = groups[g].kernels->split ? pack.low : nullptr;
      args.k = k;
      args.k_padded = pack.k_padded;
      args.n_rows = pack.n_rows;
      for (std::uint32_t i = 0; i < groups[g].n; ++i) {
        const std::uint32_t m = groups[g].which[i];
        args.product[args.n_products++] = {matrix[m], ends[m]};
      }
      groups[g].kernels->gemm(queue, args);
    }
  }
};

struct GpuEmbedding {
  const gpu::Kernels* kernels;
  const gpu::FormatKernels *table_kernels, *position_kernels;
  gpu::Matrix table, positions;
  gpu::Norm norm;
  float scale;

  static GpuStep make(const GpuBuild& b, const EmbeddingPhase& p) {
    GpuEmbedding out{&b.kernels, b.kernels.find(p.table.type_id), nullptr, {}, {}, {}, p.scale};
    out.table = b.weights.matrix(p.table, {});
    if (p.positions.present()) {
      out.position_kernels = b.kernels.find(p.positions.type_id);
      out.positions = b.weights.matrix(p.positions, {});
    }
    out.norm = b.weights.norm(p.norm);
    return make_gpu_step(out, b.float_kernel());
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::EmbedArgs a;
    a.tokens = f.tokens;
    a.position = f.position;
    a.table = table;
    a.n = u32(f.n_embd);
    a.n_tokens = u32(f.n_tokens);
    a.scale = scale;
    a.out = f.x;
    table_kernels->embed(queue, a);
    if (position_kernels != nullptr) {
      a.table = positions;
      a.by_position = true;
      position_kernels->embed(queue, a);
    }
    if (norm.kind == gpu::NormKind::None) return;
    gpu::RowsArgs rows;
    rows.in = {f.x, f.n_embd, norm};
    rows.n = u32(f.n_embd);
    rows.n_rows = u32(f.n_tokens);
    rows.out = f.x;
    rows.stride = f.n_embd;
    kernels->norm_rows(queue, rows);
  }
};

struct GpuHead {
  GpuProducts output;
  gpu::Norm norm;
  float scale, cap;

  static GpuStep make(const GpuBuild& b, const HeadPhase& p) {
    GpuHead out{{}, b.weights.norm(p.norm), p.scale, p.cap};
    out.output.add(b, p.output, b.weights.matrix(p.output, p.bias));
    return b.step(out, {&p.output});
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::End end;
    end.out = f.logits;
    end.stride = output.matrix[0].rows;
    end.scale = scale;
    end.cap = cap;
    output.run(f, queue, {f.x + f.head_begin * f.n_embd, f.n_embd, norm}, f.head_count, {end});
  }
};

struct GpuQkv {
  GpuProducts products;
  gpu::Norm norm;
  float clamp;

  static GpuStep make(const GpuBuild& b, const QkvPhase& p) {
    GpuQkv out{{}, b.weights.norm(p.norm), p.heads.clamp};
    out.products.add(b, p.q, b.weights.matrix(p.q, p.q_bias));
    out.products.add(b, p.k_proj, b.weights.matrix(p.k_proj, p.k_bias));
    out.products.add(b, p.v, b.weights.matrix(p.v, p.v_bias));
    return b.step(out, {&p.q, &p.k_proj, &p.v});
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    std::array<gpu::End, gpu::max_products> ends;
    float* const to[] = {f.q, f.k, f.v};
    for (std::size_t i = 0; i < ends.size(); ++i) {
      ends[i].out = to[i];
      ends[i].stride = products.matrix[i].rows;
      ends[i].clamp = clamp;
    }
    products.run(f, queue, {f.x, f.n_embd, norm}, f.n_tokens, ends);
  }
};

// Norms of heads, rotation and the cache write; on the CPU they are a part of QkvPhase or a phase of their own.
struct GpuHeads {
  const gpu::Kernels* kernels;
  HeadShape heads;
  gpu::HeadsArgs fixed;

  static GpuStep make(const GpuBuild& b, const HeadShape& h) {
    gpu::HeadsArgs a;
    a.n_head = u32(h.n_head);
    a.n_head_kv = u32(h.n_head_kv);
    a.key_dim = u32(h.key_dim);
    a.value_dim = u32(h.value_dim);
    a.step = u32(h.step);
    a.whole = h.whole;
    a.n_rot = u32(h.n_rot);
    a.adjacent = h.pairing == kernels::RopePairing::Adjacent;
    const auto norm = [&](const BoundNorm& of, std::size_t n_heads) {
      return b.weights.norm(of, h.whole || h.step == 0 ? of.n : n_heads * h.step);
    };
    a.q_norm = norm(h.q_norm, h.n_head);
    a.k_norm = norm(h.k_norm, h.n_head_kv);
    return make_gpu_step(GpuHeads{&b.kernels, h, a}, b.float_kernel());
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::HeadsArgs a = fixed;
    a.q = f.q;
    a.k = f.k;
    a.v = f.v;
    a.queries = f.queries;
    a.n_tokens = u32(f.n_tokens);
    a.turns = f.rope + heads.rope * f.rope_table;
    a.position = f.position;
    a.cache = f.cache_of(heads.layer);
    kernels->heads(queue, a);
  }
};

struct GpuAttention {
  const gpu::Kernels* kernels;
  std::size_t layer;
  gpu::AttendArgs fixed;

  static GpuStep make(const GpuBuild& b, const AttentionPhase& p) {
    gpu::AttendArgs a;
    a.n_head = u32(p.n_head);
    a.n_head_kv = u32(p.n_head_kv);
    a.key_dim = u32(p.key_dim);
    a.value_dim = u32(p.value_dim);
    a.scale = p.scale;
    a.window = u32(p.window);
    a.cap = p.cap;
    if (b.kernels.attend_shared(a) > b.device.shared_bytes) {
      b.refused = Error(ErrorCode::TargetUnavailable, "heads of this size do not fit the GPU's shared memory")
                      .about(in_layer(p.layer, "attention"))
                      .wanted("at most " + std::to_string(b.device.shared_bytes) + " bytes")
                      .found(std::to_string(b.kernels.attend_shared(a)));
    }
    a.slopes = b.weights.floats(p.slopes);
    a.sinks = b.weights.floats(p.sinks);
    return make_gpu_step(GpuAttention{&b.kernels, p.layer, a}, b.float_kernel());
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::AttendArgs a = fixed;
    a.queries = f.queries;
    a.position = f.position;
    a.cache = f.cache_of(layer);
    a.n_tokens = u32(f.n_tokens);
    a.splits = u32(f.splits);
    a.many = f.n_tokens >= GpuProducts::gemm_min_rows && !f.strict;
    a.partials = f.partials;
    a.out = f.attended;
    kernels->attend(queue, a);
  }
};

// The output projection, and a feed-forward's last.
struct GpuProjection {
  GpuProducts product;
  GpuEnd end;
  float* GpuFrame::*input;
  bool weighted;

  static GpuStep make(const GpuBuild& b, const ProjectionPhase& p) {
    GpuProjection out{{},
                      GpuEnd::of(p.end),
                      p.input == &Frame::attended ? &GpuFrame::attended : &GpuFrame::hidden,
                      p.weight != nullptr};
    out.product.add(b, p.w, b.weights.matrix(p.w, p.bias));
    return b.step(out, {&p.w});
  }

  void run(const GpuFrame& f, gpu::Queue& queue) const {
    gpu::End to;
    to.out = end.data(f);
    to.stride = f.n_embd;
    to.scale = end.scale;
    to.add = end.add;
    to.weight = weighted ? f.shared_weight : nullptr;
    product.run(f, queue, {f.*input, product.k, {}}, f.n_tokens, {to});
  }
};

}  // namespace lamina::runtime
