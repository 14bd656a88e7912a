// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic on sizes that come from files or callers: a result that does not fit is empty, never wrapped.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>

namespace lamina {

template <std::unsigned_integral T>
constexpr std::optional<T> checked_add(T a, T b) {
  if (b > std::numeric_limits<T>::max() - a) return std::nullopt;
  return static_cast<T>(a + b);
}

template <std::unsigned_integral T>
constexpr std::optional<T> checked_mul(T a, T b) {
  if (a != 0 && b > std::numeric_limits<T>::max() / a) return std::nullopt;
  return static_cast<T>(a * b);
}

// The product of any number of factors, empty when it does not fit.
template <std::unsigned_integral T, std::same_as<T>... Rest>
constexpr std::optional<T> checked_product(T first, Rest... rest) {
  std::optional<T> product = first;
  ((product = product ? checked_mul(*product, rest) : std::nullopt), ...);
  return product;
}

// n rounded up to a multiple of `unit` (> 0).
template <std::unsigned_integral T>
constexpr std::optional<T> checked_round_up(T n, T unit) {
  const T rest = n % unit;
  return rest == 0 ? std::optional<T>(n) : checked_add<T>(n, unit - rest);
}

constexpr std::size_t ceil_div(std::size_t n, std::size_t unit) { return n / unit + (n % unit != 0); }
constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return ceil_div(n, unit) * unit; }

}  // namespace lamina
