// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What works on rows of activations: norm, quantisation, rotary embedding, element-wise kernels.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/highway/bf16.hpp"
#include "lamina/kernels/inline.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/rows.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template <>
void HighwayKernels<HWY_TARGET>::rms_norm(const float* x, const float* weight, std::size_t n, float eps, float* out) {
  HWY_NAMESPACE::rms_norm(x, weight, n, eps, out);
}
template <>
void HighwayKernels<HWY_TARGET>::quantize(const Activations& row) {
  HWY_NAMESPACE::quantize(row);
}
template <>
void HighwayKernels<HWY_TARGET>::quantize_panel(const Activations& row, bool eight_bits) {
  HWY_NAMESPACE::quantize_panel(row, eight_bits);
}
template <>
void HighwayKernels<HWY_TARGET>::rope(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot,
                                      const float* cos_sin, RopePairing pairing) {
  HWY_NAMESPACE::rope(x, n_heads, head_dim, n_rot, cos_sin, pairing);
}
template <>
void HighwayKernels<HWY_TARGET>::add(float* x, const float* y, std::size_t n) {
  HWY_NAMESPACE::add(x, y, n);
}
template <>
void HighwayKernels<HWY_TARGET>::layer_norm(const float* x, const float* weight, const float* bias, std::size_t n,
                                            float eps, float* out) {
  HWY_NAMESPACE::layer_norm(x, weight, bias, n, eps, out);
}
template <>
void HighwayKernels<HWY_TARGET>::activate(ActivationKind f, const float* x, const float* up, std::size_t n,
                                          float* out) {
  HWY_NAMESPACE::activate(f, x, up, n, out);
}
template <>
void HighwayKernels<HWY_TARGET>::soft_cap(float* x, std::size_t n, float cap) {
  HWY_NAMESPACE::soft_cap(x, n, cap);
}
#if HWY_TARGET == HWY_AVX3_DL
RoundBf16Fn bf16_rounding(Bf16Engine engine) {
  return engine == Bf16Engine::Dot ? HWY_NAMESPACE::round_row : HWY_NAMESPACE::round_into_tiles;
}
#endif

}  // namespace lamina::kernels
#endif
