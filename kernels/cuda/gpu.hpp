// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A device as the run-time sees it: memory, queues of work, and the kernels. No CUDA header is needed to use one. Two
// implementations: NVIDIA's (cuda.cu), and the host playing a device (emulated.cpp), for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/core/error.hpp"
#include "lamina/kernels/cuda/args.hpp"

namespace lamina::gpu {

struct Properties {
  std::string name;              // "NVIDIA H100 80GB HBM3"
  std::size_t memory = 0;        // bytes
  std::size_t shared_bytes = 0;  // that a block may use
  std::uint32_t multiprocessors = 0;
  double bandwidth = 0;  // bytes per second, by the device's own account; 0: unknown
};

// Launches that were recorded, to be played again.
class Recording {
 public:
  virtual ~Recording() = default;
};

// Work in order. Failures are kept until wait(), so that a launch costs no check.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual const Properties& properties() const = 0;
  // Between device and host, any direction. Host memory must come from Gpu::allocate to be copied while others work.
  virtual void copy(void* to, const void* from, std::size_t n) = 0;
  virtual void clear(void* p, std::size_t n) = 0;  // to zeros
  // From record() to finish_recording() work is noted instead of done.
  virtual void record() = 0;
  virtual Expected<std::unique_ptr<Recording>> finish_recording() = 0;
  virtual void play(Recording& recording) = 0;
  // Until all is done. Errors: DeviceError, the first since the last wait.
  virtual Expected<void> wait() = 0;
};

struct FormatKernels {
  std::uint32_t type_id = 0;  // GGUF's
  std::string_view name;
  std::string_view kernel;          // what plans show: "dp4a 2x8 bit", "fma"
  std::string_view prefill_kernel;  // "mma bf16"; empty: the same kernel
  void (*matvec)(Queue&, const MatvecArgs&) = nullptr;
  void (*gate_up)(Queue&, const GateUpArgs&) = nullptr;
  void (*gemm)(Queue&, const GemmArgs&) = nullptr;
  bool split = false;  // gemm wants both parts of packed rows, unless the session asked for eight bits
  void (*embed)(Queue&, const EmbedArgs&) = nullptr;
  std::size_t (*shared_bytes)(std::uint32_t k) = nullptr;  // of the smallest kernel for rows of k values
};

struct Kernels {
  std::string_view target;  // "cuda", "cuda-emulated"
  std::span<const FormatKernels> formats;
  void (*norm_rows)(Queue&, const RowsArgs&) = nullptr;
  void (*pack)(Queue&, const PackArgs&) = nullptr;
  void (*gate)(Queue&, const GateArgs&) = nullptr;
  void (*choose)(Queue&, const ChooseArgs&) = nullptr;
  void (*combine)(Queue&, const CombineArgs&) = nullptr;
  void (*heads)(Queue&, const HeadsArgs&) = nullptr;
  void (*attend)(Queue&, const AttendArgs&) = nullptr;        // with the merge of its parts
  std::size_t (*attend_shared)(const AttendArgs&) = nullptr;  // bytes a block needs

  const FormatKernels* find(std::uint32_t type_id) const {
    for (const FormatKernels& f : formats) {
      if (f.type_id == type_id) return &f;
    }
    return nullptr;
  }
};

// Safe for use by several threads at once.
class Gpu {
 public:
  virtual ~Gpu() = default;
  virtual const Properties& properties() const = 0;
  virtual const Kernels& kernels() const = 0;
  // Errors: DeviceError.
  virtual Expected<std::size_t> free_memory() = 0;  // bytes
  // Device memory, or host memory that a queue copies without waiting. Errors: OutOfMemory.
  virtual Expected<void*> allocate(std::size_t bytes, bool on_host) = 0;
  virtual void release(void* p, bool on_host) = 0;
  // Host memory of any kind to the device, by way of a staging buffer; returns when it is there. Errors: DeviceError.
  virtual Expected<void> upload(void* to, const std::byte* from, std::size_t n) = 0;
  virtual Expected<std::unique_ptr<Queue>> queue() = 0;
  // Bytes per second that a copy inside the device reads and writes; 0: there is no device. Errors: OutOfMemory,
  // DeviceError.
  virtual Expected<double> measure_bandwidth() = 0;
};

// A driver: how devices are found.
struct Driver {
  std::string_view target;  // "cuda"
  // Errors: TargetUnavailable where there is no such device.
  Expected<std::shared_ptr<Gpu>> (*open)(std::size_t index) = nullptr;
};

// Memory of a device that goes back with its owner.
class Memory {
 public:
  Memory() = default;
  Memory(Memory&& other) noexcept
      : gpu_(std::move(other.gpu_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(other.size_),
        on_host_(other.on_host_) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(gpu_, other.gpu_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(on_host_, other.on_host_);
    return *this;
  }
  ~Memory() {
    if (data_ != nullptr) gpu_->release(data_, on_host_);
  }

  static Expected<Memory> make(const std::shared_ptr<Gpu>& gpu, std::size_t bytes, bool on_host = false) {
    Memory out;
    if (bytes == 0) return out;
    auto data = gpu->allocate(bytes, on_host);
    if (!data) return fail(std::move(data.error()));
    out.gpu_ = gpu;
    out.data_ = static_cast<std::byte*>(*data);
    out.size_ = bytes;
    out.on_host_ = on_host;
    return out;
  }

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::shared_ptr<Gpu> gpu_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool on_host_ = false;
};

}  // namespace lamina::gpu
