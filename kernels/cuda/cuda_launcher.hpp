// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Queues and launches on NVIDIA's devices: a stream, and one __global__ function for all kernels.
#pragma once

#include <cuda_runtime.h>

#include <memory>
#include <string>
#include <string_view>

#include "lamina/kernels/cuda/context.hpp"
#include "lamina/kernels/cuda/gpu.hpp"

namespace lamina::gpu {

inline Error device_error(cudaError_t code, std::string_view doing) {
  const ErrorCode kind = code == cudaErrorMemoryAllocation ? ErrorCode::OutOfMemory : ErrorCode::DeviceError;
  return Error(kind, std::string(cudaGetErrorName(code)) + ": " + cudaGetErrorString(code)).about(doing);
}

class CudaRecording : public Recording {
 public:
  explicit CudaRecording(cudaGraphExec_t graph) : graph_(graph) {}
  CudaRecording(const CudaRecording&) = delete;
  CudaRecording& operator=(const CudaRecording&) = delete;
  ~CudaRecording() override { cudaGraphExecDestroy(graph_); }

  cudaGraphExec_t graph() const { return graph_; }

 private:
  cudaGraphExec_t graph_;
};

class CudaQueue : public Queue {
 public:
  CudaQueue(const Properties& properties, int device, cudaStream_t stream)
      : properties_(properties), device_(device), stream_(stream) {}
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;
  ~CudaQueue() override {
    cudaSetDevice(device_);
    cudaStreamSynchronize(stream_);
    cudaStreamDestroy(stream_);
  }

  const Properties& properties() const override { return properties_; }
  void copy(void* to, const void* from, std::size_t n) override {
    use();
    check(cudaMemcpyAsync(to, from, n, cudaMemcpyDefault, stream_), "copy");
  }
  void clear(void* p, std::size_t n) override {
    use();
    check(cudaMemsetAsync(p, 0, n, stream_), "clear");
  }
  void record() override {
    use();
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "record");
  }
  Expected<std::unique_ptr<Recording>> finish_recording() override {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    cudaError_t code = cudaStreamEndCapture(stream_, &graph);
    if (code == cudaSuccess) code = cudaGraphInstantiate(&executable, graph, 0);
    if (graph != nullptr) cudaGraphDestroy(graph);
    if (code != cudaSuccess) return fail(device_error(code, "recording a step"));
    return std::make_unique<CudaRecording>(executable);
  }
  void play(Recording& recording) override {
    use();
    check(cudaGraphLaunch(static_cast<CudaRecording&>(recording).graph(), stream_), "play");
  }
  Expected<void> wait() override {
    use();
    check(cudaStreamSynchronize(stream_), "wait");
    if (first_ == cudaSuccess) return {};
    const cudaError_t code = first_;
    first_ = cudaSuccess;
    return fail(device_error(code, doing_));
  }

  void use() { check(cudaSetDevice(device_), "choose the device"); }
  void check(cudaError_t code, const char* doing) {
    if (code == cudaSuccess || first_ != cudaSuccess) return;
    first_ = code;
    doing_ = doing;
  }
  cudaStream_t stream() const { return stream_; }

 private:
  const Properties& properties_;
  int device_;
  cudaStream_t stream_;
  cudaError_t first_ = cudaSuccess;  // since the last wait
  const char* doing_ = "";
};

// Threads of a kernel's blocks: what it says, or the most there are.
template <class Kernel>
constexpr unsigned threads_of() {
  if constexpr (requires { Kernel::threads; }) {
    return Kernel::threads;
  } else {
    return max_threads;
  }
}

// Two blocks fit a multiprocessor: at most 128 registers for each of 256 threads.
template <class Kernel>
__global__ void __launch_bounds__(threads_of<Kernel>(), 2) run_kernel(const __grid_constant__ Kernel kernel) {
  extern __shared__ __align__(16) std::byte shared[];
  DeviceContext context(shared);
  kernel(context);
}

struct CudaLauncher {
  static constexpr std::string_view target = "cuda";

  template <class Kernel>
  static void run(Queue& queue, const Kernel& kernel, std::uint32_t grid_x, std::uint32_t grid_y, unsigned threads,
                  std::size_t shared_bytes) {
    auto& q = static_cast<CudaQueue&>(queue);
    q.use();
    constexpr std::size_t without_asking = 48 << 10;
    if (shared_bytes > without_asking) {
      q.check(cudaFuncSetAttribute(run_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(shared_bytes)),
              "shared memory");
    }
    run_kernel<Kernel><<<dim3(grid_x, grid_y), threads, shared_bytes, q.stream()>>>(kernel);
    q.check(cudaGetLastError(), "launch");
  }
};

}  // namespace lamina::gpu
