// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs kernels on the host: blocks one after the other, and in each region all threads of a block. Shared memory starts
// as NaN, and threads run in either direction, so that tests see a kernel that reads what nobody wrote, or whose
// threads depend on each other inside a region.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lamina/kernels/cuda/context.hpp"

namespace lamina::gpu {

// For tests: the last thread of a block runs first.
inline std::atomic<bool> emulate_backwards{false};

class EmulatedContext {
 public:
  template <class T>
  struct PerThread {
    T value[std::size_t{max_threads}];
    T& operator[](unsigned t) { return value[t]; }
  };

  EmulatedContext(unsigned block_x, unsigned block_y, unsigned grid_x, unsigned threads, std::byte* shared)
      : block_x_(block_x), block_y_(block_y), grid_x_(grid_x), threads_(threads), shared_(shared) {}

  unsigned threads() const { return threads_; }
  unsigned block_x() const { return block_x_; }
  unsigned block_y() const { return block_y_; }
  unsigned grid_x() const { return grid_x_; }
  std::byte* shared() const { return shared_; }

  template <class F>
  void each(F&& f) {
    if (backwards_) {
      for (unsigned t = threads_; t-- > 0;) f(t);
    } else {
      for (unsigned t = 0; t < threads_; ++t) f(t);
    }
  }
  template <class F>
  void each_in_warp(F&& f) {
    each(f);
  }
  void sync() {}

  template <unsigned Width, class T>
  void sum(PerThread<T>& v) {
    reduce<Width>(v, [](T a, T b) { return a + b; });
  }
  template <unsigned Width>
  void max_bits(PerThread<std::uint32_t>& v) {
    reduce<Width>(v, [](std::uint32_t a, std::uint32_t b) { return b > a ? b : a; });
  }
  template <unsigned Width>
  void max_float(PerThread<float>& v) {
    reduce<Width>(v, [](float a, float b) { return larger(b, a); });
  }
  template <class F>
  void mma(F&& f) {
    using Operands = decltype(f(0u));
    for (unsigned first = 0; first < threads_; first += warp_size) {
      Operands operands[std::size_t{warp_size}];
      for (unsigned lane = 0; lane < warp_size; ++lane) operands[lane] = f(first + lane);
      emulate_multiply_add(operands);
    }
  }

 private:
  // As a butterfly of shuffles does it: f(own, other) with the partners 16, 8, 4, 2 and 1 away.
  template <unsigned Width, class T, class F>
  void reduce(PerThread<T>& v, F&& f) {
    for (unsigned step = Width / 2; step > 0; step /= 2) {
      T old[std::size_t{max_threads}];
      for (unsigned t = 0; t < threads_; ++t) old[t] = v.value[t];
      for (unsigned t = 0; t < threads_; ++t) v.value[t] = f(old[t], old[t ^ step]);
    }
  }

  unsigned block_x_, block_y_, grid_x_, threads_;
  std::byte* shared_;
  bool backwards_ = emulate_backwards.load(std::memory_order_relaxed);
};

// All blocks of a grid.
template <class Kernel>
void emulate(const Kernel& kernel, unsigned grid_x, unsigned grid_y, unsigned threads, std::size_t shared_bytes) {
  std::vector<std::uint32_t> shared(shared_bytes / 4 + 1);
  for (unsigned y = 0; y < grid_y; ++y) {
    for (unsigned x = 0; x < grid_x; ++x) {
      for (std::uint32_t& word : shared) word = 0xffc00001u;  // NaN
      EmulatedContext context(x, y, grid_x, threads, reinterpret_cast<std::byte*>(shared.data()));
      kernel(context);
    }
  }
}

}  // namespace lamina::gpu
