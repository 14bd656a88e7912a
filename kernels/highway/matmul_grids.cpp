// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul with 16-bit activations over IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS and IQ3_S.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_grids.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ2_XXS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ2_XS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ2_S>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ3_XXS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ3_S>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ2_XXS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ2_XS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ2_S>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ3_XXS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ3_S>(const MatmulArgs&);

}  // namespace lamina::kernels
#endif
