// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul with 16-bit activations over Q2_K, Q3_K and TQ2_0.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_k_low.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template void HighwayKernels<HWY_TARGET>::matmul<quant::Q2_K>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::Q3_K>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::TQ2_0>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::Q2_K>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::Q3_K>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::TQ2_0>(const MatmulArgs&);

}  // namespace lamina::kernels
#endif
