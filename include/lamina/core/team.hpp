// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A team of persistent threads that walk a plan together. The caller is worker 0. Inside, workers meet at barriers and
// claim tasks from shared counters; between runs the others sleep. Results must not depend on who takes which task.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "lamina/core/error.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace lamina {

inline void cpu_relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

// Waits until ready(): spins first, since phases are microseconds apart, then yields, since the machine may be
// oversubscribed.
template <class Ready>
void spin_until(Ready&& ready) {
  for (unsigned spins = 0; !ready(); ++spins) {
    if (spins < 4096) {
      cpu_relax();
    } else {
      std::this_thread::yield();
    }
  }
}

class Team {
 public:
  // What a worker sees of its team.
  class Worker {
   public:
    std::size_t index() const { return index_; }
    std::size_t count() const { return team_->size(); }

    // All workers arrive before any goes on.
    void barrier() {
      const std::uint32_t now = team_->generation_.load(std::memory_order_relaxed);
      if (team_->arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == team_->size()) {
        team_->arrived_.store(0, std::memory_order_relaxed);
        team_->generation_.store(now + 1, std::memory_order_release);
      } else {
        spin_until([&] { return team_->generation_.load(std::memory_order_acquire) != now; });
      }
    }

    // Runs task(i) for 0 ≤ i < n, each once. A worker first takes the tasks of its own contiguous part, in order, so
    // that it reads memory as one stream; then it helps the others. Every worker calls it, in the same order and with
    // the same n, and a barrier must lie between two calls.
    template <class Task>
    void share(std::size_t n, Task&& task) {
      const std::size_t now = turn_ % 2, count = team_->size();
      // Nobody touches the next turn's counters before the barrier that ends this call.
      team_->parts_[index_].next[1 - now].store(0, std::memory_order_relaxed);
      ++turn_;
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t w = (index_ + k) % count;
        const std::size_t begin = first_of(w, n), size = first_of(w + 1, n) - begin;
        std::atomic<std::size_t>& next = team_->parts_[w].next[now];
        if (next.load(std::memory_order_relaxed) >= size) continue;
        for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < size;) task(begin + i);
      }
    }

    // The first of n tasks in the part of worker w.
    std::size_t first_of(std::size_t w, std::size_t n) const { return w * n / team_->size(); }

   private:
    friend class Team;
    Worker(Team* team, std::size_t index) : team_(team), index_(index) {}
    Team* team_;
    std::size_t index_;
    std::size_t turn_ = 0;
  };

  // n_threads counts the caller. Errors: BadArgument, OutOfMemory.
  static Expected<std::unique_ptr<Team>> make(std::size_t n_threads) {
    return guarded([&]() -> Expected<std::unique_ptr<Team>> {
      if (n_threads == 0) {
        return fail(Error(ErrorCode::BadArgument, {}).about("threads").wanted("1 or more").found("0"));
      }
      std::unique_ptr<Team> team(new Team(n_threads));
      try {
        for (std::size_t i = 1; i < n_threads; ++i) team->threads_.emplace_back([t = team.get(), i] { t->serve(i); });
      } catch (const std::system_error& e) {
        return fail(Error(ErrorCode::OutOfMemory, std::string("cannot start a thread: ") + e.what())
                        .about("threads")
                        .wanted(std::to_string(n_threads)));
      }
      return team;
    });
  }

  ~Team() {
    stop_.store(true, std::memory_order_relaxed);
    wake();
    for (std::thread& t : threads_) t.join();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  std::size_t size() const { return size_; }

  // Runs f(worker) on every worker at once; returns when all are done. f must not throw.
  template <class F>
  void run(F& f) {
    for (Part& part : parts_) {
      for (auto& next : part.next) next.store(0, std::memory_order_relaxed);
    }
    job_ = &f;
    call_ = [](void* job, Worker& worker) { (*static_cast<F*>(job))(worker); };
    done_.store(0, std::memory_order_relaxed);
    wake();
    Worker self(this, 0);
    f(self);
    spin_until([&] { return done_.load(std::memory_order_acquire) == size_ - 1; });
  }

 private:
  // How many tasks of a worker's part are taken, in this turn and in the next.
  struct alignas(64) Part {
    std::atomic<std::size_t> next[2] = {};
  };

  explicit Team(std::size_t n) : size_(n), parts_(n) { threads_.reserve(n - 1); }

  void wake() {
    epoch_.fetch_add(1, std::memory_order_release);
    epoch_.notify_all();
  }

  void serve(std::size_t index) {
    std::uint32_t seen = 0;
    for (;;) {
      for (unsigned spins = 0; epoch_.load(std::memory_order_acquire) == seen; ++spins) {
        if (spins < 4096) {
          cpu_relax();
        } else {
          epoch_.wait(seen, std::memory_order_acquire);
        }
      }
      seen = epoch_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      Worker worker(this, index);
      call_(job_, worker);
      done_.fetch_add(1, std::memory_order_release);
    }
  }

  std::size_t size_;
  void* job_ = nullptr;
  void (*call_)(void*, Worker&) = nullptr;
  alignas(64) std::atomic<std::uint32_t> epoch_{0};
  alignas(64) std::atomic<std::size_t> done_{0};
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<std::size_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  std::vector<Part> parts_;  // [size_]
  std::vector<std::thread> threads_;
};

using Worker = Team::Worker;

}  // namespace lamina
