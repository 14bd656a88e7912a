// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which kinds of GPU this program can drive. With headers alone none; with the library NVIDIA's when it is built with
// LAMINA_CUDA.
#pragma once

#include <span>
#include <string_view>

#include "lamina/kernels/cuda/gpu.hpp"

namespace lamina::kernels {

// Those for people first.
#ifdef LAMINA_LIBRARY
std::span<const gpu::Driver* const> gpu_drivers();
#else
inline std::span<const gpu::Driver* const> gpu_drivers() { return {}; }
#endif

inline constexpr std::string_view default_gpu = "cuda";

// Null when the program has none of that name.
inline const gpu::Driver* find_gpu_driver(std::string_view target) {
  for (const gpu::Driver* driver : gpu_drivers()) {
    if (driver->target == target) return driver;
  }
  return nullptr;
}

}  // namespace lamina::kernels
