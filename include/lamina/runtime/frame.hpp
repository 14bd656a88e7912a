// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a session computes in: the residual stream, activations, the KV cache and each worker's scratch. All of it is
// allocated when the session is made; a step allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/kernels/tile_scratch.hpp"
#include "lamina/runtime/hparams.hpp"
#include "lamina/runtime/kv_cache.hpp"
#include "lamina/runtime/observe.hpp"

namespace lamina::runtime {

// Bounds of one task, so that what it touches stays in the first caches.
inline constexpr std::size_t tile_tokens = 64;
inline constexpr std::size_t max_task_rows = 256;
inline constexpr std::size_t panel_task_rows = 2 * kernels::panel_rows;  // decoded, they fit the second-level cache
static_assert(panel_task_rows <= max_task_rows);
// Values from a token to the next in a tile of results: not a power of two, whose rows would meet in few of a cache's
// sets.
constexpr std::size_t tile_stride(std::size_t n_rows) { return n_rows + 16; }

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
  // Bytes of a row: floats, q16 and scales.
  static constexpr std::size_t row_bytes(std::size_t k_padded) {
    return 4 * k_padded + 2 * kernels::Activations::q16_size(k_padded) + k_padded / 2;
  }

 private:
  AlignedBuffer<float> f32_;
  AlignedBuffer<std::int16_t> q16_;
  AlignedBuffer<float> scales_;
  kernels::Activations view_;
};

// Tokens of one attention task: as many as make some 64 rows of queries with their group of n_group heads.
constexpr std::size_t attention_tokens(std::size_t n_group) { return n_group < 64 ? 64 / n_group : 1; }

// The same in bfloat16, where a block's keys and values are converted once for all rows of a task.
inline constexpr std::size_t bf16_attention_rows = 1024;
constexpr std::size_t bf16_attention_tokens(std::size_t n_group) {
  return n_group < bf16_attention_rows ? bf16_attention_rows / n_group : 1;
}

// One worker's own memory.
struct WorkerScratch {
  ActivationBuffer row;            // one token's activations of any width
  AlignedBuffer<float> tiles;      // two of [batch], or without panels [tile_tokens], times tile_stride(max_task_rows)
  AlignedBuffer<std::byte> panel;  // of a task of panels, rows of any width
  AlignedBuffer<float> attention;  // of a task: kernels::attention_scratch() or kernels::TileScratch
  const InputObserver* observer = nullptr;  // or nobody watches
  AlignedBuffer<std::uint32_t> grouped;     // with experts: expert_index_size()

  float* tile(std::size_t i) { return tiles.data() + i * (tiles.size() / 2); }
};

// Everything a step reads and writes.
struct Frame {
  std::size_t n_ctx = 0;  // tokens that the session can hold
  // the batch
  std::span<const std::int32_t> tokens;
  std::size_t position = 0;  // of tokens[0]
  // the rows whose logits are wanted: tokens[head_begin … head_begin + head_count)
  std::size_t head_begin = 0;
  std::size_t head_count = 0;
  bool strict = false;      // the same kernel for one token and for many
  bool eight_bits = false;  // of activations, in panels

  AlignedBuffer<float> x;   // residual stream [batch][n_embd]
  ActivationBuffer normed;  // [batch][n_embd]
  // q16 of `normed` in bfloat16, for a phase whose other matrices read integers; with eight_bits alone
  AlignedBuffer<std::int16_t> rounded;
  ActivationBuffer attended;     // [batch][n_head · value_dim]
  ActivationBuffer hidden;       // [batch][n_ff]
  AlignedBuffer<float> queries;  // [batch][n_head · key_dim]
  AlignedBuffer<float> keys;     // [batch][n_head_kv · key_dim], on their way into the cache
  AlignedBuffer<float> values;   // [batch][n_head_kv · value_dim]
  AlignedBuffer<float> rope;     // [rope tables][batch][n_rot / 2][2]
  std::size_t rope_table = 0;    // values of a table
  AlignedBuffer<float> branch;   // [batch][n_embd], where a branch is normed before it is added
  AlignedBuffer<float> logits;   // [head_rows][n_vocab]
  KvCache cache;
  std::vector<WorkerScratch> workers;
  // attention split by blocks of keys, for at most split_tokens tokens
  static constexpr std::size_t counter_stride = 16;  // so that counters do not share a cache line
  std::size_t split_tokens = 0;
  AlignedBuffer<float> partials;             // [n_head_kv][blocks of n_ctx] times kernels::Partial
  AlignedBuffer<std::uint32_t> blocks_done;  // [n_head_kv][counter_stride]
  // experts
  AlignedBuffer<float> router;          // [batch][n_expert]
  AlignedBuffer<std::uint32_t> chosen;  // [batch][n_expert_used]
  AlignedBuffer<float> chosen_weight;   // [batch][n_expert_used]
  AlignedBuffer<float> shared_weight;   // [batch], of the experts that every token meets
  ActivationBuffer expert_hidden;       // [batch · n_expert_used][n_ff_expert]
  // What experts read, each token as often as experts do, side by side for each of them; not for batches of one.
  ActivationBuffer expert_rows;                // [batch · n_expert_used][n_embd]
  AlignedBuffer<std::int16_t> expert_rounded;  // as `rounded`, of expert_rows
};

// Values of a worker's grouping of tokens by expert (ExpertGroups): the pair of each place and the place of each pair,
// where each expert's places begin, and which experts have any.
constexpr std::size_t expert_index_size(std::size_t batch, std::size_t n_used, std::size_t n_expert) {
  return 2 * batch * n_used + 2 * n_expert + 1;
}

// Sizes of a session, from which memory is both estimated and allocated.
struct FrameSize {
  std::size_t n_ctx = 0;      // tokens
  std::size_t batch = 0;      // tokens computed together
  std::size_t head_rows = 0;  // rows of logits computed together
  std::size_t n_threads = 0;
  bool strict = false;  // no panels
  bool eight_bits = false;
  bool bf16_attention = false;  // the target has it
  CacheType cache_type = CacheType::F32;

  // Values of one of a worker's two tiles of results; 0 where they are too many for memory.
  std::size_t tile_values(const Hparams& h) const {
    const bool all_tokens = !strict || h.n_expert > 0;  // a task of panels, or of sums over experts, has them all
    const std::size_t panel = all_tokens ? checked_mul(batch, tile_stride(max_task_rows)).value_or(0) : 0;
    return std::max(tile_tokens * tile_stride(max_task_rows), panel);
  }
  std::size_t panel_bytes(std::size_t widest) const {
    if (strict) return 0;
    const std::size_t k_padded = round_up(widest, kernels::row_padding);
    return std::max(kernels::panel_bytes(panel_task_rows, k_padded), kernels::bf16_bytes(max_task_rows, k_padded));
  }

  // Rows of what experts read, one for each token and each of its experts.
  std::size_t expert_rows(const Hparams& h) const { return batch > 1 ? batch * h.n_expert_used : 0; }
  // Values of q16 in bfloat16 beside integers, of n_rows rows: sessions that ask for eight bits alone have both.
  std::size_t rounded_values(std::size_t n_rows, const Hparams& h) const {
    const std::size_t row = kernels::Activations::q16_size(round_up(h.n_embd, kernels::row_padding));
    return eight_bits && !strict ? n_rows * row : 0;
  }

  // Bytes of the KV cache, empty when they cannot be counted in 64 bits.
  std::optional<std::size_t> cache_bytes(const Hparams& h) const { return KvCache::bytes(h, cache_type, n_ctx); }
  // Values of a worker's attention scratch.
  std::size_t attention_scratch(const Hparams& h) const {
    const std::size_t rows = std::min(batch, attention_tokens(h.n_group())) * h.n_group();
    const std::size_t floats = kernels::attention_scratch(cache_type, rows, h.key_dim, h.value_dim);
    if (!bf16_attention || strict) return floats;
    const std::size_t tile_rows = std::min(batch, bf16_attention_tokens(h.n_group())) * h.n_group();
    return std::max(floats, kernels::TileScratch(tile_rows, h.key_dim, h.value_dim).size);
  }
  // Tokens whose attention can be split by blocks of keys: the more would fill the workers without that.
  std::size_t split_tokens(const Hparams& h) const {
    if (n_threads == 1 || n_ctx <= kernels::key_block) return 0;
    return std::min({batch, attention_tokens(h.n_group()), std::size_t{8}});
  }
  // Values of all partials of such tokens, empty when they cannot be counted.
  std::optional<std::size_t> partials(const Hparams& h) const {
    return checked_product(h.n_head_kv, ceil_div(n_ctx, kernels::key_block),
                           kernels::Partial::size(split_tokens(h) * h.n_group(), h.value_dim));
  }
  // Values of the widest row that a matrix multiplies.
  static std::size_t widest(const Hparams& h) {
    return std::max({h.n_embd, h.n_hidden(), h.n_ff_expert, h.size(nn::Size::Attended)});
  }
  std::optional<std::size_t> scratch_bytes(const Hparams& h) const {
    const std::size_t widest = this->widest(h);
    const std::size_t activation_row = round_up(h.n_embd, 256) + round_up(h.n_hidden(), 256) +
                                       round_up(h.size(nn::Size::Attended), 256) +
                                       round_up(h.n_ff_expert, 256) * h.n_expert_used;
    const std::size_t row = 4 * (h.n_embd + h.size(nn::Size::Queries) + h.size(nn::Size::Keys) +
                                 h.size(nn::Size::Values) + std::max<std::size_t>(h.n_rope_tables * h.n_rot, 1) +
                                 (h.post_norms ? h.n_embd : 0) + h.n_expert + 2 * h.n_expert_used + 1) +
                            ActivationBuffer::row_bytes(activation_row);
    const std::size_t expert_scratch = h.n_expert == 0 ? 0 : 4 * expert_index_size(batch, h.n_expert_used, h.n_expert);
    const auto rows = checked_mul(batch, row + 2 * rounded_values(1, h));
    const auto spread =
        checked_mul(expert_rows(h), ActivationBuffer::row_bytes(round_up(h.n_embd, 256)) + 2 * rounded_values(1, h));
    const auto logits = checked_product(head_rows, h.n_vocab, sizeof(float));
    const auto counted = partials(h);
    const auto split = counted ? checked_mul(*counted, sizeof(float)) : std::nullopt;
    const auto workers =
        checked_mul(n_threads, 4 * attention_scratch(h) + 8 * tile_values(h) + panel_bytes(widest) +
                                   ActivationBuffer::row_bytes(round_up(widest, 256)) + expert_scratch);
    if (!rows || !spread || !logits || !split || !workers) return std::nullopt;
    std::optional<std::size_t> sum = 4 * Frame::counter_stride * h.n_head_kv;
    for (const std::size_t part : {*rows, *spread, *logits, *split, *workers})
      sum = sum ? checked_add(*sum, part) : sum;
    return sum;
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
  const auto plain = [&](auto& into, std::size_t n) {
    auto buffer = std::remove_reference_t<decltype(into)>::make(n);
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
  frame.n_ctx = size.n_ctx;
  frame.eight_bits = size.eight_bits;
  auto cache = KvCache::make(h, size.cache_type, size.n_ctx);
  if (!cache) return fail(std::move(cache.error()));
  frame.cache = std::move(*cache);
  auto counters = AlignedBuffer<std::uint32_t>::make(Frame::counter_stride * h.n_head_kv);
  if (!counters) return fail(std::move(counters.error()));
  frame.blocks_done = std::move(*counters);
  frame.split_tokens = size.split_tokens(h);
  frame.workers.resize(size.n_threads);
  const std::size_t widest = FrameSize::widest(h);
  frame.rope_table = size.batch * h.n_rot;
  const std::size_t pairs = size.batch * h.n_expert_used;  // of tokens and their experts
  bool ok = floats(frame.partials, size.partials(h)) && floats(frame.x, checked_mul(size.batch, h.n_embd)) &&
            activations(frame.normed, size.batch, h.n_embd) &&
            plain(frame.rounded, size.rounded_values(size.batch, h)) &&
            activations(frame.attended, size.batch, h.size(nn::Size::Attended)) &&
            activations(frame.hidden, size.batch, h.n_hidden()) &&
            floats(frame.queries, checked_mul(size.batch, h.size(nn::Size::Queries))) &&
            floats(frame.keys, checked_mul(size.batch, h.size(nn::Size::Keys))) &&
            floats(frame.values, checked_mul(size.batch, h.size(nn::Size::Values))) &&
            floats(frame.rope, checked_mul(size.batch, std::max<std::size_t>(h.n_rope_tables * h.n_rot, 1))) &&
            floats(frame.branch, h.post_norms ? checked_mul(size.batch, h.n_embd) : 0) &&
            floats(frame.router, checked_mul(size.batch, h.n_expert)) && floats(frame.chosen_weight, pairs) &&
            floats(frame.shared_weight, size.batch) && plain(frame.chosen, pairs) &&
            activations(frame.expert_hidden, pairs, h.n_ff_expert) &&
            activations(frame.expert_rows, size.expert_rows(h), h.n_embd) &&
            plain(frame.expert_rounded, size.rounded_values(size.expert_rows(h), h)) &&
            floats(frame.logits, checked_mul(size.head_rows, h.n_vocab));
  for (WorkerScratch& w : frame.workers) {
    ok = ok && activations(w.row, 1, widest) && floats(w.tiles, 2 * size.tile_values(h)) &&
         plain(w.panel, size.panel_bytes(widest)) && floats(w.attention, size.attention_scratch(h));
    if (h.n_expert == 0) continue;
    ok = ok && plain(w.grouped, expert_index_size(size.batch, h.n_expert_used, h.n_expert));
  }
  if (!ok) return fail(std::move(error));
  return {};
}

}  // namespace lamina::runtime
