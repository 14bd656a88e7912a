// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The header-only target: the generic kernels on xsimd, for the instruction set this translation unit is compiled for.
// Its names live in an inline namespace named after that set, so that units built with different flags can be linked.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>
#include <xsimd/xsimd.hpp>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "lamina/kernels/format_traits.hpp"
#include "lamina/kernels/grid_bytes.hpp"
#include "lamina/kernels/inline.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/kernels/prefetch.hpp"
#include "lamina/kernels/reference/reference.hpp"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#if defined(__AVX512VNNI__) && defined(__AVX512VBMI__) && defined(__GFNI__)
#define LAMINA_KERNELS_VNNI 1
#define LAMINA_XSIMD_TARGET avx512_vnni
#define LAMINA_XSIMD_NAME "avx512-vnni"
#else
#define LAMINA_XSIMD_TARGET avx512
#define LAMINA_XSIMD_NAME "avx512"
#endif
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define LAMINA_KERNELS_AVX2 1
#define LAMINA_XSIMD_TARGET avx2
#define LAMINA_XSIMD_NAME "avx2"
#elif defined(__SSE4_2__)
#define LAMINA_XSIMD_TARGET sse4
#define LAMINA_XSIMD_NAME "sse4"
#elif defined(__SSSE3__)
#define LAMINA_XSIMD_TARGET ssse3
#define LAMINA_XSIMD_NAME "ssse3"
#elif defined(__SSE2__)
#define LAMINA_XSIMD_TARGET sse2
#define LAMINA_XSIMD_NAME "sse2"
#else
#define LAMINA_XSIMD_TARGET neon
#define LAMINA_XSIMD_NAME "neon"
#endif

#ifndef LAMINA_KERNELS_VNNI
#define LAMINA_KERNELS_VNNI 0
#endif
#ifndef LAMINA_KERNELS_AVX2
#define LAMINA_KERNELS_AVX2 0
#endif

namespace lamina::kernels {
inline namespace LAMINA_XSIMD_TARGET {
namespace xsimd_target {

namespace native {
#include "lamina/kernels/xsimd/native.hpp"
}  // namespace native

#include "lamina/kernels/generic/kernels.hpp"

}  // namespace xsimd_target

struct XsimdKernels {
  static constexpr std::string_view target = "xsimd-" LAMINA_XSIMD_NAME;
  static constexpr bool slow = xsimd_target::native::lanes == 4;  // generic/lanes_any.hpp

  static void rms_norm(const float* x, const float* weight, std::size_t n, float eps, float* out) {
    xsimd_target::rms_norm(x, weight, n, eps, out);
  }
  static void quantize(const Activations& row) { xsimd_target::quantize(row); }
  static constexpr ActivationLayout layout = xsimd_target::activation_layout;
  static constexpr ActivationLayout panel_layout = xsimd_target::panel_layout;
  static void quantize_panel(const Activations& row, bool eight_bits) { xsimd_target::quantize_panel(row, eight_bits); }
  template <class Format>
  static constexpr std::string_view panel_name() {
    return int_activations<Format> ? "panel " LAMINA_XSIMD_NAME : "float panel " LAMINA_XSIMD_NAME;
  }
  template <class Format>
  static void matmul_panel(const MatmulArgs& a) {
    if constexpr (int_activations<Format>) {
      xsimd_target::matmul_panel<Format>(a);
    } else {
      xsimd_target::float_panel<Format>(a);
    }
  }
  template <class Format>
  static constexpr std::string_view panel8_name() {
    if (LAMINA_KERNELS_AVX2 && is_small_format<Format>) return "byte panel " LAMINA_XSIMD_NAME;
    return LAMINA_KERNELS_VNNI && !is_float_format<Format> ? panel_name<Format>() : "";
  }
  template <class Format>
  static void matmul_panel8(const MatmulArgs& a) {
#if LAMINA_KERNELS_AVX2
    xsimd_target::matmul_panel8<Format>(a);
#else
    matmul_panel<Format>(a);
#endif
  }
  static void rope(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot, const float* cos_sin,
                   RopePairing pairing) {
    xsimd_target::rope(x, n_heads, head_dim, n_rot, cos_sin, pairing);
  }
  static void store_keys(const StoreArgs& a) { xsimd_target::store_keys(a); }
  static void store_values(const StoreArgs& a) { xsimd_target::store_values(a); }
  static void attention(const AttentionArgs& a) { xsimd_target::attention(a); }
  static void attention_blocks(const AttentionArgs& a, std::size_t begin, std::size_t end, float* partials) {
    xsimd_target::attention_blocks(a, begin, end, partials);
  }
  static void attention_merge(const AttentionArgs& a, const float* partials) {
    xsimd_target::attention_merge(a, partials);
  }
  static void add(float* x, const float* y, std::size_t n) { xsimd_target::add(x, y, n); }
  static void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n, float eps, float* out) {
    xsimd_target::layer_norm(x, weight, bias, n, eps, out);
  }
  static void activate(ActivationKind f, const float* x, const float* up, std::size_t n, float* out) {
    xsimd_target::activate(f, x, up, n, out);
  }
  static void soft_cap(float* x, std::size_t n, float cap) { xsimd_target::soft_cap(x, n, cap); }

  template <class Format>
  static constexpr bool int_activations = !is_float_format<Format>;
  template <class Format>
  static constexpr std::string_view kernel_name() {
    return int_activations<Format> ? "int16 " LAMINA_XSIMD_NAME : "float " LAMINA_XSIMD_NAME;
  }
  template <class Format>
  static void matmul(const MatmulArgs& a) {
    xsimd_target::matmul<Format>(a);
  }
  template <class Format>
  static void dequantize(const std::byte* row, std::size_t k, float* out) {
    ReferenceKernels::dequantize<Format>(row, k, out);
  }
};

}  // namespace LAMINA_XSIMD_TARGET
}  // namespace lamina::kernels

#undef LAMINA_KERNELS_VNNI
#undef LAMINA_KERNELS_AVX2
#undef LAMINA_XSIMD_TARGET
#undef LAMINA_XSIMD_NAME
