// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's devices. Only in builds with LAMINA_CUDA.
#pragma once

#include "lamina/kernels/cuda/gpu.hpp"

namespace lamina::gpu {

const Driver& cuda_driver();

}  // namespace lamina::gpu
