// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The gated feed-forward's first phase: norm, gate and up together, and the activation. The second is ProjectionPhase.
#pragma once

#include <cstddef>

#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

template <class Norm>
struct GateUpPhase {
  const KernelTable* k;
  std::size_t layer;
  Norm norm;
  Bound gate, up, gate_bias, up_bias;

  StepInfo info() const { return describe(*k, in_layer(layer, "norm+gate*up"), {&gate, &up}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Input x =
        prepare(f, worker, *k, f.normed.view(), n, {&gate, &up},
                [&](std::size_t t, const Activations& row) { norm.apply(*k, f.x.data() + t * norm.n, row.f32); });
    WorkerScratch& scratch = f.workers[worker.index()];
    float* g = scratch.tile(0);
    float* u = scratch.tile(1);
    const Activations& out = f.hidden.view();
    for_tiles(worker, x, n, gate.rows, gate.row_bytes + up.row_bytes,
              [&](std::size_t first, std::size_t n_tile, std::size_t begin, std::size_t end) {
                const std::size_t rows = end - begin;
                multiply(gate, x, scratch, first, n_tile, begin, end, g, rows);
                multiply(up, x, scratch, first, n_tile, begin, end, u, rows);
                for (std::size_t t = 0; t < n_tile; ++t) {
                  if (gate_bias.present()) k->add(g + t * rows, gate_bias.values.data() + begin, rows);
                  if (up_bias.present()) k->add(u + t * rows, up_bias.values.data() + begin, rows);
                  k->silu_mul(g + t * rows, u + t * rows, rows, out.token(first + t).f32 + begin);
                }
              });
  }
};

}  // namespace lamina::runtime
