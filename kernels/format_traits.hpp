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

}  // namespace lamina::kernels
