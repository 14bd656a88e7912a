// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention itself, between the phase that fills the cache and the output projection. Work is split by KV heads and
// tiles of tokens while these keep all workers busy, else by blocks of keys as well. Either way gives the same bits
// (kernels/README.md), so the choice may depend on the number of workers. Many tokens run in bfloat16 where the target
// has that and the layer's matrices do so too.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

// When many tokens meet the cache in bfloat16: as their matrices do.
enum class Bf16Attention : std::uint8_t { Never, EightBits, Always };  // never, in sessions that ask for eight bits

// As the layer's matrix w is multiplied.
inline Bf16Attention bf16_attention(const KernelTable& k, const Bound& w) {
  if (k.attention_bf16 == nullptr || !w.present()) return Bf16Attention::Never;
  if (w.kernel->method(false) == Method::Bf16) return Bf16Attention::Always;
  return w.kernel->method(true) == Method::Bf16 ? Bf16Attention::EightBits : Bf16Attention::Never;
}

struct AttentionPhase {
  const KernelTable* k;
  std::size_t layer;
  std::size_t n_head, n_head_kv, key_dim, value_dim;
  float scale;
  std::size_t window = 0;           // positions a token sees; 0: all before it
  float cap = 0;                    // of scores; 0: none
  std::span<const float> slopes{};  // [n_head], or none
  std::span<const float> sinks{};   // [n_head], or none
  Bf16Attention bf16 = Bf16Attention::Never;

  StepInfo info() const {
    StepInfo out;
    out.phase = in_layer(layer, "attention");
    out.attends = true;
    out.window = window;
    out.set_kernel("float " + std::string(k->target));
    for (const FeedKind kind : {FeedKind::Prefill, FeedKind::PrefillEight}) {
      if (in_bf16(kind == FeedKind::PrefillEight)) out.kernels.of(kind) = k->attention_bf16_kernel;
    }
    out.slow = k->slow;
    return out;
  }

  void run(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    if (!f.strict && n >= panel_min_tokens && in_bf16(f.eight_bits)) {
      const std::size_t tokens = bf16_attention_tokens(n_head / n_head_kv);
      return run_tiles(f, worker, std::min(n, tokens), k->attention_bf16);
    }
    const std::size_t tile = std::min(n, attention_tokens(n_head / n_head_kv));
    const bool few = ceil_div(n, tile) * n_head_kv < tasks_per_worker * worker.count();
    const kernels::AttentionArgs all = args(f, worker, 0, 0, n);
    if (few && n <= f.split_tokens && all.n_blocks() - all.first_block() > 1) {
      run_split(f, worker);
    } else {
      run_tiles(f, worker, tile, k->attention);
    }
  }

 private:
  static constexpr std::size_t tasks_per_worker = 4;  // at least, so that none waits long at the end

  bool in_bf16(bool eight_bits) const {
    return bf16 == Bf16Attention::Always || (eight_bits && bf16 == Bf16Attention::EightBits);
  }

  kernels::AttentionArgs args(Frame& f, Worker& worker, std::size_t head, std::size_t token, std::size_t n) const {
    const std::size_t n_group = n_head / n_head_kv;
    return {.q = f.queries.data() + (token * n_head + head * n_group) * key_dim,
            .q_stride = n_head * key_dim,
            .type = f.cache.type(),
            .keys = f.cache.keys(layer, head),
            .values = f.cache.values(layer, head),
            .block_stride = f.cache.block_stride(),
            .position = f.position + token,
            .n_tokens = n,
            .n_group = n_group,
            .key_dim = key_dim,
            .value_dim = value_dim,
            .scale = scale,
            .window = window,
            .cap = cap,
            .slopes = slopes.empty() ? nullptr : slopes.data() + head * n_group,
            .sinks = sinks.empty() ? nullptr : sinks.data() + head * n_group,
            .scratch = f.workers[worker.index()].attention.data(),
            .out = f.attended.view().token(token).f32 + head * n_group * value_dim,
            .out_stride = f.attended.view().k_padded};
  }

  // A task is one KV head and a tile of tokens: fewer than fit where more would leave workers idle.
  void run_tiles(Frame& f, Worker& worker, std::size_t tile, void (*attention)(const kernels::AttentionArgs&)) const {
    const std::size_t n = f.tokens.size();
    if (worker.count() > 1) {
      tile = std::clamp<std::size_t>(n * n_head_kv / (tasks_per_worker * worker.count()), 1, tile);
    }
    const std::size_t n_tiles = ceil_div(n, tile);
    worker.share(n_tiles * n_head_kv, [&](std::size_t task) {
      const std::size_t token = (n_tiles - 1 - task % n_tiles) * tile;  // the longest first
      attention(args(f, worker, task / n_tiles, token, std::min(tile, n - token)));
    });
  }

  // A task is one KV head and a run of blocks of keys, for all tokens. Whoever finishes a head's last block merges.
  void run_split(Frame& f, Worker& worker) const {
    const std::size_t n = f.tokens.size();
    const kernels::AttentionArgs all = args(f, worker, 0, 0, n);
    const std::size_t first = all.first_block(), n_blocks = all.n_blocks() - first;
    const std::size_t run = std::max<std::size_t>(1, n_blocks * n_head_kv / (2 * tasks_per_worker * worker.count()));
    const std::size_t n_runs = ceil_div(n_blocks, run);
    const std::size_t partial = kernels::Partial::size(n * (n_head / n_head_kv), value_dim);
    worker.share(n_runs * n_head_kv, [&](std::size_t task) {
      const std::size_t head = task / n_runs, begin = task % n_runs * run, end = std::min(n_blocks, begin + run);
      const kernels::AttentionArgs a = args(f, worker, head, 0, n);
      float* const partials = f.partials.data() + head * n_blocks * partial;
      k->attention_blocks(a, first + begin, first + end, partials + begin * partial);
      std::atomic_ref<std::uint32_t> done(f.blocks_done[head * Frame::counter_stride]);
      const auto blocks = static_cast<std::uint32_t>(end - begin);
      if (done.fetch_add(blocks, std::memory_order_acq_rel) + blocks != n_blocks) return;
      done.store(0, std::memory_order_relaxed);  // the barrier that ends the phase lies before the next use
      k->attention_merge(a, partials);
    });
  }
};

}  // namespace lamina::runtime
