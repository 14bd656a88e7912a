// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul with float activations: F32, F16, BF16.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/matmul_float.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul<quant::F32>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<quant::F32>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul<quant::F16>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<quant::F16>(a);
}
template <>
template <>
void HighwayKernels<HWY_TARGET>::matmul<quant::BF16>(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<quant::BF16>(a);
}

}  // namespace lamina::kernels
#endif
