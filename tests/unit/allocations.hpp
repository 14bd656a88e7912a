// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Watches what this thread allocates with operator new, or makes one allocation fail.
#pragma once

#include <cstddef>
#include <utility>

namespace lamina::test {

// The most bytes that were allocated at one time while f ran, above what was allocated before.
template <class F>
std::size_t peak_of(F&& f);

// Runs f, in which allocation number n (from 0) throws std::bad_alloc, and all that follow do not. True when f got as
// far as that allocation.
template <class F>
bool with_failure(std::size_t n, F&& f);

namespace detail {

struct Allocations {
  bool watched = false, failed = false;
  std::ptrdiff_t live = 0, peak = 0;  // bytes
  std::ptrdiff_t until_failure = -1;  // allocations; negative: none fails
};

Allocations& allocations();  // of this thread

}  // namespace detail

template <class F>
std::size_t peak_of(F&& f) {
  detail::allocations() = {.watched = true};
  std::forward<F>(f)();
  return static_cast<std::size_t>(std::exchange(detail::allocations(), {}).peak);
}

template <class F>
bool with_failure(std::size_t n, F&& f) {
  detail::allocations() = {.watched = true, .until_failure = static_cast<std::ptrdiff_t>(n)};
  std::forward<F>(f)();
  return std::exchange(detail::allocations(), {}).failed;
}

}  // namespace lamina::test
