// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The ends of a model: token ids to the residual stream, and the residual stream to logits.
#pragma once

#include <cstddef>
#include <cstring>

#include "lamina/runtime/phase.hpp"
#include "lamina/runtime/rope_table.hpp"

namespace lamina::runtime {

// x[t] = table[token t]; and the batch's rotary angles, which all layers use.
struct EmbeddingPhase {
  const KernelTable* k;
  Bound table;  // [n_vocab][n_embd]
  std::shared_ptr<const RopeTable> rope;

  StepInfo info() const {
    StepInfo out = describe(*k, "embedding", {&table});
    out.weight_bytes = table.row_bytes;  // one row a token
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n_rot = 2 * rope->frequency.size();
    worker.share(f.tokens.size(), [&](std::size_t t) {
      const auto id = static_cast<std::size_t>(f.tokens[t]);
      table.kernel->dequantize(table.blocks + id * table.row_bytes, table.columns, f.x.data() + t * table.columns);
      rope->fill(f.position + t, f.rope.data() + t * n_rot);
    });
  }
};

// logits[r] = W · norm(x[head_begin + r])
template <class Norm>
struct HeadPhase {
  const KernelTable* k;
  Norm norm;
  Bound output;  // [n_vocab][n_embd]

  StepInfo info() const { return describe(*k, "norm+head", {&output}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.head_count;
    const Input x = prepare(f, worker, *k, f.normed.view(), n, {&output}, [&](std::size_t t, const Activations& row) {
      norm.apply(*k, f.x.data() + (f.head_begin + t) * output.columns, row.f32);
    });
    WorkerScratch& scratch = f.workers[worker.index()];
    for_tiles(worker, x, n, output.rows, output.row_bytes,
              [&](std::size_t t, std::size_t n_tile, std::size_t begin, std::size_t end) {
                multiply(output, x, scratch, t, n_tile, begin, end, f.logits.data() + t * output.rows + begin,
                         output.rows);
              });
  }
};

}  // namespace lamina::runtime
