// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill in bfloat16, compiled for one target alone, the one with AVX-512 VNNI: digits, levels
// and K-quants of few bits.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/highway/bf16.hpp"
#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_bf16_low.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#if HWY_TARGET == HWY_AVX3_DL
#include "lamina/kernels/highway/target.hpp"
//
#include "lamina/kernels/highway/bf16_define.hpp"

namespace lamina::kernels {

template struct Bf16Panels<quant::Q2_K>;
template struct Bf16Panels<quant::Q3_K>;
template struct Bf16Panels<quant::IQ4_NL>;
template struct Bf16Panels<quant::IQ4_XS>;
template struct Bf16Panels<quant::TQ1_0>;
template struct Bf16Panels<quant::TQ2_0>;
template struct Bf16Panels<quant::MXFP4>;
template struct Bf16Panels<quant::NVFP4>;
template struct Bf16Panels<quant::Q1_0>;
template struct Bf16Panels<quant::Q2_0>;

}  // namespace lamina::kernels
#endif
