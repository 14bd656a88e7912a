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

#include "lamina/runtime/phase_attention.hpp"

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

// The batch's pairs of a token and one of its experts, sorted by expert, then token. pair = token · n_used + which of
// its experts. Each worker makes its own, without meeting the others.
class ExpertGroups {
 public:
  ExpertGroups(const Frame& f, WorkerScratch& scratch, std::size_t n_expert, std::size_t n_used)
      : pairs_(scratch.grouped.data()), begin_(pairs_ + f.tokens.size() * n_used), active_(begin_ + n_expert + 1) {
    const std::size_t n = f.tokens.size() * n_used;
    const std::uint32_t* chosen = f.chosen.data();
    std::fill_n(begin_, n_expert + 1, 0u);
    for (std::size_t p = 0; p < n; ++p) ++begin_[chosen[p] + 1];
    for (std::size_t e = 0; e < n_expert; ++e) {
      if (begin_[e + 1] > 0) active_[n_active_++] = static_cast<std::uint32_t>(e);
      begin_[e + 1] += begin_[e];
    }
    for (std::size_t p = 0; p < n; ++p) pairs_[begin_[chosen[p]]++] = static_cast<std::uint32_t>(p);
    for (std::size_t e = n_expert; e > 0; --e) begin_[e] = begin_[e - 1];
    begin_[0] = 0;
  }

  std::size_t n_active() const { return n_active_; }  // experts that any token chose
  std::size_t expert(std::size_t active) const { return active_[active]; }
  std::size_t begin(std::size_t expert) const { return begin_[expert]; }
  std::size_t end(std::size_t expert) const { return begin_[expert + 1]; }
  std::size_t pair(std::size_t place) const { return pairs_[place]; }

 private:
  std::uint32_t* pairs_;   // [pairs]
  std::uint32_t* begin_;   // [n_expert + 1]
  std::uint32_t* active_;  // [n_expert]
  std::size_t n_active_ = 0;
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
    const std::size_t n = f.tokens.size();
    const Input x =
        prepare(f, worker, *k, f.normed.view(), n, {&gate, &up},
                [&](std::size_t t, const Activations& row) { norm.apply(*k, f.x.data() + t * norm.n, row.f32); });
    WorkerScratch& scratch = f.workers[worker.index()];
    const ExpertGroups groups(f, scratch, n_expert, n_used);
    const std::size_t rows_of_task =
        x.panels ? panel_task_rows
                 : rows_per_task(gate.row_bytes + up.row_bytes, groups.n_active() * n_ff, worker.count());
    const std::size_t tasks = ceil_div(n_ff, rows_of_task);
    worker.share(groups.n_active() * tasks, [&](std::size_t task) {
      const std::size_t expert = groups.expert(task / tasks), begin = task % tasks * rows_of_task;
      const std::size_t end = std::min(n_ff, begin + rows_of_task);
      for (std::size_t at = groups.begin(expert); at < groups.end(expert); at += tile_tokens) {
        const std::size_t n_tile = std::min(tile_tokens, groups.end(expert) - at);
        const Input own = n == 1 ? x : gather(x, groups, at, n_tile, scratch);
        tile(f, own, scratch, expert, at, n_tile, begin, end);
      }
    });
  }

 private:
  // The tile's tokens side by side, in whatever form the kernels read.
  Input gather(const Input& x, const ExpertGroups& groups, std::size_t at, std::size_t n,
               WorkerScratch& scratch) const {
    Activations to = scratch.gathered.view();
    to.k_padded = x.x.k_padded;
    const bool integers = x.panels || gate.kernel->int_activations || up.kernel->int_activations;
    const auto reads_floats = [&](const Bound& w) { return x.method(w) == Method::Rows && !w.kernel->int_activations; };
    const bool floats = scratch.observer != nullptr || reads_floats(gate) || reads_floats(up);
    const bool apart = x.rounded.q16 != x.x.q16;
    Activations rounded = to;
    if (apart) rounded.q16 = scratch.gathered_rounded.data();
    const std::size_t width = to.k_padded;
    for (std::size_t i = 0; i < n; ++i) {
      const Activations from = x.x.token(groups.pair(at + i) / n_used), row = to.token(i);
      if (floats) std::memcpy(row.f32, from.f32, width * sizeof(float));
      if (!integers) continue;
      if (apart) {
        const std::int16_t* source = x.rounded.token(groups.pair(at + i) / n_used).q16;
        std::memcpy(rounded.token(i).q16, source, width * sizeof(std::int16_t));
      }
      std::memcpy(row.q16, from.q16, Activations::q16_size(width) * sizeof(std::int16_t));
      std::memcpy(row.d, from.d, width / 32 * sizeof(float));
      std::memcpy(row.s32, from.s32, width / 32 * sizeof(float));
      std::memcpy(row.s16, from.s16, width / 16 * sizeof(float));
    }
    return {.x = to, .rounded = rounded, .panels = x.panels, .eight_bits = x.eight_bits};
  }

  void tile(Frame& f, const Input& x, WorkerScratch& scratch, std::size_t expert, std::size_t at, std::size_t n,
            std::size_t begin, std::size_t end) const {
    float* g = scratch.tile(0);
    float* u = scratch.tile(1);
    const std::size_t rows = end - begin, first = expert * n_ff;
    const Activations& hidden = f.expert_hidden.view();
    multiply(gate, x, scratch, 0, n, first + begin, first + end, g, rows);
    multiply(up, x, scratch, 0, n, first + begin, first + end, u, rows);
    for (std::size_t t = 0; t < n; ++t) {
      if (gate_bias.present()) k->add(g + t * rows, gate_bias.values.data() + first + begin, rows);
      if (up_bias.present()) k->add(u + t * rows, up_bias.values.data() + first + begin, rows);
      k->activate(activation, g + t * rows, u + t * rows, rows, hidden.token(at + t).f32 + begin);
    }
  }
};

// end += scale · Σ_e weight_e · (down_e hidden + bias_e). A task is some rows of the sum for all experts, so that each
// token's terms are added in the order of its experts by one worker.
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
    const Activations& source = f.expert_hidden.view();
    const Input x = prepare(
        f, worker, *k, source, n * n_used, {&down},
        [&](std::size_t place, Activations& row) { row.f32 = source.token(place).f32; }, n);
    WorkerScratch& scratch = f.workers[worker.index()];
    const ExpertGroups groups(f, scratch, n_expert, n_used);
    const std::size_t rows_of_task =
        x.panels ? panel_task_rows : rows_per_task(down.row_bytes * groups.n_active(), n_embd, worker.count());
    worker.share(ceil_div(n_embd, rows_of_task), [&](std::size_t task) {
      const std::size_t begin = task * rows_of_task, last = std::min(n_embd, begin + rows_of_task);
      float* const out = (f.*end.into).data() + begin;
      if (end.assign) {
        for (std::size_t t = 0; t < n; ++t) std::memset(out + t * n_embd, 0, (last - begin) * sizeof(float));
      }
      for (std::size_t a = 0; a < groups.n_active(); ++a) {
        const std::size_t expert = groups.expert(a);
        for (std::size_t at = groups.begin(expert); at < groups.end(expert); at += tile_tokens) {
          const std::size_t n_tile = std::min(tile_tokens, groups.end(expert) - at);
          add_tile(f, x, scratch, groups, expert, at, n_tile, begin, last, out);
        }
      }
    });
  }

 private:
  void add_tile(Frame& f, const Input& x, WorkerScratch& scratch, const ExpertGroups& groups, std::size_t expert,
                std::size_t at, std::size_t n, std::size_t begin, std::size_t last, float* out) const {
    float* tile = scratch.tile(0);
    const std::size_t rows = last - begin, first = expert * n_embd;
    multiply(down, x, scratch, at, n, first + begin, first + last, tile, rows);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t pair = groups.pair(at + i);
      if (bias.present()) k->add(tile + i * rows, bias.values.data() + first + begin, rows);
      scale_row(tile + i * rows, rows, f.chosen_weight.data()[pair] * end.scale);
      k->add(out + pair / n_used * n_embd, tile + i * rows, rows);
    }
  }
};

}  // namespace lamina::runtime
