// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the phases of all layers share: applying a norm, bringing activations into the form a kernel reads, multiplying
// a matrix by tiles, and describing themselves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>

#include "lamina/core/team.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/runtime/bind.hpp"
#include "lamina/runtime/frame.hpp"
#include "lamina/runtime/plan.hpp"

namespace lamina::runtime {

using kernels::Activations;
using kernels::KernelTable;
using kernels::MatmulArgs;
using kernels::Method;

// y = norm(x) as a value, so that a phase is the same code for any norm.
struct BoundNorm {
  enum class Kind : std::uint8_t { None, Rms, Layer };
  Kind kind = Kind::None;
  const float* weight = nullptr;  // [n]
  const float* bias = nullptr;    // [n], or null
  std::size_t n = 0;
  float eps = 0;

  // x and out may be the same.
  void apply(const KernelTable& k, const float* x, float* out) const {
    switch (kind) {
      case Kind::None:
        if (x != out) std::memcpy(out, x, n * sizeof(float));
        return;
      case Kind::Rms: return k.rms_norm(x, weight, n, eps, out);
      case Kind::Layer: return k.layer_norm(x, weight, bias, n, eps, out);
    }
  }
};

// Rows of `width` values in memory for wider ones, and the zeros after such a row.
inline Activations narrowed(Activations rows, std::size_t width) {
  rows.k_padded = round_up(width, kernels::row_padding);
  return rows;
}
inline void pad_row(float* end, std::size_t n) { std::memset(end, 0, n * sizeof(float)); }

inline void scale_row(float* x, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= factor;
}

// Where a branch ends: it is added to x, or to what other bodies put where it is normed.
struct BranchEnd {
  AlignedBuffer<float> Frame::*into = &Frame::x;
  float scale = 1;
  bool assign = false;  // the first to write

  // `row`, n values that change, belongs at value `at`.
  void add(Frame& f, const KernelTable& k, std::size_t at, float* row, std::size_t n) const {
    float* to = (f.*into).data() + at;
    if (scale != 1) scale_row(row, n, scale);
    if (assign) {
      std::memcpy(to, row, n * sizeof(float));
    } else {
      k.add(to, row, n);
    }
  }
};

// The input of a phase's matrices.
struct Input {
  Activations x;        // floats, and integers for rows or panels
  Activations rounded;  // q16 in bfloat16; x itself, unless other matrices of the phase read integers
  bool split = false;   // that it is split
  bool panels = false;  // any matrix meets all tokens as a panel, by the method of its format; else all are rows
  bool eight_bits = false;
  std::size_t most_rows = 0;  // of a task, with panels

  // Rows of a task with panels: the more, the less often are activations read; as few as keep all workers busy.
  std::size_t task_rows(std::size_t n_rows, std::size_t n_workers) const {
    return std::clamp(round_up(ceil_div(n_rows, 4 * n_workers), kernels::panel_rows), panel_task_rows, most_rows);
  }

  Method method(const Bound& w) const { return panels ? w.kernel->method(eight_bits) : Method::Rows; }
};

// From this many tokens on, decoding rows into panels pays.
inline constexpr std::size_t panel_min_tokens = 10;

// The forms of activations that a phase's matrices read, each by the method of its own format.
struct Forms {
  // floats for rows or panels, integers for rows, integers for panels, bfloat16
  bool floats = false, words = false, panel = false, bf16 = false;
  bool panels = false;  // any matrix meets all tokens at once
  bool split = false;   // bfloat16 is split: matrices that need no more than bfloat16 find it there too

  Forms(std::initializer_list<const Bound*> weights, bool many, bool eight_bits) {
    for (const Bound* w : weights) {
      if (!w->present()) continue;
      const Method method = many ? w->kernel->method(eight_bits) : Method::Rows;
      const bool integers = w->kernel->int_activations;
      panels = panels || method != Method::Rows;
      panel = panel || ((method == Method::Panel || method == Method::Panel8) && integers);
      words = words || (method == Method::Rows && integers);
      floats = floats || (!integers && (method == Method::Rows || method == Method::Panel));
      split = split || method == Method::Split;
      bf16 = bf16 || method == Method::Bf16 || split;
    }
  }

  // bfloat16 needs a place of its own.
  bool bf16_apart() const { return bf16 && (panel || words); }
  std::size_t most_rows(const KernelTable& k) const { return bf16 && !panel ? k.bf16_rows : panel_task_rows; }
};

// Where a row's bfloat16 belongs: it is token t of n that a matrix meets together.
struct Rounded {
  std::int16_t* q16;  // of the first of them
  std::size_t t, n;

  // Values [begin, end) of a row of k_padded.
  void fill(const KernelTable& k, const float* values, std::size_t begin, std::size_t end, std::size_t k_padded,
            bool split) const {
    k.round_bf16({.values = values,
                  .begin = begin,
                  .end = end,
                  .k_padded = k_padded,
                  .q16 = q16,
                  .t = t,
                  .n_tokens = n,
                  .split = split});
  }
};

// A row's other forms from its floats. `rounded` is the rows' own q16 unless forms.bf16_apart().
inline void fill(const KernelTable& k, const Forms& forms, bool eight_bits, const Activations& row,
                 const Rounded& rounded) {
  if (forms.panel) {
    k.quantize_panel(row, eight_bits);
  } else if (forms.words) {
    k.quantize(row);
  }
  if (forms.bf16) rounded.fill(k, row.f32, 0, row.k_padded, row.k_padded, forms.split);
}

// Rows of `source` made by produce(token, row), in every form that a matrix reads. One token: every worker makes its
// own copy, without meeting the others. More: the workers share the tokens and meet once. Both compute a row in the
// same way. Absent weights do not count. Where several matrices read one input it is n_embd wide, as frame.rounded is.
template <class Produce>
Input prepare(Frame& frame, Worker& worker, const KernelTable& k, const Activations& shared, std::size_t n_tokens,
              std::initializer_list<const Bound*> weights, Produce&& produce) {
  const Forms forms(weights, !frame.strict && n_tokens >= panel_min_tokens, frame.eight_bits);
  if (n_tokens == 1) {
    Activations own = frame.workers[worker.index()].row.view();
    // The row buffer serves inputs of several widths, one after the other: its row is as wide as this input's.
    own.k_padded = shared.k_padded;
    produce(std::size_t{0}, own);
    if (forms.words) k.quantize(own);
    return {.x = own, .rounded = own};
  }
  WorkerScratch& scratch = frame.workers[worker.index()];
  const bool floats = forms.floats || scratch.observer != nullptr;
  Activations rounded = shared;
  if (forms.bf16_apart()) rounded.q16 = frame.rounded.data();
  // Sixteen tokens at a time, or fewer: bfloat16 of as many may lie interleaved.
  const std::size_t run = std::min<std::size_t>(16, ceil_div(n_tokens, worker.count()));
  for (std::size_t first = run * worker.index(); first < n_tokens; first += run * worker.count()) {
    for (std::size_t t = first; t < std::min(n_tokens, first + run); ++t) {
      Activations row = shared.token(t);
      // Floats that nobody reads again stay in the first cache.
      if (!floats) row.f32 = scratch.row.view().f32;
      produce(t, row);
      fill(k, forms, frame.eight_bits, row, {rounded.q16, t, n_tokens});
    }
  }
  worker.barrier();
  return {.x = shared,
          .rounded = rounded,
          .split = forms.split,
          .panels = forms.panels,
          .eight_bits = frame.eight_bits,
          .most_rows = forms.most_rows(k)};
}

// Whether a matrix reads its n tokens in bfloat16 and nothing else, so that the phase before it may round them as it
// makes them, and nobody has to prepare them. An observer reads floats.
inline bool reads_rounded(const Frame& f, const KernelTable::PerFormat* matrix, std::size_t n_tokens) {
  return matrix != nullptr && !f.strict && n_tokens >= panel_min_tokens &&
         matrix->method(f.eight_bits) == Method::Bf16 && f.workers.front().observer == nullptr;
}
// What such a phase left in the rows' q16.
inline Input rounded_input(const Frame& f, const KernelTable& k, const Activations& rows) {
  return {.x = rows, .rounded = rows, .panels = true, .eight_bits = f.eight_bits, .most_rows = k.bf16_rows};
}

// Tells what w is about to meet. Its rows meet the same tokens, task after task: whoever has a matrix's first row
// tells.
inline void observe(const InputObserver& observer, const Bound& w, const Activations& x, std::size_t n_tokens,
                    std::size_t row_begin) {
  const std::size_t matrix_rows = w.rows / w.matrices;
  if (w.first_row != 0 || row_begin % matrix_rows != 0) return;
  observer({.tensor = w.name,
            .matrix = row_begin / matrix_rows,
            .n_tokens = n_tokens,
            .n_columns = w.columns,
            .rows = x.f32,
            .stride = x.k_padded});
}

// Rows [begin, end) of w · x for tokens [first, first + n), written to out[token][row − begin]. Rows beside panels meet
// a tile of tokens at a time, as they would without them.
inline void multiply(const Bound& w, const Input& in, WorkerScratch& scratch, std::size_t first, std::size_t n,
                     std::size_t begin, std::size_t end, float* out, std::size_t out_stride) {
  if (scratch.observer != nullptr) observe(*scratch.observer, w, in.x.token(first), n, begin);
  const Method method = in.method(w);
  const kernels::MatmulFn matmul = w.kernel->matmul_by(method);
  const Activations& x = method == Method::Bf16 || method == Method::Split ? in.rounded : in.x;
  const std::size_t tile = method == Method::Rows ? tile_tokens : n;
  for (std::size_t t = 0; t < n; t += tile) {
    matmul({.weights = w.blocks,
            .row_bytes = w.row_bytes,
            .k = w.columns,
            .row_begin = begin,
            .row_end = end,
            .x = x.token(first + t),
            .split = in.split,
            .n_tokens = std::min(tile, n - t),
            .out = out + t * out_stride,
            .out_stride = out_stride,
            .panel = scratch.panel.data()});
  }
}

// Rows of a matrix in one task: enough bytes to be worth claiming, few enough that all workers stay busy to the end.
inline std::size_t rows_per_task(std::size_t row_bytes, std::size_t n_rows, std::size_t n_workers) {
  constexpr std::size_t task_bytes = 64 << 10;
  const std::size_t by_bytes = std::max<std::size_t>(1, task_bytes / std::max<std::size_t>(1, row_bytes));
  const std::size_t by_balance = ceil_div(n_rows, 8 * n_workers);
  const std::size_t rows = std::min(by_bytes, by_balance);
  return std::clamp<std::size_t>(round_up(std::max<std::size_t>(rows, 1), 4), 4, max_task_rows);
}

// The loop of every matrix phase: tasks of rows. body(first_token, n_tokens, begin, end) handles one tile. Panels meet
// all tokens at once, since decoding a panel has to pay; rows are used where they lie, so they meet a tile of tokens at
// a time, which keeps results in the first caches.
template <class Body>
void for_tiles(Worker& worker, const Input& in, std::size_t n_tokens, std::size_t n_rows, std::size_t row_bytes,
               Body&& body) {
  const std::size_t task_rows =
      in.panels ? in.task_rows(n_rows, worker.count()) : rows_per_task(row_bytes, n_rows, worker.count());
  const std::size_t tile = in.panels ? n_tokens : tile_tokens;
  worker.share(ceil_div(n_rows, task_rows), [&](std::size_t task) {
    const std::size_t begin = task * task_rows;
    const std::size_t end = std::min(n_rows, begin + task_rows);
    for (std::size_t t = 0; t < n_tokens; t += tile) body(t, std::min(tile, n_tokens - t), begin, end);
  });
}

inline void add_name(std::string& names, std::string_view name) {
  if (("+" + names + "+").find("+" + std::string(name) + "+") != std::string::npos) return;
  names += (names.empty() ? "" : "+") + std::string(name);
}

// Of a row, the weights of a last chunk that is not whole are copied before they go into a panel: as much as an eighth
// shows.
inline bool is_ragged(const Bound& w) {
  return w.kernel->int_activations && w.columns % kernels::row_padding * 8 >= w.columns;
}

inline StepInfo describe(const KernelTable& k, std::string phase, std::initializer_list<const Bound*> weights) {
  StepInfo info;
  info.slow = k.slow;
  info.phase = std::move(phase);
  for (const Bound* w : weights) {
    if (!w->present()) continue;
    info.weight_bytes += w->n_bytes();
    info.weights += w->rows * w->columns;
    TensorUse tensor{.name = w->name, .kernels = {}, .ragged = is_ragged(*w)};
    for (const FeedKind kind : feed_kinds) {
      const bool eight_bits = kind == FeedKind::PrefillEight;
      const Method method = kind == FeedKind::Decode ? Method::Rows : w->kernel->method(eight_bits);
      tensor.kernels.of(kind) = w->kernel->kernel_of(method);
      add_name(info.kernels.of(kind), tensor.kernels.of(kind));
    }
    // Parts of a fused tensor are one.
    if (info.tensors.empty() || info.tensors.back().name != w->name) info.tensors.push_back(std::move(tensor));
  }
  return info;
}

inline std::string in_layer(std::size_t layer, std::string_view what) {
  return "blk." + std::to_string(layer) + " " + std::string(what);
}

}  // namespace lamina::runtime
