// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The part of a model that a GPU has: the last layers and the head, or the whole plan. Immutable after loading, shared
// by all sessions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lamina/runtime/gpu_phases_mlp.hpp"
#include "lamina/runtime/plan.hpp"

namespace lamina::runtime {

struct GpuModel {
  std::shared_ptr<gpu::Gpu> gpu;
  gpu::Memory weights;
  std::vector<std::vector<GpuStep>> steps;  // of the plan's steps from first_step on
  std::size_t first_step = 0;               // 0: the whole plan
  std::size_t first_layer = 0;              // that the device has
  std::size_t n_layers = 0;                 // that the device has

  bool whole() const { return first_step == 0; }
};

class GpuLoader {
 public:
  explicit GpuLoader(std::shared_ptr<gpu::Gpu> gpu) : gpu_(std::move(gpu)) {}

  // Uploads the last n_layers layers and the head; with all layers the embedding too. Errors: OutOfMemory, which says
  // how many layers fit; TargetUnavailable when a phase has no kernel; DeviceError.
  Expected<std::shared_ptr<const GpuModel>> load(Plan& plan, std::size_t n_layers) {
    auto model = std::make_shared<GpuModel>();
    model->gpu = gpu_;
    model->n_layers = std::min(n_layers, plan.n_layers());
    model->first_layer = plan.n_layers() - model->n_layers;
    model->first_step = model->first_layer == 0 ? 0 : plan.first_of_layer(model->first_layer);

    GpuWeights count(nullptr);
    if (auto ok = build(plan, model->first_step, count, nullptr); !ok) return fail(std::move(ok.error()));
    const auto free = gpu_->free_memory();
    if (!free) return fail(free.error());
    if (count.bytes() > *free) return fail(too_large(plan, count.bytes(), *free));
    auto memory = gpu::Memory::make(gpu_, count.bytes());
    if (!memory) return fail(std::move(memory.error()));
    model->weights = std::move(*memory);
    GpuWeights weights(model->weights.data());
    if (auto ok = build(plan, model->first_step, weights, &model->steps); !ok) return fail(std::move(ok.error()));
    if (auto ok = weights.upload(*gpu_); !ok) return fail(std::move(ok.error()));

    for (std::size_t i = 0; i < model->steps.size(); ++i) {
      std::string kernel, prefill;
      for (const GpuStep& step : model->steps[i]) {
        add_name(kernel, step.kernel);
        if (!step.prefill_kernel.empty()) add_name(prefill, step.prefill_kernel);
      }
      plan.hand_over(model->first_step + i, kernel, prefill);
    }
    return model;
  }

  // Bytes of weights that the plan's last n_layers layers and its head take there.
  Expected<std::size_t> weight_bytes(const Plan& plan, std::size_t n_layers) {
    GpuWeights count(nullptr);
    const std::size_t first = n_layers >= plan.n_layers() ? 0 : plan.first_of_layer(plan.n_layers() - n_layers);
    if (auto ok = build(plan, first, count, nullptr); !ok) return fail(std::move(ok.error()));
    return count.bytes();
  }

 private:
  Expected<void> build(const Plan& plan, std::size_t first, GpuWeights& weights,
                       std::vector<std::vector<GpuStep>>* into) {
    std::optional<Error> refused;
    const GpuBuild b{gpu_->kernels(), gpu_->properties(), weights, refused};
    for (const Step& step : plan.steps().subspan(first)) {
      auto steps = gpu_steps_of(b, step);
      if (!steps) return fail(std::move(steps.error()));
      if (into != nullptr) into->push_back(std::move(*steps));
    }
    return {};
  }

  Error too_large(const Plan& plan, std::size_t needed, std::size_t free) {
    std::size_t fit = 0;  // layers
    while (fit + 1 < plan.n_layers()) {
      const auto bytes = weight_bytes(plan, fit + 1);
      if (!bytes || *bytes > free) break;
      ++fit;
    }
    return Error(ErrorCode::OutOfMemory, "the weights do not fit " + gpu_->properties().name + "; " +
                                             std::to_string(fit) + " of " + std::to_string(plan.n_layers()) +
                                             " layers would, without a cache")
        .about("gpu_layers")
        .wanted("at most " + std::to_string(free) + " bytes")
        .found(std::to_string(needed));
  }

  std::shared_ptr<gpu::Gpu> gpu_;
};

}  // namespace lamina::runtime
