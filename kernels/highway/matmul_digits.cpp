// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul with 16-bit activations over TQ1_0, Q2_0, IQ1_S and IQ1_M.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_digits.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template void HighwayKernels<HWY_TARGET>::matmul<quant::TQ1_0>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::Q2_0>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ1_S>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul<quant::IQ1_M>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::TQ1_0>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::Q2_0>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ1_S>(const MatmulArgs&);
template void HighwayKernels<HWY_TARGET>::matmul_panel<quant::IQ1_M>(const MatmulArgs&);

}  // namespace lamina::kernels
#endif
