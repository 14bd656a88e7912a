// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// IEEE binary16 and bfloat16 as storage types: sixteen bits that convert to and from float, by integer arithmetic, so
// that host and device give the same bits. Conversion to 16 bits rounds to nearest, ties to even; NaN stays NaN.
#pragma once

#include <bit>
#include <cstdint>

#include "lamina/core/host_device.hpp"

namespace lamina {

struct half {
  std::uint16_t bits;

  LAMINA_HOST_DEVICE constexpr operator float() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t magnitude = bits & 0x7fffu;
    if (magnitude >= 0x7c00u) {  // infinity, NaN
      return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    }
    if (magnitude >= 0x0400u) {  // normal
      return std::bit_cast<float>(sign | ((magnitude << 13) + ((127u - 15u) << 23)));
    }
    // subnormal: magnitude · 2^-24, exact in float
    const float value = static_cast<float>(magnitude) * 5.9604644775390625e-8f;
    return sign ? -value : value;
  }

  LAMINA_HOST_DEVICE static constexpr half from_float(float f) {
    const std::uint32_t x = std::bit_cast<std::uint32_t>(f);
    const auto sign = static_cast<std::uint16_t>((x >> 16) & 0x8000u);
    const std::uint32_t a = x & 0x7fffffffu;
    if (a > 0x7f800000u) return {static_cast<std::uint16_t>(sign | 0x7e00u | ((a >> 13) & 0x3ffu))};
    if (a >= 0x477ff000u) return {static_cast<std::uint16_t>(sign | 0x7c00u)};  // rounds past 65504
    if (a >= 0x38800000u) {                                                     // normal
      const std::uint32_t rounded = a + 0xfffu + ((a >> 13) & 1u);
      return {static_cast<std::uint16_t>(sign | ((rounded - 0x38000000u) >> 13))};
    }
    if (a < 0x33000000u) return {sign};  // below half of the smallest subnormal
    const std::uint32_t exponent = a >> 23;
    const std::uint32_t mantissa = (a & 0x7fffffu) | 0x800000u;
    const std::uint32_t shift = 126u - exponent;  // 14..24
    const std::uint32_t kept = mantissa >> shift;
    const std::uint32_t rest = mantissa & ((1u << shift) - 1u);
    const std::uint32_t tie = 1u << (shift - 1u);
    return {static_cast<std::uint16_t>(sign | (kept + ((rest > tie || (rest == tie && (kept & 1u))) ? 1u : 0u)))};
  }
};
static_assert(sizeof(half) == 2);

struct bfloat16 {
  std::uint16_t bits;

  LAMINA_HOST_DEVICE constexpr operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

  LAMINA_HOST_DEVICE static constexpr bfloat16 from_float(float f) {
    const std::uint32_t x = std::bit_cast<std::uint32_t>(f);
    if ((x & 0x7fffffffu) > 0x7f800000u) return {static_cast<std::uint16_t>((x >> 16) | 0x40u)};  // quiet NaN
    return {static_cast<std::uint16_t>((x + 0x7fffu + ((x >> 16) & 1u)) >> 16)};
  }
};
static_assert(sizeof(bfloat16) == 2);

}  // namespace lamina
