// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A device played by the host: its memory is the host's, and its kernels are the device's own source, run by
// emulator.hpp. For tests, by name alone.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "lamina/kernels/cuda/emulator.hpp"
#include "lamina/kernels/cuda/gpu.hpp"

namespace lamina::gpu {

class EmulatedQueue : public Queue {
 public:
  explicit EmulatedQueue(Properties properties) : properties_(std::move(properties)) {}

  const Properties& properties() const override { return properties_; }
  void copy(void* to, const void* from, std::size_t n) override {
    run([=] { std::memcpy(to, from, n); });
  }
  void clear(void* p, std::size_t n) override {
    run([=] { std::memset(p, 0, n); });
  }
  void record() override { recording_ = std::make_unique<Noted>(); }
  Expected<std::unique_ptr<Recording>> finish_recording() override { return std::move(recording_); }
  void play(Recording& recording) override {
    for (const auto& work : static_cast<Noted&>(recording).work) work();
  }
  Expected<void> wait() override { return {}; }

  template <class F>
  void run(F work) {
    if (recording_ != nullptr) {
      recording_->work.push_back(std::move(work));
    } else {
      work();
    }
  }

 private:
  struct Noted : Recording {
    std::vector<std::function<void()>> work;
  };
  Properties properties_;
  std::unique_ptr<Noted> recording_;
};

struct EmulatedLauncher {
  static constexpr std::string_view target = "cuda-emulated";

  template <class Kernel>
  static void run(Queue& queue, const Kernel& kernel, std::uint32_t grid_x, std::uint32_t grid_y, unsigned threads,
                  std::size_t shared_bytes) {
    static_cast<EmulatedQueue&>(queue).run([=] { emulate(kernel, grid_x, grid_y, threads, shared_bytes); });
  }
};

// A device with so much memory, in bytes.
std::shared_ptr<Gpu> emulated_gpu(std::size_t memory, std::uint32_t multiprocessors = 2);

}  // namespace lamina::gpu
