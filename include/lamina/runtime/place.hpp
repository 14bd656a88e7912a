// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a model runs: from what the caller asked for to an instruction set, and a GPU with a number of layers.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/kernels/dispatch/drivers.hpp"

namespace lamina::runtime {

struct Place {
  std::string cpu_target;  // empty: as LAMINA_TARGET says, or the best
  std::shared_ptr<gpu::Gpu> gpu;
  std::size_t gpu_layers = 0;
};

// target: as in LoadOptions. Errors: TargetUnavailable.
template <class FormatList = quant::Formats>
Expected<Place> choose_place(const std::string& target, std::optional<std::size_t> gpu_layers, std::size_t device,
                             std::shared_ptr<gpu::Gpu> gpu) {
  Place out;
  out.cpu_target = target;
  if (target.empty()) {
    if (const char* variable = std::getenv("LAMINA_TARGET")) out.cpu_target = variable;
  }
  const gpu::Driver* driver = kernels::find_gpu_driver(out.cpu_target);
  const bool named = driver != nullptr || out.cpu_target == kernels::default_gpu;
  if (named) {
    out.cpu_target =
        kernels::available_targets<FormatList>().front()->target;  // not what LAMINA_TARGET says, which is the GPU
  } else {
    driver = kernels::find_gpu_driver(kernels::default_gpu);
  }
  const std::size_t all = std::numeric_limits<std::size_t>::max();
  out.gpu_layers = gpu_layers.value_or(named || gpu != nullptr ? all : 0);
  if (out.gpu_layers == 0) return out;
  out.gpu = std::move(gpu);
  if (out.gpu != nullptr) return out;
  if (driver == nullptr) {
    return fail(Error(ErrorCode::TargetUnavailable, "no CUDA device: this program was built without CUDA")
                    .about(named ? "target" : "gpu_layers")
                    .found(std::string(kernels::default_gpu)));
  }
  auto opened = driver->open(device);
  if (!opened) return fail(std::move(opened.error()));
  out.gpu = std::move(*opened);
  return out;
}

}  // namespace lamina::runtime
