// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The ends of a model: token ids to the residual stream, and the residual stream to logits.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>

#include "lamina/runtime/phase.hpp"
#include "lamina/runtime/rope_table.hpp"

namespace lamina::runtime {

// x[t] = norm(scale · table[token t] + positions[position t]); and the batch's rotary angles, which all layers use.
struct EmbeddingPhase {
  const KernelTable* k;
  Bound table;  // [n_vocab][n_embd]
  std::array<std::shared_ptr<const RopeTable>, 2> ropes;
  float scale = 1;
  Bound positions{};  // [n_ctx][n_embd], or absent
  BoundNorm norm{};

  StepInfo info() const {
    StepInfo out = describe(*k, "embedding", {&table, &positions});
    out.weight_bytes = table.row_bytes + positions.row_bytes;  // one row a token
    out.set_kernel("dequantize");                              // scalar on every target: a row is little work
    for (TensorUse& tensor : out.tensors) {
      tensor.kernels = out.kernels;
      tensor.multiplied = tensor.ragged = false;
    }
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    WorkerScratch& scratch = f.workers[worker.index()];
    worker.share(f.tokens.size(), [&](std::size_t t) {
      const auto id = static_cast<std::size_t>(f.tokens[t]);
      float* x = f.x.data() + t * table.columns;
      table.kernel->dequantize(table.blocks + id * table.row_bytes, table.columns, x);
      if (scale != 1) scale_row(x, table.columns, scale);
      if (positions.present()) {
        float* learned = scratch.row.view().f32;
        positions.kernel->dequantize(positions.blocks + (f.position + t) * positions.row_bytes, table.columns, learned);
        k->add(x, learned, table.columns);
      }
      norm.apply(*k, x, x);
      for (std::size_t i = 0; i < ropes.size(); ++i) {
        const std::size_t n_rot = 2 * ropes[i]->frequency.size();
        if (n_rot > 0) ropes[i]->fill(f.position + t, f.n_ctx, f.rope.data() + i * f.rope_table + t * n_rot);
      }
    });
  }
};

// logits[r] = cap(scale · (W · norm(x[head_begin + r]) + bias))
struct HeadPhase {
  const KernelTable* k;
  BoundNorm norm;
  Bound output;  // [n_vocab][n_embd]
  Bound bias;    // [n_vocab], or absent
  float scale = 1;
  float cap = 0;  // 0: none

  StepInfo info() const { return describe(*k, "norm+head", {&output}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.head_count;
    const Input x = prepare(f, worker, *k, f.normed.view(), n, {&output}, [&](std::size_t t, const Activations& row) {
      norm.apply(*k, f.x.data() + (f.head_begin + t) * output.columns, row.f32);
    });
    WorkerScratch& scratch = f.workers[worker.index()];
    for_tiles(worker, x, n, output.rows, output.row_bytes,
              [&](std::size_t first, std::size_t n_tile, std::size_t begin, std::size_t end) {
                float* out = f.logits.data() + first * output.rows + begin;
                multiply(output, x, scratch, first, n_tile, begin, end, out, output.rows);
                if (!bias.present() && scale == 1 && cap == 0) return;
                for (std::size_t t = 0; t < n_tile; ++t, out += output.rows) {
                  if (bias.present()) k->add(out, bias.values.data() + begin, end - begin);
                  if (scale != 1) scale_row(out, end - begin, scale);
                  if (cap != 0) k->soft_cap(out, end - begin, cap);
                }
              });
  }
};

}  // namespace lamina::runtime
