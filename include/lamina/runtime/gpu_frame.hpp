// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a session computes in on a GPU: the device's counterpart of Frame, in one piece of device memory, and what goes
// between host and device, in one piece of pinned memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "lamina/core/checked.hpp"
#include "lamina/kernels/cuda/gpu.hpp"
#include "lamina/runtime/frame.hpp"

namespace lamina::runtime {

// Takes pieces of memory one after the other; from null it only counts.
class Carver {
 public:
  static constexpr std::size_t alignment = 256;  // bytes

  explicit Carver(std::byte* memory) : base_(reinterpret_cast<std::uintptr_t>(memory)) {}

  template <class T>
  T* take(std::size_t n) {
    T* const out = reinterpret_cast<T*>(base_ + used_);
    used_ += round_up(n * sizeof(T), alignment);
    return out;
  }
  std::size_t used() const { return used_; }  // bytes

 private:
  std::uintptr_t base_;
  std::size_t used_ = 0;
};

// Decode splits attention over the keys for at most so many tokens.
inline constexpr std::size_t gpu_split_tokens = 8;
inline constexpr std::size_t gpu_batch = 1024;  // tokens computed together, at most

// Values of a row of k values as tensor cores read it.
constexpr std::size_t packed_width(std::size_t k) { return round_up(k, std::size_t{64}); }

struct GpuFrame {
  // sizes
  std::size_t n_ctx = 0, batch = 0, n_embd = 0;
  std::size_t rope_table = 0;  // values of a table
  bool strict = false;
  bool eight_bits = false;
  // device memory
  std::int32_t* tokens = nullptr;     // [batch]
  std::uint32_t* position = nullptr;  // of tokens[0]
  float* rope = nullptr;              // [rope tables][batch][n_rot / 2][2]
  float* x = nullptr;                 // [batch][n_embd]
  float* q = nullptr;                 // [batch][n_head · key_dim], as projected
  float* k = nullptr;                 // [batch][n_head_kv · key_dim]
  float* v = nullptr;                 // [batch][n_head_kv · value_dim]
  float* queries = nullptr;           // [batch][n_head · key_dim]
  float* attended = nullptr;          // [batch][n_head · value_dim]
  float* hidden = nullptr;            // [batch][n_ff]
  float* gate = nullptr;              // of hidden's size, where gate and up cannot be multiplied together
  float* up = nullptr;
  float* branch = nullptr;               // [batch][n_embd]
  std::uint32_t* packed = nullptr;       // [batch][packed_width of the widest row / 2], for tensor cores
  std::uint32_t* packed_rest = nullptr;  // the same
  float* partials = nullptr;
  float* logits = nullptr;          // [head_rows][n_vocab]
  float* router = nullptr;          // [batch][n_expert]
  std::uint32_t* chosen = nullptr;  // [batch][n_expert_used]
  float* chosen_weight = nullptr;   // [batch][n_expert_used]
  float* shared_weight = nullptr;   // [batch]
  float* expert_hidden = nullptr;   // [batch · n_expert_used][n_ff_expert]
  float* expert_out = nullptr;      // [batch · n_expert_used][n_embd]
  std::byte* cache = nullptr;
  KvCache::Layout cache_layout;
  CacheType cache_type = CacheType::F32;
  std::size_t n_head_kv = 0;
  std::size_t first_layer = 0;  // of those that the device has
  // the batch
  std::size_t n_tokens = 0;
  std::size_t splits = 1;  // parts of attention, a power of two
  std::size_t head_begin = 0, head_count = 0;
  // pinned
  std::int32_t* host_tokens = nullptr;
  std::uint32_t* host_position = nullptr;
  float* host_rope = nullptr;
  float* host_x = nullptr;
  float* host_logits = nullptr;

  gpu::Cache cache_of(std::size_t layer) const {
    std::byte* const keys = cache + (layer - first_layer) * n_head_kv * cache_layout.head_bytes;
    return {keys, keys + cache_layout.key_bytes, cache_layout.head_bytes, cache_layout.block_stride, cache_type};
  }
};

// Sizes of a session on a device that has n_layers of the model's last layers.
struct GpuFrameSize {
  FrameSize of;
  std::size_t n_layers = 0;

  // Parts that attention of the longest context may be split into.
  std::size_t most_splits() const {
    return std::min<std::size_t>(64, std::bit_ceil(ceil_div(of.n_ctx, kernels::key_block)));
  }
  std::optional<std::size_t> cache_bytes(const Hparams& h) const {
    Hparams own = h;
    own.n_layers = n_layers;
    return KvCache::bytes(own, of.cache_type, of.n_ctx);
  }

  void carve(const Hparams& h, Carver& device, GpuFrame& f) const {
    const std::size_t n = of.batch, pairs = n * h.n_expert_used;
    f.tokens = device.take<std::int32_t>(n);
    f.position = device.take<std::uint32_t>(1);
    f.rope = device.take<float>(h.n_rope_tables * n * h.n_rot);
    f.x = device.take<float>(n * h.n_embd);
    f.q = device.take<float>(n * h.size(nn::Size::Queries));
    f.k = device.take<float>(n * h.size(nn::Size::Keys));
    f.v = device.take<float>(n * h.size(nn::Size::Values));
    f.queries = device.take<float>(n * h.size(nn::Size::Queries));
    f.attended = device.take<float>(n * h.size(nn::Size::Attended));
    const std::size_t hidden = std::max(n * h.n_hidden(), pairs * h.n_ff_expert);
    f.hidden = device.take<float>(n * h.n_hidden());
    f.gate = device.take<float>(hidden);
    f.up = device.take<float>(hidden);
    f.branch = device.take<float>(h.post_norms ? n * h.n_embd : 0);
    const std::size_t packed = n * packed_width(FrameSize::widest(h)) / 2;
    f.packed = device.take<std::uint32_t>(packed);
    f.packed_rest = device.take<std::uint32_t>(packed);
    f.partials = device.take<float>(std::min(n, gpu_split_tokens) * h.n_head * most_splits() * (h.value_dim + 2));
    f.logits = device.take<float>(of.head_rows * h.n_vocab);
    f.router = device.take<float>(n * h.n_expert);
    f.chosen = device.take<std::uint32_t>(pairs);
    f.chosen_weight = device.take<float>(pairs);
    f.shared_weight = device.take<float>(n);
    f.expert_hidden = device.take<float>(pairs * h.n_ff_expert);
    f.expert_out = device.take<float>(pairs * h.n_embd);
  }
  void carve_host(const Hparams& h, Carver& pinned, GpuFrame& f) const {
    f.host_tokens = pinned.take<std::int32_t>(of.batch);
    f.host_position = pinned.take<std::uint32_t>(1);
    f.host_rope = pinned.take<float>(h.n_rope_tables * of.batch * h.n_rot);
    f.host_x = pinned.take<float>(of.batch * h.n_embd);
    f.host_logits = pinned.take<float>(of.head_rows * h.n_vocab);
  }
  std::size_t scratch_bytes(const Hparams& h) const {
    Carver count(nullptr);
    GpuFrame none;
    carve(h, count, none);
    return count.used();
  }
  std::size_t pinned_bytes(const Hparams& h) const {
    Carver count(nullptr);
    GpuFrame none;
    carve_host(h, count, none);
    return count.used();
  }
};

}  // namespace lamina::runtime
