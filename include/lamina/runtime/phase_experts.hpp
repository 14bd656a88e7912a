// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A layer of experts: the router's scores, the choice of experts, gate and up of the chosen, and their weighted sum.
// Tokens are grouped by expert, so that an expert's weights are read once for all tokens that chose it, and only those
// of chosen experts are read.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "lamina/runtime/expert_groups.hpp"

namespace lamina::runtime {

// out[t] = W · norm(x[t]) + bias: a score for each expert; or, `sigmoid`, the weight of those that every token meets.
struct RouterPhase {
  const KernelTable* k;
  std::string name;
  BoundNorm norm;
  Bound w, bias;
  AlignedBuffer<float> Frame::*out;
  bool sigmoid = false;

  StepInfo info() const { return describe(*k, name, {&w}); }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const Input x = prepare(f, worker, *k, f.normed.view(), n, {&w}, [&](std::size_t t, const Activations& row) {
      norm.apply(*k, f.x.data() + t * norm.n, row.f32);
    });
    WorkerScratch& scratch = f.workers[worker.index()];
    for_tiles(worker, x, n, w.rows, w.row_bytes,
              [&](std::size_t first, std::size_t n_tile, std::size_t begin, std::size_t end) {
                float* to = (f.*out).data() + first * w.rows + begin;
                multiply(w, x, scratch, first, n_tile, begin, end, to, w.rows);
                for (std::size_t t = 0; t < n_tile; ++t, to += w.rows) {
                  if (bias.present()) k->add(to, bias.values.data() + begin, end - begin);
                  if (!sigmoid) continue;
                  for (std::size_t i = 0; i < end - begin; ++i) to[i] = 1 / (1 + std::exp(-to[i]));
                }
              });
  }
};

enum class Gating : std::uint8_t { Softmax, SoftmaxNormalized, SoftmaxOfChosen };

// Scores to the n_used experts of each token, in ascending order, and their weights.
struct ChoicePhase {
  std::size_t layer, n_expert, n_used;
  Gating gating;
  float scale;

  StepInfo info() const {
    StepInfo out;
    out.phase = in_layer(layer, "choice of experts");
    out.set_kernel("scalar");
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    worker.share(f.tokens.size(), [&](std::size_t t) {
      choose({f.router.data() + t * n_expert, n_expert}, {f.chosen.data() + t * n_used, n_used},
             {f.chosen_weight.data() + t * n_used, n_used});
    });
  }

 private:
  void choose(std::span<float> scores, std::span<std::uint32_t> chosen, std::span<float> weight) const {
    const float top = *std::max_element(scores.begin(), scores.end());
    double total = 0;
    for (const float s : scores) total += std::exp(static_cast<double>(s) - top);
    // The largest first; of equals, and among NaN, the one with the smaller index.
    constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    double of_chosen = 0;
    for (std::size_t i = 0; i < n_used; ++i) {
      std::uint32_t best = none;
      for (std::uint32_t e = 0; e < n_expert; ++e) {
        if (std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), e) !=
            chosen.begin() + static_cast<std::ptrdiff_t>(i)) {
          continue;
        }
        if (best == none || scores[e] > scores[best]) best = e;
      }
      chosen[i] = best;
      of_chosen += std::exp(static_cast<double>(scores[best]) - top);
    }
    std::sort(chosen.begin(), chosen.end());
    // Not less than the smallest binary16, as where these models were trained.
    if (gating == Gating::Softmax) of_chosen = total;
    if (gating == Gating::SoftmaxNormalized) of_chosen = std::max(of_chosen, 6.103515625e-5 * total);
    for (std::size_t i = 0; i < n_used; ++i) {
      weight[i] = static_cast<float>(std::exp(static_cast<double>(scores[chosen[i]]) - top) / of_chosen) * scale;
    }
  }
};

// A plan's weights of experts count as what one token reads.
inline StepInfo describe_experts(const KernelTable& k, std::string phase, std::initializer_list<const Bound*> weights,
                                 std::size_t n_used, std::size_t n_expert) {
  StepInfo info = describe(k, std::move(phase), weights);
  info.weight_bytes = info.weight_bytes / n_expert * n_used;
  info.weights = info.weights / n_expert * n_used;
  info.n_expert = n_expert;
  info.n_expert_used = n_used;
  return info;
}

// hidden[place] = activation(gate_e x) · up_e x for every pair of a token and its expert e
struct ExpertsPhase {
  const KernelTable* k;
  std::size_t layer;
  BoundNorm norm;
  kernels::ActivationKind activation;
  Bound gate, up, gate_bias, up_bias;  // [n_expert][n_ff][n_embd]
  std::size_t n_expert, n_used, n_ff;

  StepInfo info() const {
    return describe_experts(*k, in_layer(layer, "norm+experts' gate*up"), {&gate, &up}, n_used, n_expert);
  }

  void run(Frame& f, Worker& worker) const {
    const auto normed = [&](std::size_t t, const Activations& row) {
      norm.apply(*k, f.x.data() + t * norm.n, row.f32);
    };
    WorkerScratch& scratch = f.workers[worker.index()];
    const ExpertGroups groups(f, scratch, n_expert, n_used);
    const std::size_t row_bytes = gate.row_bytes + up.row_bytes;
    if (f.tokens.size() == 1) {  // its experts read one row
      const Input x = prepare(f, worker, *k, f.normed.view(), 1, {&gate, &up}, normed);
      const std::size_t rows = rows_per_task(row_bytes, groups.n_active() * n_ff, worker.count());
      return share(worker, groups, rows, [&](std::size_t expert, std::size_t begin, std::size_t end) {
        tile(f, x, scratch, expert, groups.begin(expert), 0, 1, begin, end);
      });
    }
    const ExpertInput x = spread(f, worker, *k, groups, n_used, {&gate, &up}, normed);
    const Input most_tokens = x.of(groups.most());
    const std::size_t rows = most_tokens.panels ? most_tokens.task_rows(groups.n_active() * n_ff, worker.count())
                                                : rows_per_task(row_bytes, groups.n_active() * n_ff, worker.count());
    share(worker, groups, rows, [&](std::size_t expert, std::size_t begin, std::size_t end) {
      const Input own = x.of(groups.count(expert));
      // A panel is decoded once for all of an expert's tokens.
      const std::size_t most = own.panels ? groups.count(expert) : tile_tokens;
      for (std::size_t at = groups.begin(expert); at < groups.end(expert); at += most) {
        tile(f, own, scratch, expert, at, at, std::min(most, groups.end(expert) - at), begin, end);
      }
    });
  }

 private:
  // Tasks of some rows of an expert: task(expert, first row, end)
  template <class Task>
  void share(Worker& worker, const ExpertGroups& groups, std::size_t rows_of_task, Task&& task) const {
    const std::size_t tasks = ceil_div(n_ff, rows_of_task);
    worker.share(groups.n_active() * tasks, [&](std::size_t i) {
      const std::size_t begin = i % tasks * rows_of_task;
      task(groups.expert(i / tasks), begin, std::min(n_ff, begin + rows_of_task));
    });
  }

  // Rows [begin, end) of the expert's hidden values in places [at, at + n), whose input begins at row `first` of x.
  void tile(Frame& f, const Input& x, WorkerScratch& scratch, std::size_t expert, std::size_t at, std::size_t first,
            std::size_t n, std::size_t begin, std::size_t end) const {
    float* g = scratch.tile(0);
    float* u = scratch.tile(1);
    const std::size_t rows = end - begin, stride = tile_stride(rows), matrix = expert * n_ff;
    const Activations& hidden = f.expert_hidden.view();
    multiply(gate, x, scratch, first, n, matrix + begin, matrix + end, g, stride);
    multiply(up, x, scratch, first, n, matrix + begin, matrix + end, u, stride);
    for (std::size_t t = 0; t < n; ++t) {
      if (gate_bias.present()) k->add(g + t * stride, gate_bias.values.data() + matrix + begin, rows);
      if (up_bias.present()) k->add(u + t * stride, up_bias.values.data() + matrix + begin, rows);
      k->activate(activation, g + t * stride, u + t * stride, rows, hidden.token(at + t).f32 + begin);
    }
  }
};

// end += scale · Σ_e weight_e · (down_e hidden + bias_e). A task is some rows of the sum for all experts, so that each
// token's terms are added in the order of its experts by one worker. They are added side by side and not where they
// belong: rows of n_embd values, a power of two, would push each other out of the caches.
struct ExpertsSumPhase {
  const KernelTable* k;
  std::size_t layer;
  Bound down, bias;  // [n_expert][n_embd][n_ff], [n_expert][n_embd]
  std::size_t n_expert, n_used, n_embd;
  BranchEnd end;

  StepInfo info() const {
    return describe_experts(*k, in_layer(layer, "experts' down+residual"), {&down}, n_used, n_expert);
  }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    WorkerScratch& scratch = f.workers[worker.index()];
    const ExpertGroups groups(f, scratch, n_expert, n_used);
    const ExpertInput x = fill_places(f, worker, *k, groups, down, f.expert_hidden.view());
    const Input most_tokens = x.of(groups.most());
    const std::size_t rows_of_task =
        most_tokens.panels
            ? most_tokens.task_rows(n_embd, worker.count())
            : std::min(panel_task_rows, rows_per_task(down.row_bytes * groups.n_active(), n_embd, worker.count()));
    worker.share(ceil_div(n_embd, rows_of_task), [&](std::size_t task) {
      const std::size_t begin = task * rows_of_task, last = std::min(n_embd, begin + rows_of_task);
      const std::size_t rows = last - begin;
      float* const sums = scratch.tile(1);  // [n][rows]
      std::memset(sums, 0, n * rows * sizeof(float));
      for (std::size_t a = 0; a < groups.n_active(); ++a) {
        const std::size_t expert = groups.expert(a);
        const Input own = x.of(groups.count(expert));
        const std::size_t most = own.panels ? groups.count(expert) : tile_tokens;
        for (std::size_t at = groups.begin(expert); at < groups.end(expert); at += most) {
          add_tile(f, own, scratch, groups, expert, at, std::min(most, groups.end(expert) - at), begin, last, sums);
        }
      }
      for (std::size_t t = 0; t < n; ++t) end.add(f, *k, t * n_embd + begin, sums + t * rows, rows);
    });
  }

 private:
  void add_tile(Frame& f, const Input& x, WorkerScratch& scratch, const ExpertGroups& groups, std::size_t expert,
                std::size_t at, std::size_t n, std::size_t begin, std::size_t last, float* sums) const {
    float* tile = scratch.tile(0);
    const std::size_t rows = last - begin, stride = tile_stride(rows), first = expert * n_embd;
    multiply(down, x, scratch, at, n, first + begin, first + last, tile, stride);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t pair = groups.pair(at + i);
      if (bias.present()) k->add(tile + i * stride, bias.values.data() + first + begin, rows);
      scale_row(tile + i * stride, rows, f.chosen_weight.data()[pair]);
      k->add(sums + pair / n_used * rows, tile + i * stride, rows);
    }
  }
};

}  // namespace lamina::runtime
