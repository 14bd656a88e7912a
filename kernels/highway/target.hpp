// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The generic kernels in the namespace of the target that is being compiled. A source includes this after
// <hwy/foreach_target.h>, hence once per target; the scalar fallback of Highway is skipped, since `reference` is ours.
#include "lamina/kernels/grid_bytes.hpp"
#include "lamina/kernels/prefetch.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace lamina::kernels::HWY_NAMESPACE {

namespace native {
#include "lamina/kernels/highway/native.hpp"
}  // namespace native

#undef LAMINA_KERNELS_VNNI
#if HWY_TARGET == HWY_AVX3_DL
#define LAMINA_KERNELS_VNNI 1
#else
#define LAMINA_KERNELS_VNNI 0
#endif
#undef LAMINA_KERNELS_AVX2
#if HWY_TARGET == HWY_AVX2
#define LAMINA_KERNELS_AVX2 1
#else
#define LAMINA_KERNELS_AVX2 0
#endif
#include "lamina/kernels/generic/kernels.hpp"

}  // namespace lamina::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

// What matmul.cpp.in instantiates for each format.
namespace lamina::kernels {

template <>
template <class Format>
void HighwayKernels<HWY_TARGET>::matmul(const MatmulArgs& a) {
  HWY_NAMESPACE::matmul<Format>(a);
}
template <>
template <class Format>
void HighwayKernels<HWY_TARGET>::matmul_panel(const MatmulArgs& a) {
  if constexpr (int_activations<Format>) {
    HWY_NAMESPACE::matmul_panel<Format>(a);
  } else {
    HWY_NAMESPACE::float_panel<Format>(a);
  }
}
template <>
template <class Format>
void HighwayKernels<HWY_TARGET>::matmul_panel8(const MatmulArgs& a) {
#if LAMINA_KERNELS_AVX2
  if constexpr (!panel8_name<Format>().empty()) return HWY_NAMESPACE::matmul_panel8<Format>(a);
#endif
  matmul_panel<Format>(a);
}

}  // namespace lamina::kernels
#endif
