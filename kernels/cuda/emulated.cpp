// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/kernels/cuda/emulated.hpp"

#include <cstdlib>
#include <mutex>
#include <unordered_map>

#include "lamina/core/typelist.hpp"
#include "lamina/kernels/cuda/launch.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::gpu {
namespace {

class EmulatedGpu : public Gpu {
 public:
  EmulatedGpu(std::size_t memory, std::uint32_t multiprocessors) {
    properties_.name = "the host, playing a GPU";
    properties_.memory = memory;
    properties_.shared_bytes = 99 << 10;
    properties_.multiprocessors = multiprocessors;
  }

  const Properties& properties() const override { return properties_; }
  const Kernels& kernels() const override { return kernels_of<EmulatedLauncher>(quant::Formats{}); }
  Expected<std::size_t> free_memory() override {
    const std::lock_guard lock(mutex_);
    return properties_.memory - used_;
  }
  Expected<void*> allocate(std::size_t bytes, bool on_host) override {
    const std::lock_guard lock(mutex_);
    const std::size_t padded = (bytes + 255) / 256 * 256;
    if (!on_host && padded > properties_.memory - used_) {
      return fail(ErrorCode::OutOfMemory, "the device has no " + std::to_string(bytes) + " bytes left");
    }
    void* p = std::aligned_alloc(256, padded);
    if (p == nullptr) return fail(ErrorCode::OutOfMemory, "no memory for the emulated device");
    std::memset(p, 0xff, padded);  // NaN: what nobody wrote must not be read
    if (!on_host) used_ += sizes_[p] = padded;
    return p;
  }
  void release(void* p, bool on_host) override {
    const std::lock_guard lock(mutex_);
    if (!on_host) used_ -= sizes_[p], sizes_.erase(p);
    std::free(p);
  }
  Expected<void> upload(void* to, const std::byte* from, std::size_t n) override {
    std::memcpy(to, from, n);
    return {};
  }
  Expected<std::unique_ptr<Queue>> queue() override { return std::make_unique<EmulatedQueue>(properties_); }
  Expected<double> measure_bandwidth() override { return 0.0; }

 private:
  Properties properties_;
  std::mutex mutex_;
  std::size_t used_ = 0;  // bytes
  std::unordered_map<void*, std::size_t> sizes_;
};

}  // namespace

std::shared_ptr<Gpu> emulated_gpu(std::size_t memory, std::uint32_t multiprocessors) {
  return std::make_shared<EmulatedGpu>(memory, multiprocessors);
}

}  // namespace lamina::gpu
