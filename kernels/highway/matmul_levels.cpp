// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul with 16-bit activations over IQ4_NL, IQ4_XS, MXFP4 and NVFP4.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_levels.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ4_NL>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ4_XS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::MXFP4>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::NVFP4>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ4_NL>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ4_XS>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::MXFP4>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::NVFP4>(const MatmulArgs&);

}  // namespace lamina::kernels
#endif
