// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a session computes in: the residual stream, activations, the KV cache and each worker's scratch. All of it is
// allocated when the session is made; a step allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/runtime/hparams.hpp"

namespace lamina::runtime {

// Bounds of one task, so that what it touches stays in the first caches.
inline constexpr std::size_t tile_tokens = 64;
inline constexpr std::size_t max_task_rows = 256;
inline constexpr std::size_t panel_task_rows = 2 * kernels::panel_rows;  // decoded, they fit the second-level cache

// Rows of activations with their memory. Padding stays zero: it is zeroed once and never written.
class ActivationBuffer {
 public:
  static Expected<ActivationBuffer> make(std::size_t n_rows, std::size_t k) {
    ActivationBuffer out;
    out.view_.k_padded = round_up(k, kernels::row_padding);
    const auto n = checked_mul(n_rows, out.view_.k_padded);
    if (!n) return fail(ErrorCode::OutOfMemory, "activations larger than memory");
    auto f32 = AlignedBuffer<float>::make(*n);
    auto q16 = AlignedBuffer<std::int16_t>::make(kernels::Activations::q16_size(*n));
    auto scales = AlignedBuffer<float>::make(*n / 8);  // d, s32: n/32 each; s16: n/16
    if (!f32) return fail(std::move(f32.error()));
    if (!q16) return fail(std::move(q16.error()));
    if (!scales) return fail(std::move(scales.error()));
    out.f32_ = std::move(*f32);
    out.q16_ = std::move(*q16);
    out.scales_ = std::move(*scales);
    out.view_.f32 = out.f32_.data();
    out.view_.q16 = out.q16_.data();
    out.view_.d = out.scales_.data();
    out.view_.s32 = out.view_.d + *n / 32;
    out.view_.s16 = out.view_.s32 + *n / 32;
    return out;
  }
  const kernels::Activations& view() const { return view_; }

 private:
  AlignedBuffer<float> f32_;
  AlignedBuffer<std::int16_t> q16_;
  AlignedBuffer<float> scales_;
  kernels::Activations view_;
};

// Keys and values of all layers, float32: per layer and KV head one [n_ctx][dim] block, so that attention streams it.
struct KvCache {
  AlignedBuffer<float> keys;    // [n_layers][n_head_kv][n_ctx][key_dim]
  AlignedBuffer<float> values;  // [n_layers][n_head_kv][n_ctx][value_dim]
  std::size_t n_ctx = 0;        // tokens
  std::size_t n_head_kv = 0;
  std::size_t key_dim = 0;
  std::size_t value_dim = 0;

  float* key(std::size_t layer, std::size_t head, std::size_t position) {
    return keys.data() + ((layer * n_head_kv + head) * n_ctx + position) * key_dim;
  }
  float* value(std::size_t layer, std::size_t head, std::size_t position) {
    return values.data() + ((layer * n_head_kv + head) * n_ctx + position) * value_dim;
  }
};

// One worker's own memory.
struct WorkerScratch {
  ActivationBuffer row;            // one token's activations of any width
  AlignedBuffer<float> tiles;      // two of [tile_tokens][max_task_rows] or [batch][panel_task_rows]
  AlignedBuffer<std::byte> panel;  // of panel_task_rows rows of any width
  AlignedBuffer<float> scores;     // [n_group][round_up(n_ctx, 16)]

  float* tile(std::size_t i) { return tiles.data() + i * (tiles.size() / 2); }
};

// Everything a step reads and writes.
struct Frame {
  // the batch
  std::span<const std::int32_t> tokens;
  std::size_t position = 0;  // of tokens[0]
  // the rows whose logits are wanted: tokens[head_begin … head_begin + head_count)
  std::size_t head_begin = 0;
  std::size_t head_count = 0;
  bool strict = false;      // the same kernel for one token and for many
  bool eight_bits = false;  // of activations, in panels

  AlignedBuffer<float> x;        // residual stream [batch][n_embd]
  ActivationBuffer normed;       // [batch][n_embd]
  ActivationBuffer attended;     // [batch][n_head · value_dim]
  ActivationBuffer hidden;       // [batch][n_ff]
  AlignedBuffer<float> queries;  // [batch][n_head · key_dim]
  AlignedBuffer<float> rope;     // [batch][n_rot / 2][2]
  AlignedBuffer<float> logits;   // [head_rows][n_vocab]
  KvCache cache;
  std::vector<WorkerScratch> workers;
};

// Sizes of a session, from which memory is both estimated and allocated.
struct FrameSize {
  std::size_t n_ctx = 0;      // tokens
  std::size_t batch = 0;      // tokens computed together
  std::size_t head_rows = 0;  // rows of logits computed together
  std::size_t n_threads = 0;
  bool strict = false;  // no panels
  bool eight_bits = false;

  // Values of one of a worker's two tiles of results; 0 where they are too many for memory.
  std::size_t tile_values() const {
    const std::size_t panel = strict ? 0 : checked_mul(batch, panel_task_rows).value_or(0);
    return std::max(tile_tokens * max_task_rows, panel);
  }
  std::size_t panel_bytes(std::size_t widest) const {
    return strict ? 0 : kernels::panel_bytes(panel_task_rows, round_up(widest, kernels::row_padding));
  }

  // Bytes of the KV cache, empty when they cannot be counted in 64 bits.
  std::optional<std::size_t> cache_bytes(const Hparams& h) const {
    return checked_product(h.n_layers, h.n_head_kv, h.key_dim + h.value_dim, n_ctx, sizeof(float));
  }
  std::optional<std::size_t> scratch_bytes(const Hparams& h) const {
    const std::size_t widest = std::max({h.n_embd, h.n_ff, h.size(nn::Size::Attended)});
    const std::size_t activation_row =
        round_up(h.n_embd, 256) + round_up(h.n_ff, 256) + round_up(h.size(nn::Size::Attended), 256);
    const std::size_t row = 4 * (h.n_embd + h.size(nn::Size::Queries) + h.n_rot) + activation_row * 7;
    const auto rows = checked_mul(batch, row);
    const auto logits = checked_product(head_rows, h.n_vocab, sizeof(float));
    const auto scores = checked_product(h.n_group(), round_up(n_ctx, 16), sizeof(float));
    if (!rows || !logits || !scores) return std::nullopt;
    const auto worker = checked_add(*scores, 8 * tile_values() + panel_bytes(widest) + round_up(widest, 256) * 7);
    const auto workers = worker ? checked_mul(n_threads, *worker) : std::nullopt;
    const auto sum = workers ? checked_add(*rows, *workers) : std::nullopt;
    return sum ? checked_add(*sum, *logits) : std::nullopt;
  }
};

inline Expected<void> allocate(Frame& frame, const Hparams& h, const FrameSize& size) {
  Error error;
  const auto floats = [&](AlignedBuffer<float>& into, std::optional<std::size_t> n) {
    auto buffer = n ? AlignedBuffer<float>::make(*n) : fail(ErrorCode::OutOfMemory, "more values than memory has");
    if (!buffer) {
      error = std::move(buffer.error());
      return false;
    }
    into = std::move(*buffer);
    return true;
  };
  const auto bytes = [&](AlignedBuffer<std::byte>& into, std::size_t n) {
    auto buffer = AlignedBuffer<std::byte>::make(n);
    if (!buffer) {
      error = std::move(buffer.error());
      return false;
    }
    into = std::move(*buffer);
    return true;
  };
  const auto activations = [&](ActivationBuffer& into, std::size_t n_rows, std::size_t k) {
    auto buffer = ActivationBuffer::make(n_rows, k);
    if (!buffer) {
      error = std::move(buffer.error());
      return false;
    }
    into = std::move(*buffer);
    return true;
  };
  frame.strict = size.strict;
  frame.eight_bits = size.eight_bits;
  frame.cache.n_ctx = size.n_ctx;
  frame.cache.n_head_kv = h.n_head_kv;
  frame.cache.key_dim = h.key_dim;
  frame.cache.value_dim = h.value_dim;
  frame.workers.resize(size.n_threads);
  const std::size_t widest = std::max({h.n_embd, h.n_ff, h.size(nn::Size::Attended)});
  bool ok = floats(frame.cache.keys, checked_product(h.n_layers, h.n_head_kv, size.n_ctx, h.key_dim)) &&
            floats(frame.cache.values, checked_product(h.n_layers, h.n_head_kv, size.n_ctx, h.value_dim)) &&
            floats(frame.x, checked_mul(size.batch, h.n_embd)) && activations(frame.normed, size.batch, h.n_embd) &&
            activations(frame.attended, size.batch, h.size(nn::Size::Attended)) &&
            activations(frame.hidden, size.batch, h.n_ff) &&
            floats(frame.queries, checked_mul(size.batch, h.size(nn::Size::Queries))) &&
            floats(frame.rope, checked_mul(size.batch, std::max<std::size_t>(h.n_rot, 1))) &&
            floats(frame.logits, checked_mul(size.head_rows, h.n_vocab));
  for (WorkerScratch& w : frame.workers) {
    ok = ok && activations(w.row, 1, widest) && floats(w.tiles, 2 * size.tile_values()) &&
         bytes(w.panel, size.panel_bytes(widest)) &&
         floats(w.scores, checked_mul(h.n_group(), round_up(size.n_ctx, 16)));
  }
  if (!ok) return fail(std::move(error));
  return {};
}

}  // namespace lamina::runtime
