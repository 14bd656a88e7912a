// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul with 16-bit activations over the formats whose blocks hold 256 weights: Q4_K, Q5_K, Q6_K.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_k.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul<quant::Q4_K>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<quant::Q4_K>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul<quant::Q5_K>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<quant::Q5_K>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul<quant::Q6_K>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<quant::Q6_K>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul_panel<quant::Q4_K>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul_panel<quant::Q4_K>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul_panel<quant::Q5_K>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul_panel<quant::Q5_K>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul_panel<quant::Q6_K>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul_panel<quant::Q6_K>(a);
}

}  // namespace lamina::kernels
#endif
