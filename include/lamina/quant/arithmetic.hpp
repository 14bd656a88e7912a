// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic that the formats share, written so that host and device compile it and that no input, NaN and infinity
// included, is undefined.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"

namespace lamina::quant {

LAMINA_HOST_DEVICE constexpr float absolute(float x) { return x < 0 ? -x : x; }

// x cut towards zero and held within [low, high]; NaN becomes low.
LAMINA_HOST_DEVICE constexpr int clamp_to_int(float x, int low, int high) {
  if (!(x > static_cast<float>(low))) return low;
  if (x >= static_cast<float>(high)) return high;
  return static_cast<int>(x);
}

// x to the nearest whole number, halves away from zero, within [low, high].
LAMINA_HOST_DEVICE constexpr int round_to_int(float x, int low, int high) {
  return clamp_to_int(x < 0 ? x - 0.5f : x + 0.5f, low, high);
}

// 1 / x, and 0 for a zero: the blocks of zeros that real files hold decode to zeros.
LAMINA_HOST_DEVICE constexpr float inverse_or_zero(float x) { return x != 0 ? 1.0f / x : 0.0f; }

// 0 when all n values are finite, else NaN. Quantisers add it to a block's scale: one weight that is no number makes
// the whole block NaN, so that it is seen, instead of becoming an ordinary wrong weight.
LAMINA_HOST_DEVICE constexpr float zero_or_nan(const float* in, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += in[i] * 0.0f;
  return sum;
}

// The largest magnitude of n values; NaN is passed over.
LAMINA_HOST_DEVICE constexpr float largest_of(const float* in, int n) {
  float most = 0;
  for (int i = 0; i < n; ++i) {
    if (absolute(in[i]) > most) most = absolute(in[i]);
  }
  return most;
}

// The number with its bytes in the other order.
template <class T>
constexpr T byteswapped(T value) {
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return std::bit_cast<T>(__builtin_bswap16(std::bit_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(__builtin_bswap32(std::bit_cast<std::uint32_t>(value)));
  } else {
    return std::bit_cast<T>(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
  }
}
constexpr void byteswap16(half& h) { h.bits = static_cast<std::uint16_t>(h.bits << 8 | h.bits >> 8); }
constexpr void byteswap16(bfloat16& h) { h.bits = static_cast<std::uint16_t>(h.bits << 8 | h.bits >> 8); }

}  // namespace lamina::quant
