// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill in bfloat16, compiled for one target alone, the one with AVX-512 VNNI: floats and the
// formats of Q4 to Q8.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/highway/bf16.hpp"
#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_bf16.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#if HWY_TARGET == HWY_AVX3_DL
#include "lamina/kernels/highway/target.hpp"
//
#include "lamina/kernels/highway/bf16_define.hpp"

namespace lamina::kernels {

template struct Bf16Panels<quant::F16>;
template struct Bf16Panels<quant::BF16>;
template struct Bf16Panels<quant::Q4_0>;
template struct Bf16Panels<quant::Q4_1>;
template struct Bf16Panels<quant::Q5_0>;
template struct Bf16Panels<quant::Q5_1>;
template struct Bf16Panels<quant::Q8_0>;
template struct Bf16Panels<quant::Q4_K>;
template struct Bf16Panels<quant::Q5_K>;
template struct Bf16Panels<quant::Q6_K>;

void round_to_bf16(const Activations& row) { HWY_NAMESPACE::round_row(row); }

}  // namespace lamina::kernels
#endif
