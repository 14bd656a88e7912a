// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which activations the SIMD kernels of a format read: formats of plain floats read float activations, blocks of small
// integers read 16-bit ones. The layouts themselves are in lamina/quant.
#pragma once

#include <concepts>

#include "lamina/quant/registry.hpp"

namespace lamina::kernels {

template <class Format>
inline constexpr bool is_float_format =
    std::same_as<Format, quant::F32> || std::same_as<Format, quant::F16> || std::same_as<Format, quant::BF16>;

namespace detail {
template <class Format, class... Formats>
inline constexpr bool is_any_of = (std::same_as<Format, Formats> || ...);
}  // namespace detail

// Formats whose integers are small enough for generic/avx2_byte_panel.hpp: no further than 16 from what they are
// counted from, or than 32 where scales belong to half groups.
template <class Format>
inline constexpr bool is_small_format =
    detail::is_any_of<Format, quant::Q1_0, quant::Q2_0, quant::TQ1_0, quant::TQ2_0, quant::Q4_0, quant::Q4_1,
                      quant::Q5_0, quant::Q5_1, quant::Q2_K, quant::Q3_K, quant::Q4_K, quant::Q5_K, quant::Q6_K,
                      quant::MXFP4, quant::NVFP4, quant::IQ1_S, quant::IQ1_M, quant::IQ3_S>;

}  // namespace lamina::kernels
