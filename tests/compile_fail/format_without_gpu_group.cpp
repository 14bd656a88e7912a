// expect: for GPUs a format of integers needs Group in kernels/cuda/group_*.hpp
// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/kernels/cuda/emulated.hpp"
#include "lamina/kernels/cuda/launch_format.hpp"

#ifdef LAMINA_OK
using Format = lamina::quant::Q4_0;
#else
struct Format : lamina::quant::Q4_0 {};
#endif

template lamina::gpu::FormatKernels lamina::gpu::format_kernels<lamina::gpu::EmulatedLauncher, Format>();
