// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The library's targets: the generic kernels compiled once for every instruction set that Highway can dispatch to. The
// members declared here are defined, per target, in the .cpp files of this folder.
#pragma once

// Which targets exist. Must be the first to include Highway in its translation unit.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif
// Those that CMake's LAMINA_TARGETS names, and none of newer Highways that have no kernels here.
#define HWY_DISABLED_TARGETS (~(LAMINA_HWY_TARGETS | HWY_SCALAR | HWY_EMU128))
#include <hwy/detect_targets.h>
//
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/kernels/format_traits.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/kernels/reference/reference.hpp"

namespace lamina::kernels {

template <std::int64_t Target>
struct HighwayTarget;
template <>
struct HighwayTarget<HWY_AVX3_DL> {
  static constexpr std::string_view name = "avx512-vnni", int_kernel = "int16 avx512-vnni",
                                    float_kernel = "float avx512", panel_kernel = "panel avx512-vnni",
                                    float_panel = "float panel avx512";
};
template <>
struct HighwayTarget<HWY_AVX3> {
  static constexpr std::string_view name = "avx512", int_kernel = "int16 avx512", float_kernel = "float avx512",
                                    panel_kernel = "panel avx512", float_panel = "float panel avx512";
};
template <>
struct HighwayTarget<HWY_AVX2> {
  static constexpr std::string_view name = "avx2", int_kernel = "int16 avx2", float_kernel = "float avx2",
                                    panel_kernel = "panel avx2", float_panel = "float panel avx2";
};
template <>
struct HighwayTarget<HWY_SSE4> {
  static constexpr std::string_view name = "sse4", int_kernel = "int16 sse4", float_kernel = "float sse4",
                                    panel_kernel = "panel sse4", float_panel = "float panel sse4";
};
template <>
struct HighwayTarget<HWY_NEON> {
  static constexpr std::string_view name = "neon", int_kernel = "int16 neon", float_kernel = "float neon",
                                    panel_kernel = "panel neon", float_panel = "float panel neon";
};

// Has the kernels of generic/avx2_row*.hpp and avx2_byte_*.hpp, or of generic/vnni_*.hpp.
template <std::int64_t Target>
inline constexpr bool has_avx2_kernels = Target == HWY_AVX2;
template <std::int64_t Target>
inline constexpr bool has_vnni_kernels = Target == HWY_AVX3_DL;

template <std::int64_t Target>
struct HighwayKernels {
  static constexpr std::string_view target = HighwayTarget<Target>::name;
  static constexpr bool slow = Target == HWY_SSE4 || Target == HWY_NEON;  // generic/lanes_any.hpp

  static void rms_norm(const float* x, const float* weight, std::size_t n, float eps, float* out);
  static void quantize(const Activations& row);
  static constexpr ActivationLayout layout = has_vnni_kernels<Target>   ? ActivationLayout::Planes
                                             : has_avx2_kernels<Target> ? ActivationLayout::WordsAndPlanes
                                                                        : ActivationLayout::Words;
  static void quantize_panel(const Activations& row, bool eight_bits);
  static constexpr ActivationLayout panel_layout =
      has_vnni_kernels<Target> ? ActivationLayout::Panel : ActivationLayout::Words;
  static void rope(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot, const float* cos_sin,
                   RopePairing pairing);
  static void store_keys(const StoreArgs& a);
  static void store_values(const StoreArgs& a);
  static void attention(const AttentionArgs& a);
  static void attention_blocks(const AttentionArgs& a, std::size_t begin, std::size_t end, float* partials);
  static void attention_merge(const AttentionArgs& a, const float* partials);
  static void add(float* x, const float* y, std::size_t n);
  static void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n, float eps, float* out);
  static void activate(ActivationKind f, const float* x, const float* up, std::size_t n, float* out);
  static void soft_cap(float* x, std::size_t n, float cap);

  template <class Format>
  static constexpr bool int_activations = !is_float_format<Format>;
  template <class Format>
  static constexpr std::string_view kernel_name() {
    return int_activations<Format> ? HighwayTarget<Target>::int_kernel : HighwayTarget<Target>::float_kernel;
  }
  template <class Format>
  static void matmul(const MatmulArgs& a);
  template <class Format>
  static constexpr std::string_view panel_name() {
    return int_activations<Format> ? HighwayTarget<Target>::panel_kernel : HighwayTarget<Target>::float_panel;
  }
  template <class Format>
  static void matmul_panel(const MatmulArgs& a);
  template <class Format>
  static constexpr std::string_view panel8_name() {
    if (has_avx2_kernels<Target> && is_small_format<Format>) return "byte panel avx2";
    return has_vnni_kernels<Target> && int_activations<Format> ? HighwayTarget<Target>::panel_kernel : "";
  }
  template <class Format>
  static void matmul_panel8(const MatmulArgs& a);
  template <class Format>
  static void dequantize(const std::byte* row, std::size_t k, float* out) {
    ReferenceKernels::dequantize<Format>(row, k, out);
  }
};

}  // namespace lamina::kernels
