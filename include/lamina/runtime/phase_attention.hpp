// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Around attention (phase_attend.hpp): before it norm, Q·K·V with RoPE and the cache write, after it the output
// projection and the residual.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

// A task is a few whole heads, so that bias, rotation and the cache write follow their rows without a barrier.
template <class Norm>
struct QkvPhase {
  const KernelTable* k;
  std::size_t layer;
  Norm norm;
  Bound q, k_proj, v, q_bias, k_bias, v_bias;
  std::size_t n_head, n_head_kv, key_dim, value_dim, n_rot;
  kernels::RopePairing pairing;

  StepInfo info() const { return describe(*k, in_layer(layer, "norm+qkv+rope"), {&q, &k_proj, &v}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Input x =
        prepare(f, worker, *k, f.normed.view(), n, {&q, &k_proj, &v},
                [&](std::size_t t, const Activations& row) { norm.apply(*k, f.x.data() + t * norm.n, row.f32); });
    WorkerScratch& scratch = f.workers[worker.index()];
    const std::size_t all = n_head + 2 * n_head_kv;
    const std::size_t heads =
        std::max<std::size_t>(1, rows_per_task(q.row_bytes, all * key_dim, worker.count()) / key_dim);
    worker.share(ceil_div(all, heads), [&](std::size_t task) {
      const std::size_t end = std::min(all, (task + 1) * heads);
      for (std::size_t h = task * heads; h < end; ++h) {
        if (h < n_head) {
          query(f, x, scratch, h);
        } else if (h < n_head + n_head_kv) {
          key(f, x, scratch, h - n_head);
        } else {
          value(f, x, scratch, h - n_head - n_head_kv);
        }
      }
    });
  }

 private:
  void query(Frame& f, const Input& x, WorkerScratch& scratch, std::size_t head) const {
    float* out = f.queries.data() + head * key_dim;
    project(f, x, scratch, q, q_bias, head, key_dim, out, n_head * key_dim);
    rotate(f, out, n_head * key_dim);
  }
  void key(Frame& f, const Input& x, WorkerScratch& scratch, std::size_t head) const {
    const std::size_t stride = n_head_kv * key_dim;
    float* out = f.keys.data() + head * key_dim;
    project(f, x, scratch, k_proj, k_bias, head, key_dim, out, stride);
    rotate(f, out, stride);
    k->store_keys(store(f, f.cache.keys(layer, head), key_dim, out, stride));
  }
  void value(Frame& f, const Input& x, WorkerScratch& scratch, std::size_t head) const {
    const std::size_t stride = n_head_kv * value_dim;
    float* out = f.values.data() + head * value_dim;
    project(f, x, scratch, v, v_bias, head, value_dim, out, stride);
    k->store_values(store(f, f.cache.values(layer, head), value_dim, out, stride));
  }
  static kernels::StoreArgs store(const Frame& f, std::byte* tiles, std::size_t dim, const float* rows,
                                  std::size_t stride) {
    return {.type = f.cache.type(),
            .tiles = tiles,
            .dim = dim,
            .position = f.position,
            .n_rows = f.tokens.size(),
            .rows = rows,
            .stride = stride,
            .block_stride = f.cache.block_stride()};
  }

  // The head's rows for all tokens, straight to where they belong.
  void project(Frame& f, const Input& x, WorkerScratch& scratch, const Bound& w, const Bound& bias, std::size_t head,
               std::size_t dim, float* out, std::size_t stride) const {
    const std::size_t n = f.tokens.size();
    const std::size_t tile = x.panels ? n : tile_tokens;
    // A head may be larger than a panel.
    const std::size_t rows = x.panels ? panel_task_rows : dim;
    for (std::size_t begin = 0; begin < dim; begin += rows) {
      const std::size_t end = std::min(dim, begin + rows);
      for (std::size_t t = 0; t < n; t += tile) {
        multiply(w, x, scratch, t, std::min(tile, n - t), head * dim + begin, head * dim + end,
                 out + t * stride + begin, stride);
      }
    }
    if (!bias.present()) return;
    for (std::size_t t = 0; t < n; ++t) k->add(out + t * stride, bias.values.data() + head * dim, dim);
  }

  void rotate(Frame& f, float* out, std::size_t stride) const {
    if (n_rot == 0) return;
    for (std::size_t t = 0; t < f.tokens.size(); ++t) {
      k->rope(out + t * stride, 1, key_dim, n_rot, f.rope.data() + t * n_rot, pairing);
    }
  }
};

// x += W · input + bias, where input is already in `Input`'s f32: the end of a residual branch.
struct ProjectionPhase {
  const KernelTable* k;
  std::string name;
  Bound w, bias;
  ActivationBuffer Frame::*input;

  StepInfo info() const { return describe(*k, name, {&w}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Activations& source = (f.*input).view();
    const Input x = prepare(f, worker, *k, source, n, {&w},
                            [&](std::size_t t, Activations& row) { row.f32 = source.token(t).f32; });
    WorkerScratch& scratch = f.workers[worker.index()];
    float* tile = scratch.tile(0);
    for_tiles(worker, x, n, w.rows, w.row_bytes,
              [&](std::size_t first, std::size_t n_tile, std::size_t begin, std::size_t end) {
                const std::size_t rows = end - begin;
                multiply(w, x, scratch, first, n_tile, begin, end, tile, rows);
                for (std::size_t t = 0; t < n_tile; ++t) {
                  if (bias.present()) k->add(tile + t * rows, bias.values.data() + begin, rows);
                  k->add(f.x.data() + (first + t) * w.rows + begin, tile + t * rows, rows);
                }
              });
  }
};

}  // namespace lamina::runtime
