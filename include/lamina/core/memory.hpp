// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Aligned, zeroed memory whose failure is a value. Large buffers come straight from the kernel: zeroed lazily, on huge
// pages where it has them, so that what is never touched costs nothing.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"

namespace lamina {

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t alignment = 64;                      // bytes
  static constexpr std::size_t mapped_from = std::size_t{1} << 20;  // bytes; buffers this large are mapped
  static constexpr std::size_t huge_page = std::size_t{2} << 20;    // bytes; mapped buffers start at a multiple

  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    if (this != &other) {
      release();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~AlignedBuffer() { release(); }

  // n elements, all zero. Errors: OutOfMemory.
  static Expected<AlignedBuffer> make(std::size_t n) {
    AlignedBuffer out;
    if (n == 0) return out;
    const auto bytes = checked_mul(n, sizeof(T));
    const auto rounded = bytes ? checked_round_up(*bytes, alignment) : std::nullopt;
    if (!rounded) return fail(too_large(n));
    void* memory = nullptr;
    if (*bytes >= mapped_from) {
      const auto whole_pages = checked_round_up(*bytes, huge_page);
      memory = whole_pages ? map_aligned(*whole_pages) : nullptr;
      if (memory == nullptr) return fail(too_large(n));
    } else {
      memory = std::aligned_alloc(alignment, *rounded);
      if (memory == nullptr) return fail(too_large(n));
      std::memset(memory, 0, *rounded);
    }
    out.data_ = static_cast<T*>(memory);
    out.size_ = n;
    return out;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  static Error too_large(std::size_t n) {
    return Error(ErrorCode::OutOfMemory,
                 "cannot allocate " + std::to_string(n) + " elements of " + std::to_string(sizeof(T)) + " bytes");
  }

  // `bytes`, a multiple of huge_page, mapped at a multiple of it: what lies before and after in a larger mapping goes
  // back. Null when there is no room.
  static void* map_aligned(std::size_t bytes) {
    const auto with_slack = checked_add(bytes, huge_page);
    if (!with_slack) return nullptr;
    void* mapping = mmap(nullptr, *with_slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return nullptr;
    char* const start = static_cast<char*>(mapping);
    const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(mapping) % huge_page) % huge_page;
    if (before > 0) munmap(start, before);
    munmap(start + before + bytes, huge_page - before);  // never empty: before < huge_page
    madvise(start + before, bytes, MADV_HUGEPAGE);       // a hint; refused on systems without huge pages
    return start + before;
  }

  void release() {
    if (data_ == nullptr) return;
    const std::size_t bytes = size_ * sizeof(T);
    if (bytes >= mapped_from) {
      munmap(data_, round_up(bytes, huge_page));
    } else {
      std::free(data_);
    }
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lamina
