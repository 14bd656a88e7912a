// expect: a format of integers needs Groups, or Unpack and Bytes, in kernels/generic
// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/kernels/xsimd/xsimd.hpp"

#ifdef LAMINA_OK
using Format = lamina::quant::Q4_0;
#else
struct Format : lamina::quant::Q4_0 {};
#endif

const lamina::kernels::KernelTable& table =
    lamina::kernels::table_of<lamina::kernels::XsimdKernels, lamina::TypeList<Format>>();
