// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A session's part on a GPU: its memory, its queue, and the launches of a decoded token recorded once. What changes
// from token to token is read from device memory, so the recording serves until attention needs more parts.
#pragma once

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "lamina/runtime/gpu_model.hpp"

namespace lamina::runtime {

class GpuSession {
 public:
  // Errors: OutOfMemory, which says how many layers would leave room; DeviceError.
  static Expected<std::unique_ptr<GpuSession>> make(std::shared_ptr<const GpuModel> model, const Hparams& h,
                                                    const FrameSize& of) {
    auto out = std::unique_ptr<GpuSession>(new GpuSession);
    const GpuFrameSize size{of, model->n_layers};
    const auto cache = size.cache_bytes(h);
    if (!cache) return fail(ErrorCode::OutOfMemory, "a cache larger than memory");
    const std::size_t scratch = size.scratch_bytes(h);
    const auto free = model->gpu->free_memory();
    if (!free) return fail(free.error());
    if (scratch > *free || *cache > *free - scratch) return fail(too_large(*model, *cache, scratch, *free));
    auto device = gpu::Memory::make(model->gpu, scratch);
    auto pinned = gpu::Memory::make(model->gpu, size.pinned_bytes(h), true);
    auto keys = gpu::Memory::make(model->gpu, *cache);
    auto queue = model->gpu->queue();
    if (!device) return fail(std::move(device.error()));
    if (!pinned) return fail(std::move(pinned.error()));
    if (!keys) return fail(std::move(keys.error()));
    if (!queue) return fail(std::move(queue.error()));
    out->device_ = std::move(*device);
    out->pinned_ = std::move(*pinned);
    out->cache_ = std::move(*keys);
    out->queue_ = std::move(*queue);

    GpuFrame& f = out->frame_;
    Carver device_parts(out->device_.data()), host_parts(out->pinned_.data());
    size.carve(h, device_parts, f);
    size.carve_host(h, host_parts, f);
    Hparams own = h;
    own.n_layers = model->n_layers;
    f.cache = out->cache_.data();
    f.cache_layout = KvCache::layout(own, of.cache_type, of.n_ctx);
    f.cache_type = of.cache_type;
    f.n_head_kv = h.n_head_kv;
    f.first_layer = model->first_layer;
    f.n_ctx = of.n_ctx;
    f.batch = of.batch;
    f.n_embd = h.n_embd;
    f.rope_table = of.batch * h.n_rot;
    f.strict = of.strict;
    f.eight_bits = of.eight_bits;
    out->most_splits_ = size.most_splits();
    out->n_tables_ = h.n_rope_tables;
    out->n_rot_ = h.n_rot;
    out->n_vocab_ = h.n_vocab;
    out->model_ = std::move(model);
    return out;
  }

  // The device's steps of the body. `host` has the batch, and x and the angles where the CPU has run the steps before;
  // with the whole plan here, `embedding` makes the angles. times: of the plan's steps, or null. Errors: DeviceError.
  Expected<void> body(const Frame& host, const EmbeddingPhase* embedding, std::size_t n_body, StepTime* times) {
    GpuFrame& f = frame_;
    f.n_tokens = host.tokens.size();
    f.splits = splits(host.position, f.n_tokens);
    std::memcpy(f.host_tokens, host.tokens.data(), f.n_tokens * sizeof(std::int32_t));
    *f.host_position = u32(host.position);
    for (std::size_t table = 0; table < n_tables_; ++table) {
      float* const to = f.host_rope + table * f.rope_table;
      if (embedding == nullptr) {
        std::memcpy(to, host.rope.data() + table * host.rope_table, f.n_tokens * n_rot_ * sizeof(float));
        continue;
      }
      const RopeTable& rope = *embedding->ropes[table];
      for (std::size_t t = 0; t < f.n_tokens && !rope.frequency.empty(); ++t) {
        rope.fill(host.position + t, f.n_ctx, to + t * n_rot_);
      }
    }
    if (embedding == nullptr) std::memcpy(f.host_x, host.x.data(), f.n_tokens * f.n_embd * sizeof(float));
    const std::size_t n_steps = n_body - model_->first_step;
    if (f.n_tokens > 1 || times != nullptr) {
      copy_in(embedding == nullptr);
      if (auto ok = launch(0, n_steps, times); !ok) return ok;
      return queue_->wait();
    }
    return play(bodies_[f.splits], [&]() -> Expected<void> {
      copy_in(embedding == nullptr);
      return launch(0, n_steps, nullptr);
    });
  }

  // Logits of rows [begin, begin + count) of the batch.
  Expected<void> head(std::size_t begin, std::size_t count, std::size_t n_body, StepTime* times) {
    GpuFrame& f = frame_;
    f.head_begin = begin;
    f.head_count = count;
    const auto work = [&]() -> Expected<void> {
      if (auto ok = launch(n_body - model_->first_step, model_->steps.size(), times); !ok) return ok;
      queue_->copy(f.host_logits, f.logits, count * n_vocab_ * sizeof(float));
      return {};
    };
    if (f.n_tokens > 1 || times != nullptr) {
      if (auto ok = work(); !ok) return ok;
      return queue_->wait();
    }
    return play(head_, work);
  }

  const float* logits() const { return frame_.host_logits; }

 private:
  GpuSession() = default;

  static Error too_large(const GpuModel& model, std::size_t cache, std::size_t scratch, std::size_t free) {
    const std::size_t per_layer = (cache + model.weights.size()) / std::max<std::size_t>(1, model.n_layers);
    const std::size_t missing = cache + scratch > free ? cache + scratch - free : 0;
    const std::size_t less = std::min(model.n_layers, ceil_div(missing, std::max<std::size_t>(1, per_layer)));
    return Error(ErrorCode::OutOfMemory, "a session does not fit " + model.gpu->properties().name +
                                             " beside the weights; with " + std::to_string(model.n_layers - less) +
                                             " layers there it would, or with a smaller context")
        .about("gpu_layers")
        .wanted("at most " + std::to_string(free) + " bytes")
        .found(std::to_string(cache) + " of cache and " + std::to_string(scratch) + " of scratch");
  }

  // A power of two, so that a recording serves many tokens; one for many tokens, which fill the device anyway.
  std::size_t splits(std::size_t position, std::size_t n) const {
    if (n > gpu_split_tokens || frame_.strict) return 1;
    return std::min(most_splits_, std::bit_ceil(ceil_div(position + n, kernels::key_block)));
  }

  void copy_in(bool with_x) {
    const GpuFrame& f = frame_;
    queue_->copy(f.tokens, f.host_tokens, f.n_tokens * sizeof(std::int32_t));
    queue_->copy(f.position, f.host_position, sizeof(std::uint32_t));
    for (std::size_t table = 0; table < n_tables_ && n_rot_ > 0; ++table) {
      const std::size_t at = table * f.rope_table;
      queue_->copy(f.rope + at, f.host_rope + at, f.n_tokens * n_rot_ * sizeof(float));
    }
    if (with_x) queue_->copy(f.x, f.host_x, f.n_tokens * f.n_embd * sizeof(float));
  }

  // Steps [begin, end) of the device's.
  Expected<void> launch(std::size_t begin, std::size_t end, StepTime* times) {
    using Clock = std::chrono::steady_clock;
    for (std::size_t i = begin; i < end; ++i) {
      if (times == nullptr) {
        for (const GpuStep& step : model_->steps[i]) step.run(step.phase.get(), frame_, *queue_);
        continue;
      }
      if (auto ok = queue_->wait(); !ok) return ok;
      const Clock::time_point start = Clock::now();
      for (const GpuStep& step : model_->steps[i]) step.run(step.phase.get(), frame_, *queue_);
      if (auto ok = queue_->wait(); !ok) return ok;
      StepTime& time = times[model_->first_step + i];
      time.seconds += std::chrono::duration<double>(Clock::now() - start).count();
      ++time.calls;
    }
    return {};
  }

  template <class Work>
  Expected<void> play(std::unique_ptr<gpu::Recording>& recording, Work&& work) {
    if (recording == nullptr) {
      queue_->record();
      const auto noted = work();
      auto made = queue_->finish_recording();
      if (!noted) return noted;
      if (!made) return fail(std::move(made.error()));
      recording = std::move(*made);
    }
    queue_->play(*recording);
    return queue_->wait();
  }

  std::shared_ptr<const GpuModel> model_;
  gpu::Memory device_, pinned_, cache_;
  std::unique_ptr<gpu::Queue> queue_;
  GpuFrame frame_;
  std::size_t most_splits_ = 1, n_tables_ = 0, n_rot_ = 0, n_vocab_ = 0;
  std::map<std::size_t, std::unique_ptr<gpu::Recording>> bodies_;  // by splits
  std::unique_ptr<gpu::Recording> head_;
};

}  // namespace lamina::runtime
