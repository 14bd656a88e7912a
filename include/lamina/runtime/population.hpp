// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The weights of a mapped file brought into this process's page tables by several threads. One thread has some 10 µs of
// work for every 64 KiB where the page cache holds single pages; a first token would do that fault by fault.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/runtime/plan.hpp"

namespace lamina::runtime {

class Population {
 public:
  // Of what the plan's steps multiply: of tables a token reads one row. Keeps references to both.
  Population(const gguf::File& file, const Plan& plan) : file_(file), plan_(plan) {}
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;
  // Leaves pages that are not done as they are.
  ~Population() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& t : threads_) t.join();
  }

  // Whether weights are used where a file is mapped, and the machine has memory for all of them.
  bool fits() const {
    const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
    const auto page = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
    return file_.mapped() && file_.byte_order() == std::endian::native && file_.size() <= pages * page;
  }

  // n_threads counts whoever calls finish(); 0: one per core. Where the system gives no thread, fewer do the work.
  void start(std::size_t n_threads) {
    list_chunks();
    started_ = true;
    if (n_threads == 0) n_threads = std::max(1u, std::thread::hardware_concurrency());
    n_threads = std::min(n_threads, std::max<std::size_t>(chunks_.size(), 1));
    threads_.reserve(n_threads - 1);
    try {
      while (threads_.size() + 1 < n_threads) threads_.emplace_back([this] { work([] { return Expected<void>(); }); });
    } catch (const std::system_error&) {
    }
  }
  bool started() const { return started_; }

  // Helps until all is done. report(fraction) gives an Expected<void> whose error ends the work; it is called on this
  // thread. Errors: its own, FileChanged, IoError.
  template <class Report>
  Expected<void> finish(Report&& report) {
    const auto n = static_cast<double>(std::max<std::size_t>(chunks_.size(), 1));
    work([&] { return report(static_cast<double>(done_.load(std::memory_order_relaxed)) / n); });
    for (std::thread& t : threads_) t.join();
    threads_.clear();
    if (error_) return fail(std::move(*error_));
    return {};
  }

 private:
  static constexpr std::uint64_t chunk_bytes = std::uint64_t{4} << 20;

  struct Chunk {
    const gguf::TensorInfo* tensor;
    std::uint64_t begin;  // bytes
  };

  void list_chunks() {
    for (const Step& step : plan_.steps()) {
      for (const TensorUse& use : step.info.tensors) {
        const gguf::TensorInfo* tensor = use.multiplied ? file_.find(use.name) : nullptr;
        if (tensor == nullptr) continue;
        for (std::uint64_t at = 0; at < tensor->n_bytes; at += chunk_bytes) chunks_.push_back({tensor, at});
      }
    }
  }

  // Takes chunks until there are none, or somebody failed.
  template <class AfterEach>
  void work(AfterEach&& after_each) {
    while (!stop_.load(std::memory_order_relaxed)) {
      const std::size_t i = next_.fetch_add(1, std::memory_order_relaxed);
      if (i >= chunks_.size()) return;
      auto ok = file_.populate(*chunks_[i].tensor, chunks_[i].begin, chunk_bytes);
      if (ok) {
        done_.fetch_add(1, std::memory_order_relaxed);
        ok = after_each();
      }
      if (ok) continue;
      stop_.store(true, std::memory_order_relaxed);
      const std::scoped_lock lock(error_mutex_);
      if (!error_) error_ = std::move(ok.error());
    }
  }

  const gguf::File& file_;
  const Plan& plan_;
  std::vector<Chunk> chunks_;
  bool started_ = false;
  std::atomic<std::size_t> next_{0}, done_{0};  // chunks
  std::atomic<bool> stop_{false};
  std::mutex error_mutex_;
  std::optional<Error> error_;
  std::vector<std::thread> threads_;  // last: they use what is above
};

}  // namespace lamina::runtime
