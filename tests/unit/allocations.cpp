// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The operator new of this test program: malloc, watched. Sanitizers see malloc as before.
#include "allocations.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace lamina::test::detail {

Allocations& allocations() {
  thread_local Allocations mine;
  return mine;
}

}  // namespace lamina::test::detail

void* operator new(std::size_t n_bytes) {
  auto& mine = lamina::test::detail::allocations();
  if (mine.watched && mine.until_failure-- == 0) {
    mine.failed = true;
    throw std::bad_alloc();
  }
  void* memory = std::malloc(std::max<std::size_t>(n_bytes, 1));
  if (memory == nullptr) throw std::bad_alloc();
  if (mine.watched) {
    mine.live += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
    mine.peak = std::max(mine.peak, mine.live);
  }
  return memory;
}

// Sanitizers have one of their own, whose memory the delete below must not see.
void* operator new(std::size_t n_bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(n_bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void operator delete(void* memory) noexcept {
  auto& mine = lamina::test::detail::allocations();
  if (mine.watched && memory != nullptr) mine.live -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { operator delete(memory); }
