// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A feed-forward's first phase: norm, gate and up together, and the activation. The second is ProjectionPhase.
#pragma once

#include <cstddef>
#include <string>

#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

// hidden = activation(gate) · up, or activation(up) without a gate, divided by `scales` where there are any. In
// bfloat16 where `reader`, the matrix that they are for, reads nothing else: floats of a batch would go to memory and
// back.
struct GateUpPhase {
  const KernelTable* k;
  std::string name;
  BoundNorm norm;
  kernels::ActivationKind activation;
  Bound gate, up, gate_bias, up_bias;
  Bound scales;
  const KernelTable::PerFormat* reader = nullptr;

  StepInfo info() const { return describe(*k, name, {&gate, &up}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Input x =
        prepare(f, worker, *k, f.normed.view(), n, {&gate, &up},
                [&](std::size_t t, const Activations& row) { norm.apply(*k, f.x.data() + t * norm.n, row.f32); });
    WorkerScratch& scratch = f.workers[worker.index()];
    float* g = scratch.tile(0);
    float* u = scratch.tile(1);
    const Activations hidden = narrowed(f.hidden.view(), up.rows);
    const bool rounded = reads_rounded(f, reader, n);
    for_tiles(worker, x, n, up.rows, gate.row_bytes + up.row_bytes,
              [&](std::size_t first, std::size_t n_tile, std::size_t begin, std::size_t end) {
                const std::size_t rows = end - begin, stride = tile_stride(rows);
                if (gate.present()) multiply(gate, x, scratch, first, n_tile, begin, end, g, stride);
                multiply(up, x, scratch, first, n_tile, begin, end, u, stride);
                for (std::size_t t = 0; t < n_tile; ++t) {
                  float* of_gate = g + t * stride;
                  float* of_up = u + t * stride;
                  float* in_place = gate.present() ? of_gate : of_up;
                  float* out = rounded ? in_place : hidden.token(first + t).f32 + begin;
                  if (end == up.rows && !rounded) pad_row(out + rows, hidden.k_padded - end);
                  if (up_bias.present()) k->add(of_up, up_bias.values.data() + begin, rows);
                  if (!gate.present()) {
                    k->activate(activation, of_up, nullptr, rows, out);
                  } else {
                    if (gate_bias.present()) k->add(of_gate, gate_bias.values.data() + begin, rows);
                    k->activate(activation, of_gate, of_up, rows, out);
                  }
                  for (std::size_t i = 0; i < rows && scales.present(); ++i) out[i] /= scales.values[begin + i];
                  if (!rounded) continue;
                  Rounded{hidden.q16, first + t, n}.fill(*k, out, begin, end, hidden.k_padded, false);
                }
              });
  }
};

// x += activation(norm(x))
struct ActivatedPhase {
  const KernelTable* k;
  std::size_t layer;
  BoundNorm norm;
  kernels::ActivationKind activation;
  BranchEnd end;

  StepInfo info() const {
    StepInfo out;
    out.phase = in_layer(layer, "activation+residual");
    out.set_kernel("float " + std::string(k->target));
    out.slow = k->slow;
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    float* row = f.workers[worker.index()].row.view().f32;  // [n_embd]
    worker.share(f.tokens.size(), [&](std::size_t t) {
      norm.apply(*k, f.x.data() + t * norm.n, row);
      k->activate(activation, row, nullptr, norm.n, row);
      end.add(f, *k, t * norm.n, row, norm.n);
    });
  }
};

}  // namespace lamina::runtime
