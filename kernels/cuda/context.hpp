// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a kernel runs in. A kernel is written once, as regions that every thread of a block runs, and is compiled twice:
// by nvcc, where a region is the thread's own code, and by the host's compiler, where it is a loop over all threads
// (emulator.hpp). Both contexts have
//   PerThread<T>          a value of each thread that lives from region to region: a register, or an array
//   each(f)               f(thread) for all threads; then a barrier of the block
//   each_in_warp(f)       the same, but what follows may only read what its own warp wrote
//   sync()                a barrier by itself
//   sum<Width>(v)         v becomes its sum over each Width neighbouring threads, in the same order in both contexts
//   max_bits<Width>(v)    the same for the largest of unsigned integers
//   max_float<Width>(v)   the same for floats; NaN wins
//   mma(f)                the tensor core product of each warp; f(thread) says with which operands (mma.hpp)
//   block_x() block_y() grid_x() threads() shared()
// Control flow outside regions must be the same for all threads of a block.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#define LAMINA_DEVICE __device__ __forceinline__
#else
#define LAMINA_DEVICE inline
#endif

namespace lamina::gpu {

inline constexpr unsigned warp_size = 32;
inline constexpr unsigned max_threads = 256;  // of a block

// NaN wins.
LAMINA_DEVICE float larger(float a, float b) { return a > b || a != a ? a : b; }

#ifdef __CUDACC__
class DeviceContext {
 public:
  template <class T>
  struct PerThread {
    T value;
    LAMINA_DEVICE T& operator[](unsigned) { return value; }
  };

  LAMINA_DEVICE explicit DeviceContext(std::byte* shared) : shared_(shared) {}

  LAMINA_DEVICE unsigned threads() const { return blockDim.x; }
  LAMINA_DEVICE unsigned block_x() const { return blockIdx.x; }
  LAMINA_DEVICE unsigned block_y() const { return blockIdx.y; }
  LAMINA_DEVICE unsigned grid_x() const { return gridDim.x; }
  LAMINA_DEVICE std::byte* shared() const { return shared_; }

  template <class F>
  LAMINA_DEVICE void each(F&& f) {
    f(threadIdx.x);
    __syncthreads();
  }
  template <class F>
  LAMINA_DEVICE void each_in_warp(F&& f) {
    f(threadIdx.x);
    __syncwarp();
  }
  LAMINA_DEVICE void sync() { __syncthreads(); }

  template <unsigned Width, class T>
  LAMINA_DEVICE void sum(PerThread<T>& v) {
#pragma unroll
    for (unsigned step = Width / 2; step > 0; step /= 2) v.value += __shfl_xor_sync(~0u, v.value, step);
  }
  template <unsigned Width>
  LAMINA_DEVICE void max_bits(PerThread<std::uint32_t>& v) {
#pragma unroll
    for (unsigned step = Width / 2; step > 0; step /= 2) {
      const std::uint32_t other = __shfl_xor_sync(~0u, v.value, step);
      v.value = other > v.value ? other : v.value;
    }
  }
  template <unsigned Width>
  LAMINA_DEVICE void max_float(PerThread<float>& v) {
#pragma unroll
    for (unsigned step = Width / 2; step > 0; step /= 2) {
      v.value = larger(__shfl_xor_sync(~0u, v.value, step), v.value);
    }
  }
  template <class F>
  LAMINA_DEVICE void mma(F&& f) {
    multiply_add(f(threadIdx.x));
  }

 private:
  std::byte* shared_;
};
#endif

// The sum over the whole block, for all threads; scratch: one float per warp.
template <class Ctx>
LAMINA_DEVICE float block_sum(Ctx& ctx, typename Ctx::template PerThread<float>& v, float* scratch) {
  ctx.template sum<warp_size>(v);
  ctx.each([&](unsigned t) {
    if (t % warp_size == 0) scratch[t / warp_size] = v[t];
  });
  float total = 0;
  for (unsigned w = 0; w < ctx.threads() / warp_size; ++w) total += scratch[w];
  ctx.sync();  // before the scratch is used again
  return total;
}

}  // namespace lamina::gpu
