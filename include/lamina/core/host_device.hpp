// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Marks a function that a CUDA compiler builds for host and device, and other compilers for the host.
#pragma once

#ifdef __CUDACC__
#define LAMINA_HOST_DEVICE __host__ __device__
#else
#define LAMINA_HOST_DEVICE
#endif

// Before a loop whose every turn device code has to have on its own, because it names registers.
#ifdef __CUDA_ARCH__
#define LAMINA_UNROLL _Pragma("unroll")
#else
#define LAMINA_UNROLL
#endif
