// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill in bfloat16, compiled for one target alone, the one with AVX-512 VNNI: points of grids.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/highway/bf16.hpp"
#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_bf16_grids.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#if HWY_TARGET == HWY_AVX3_DL
#include "lamina/kernels/highway/target.hpp"
//
#include "lamina/kernels/highway/bf16_define.hpp"

namespace lamina::kernels {

template struct Bf16Panels<quant::IQ1_S>;
template struct Bf16Panels<quant::IQ1_M>;
template struct Bf16Panels<quant::IQ2_XXS>;
template struct Bf16Panels<quant::IQ2_XS>;
template struct Bf16Panels<quant::IQ2_S>;
template struct Bf16Panels<quant::IQ3_XXS>;
template struct Bf16Panels<quant::IQ3_S>;

}  // namespace lamina::kernels
#endif
