// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How fast this machine reads memory right now. On a shared machine that changes from second to second, so a probe is
// short and is meant to be taken between the repetitions of whatever it is compared with.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "common/seconds.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/core/team.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace lamina::bench {

// Read loops: the exclusive or of n bytes, n a multiple of 256, 64-byte aligned. Four accumulators, so that loads and
// not the chain of operations set the pace.
using ReadLoop = std::uint64_t (*)(const std::byte* p, std::size_t n);

inline std::uint64_t read_plain(const std::byte* p, std::size_t n) {
  std::uint64_t sum[4] = {};
  for (std::size_t i = 0; i < n; i += 32) {
    std::uint64_t words[4];
    std::memcpy(words, p + i, 32);
    for (int k = 0; k < 4; ++k) sum[k] ^= words[k];
  }
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) inline std::uint64_t read_avx2(const std::byte* p, std::size_t n) {
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
  for (std::size_t i = 0; i < n; i += 128) {
    a = _mm256_xor_si256(a, _mm256_load_si256(reinterpret_cast<const __m256i*>(p + i)));
    b = _mm256_xor_si256(b, _mm256_load_si256(reinterpret_cast<const __m256i*>(p + i + 32)));
    c = _mm256_xor_si256(c, _mm256_load_si256(reinterpret_cast<const __m256i*>(p + i + 64)));
    d = _mm256_xor_si256(d, _mm256_load_si256(reinterpret_cast<const __m256i*>(p + i + 96)));
  }
  alignas(32) std::uint64_t words[4];
  const __m256i all = _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
  _mm256_store_si256(reinterpret_cast<__m256i*>(words), all);
  return words[0] ^ words[1] ^ words[2] ^ words[3];
}

__attribute__((target("avx512f"))) inline std::uint64_t read_avx512(const std::byte* p, std::size_t n) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (std::size_t i = 0; i < n; i += 256) {
    a = _mm512_xor_si512(a, _mm512_load_si512(p + i));
    b = _mm512_xor_si512(b, _mm512_load_si512(p + i + 64));
    c = _mm512_xor_si512(c, _mm512_load_si512(p + i + 128));
    d = _mm512_xor_si512(d, _mm512_load_si512(p + i + 192));
  }
  alignas(64) std::uint64_t words[8];
  _mm512_store_si512(words, _mm512_xor_si512(_mm512_xor_si512(a, b), _mm512_xor_si512(c, d)));
  std::uint64_t sum = 0;
  for (const std::uint64_t w : words) sum ^= w;
  return sum;
}
#endif

class BandwidthProbe {
 public:
  static constexpr std::size_t min_bytes = std::size_t{512} << 20;
  static constexpr std::size_t max_bytes = std::size_t{4} << 30;
  static constexpr std::size_t chunk = std::size_t{2} << 20;  // bytes that a thread takes at a time
  static constexpr double probe_seconds = 0.06;               // at least

  // The buffer has n_bytes, of whole chunks; 0: 512 MiB or four times the last cache, whichever is more. Either way at
  // most a quarter of the memory. What fits a cache measures that.
  // Errors: OutOfMemory.
  static Expected<BandwidthProbe> make(std::size_t n_threads, std::size_t n_bytes = 0) {
    return guarded([&]() -> Expected<BandwidthProbe> {
      BandwidthProbe probe;
      auto buffer = AlignedBuffer<std::byte>::make(buffer_bytes(n_bytes));
      if (!buffer) return fail(std::move(buffer.error()));
      auto team = Team::make(n_threads);
      if (!team) return fail(std::move(team.error()));
      probe.buffer_ = std::move(*buffer);
      probe.team_ = std::move(*team);
      probe.fill();
      probe.choose_loop();
      return probe;
    });
  }

  // From now on on that many threads. Errors: OutOfMemory.
  Expected<void> use_threads(std::size_t n) {
    if (n == team_->size()) return {};
    auto team = Team::make(n);
    if (!team) return fail(std::move(team.error()));
    team_ = std::move(*team);
    return {};
  }

  // Bytes per second over all threads.
  double measure() {
    const double begin = seconds();
    std::size_t passes = 0;
    double end = begin;
    while (end - begin < probe_seconds) {
      pass(loop_);
      ++passes;
      end = seconds();
    }
    return static_cast<double>(passes * buffer_.size()) / (end - begin);
  }

  std::size_t bytes() const { return buffer_.size(); }
  std::size_t threads() const { return team_->size(); }
  Team& team() { return *team_; }
  std::string_view loop_name() const { return loop_name_; }

 private:
  struct Loop {
    std::string_view name;
    ReadLoop read;
  };

  // Of the cache that the first core reads memory through; 0 when Linux does not say. (sysconf is wrong on AMD.)
  static std::size_t last_cache_bytes() {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
    std::size_t kib = 0;
    return file >> kib ? kib * 1024 : 0;
  }

  static std::size_t buffer_bytes(std::size_t n_bytes) {
    std::size_t wanted = n_bytes != 0 ? n_bytes : std::clamp(4 * last_cache_bytes(), min_bytes, max_bytes);
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0) {
      wanted = std::min(wanted, static_cast<std::size_t>(pages) / 4 * static_cast<std::size_t>(page));
    }
    return std::max(chunk, wanted / chunk * chunk);
  }

  static std::vector<Loop> loops() {
    std::vector<Loop> out = {{"plain", read_plain}};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) out.push_back({"avx2", read_avx2});
    if (__builtin_cpu_supports("avx512f")) out.push_back({"avx512", read_avx512});
#endif
    return out;
  }

  // Every page gets memory of its own: pages that were never written all read the same zeros, from the cache.
  void fill() {
    auto job = [&](Worker& worker) {
      worker.share(buffer_.size() / chunk, [&](std::size_t i) {
        std::memset(buffer_.data() + i * chunk, static_cast<int>(i & 0xff) | 1, chunk);
      });
    };
    team_->run(job);
  }

  void pass(ReadLoop read) {
    auto job = [&](Worker& worker) {
      std::uint64_t sum = 0;
      worker.share(buffer_.size() / chunk, [&](std::size_t i) { sum ^= read(buffer_.data() + i * chunk, chunk); });
      asm volatile("" : : "r"(sum));  // the reads have to happen
    };
    team_->run(job);
  }

  void choose_loop() {
    double best = 0;
    for (const Loop& loop : loops()) {
      const double begin = seconds();
      pass(loop.read);
      const double speed = 1 / (seconds() - begin);
      if (speed > best) {
        best = speed;
        loop_ = loop.read;
        loop_name_ = loop.name;
      }
    }
  }

  AlignedBuffer<std::byte> buffer_;
  std::unique_ptr<Team> team_;
  ReadLoop loop_ = read_plain;
  std::string_view loop_name_ = "plain";
};

}  // namespace lamina::bench
