// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Around attention (phase_attend.hpp): before it norm, Q·K·V with RoPE and the cache write, after it the output
// projection and the residual.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

// What happens to a head's queries, keys and values between projection and cache.
struct HeadShape {
  std::size_t layer, n_head, n_head_kv, key_dim, value_dim;
  float clamp = 0;  // values stay within ± clamp; 0: as they are
  // One norm for each head of queries and of keys, of key_dim values, its weights `step` values from a head to the
  // next; or, `whole`, one over all heads together.
  BoundNorm q_norm{}, k_norm{};
  std::size_t step = 0;
  bool whole = false;
  std::size_t n_rot = 0;  // 0: not rotated
  std::size_t rope = 0;   // which of the frame's tables
  kernels::RopePairing pairing = kernels::RopePairing::Adjacent;

  bool normed() const { return q_norm.kind != BoundNorm::Kind::None; }

  // `row` is some heads of one token, from `first` on.
  void norm(const KernelTable& k, BoundNorm norm, std::size_t first, std::size_t n, float* row) const {
    norm.weight += first * step;
    for (std::size_t h = 0; h < n; ++h, norm.weight += step, row += key_dim) norm.apply(k, row, row);
  }
  void rotate(const KernelTable& k, const Frame& f, std::size_t token, std::size_t n, float* row) const {
    if (n_rot == 0) return;
    k.rope(row, n, key_dim, n_rot, f.rope.data() + rope * f.rope_table + token * n_rot, pairing);
  }
  void clip(float* rows, std::size_t n, std::size_t dim, std::size_t stride) const {
    if (clamp == 0) return;
    for (std::size_t t = 0; t < n; ++t) {
      for (float* x = rows + t * stride; x < rows + t * stride + dim; ++x)
        *x = *x < -clamp ? -clamp : *x > clamp ? clamp : *x;
    }
  }
  // One head of n tokens from `first` on, a row every `stride` values, into the cache.
  void store_keys(const KernelTable& k, Frame& f, std::size_t head, std::size_t first, std::size_t n, const float* rows,
                  std::size_t stride) const {
    k.store_keys({.type = f.cache.type(),
                  .tiles = f.cache.keys(layer, head),
                  .dim = key_dim,
                  .position = f.position + first,
                  .n_rows = n,
                  .rows = rows,
                  .stride = stride,
                  .block_stride = f.cache.block_stride()});
  }
  void store_values(const KernelTable& k, Frame& f, std::size_t head, std::size_t n, const float* rows,
                    std::size_t stride) const {
    k.store_values({.type = f.cache.type(),
                    .tiles = f.cache.values(layer, head),
                    .dim = value_dim,
                    .position = f.position,
                    .n_rows = n,
                    .rows = rows,
                    .stride = stride,
                    .block_stride = f.cache.block_stride()});
  }
};

// A task is a few whole heads, so that bias, norm, rotation and the cache write follow their rows without a barrier.
struct QkvPhase {
  const KernelTable* k;
  BoundNorm norm;
  Bound q, k_proj, v, q_bias, k_bias, v_bias;
  HeadShape heads;

  StepInfo info() const { return describe(*k, in_layer(heads.layer, "norm+qkv+rope"), {&q, &k_proj, &v}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Input x =
        prepare(f, worker, *k, f.normed.view(), n, {&q, &k_proj, &v},
                [&](std::size_t t, const Activations& row) { norm.apply(*k, f.x.data() + t * norm.n, row.f32); });
    WorkerScratch& scratch = f.workers[worker.index()];
    const std::size_t n_head = heads.n_head, n_head_kv = heads.n_head_kv, all = n_head + 2 * n_head_kv;
    const std::size_t rows = x.panels ? x.task_rows(all * heads.key_dim, worker.count())
                                      : rows_per_task(q.row_bytes, all * heads.key_dim, worker.count());
    const std::size_t per_task = std::max<std::size_t>(1, rows / heads.key_dim);
    worker.share(ceil_div(all, per_task), [&](std::size_t task) {
      const std::size_t begin = task * per_task, end = std::min(all, begin + per_task);
      // The task's heads of a matrix whose heads are [first, first + n).
      const auto of = [&](std::size_t first, std::size_t n_heads) {
        return HeadRange{std::clamp(begin, first, first + n_heads) - first,
                         std::clamp(end, first, first + n_heads) - first};
      };
      query(f, x, scratch, of(0, n_head));
      key(f, x, scratch, of(n_head, n_head_kv));
      value(f, x, scratch, of(n_head + n_head_kv, n_head_kv));
    });
  }

 private:
  struct HeadRange {
    std::size_t begin, end;
  };

  // Some heads of all tokens, a token every `stride` values.
  struct Heads {
    float* rows;
    std::size_t stride;
  };

  void query(Frame& f, const Input& x, WorkerScratch& scratch, HeadRange range) const {
    const std::size_t n = f.tokens.size(), dim = heads.key_dim;
    const Heads to{f.queries.data() + range.begin * dim, heads.n_head * dim};
    const Heads made = project(x, scratch, n, q, q_bias, range, dim, to);
    finish(f, made, to, range, heads.q_norm);
  }
  // Norm, rotation and, if they were made elsewhere, the copy of some heads of all tokens.
  void finish(const Frame& f, const Heads& made, const Heads& to, HeadRange range, const BoundNorm& of_head) const {
    const std::size_t n_heads = range.end - range.begin;
    for (std::size_t t = 0; t < f.tokens.size() && n_heads != 0; ++t) {
      float* row = made.rows + t * made.stride;
      if (heads.normed() && !heads.whole) heads.norm(*k, of_head, range.begin, n_heads, row);
      if (!heads.whole) heads.rotate(*k, f, t, n_heads, row);
      if (to.rows != made.rows) std::memcpy(to.rows + t * to.stride, row, n_heads * heads.key_dim * sizeof(float));
    }
  }
  void key(Frame& f, const Input& x, WorkerScratch& scratch, HeadRange range) const {
    const std::size_t n = f.tokens.size(), dim = heads.key_dim;
    const Heads to{f.keys.data() + range.begin * dim, heads.n_head_kv * dim};
    const Heads made = project(x, scratch, n, k_proj, k_bias, range, dim, to);
    if (heads.whole) return finish(f, made, to, range, heads.k_norm);
    finish(f, made, made, range, heads.k_norm);
    for (std::size_t head = range.begin; head < range.end; ++head) {
      heads.store_keys(*k, f, head, 0, n, made.rows + (head - range.begin) * dim, made.stride);
    }
  }
  void value(Frame& f, const Input& x, WorkerScratch& scratch, HeadRange range) const {
    const std::size_t n = f.tokens.size(), dim = heads.value_dim;
    const Heads to{f.values.data() + range.begin * dim, heads.n_head_kv * dim};
    const Heads made = project(x, scratch, n, v, v_bias, range, dim, to);
    for (std::size_t head = range.begin; head < range.end; ++head) {
      heads.store_values(*k, f, head, n, made.rows + (head - range.begin) * dim, made.stride);
    }
  }

  // The rows of some heads, `dim` each, for all tokens. Panels sum in the worker's own memory, where a task's rows are
  // dense; others, and heads that are too large for it, where they belong.
  Heads project(const Input& x, WorkerScratch& scratch, std::size_t n, const Bound& w, const Bound& bias,
                HeadRange range, std::size_t dim, const Heads& to) const {
    const std::size_t first = range.begin * dim, last = range.end * dim, width = last - first;
    if (width == 0) return to;
    const Heads out = x.panels && width <= max_task_rows ? Heads{scratch.tile(0), tile_stride(width)} : to;
    const std::size_t tile = x.panels ? n : tile_tokens, rows = x.panels ? x.most_rows : width;
    for (std::size_t begin = first; begin < last; begin += rows) {
      const std::size_t end = std::min(last, begin + rows);
      for (std::size_t t = 0; t < n; t += tile) {
        multiply(w, x, scratch, t, std::min(tile, n - t), begin, end, out.rows + t * out.stride + (begin - first),
                 out.stride);
      }
    }
    for (std::size_t t = 0; t < n && bias.present(); ++t) {
      k->add(out.rows + t * out.stride, bias.values.data() + first, width);
    }
    heads.clip(out.rows, n, width, out.stride);
    return out;
  }
};

// What QkvPhase leaves to do when norms go over all heads: norm, rotation and the cache write, token by token.
struct HeadsPhase {
  const KernelTable* k;
  HeadShape heads;

  StepInfo info() const {
    StepInfo out;
    out.phase = in_layer(heads.layer, "norm of heads+rope");
    out.set_kernel("float " + std::string(k->target));
    out.slow = k->slow;
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    const std::size_t q_row = heads.n_head * heads.key_dim, k_row = heads.n_head_kv * heads.key_dim;
    worker.share(f.tokens.size(), [&](std::size_t t) {
      float* q = f.queries.data() + t * q_row;
      float* keys = f.keys.data() + t * k_row;
      heads.q_norm.apply(*k, q, q);
      heads.k_norm.apply(*k, keys, keys);
      heads.rotate(*k, f, t, heads.n_head, q);
      heads.rotate(*k, f, t, heads.n_head_kv, keys);
      for (std::size_t h = 0; h < heads.n_head_kv; ++h) {
        heads.store_keys(*k, f, h, t, 1, keys + h * heads.key_dim, k_row);
      }
    });
  }
};

// end += scale · weight[t] · (W · input + bias), where input is already in `Input`'s f32: the end of a branch.
struct ProjectionPhase {
  const KernelTable* k;
  std::string name;
  Bound w, bias;
  ActivationBuffer Frame::*input;
  BranchEnd end;
  AlignedBuffer<float> Frame::*weight = nullptr;  // [batch], or none

  StepInfo info() const { return describe(*k, name, {&w}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Activations source = narrowed((f.*input).view(), w.columns);
    const bool after_gate_up = input == &Frame::hidden;  // whose reader w is
    const Input x = after_gate_up && reads_rounded(f, w.kernel, n)
                        ? rounded_input(f, *k, source)
                        : prepare(f, worker, *k, source, n, {&w},
                                  [&](std::size_t t, Activations& row) { row.f32 = source.token(t).f32; });
    WorkerScratch& scratch = f.workers[worker.index()];
    float* tile = scratch.tile(0);
    for_tiles(worker, x, n, w.rows, w.row_bytes,
              [&](std::size_t first, std::size_t n_tile, std::size_t begin, std::size_t last) {
                const std::size_t rows = last - begin, stride = tile_stride(rows);
                multiply(w, x, scratch, first, n_tile, begin, last, tile, stride);
                for (std::size_t t = 0; t < n_tile; ++t) {
                  float* row = tile + t * stride;
                  if (bias.present()) k->add(row, bias.values.data() + begin, rows);
                  if (weight != nullptr) scale_row(row, rows, (f.*weight).data()[first + t]);
                  end.add(f, *k, (first + t) * w.rows + begin, row, rows);
                }
              });
  }
};

// x += norm(branch)
struct PostNormPhase {
  const KernelTable* k;
  std::size_t layer;
  BoundNorm norm;

  StepInfo info() const {
    StepInfo out;
    out.phase = in_layer(layer, "norm+residual");
    out.set_kernel("float " + std::string(k->target));
    out.slow = k->slow;
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    worker.share(f.tokens.size(), [&](std::size_t t) {
      float* branch = f.branch.data() + t * norm.n;
      norm.apply(*k, branch, branch);
      k->add(f.x.data() + t * norm.n, branch, norm.n);
    });
  }
};

}  // namespace lamina::runtime
