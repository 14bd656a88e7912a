// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// NVIDIA's devices: finding them, their memory, and uploads through pinned memory.
#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

#include "lamina/core/typelist.hpp"
#include "lamina/kernels/cuda/cuda_driver.hpp"
#include "lamina/kernels/cuda/cuda_launcher.hpp"
#include "lamina/kernels/cuda/launch.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::gpu {
namespace {

// Two pieces of pinned memory: one is filled from the file while the other is on its way.
class Staging {
 public:
  static constexpr std::size_t piece = std::size_t{16} << 20;  // bytes

  cudaError_t make() {
    cudaError_t code = cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
    for (Half& half : halves_) {
      if (code == cudaSuccess) code = cudaMallocHost(&half.memory, piece);
      if (code == cudaSuccess) code = cudaEventCreateWithFlags(&half.free, cudaEventDisableTiming);
    }
    return code;
  }
  void release() {
    for (Half& half : halves_) {
      if (half.free != nullptr) cudaEventDestroy(half.free);
      if (half.memory != nullptr) cudaFreeHost(half.memory);
      half = {};
    }
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
    stream_ = nullptr;
  }
  bool made() const { return stream_ != nullptr && halves_.back().free != nullptr; }

  cudaError_t copy(std::byte* to, const std::byte* from, std::size_t n) {
    cudaError_t code = cudaSuccess;
    for (std::size_t done = 0; done < n && code == cudaSuccess; done += piece) {
      Half& half = halves_[done / piece % 2];
      const std::size_t part = std::min(piece, n - done);
      code = cudaEventSynchronize(half.free);  // an event that was never recorded is done
      if (code != cudaSuccess) break;
      std::memcpy(half.memory, from + done, part);
      code = cudaMemcpyAsync(to + done, half.memory, part, cudaMemcpyHostToDevice, stream_);
      if (code == cudaSuccess) code = cudaEventRecord(half.free, stream_);
    }
    const cudaError_t end = cudaStreamSynchronize(stream_);
    return code != cudaSuccess ? code : end;
  }

 private:
  struct Half {
    void* memory = nullptr;
    cudaEvent_t free = nullptr;
  };
  std::array<Half, 2> halves_;
  cudaStream_t stream_ = nullptr;
};

class CudaGpu : public Gpu {
 public:
  explicit CudaGpu(int device) : device_(device) {}
  ~CudaGpu() override {
    cudaSetDevice(device_);
    staging_.release();
  }

  Expected<void> read_properties() {
    cudaDeviceProp p{};
    if (const cudaError_t code = cudaGetDeviceProperties(&p, device_); code != cudaSuccess) {
      return fail(device_error(code, "device properties"));
    }
    if (p.major < 8) {
      return fail(Error(ErrorCode::TargetUnavailable, std::string(p.name) + " is older than what Lamina is built for")
                      .about("device")
                      .wanted("compute capability 8.0 or newer")
                      .found(std::to_string(p.major) + "." + std::to_string(p.minor)));
    }
    properties_.name = p.name;
    properties_.memory = p.totalGlobalMem;
    properties_.shared_bytes = p.sharedMemPerBlockOptin;
    properties_.multiprocessors = static_cast<std::uint32_t>(p.multiProcessorCount);
    int clock = 0, width = 0;  // kHz, bits
    if (cudaDeviceGetAttribute(&clock, cudaDevAttrMemoryClockRate, device_) == cudaSuccess &&
        cudaDeviceGetAttribute(&width, cudaDevAttrGlobalMemoryBusWidth, device_) == cudaSuccess) {
      properties_.bandwidth = 2.0 * 1e3 * clock * width / 8;
    }
    return {};
  }

  const Properties& properties() const override { return properties_; }
  const Kernels& kernels() const override { return kernels_of<CudaLauncher>(quant::Formats{}); }
  Expected<std::size_t> free_memory() override {
    std::size_t free = 0, total = 0;
    cudaError_t code = cudaSetDevice(device_);
    if (code == cudaSuccess) code = cudaMemGetInfo(&free, &total);
    if (code != cudaSuccess) return fail(device_error(code, "free memory"));
    return free;
  }
  Expected<void*> allocate(std::size_t bytes, bool on_host) override {
    void* p = nullptr;
    cudaError_t code = cudaSetDevice(device_);
    if (code == cudaSuccess) code = on_host ? cudaMallocHost(&p, bytes) : cudaMalloc(&p, bytes);
    if (code == cudaSuccess) return p;
    cudaGetLastError();  // a failed allocation is not an error of later launches
    return fail(device_error(code, "allocating " + std::to_string(bytes) + " bytes"));
  }
  void release(void* p, bool on_host) override {
    cudaSetDevice(device_);
    if (on_host) {
      cudaFreeHost(p);
    } else {
      cudaFree(p);
    }
  }
  Expected<void> upload(void* to, const std::byte* from, std::size_t n) override {
    const std::lock_guard lock(mutex_);
    cudaError_t code = cudaSetDevice(device_);
    if (code == cudaSuccess && !staging_.made()) {
      code = staging_.make();
      if (code != cudaSuccess) staging_.release();
    }
    if (code == cudaSuccess) code = staging_.copy(static_cast<std::byte*>(to), from, n);
    if (code != cudaSuccess) return fail(device_error(code, "uploading weights"));
    return {};
  }
  Expected<std::unique_ptr<Queue>> queue() override {
    cudaStream_t stream = nullptr;
    cudaError_t code = cudaSetDevice(device_);
    if (code == cudaSuccess) code = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    if (code != cudaSuccess) return fail(device_error(code, "making a stream"));
    return std::make_unique<CudaQueue>(properties_, device_, stream);
  }

  Expected<double> measure_bandwidth() override {
    constexpr std::size_t size = std::size_t{256} << 20;  // bytes, far more than caches hold
    constexpr int copies = 8;
    auto memory = allocate(2 * size, false);
    if (!memory) return fail(std::move(memory.error()));
    auto* const from = static_cast<std::byte*>(*memory);
    cudaEvent_t begin = nullptr, end = nullptr;
    float milliseconds = 0;
    cudaError_t code = cudaEventCreate(&begin);
    if (code == cudaSuccess) code = cudaEventCreate(&end);
    for (int i = -1; i < copies && code == cudaSuccess; ++i) {  // the first warms up
      if (i == 0) code = cudaEventRecord(begin);
      if (code == cudaSuccess) code = cudaMemcpyAsync(from + size, from, size, cudaMemcpyDeviceToDevice);
    }
    if (code == cudaSuccess) code = cudaEventRecord(end);
    if (code == cudaSuccess) code = cudaEventSynchronize(end);
    if (code == cudaSuccess) code = cudaEventElapsedTime(&milliseconds, begin, end);
    if (begin != nullptr) cudaEventDestroy(begin);
    if (end != nullptr) cudaEventDestroy(end);
    release(*memory, false);
    if (code != cudaSuccess) return fail(device_error(code, "measuring bandwidth"));
    return 2.0 * size * copies / (static_cast<double>(milliseconds) * 1e-3);
  }

 private:
  int device_;
  Properties properties_;
  std::mutex mutex_;
  Staging staging_;
};

Expected<std::shared_ptr<Gpu>> open(std::size_t index) {
  int count = 0;
  if (const cudaError_t code = cudaGetDeviceCount(&count); code != cudaSuccess || count == 0) {
    const char* why = code == cudaSuccess ? "the driver lists none" : cudaGetErrorString(code);
    return fail(
        Error(ErrorCode::TargetUnavailable, std::string("no CUDA device: ") + why).about("target").found("cuda"));
  }
  if (index >= static_cast<std::size_t>(count)) {
    return fail(Error(ErrorCode::TargetUnavailable, "no CUDA device of that number")
                    .about("device")
                    .wanted("0 to " + std::to_string(count - 1))
                    .found(std::to_string(index)));
  }
  auto gpu = std::make_shared<CudaGpu>(static_cast<int>(index));
  if (auto ok = gpu->read_properties(); !ok) return fail(std::move(ok.error()));
  return gpu;
}

}  // namespace

const Driver& cuda_driver() {
  static const Driver driver = {CudaLauncher::target,
                                [](std::size_t index) { return guarded([&] { return open(index); }); }};
  return driver;
}

}  // namespace lamina::gpu
