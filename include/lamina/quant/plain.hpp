// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Plain data that is no weight: I8, I16, I32, I64, F64. A GGUF file may hold it (indices, tables); it is listed, sized
// and shown as floats, and no kernel multiplies it. Integers that a float cannot hold are rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"

namespace lamina::quant {

namespace detail {

// From a float, rounded and held within the type; NaN becomes 0.
template <class T>
constexpr T plain_from_float(float x) {
  if constexpr (std::is_floating_point_v<T>) {
    return x;
  } else {
    // The largest float below the end of the range: for 32 and 64 bits the end itself rounds up, out of the range.
    constexpr float low = static_cast<float>(std::numeric_limits<T>::min());
    constexpr float past = -low;  // 2^(bits − 1)
    if (x != x) return 0;
    const float nearest = x < 0 ? x - 0.5f : x + 0.5f;
    if (!(nearest > low)) return std::numeric_limits<T>::min();
    if (!(nearest < past)) return std::numeric_limits<T>::max();
    return static_cast<T>(nearest);
  }
}

}  // namespace detail

template <class T, std::uint32_t TypeId>
struct Plain {
  static constexpr std::uint32_t type_id = TypeId;
  static constexpr std::size_t block_size = 1;  // values
  struct Block {
    T value;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [1] */) {
    out[0] = static_cast<float>(b.value);
  }
  static void quantize(const float* in /* [1] */, Block& b, const float* = nullptr) {
    b.value = detail::plain_from_float<T>(in[0]);
  }
  static void byteswap(Block& b) { b.value = byteswapped(b.value); }
};

struct I8 : Plain<std::int8_t, 24> {
  static constexpr std::string_view name = "I8";
};
struct I16 : Plain<std::int16_t, 25> {
  static constexpr std::string_view name = "I16";
};
struct I32 : Plain<std::int32_t, 26> {
  static constexpr std::string_view name = "I32";
};
struct I64 : Plain<std::int64_t, 27> {
  static constexpr std::string_view name = "I64";
};
struct F64 : Plain<double, 28> {
  static constexpr std::string_view name = "F64";
};

}  // namespace lamina::quant
