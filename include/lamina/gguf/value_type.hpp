// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The thirteen types of GGUF metadata values (numbering: ggml's docs/gguf.md) and how they map to C++ types.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace lamina::gguf {

enum class ValueType : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

inline constexpr std::uint32_t n_value_types = 13;

// The names the specification uses.
constexpr std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::U8: return "uint8";
    case ValueType::I8: return "int8";
    case ValueType::U16: return "uint16";
    case ValueType::I16: return "int16";
    case ValueType::U32: return "uint32";
    case ValueType::I32: return "int32";
    case ValueType::F32: return "float32";
    case ValueType::Bool: return "bool";
    case ValueType::String: return "string";
    case ValueType::Array: return "array";
    case ValueType::U64: return "uint64";
    case ValueType::I64: return "int64";
    case ValueType::F64: return "float64";
  }
  return "unknown";
}

// Calls f(T{}) with the C++ type of a scalar; false for strings and arrays.
template <class F>
constexpr bool with_scalar(ValueType type, F&& f) {
  switch (type) {
    case ValueType::U8: f(std::uint8_t{}); return true;
    case ValueType::I8: f(std::int8_t{}); return true;
    case ValueType::U16: f(std::uint16_t{}); return true;
    case ValueType::I16: f(std::int16_t{}); return true;
    case ValueType::U32: f(std::uint32_t{}); return true;
    case ValueType::I32: f(std::int32_t{}); return true;
    case ValueType::F32: f(float{}); return true;
    case ValueType::Bool: f(bool{}); return true;
    case ValueType::U64: f(std::uint64_t{}); return true;
    case ValueType::I64: f(std::int64_t{}); return true;
    case ValueType::F64: f(double{}); return true;
    case ValueType::String:
    case ValueType::Array: return false;
  }
  return false;
}

// Bytes of a scalar; 0 for strings and arrays.
constexpr std::uint32_t scalar_bytes(ValueType type) {
  std::uint32_t bytes = 0;
  with_scalar(type, [&]<class T>(T) { bytes = std::is_same_v<T, bool> ? 1 : std::uint32_t{sizeof(T)}; });
  return bytes;
}

// The GGUF type that holds a C++ scalar.
template <class T>
constexpr ValueType value_type_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return ValueType::Bool;
  } else if constexpr (std::floating_point<T>) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    return sizeof(T) == 4 ? ValueType::F32 : ValueType::F64;
  } else {
    static_assert(std::integral<T>);
    constexpr bool is_signed = std::is_signed_v<T>;
    switch (sizeof(T)) {
      case 1: return is_signed ? ValueType::I8 : ValueType::U8;
      case 2: return is_signed ? ValueType::I16 : ValueType::U16;
      case 4: return is_signed ? ValueType::I32 : ValueType::U32;
      default: return is_signed ? ValueType::I64 : ValueType::U64;
    }
  }
}

// A scalar as a T, or empty when it does not fit. Integers and booleans become floating point (rounded), never the
// other way round; an integer becomes a boolean when it is 0 or 1.
template <class T, class From>
constexpr std::optional<T> scalar_to(From value) {
  if constexpr (std::is_same_v<T, From>) {
    return value;
  } else if constexpr (std::is_same_v<From, bool>) {
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    if constexpr (std::integral<From>) {
      if (value == 0 || value == 1) return value == 1;
    }
    return std::nullopt;
  } else if constexpr (std::floating_point<T>) {
    if constexpr (std::floating_point<From>) {
      const bool fits = !std::isfinite(value) || sizeof(T) >= sizeof(From) ||
                        std::fabs(value) <= static_cast<From>(std::numeric_limits<T>::max());
      if (!fits) return std::nullopt;
    }
    return static_cast<T>(value);
  } else {
    if constexpr (std::integral<From>) {
      if (std::in_range<T>(value)) return static_cast<T>(value);
    }
    return std::nullopt;
  }
}

}  // namespace lamina::gguf
