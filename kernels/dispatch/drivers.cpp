// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/kernels/dispatch/drivers.hpp"

#include <vector>
#ifdef LAMINA_WITH_CUDA
#include "lamina/kernels/cuda/cuda_driver.hpp"
#endif

namespace lamina::kernels {

std::span<const gpu::Driver* const> gpu_drivers() {
  static const std::vector<const gpu::Driver*> drivers = {
#ifdef LAMINA_WITH_CUDA
      &gpu::cuda_driver(),
#endif
  };
  return drivers;
}

}  // namespace lamina::kernels
