// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which activations the SIMD kernels of a format read: formats of plain floats read float activations, blocks of small
// integers read 16-bit ones. And how the integers are unpacked. The layouts themselves are in lamina/quant.
#pragma once

#include <concepts>

#include "lamina/kernels/grid_bytes.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::kernels {

template <class Format>
inline constexpr bool is_float_format =
    std::same_as<Format, quant::F32> || std::same_as<Format, quant::F16> || std::same_as<Format, quant::BF16>;

// Formats whose integers come in groups of 32, see generic/unpack_grids.hpp.
template <class Format>
inline constexpr bool is_grid_format =
    Contains<Format, TypeList<quant::TQ1_0, quant::Q2_0, quant::IQ1_S, quant::IQ1_M, quant::IQ2_XXS, quant::IQ2_XS,
                              quant::IQ2_S, quant::IQ3_XXS, quant::IQ3_S>>{};

}  // namespace lamina::kernels
