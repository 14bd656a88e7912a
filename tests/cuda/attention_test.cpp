// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Heads, cache and attention, run by the emulated device, against the reference kernels on the same cache.
#include <algorithm>

#include "gpu_fixture.hpp"

namespace lamina::test {
namespace {

using kernels::ReferenceKernels;

struct Shape {
  std::uint32_t n_head, n_head_kv, key_dim, value_dim;
};

// A cache of so many positions, full of what was stored.
struct TestCache {
  gpu::Cache gpu;
  std::size_t bytes;

  TestCache(EmulatedDevice& device, kernels::CacheType type, const Shape& s, std::size_t n_ctx) {
    const std::size_t tiles = std::min<std::size_t>(8, (n_ctx + 15) / 16);
    const std::size_t key_bytes = tiles * kernels::key_tile_bytes(type, s.key_dim);
    gpu.type = type;
    gpu.head_bytes = key_bytes + tiles * kernels::value_tile_bytes(type, s.value_dim);
    gpu.block_stride = s.n_head_kv * gpu.head_bytes;
    bytes = gpu.block_stride * ((n_ctx + 127) / 128);
    gpu.keys = device.empty<std::byte>(bytes);
    gpu.values = gpu.keys + key_bytes;
  }
};

gpu::HeadsArgs heads_args(EmulatedDevice& device, const Shape& s, std::size_t n, std::size_t position,
                          const gpu::Cache& cache) {
  gpu::HeadsArgs a;
  a.q = device.put(random_floats(n * s.n_head * s.key_dim, 1));
  a.k = device.put(random_floats(n * s.n_head_kv * s.key_dim, 2));
  a.v = device.put(random_floats(n * s.n_head_kv * s.value_dim, 3));
  a.queries = device.empty<float>(n * s.n_head * s.key_dim);
  a.n_head = s.n_head;
  a.n_head_kv = s.n_head_kv;
  a.key_dim = s.key_dim;
  a.value_dim = s.value_dim;
  a.n_tokens = static_cast<std::uint32_t>(n);
  a.position = device.put(std::vector<std::uint32_t>{static_cast<std::uint32_t>(position)});
  a.cache = cache;
  return a;
}

}  // namespace

TEST_CASE("emulated GPU: heads are normed, rotated and cached like on the CPU") {
  const Shape s{4, 2, 64, 32};
  for (const kernels::CacheType type : kernels::cache_types) {
    for (const int norm : {0, 1, 2, 3}) {  // none, one for all heads, one for each head, over all heads together
      for (const bool adjacent : {true, false}) {
        INFO(kernels::to_string(type) << " norm " << norm << " adjacent " << adjacent);
        EmulatedDevice device;
        const std::size_t n = 3, position = 125, n_rot = 48;
        TestCache cache(device, type, s, 200), wanted(device, type, s, 200);
        gpu::HeadsArgs a = heads_args(device, s, n, position, cache.gpu);
        const auto turns = random_floats(n * n_rot, 4), weight = random_floats(s.n_head * s.key_dim, 5);
        a.n_rot = n_rot;
        a.turns = device.put(turns);
        a.adjacent = adjacent;
        if (norm > 0) a.q_norm = a.k_norm = {gpu::NormKind::Rms, device.put(weight), nullptr, 1e-5f};
        a.step = norm == 2 ? s.key_dim : 0;
        a.whole = norm == 3;
        const auto got =
            device.result(a.queries, n * s.n_head * s.key_dim, [&] { device.kernels().heads(*device.queue, a); });

        const auto turned = [&](const float* rows, std::uint32_t n_heads) {
          std::vector<float> out(rows, rows + n * n_heads * s.key_dim);
          for (std::size_t t = 0; t < n; ++t) {
            float* row = &out[t * n_heads * s.key_dim];
            if (norm == 3) ReferenceKernels::rms_norm(row, weight.data(), n_heads * s.key_dim, 1e-5f, row);
            for (std::size_t h = 0; h < n_heads && (norm == 1 || norm == 2); ++h) {
              float* head = row + h * s.key_dim;
              ReferenceKernels::rms_norm(head, &weight[norm == 2 ? h * s.key_dim : 0], s.key_dim, 1e-5f, head);
            }
            ReferenceKernels::rope(row, n_heads, s.key_dim, n_rot, &turns[t * n_rot],
                                   adjacent ? kernels::RopePairing::Adjacent : kernels::RopePairing::Halves);
          }
          return out;
        };
        REQUIRE(nmse(got, turned(a.q, s.n_head)) < 1e-12);
        const auto keys = turned(a.k, s.n_head_kv);
        double error = 0;
        for (std::size_t h = 0; h < s.n_head_kv; ++h) {
          std::byte* const to = wanted.gpu.keys + h * wanted.gpu.head_bytes;
          std::byte* const own = cache.gpu.keys + h * cache.gpu.head_bytes;
          const std::size_t stride = cache.gpu.block_stride;
          ReferenceKernels::store_keys(
              {type, to, s.key_dim, position, n, &keys[h * s.key_dim], s.n_head_kv * s.key_dim, stride});
          std::byte* const to_values = wanted.gpu.values + h * wanted.gpu.head_bytes;
          std::byte* const own_values = cache.gpu.values + h * cache.gpu.head_bytes;
          ReferenceKernels::store_values(
              {type, to_values, s.value_dim, position, n, a.v + h * s.value_dim, s.n_head_kv * s.value_dim, stride});
          for (std::size_t p = position; p < position + n; ++p) {
            for (std::size_t i = 0; i < s.key_dim; ++i) {
              error = std::max<double>(error, std::fabs(kernels::cached_key(type, to, s.key_dim, p, i, stride) -
                                                        kernels::cached_key(type, own, s.key_dim, p, i, stride)));
            }
            for (std::size_t i = 0; i < s.value_dim; ++i) {
              REQUIRE(kernels::cached_value(type, to_values, s.value_dim, p, i, stride) ==
                      kernels::cached_value(type, own_values, s.value_dim, p, i, stride));
            }
          }
        }
        // A rounding apart in the type of the cache: the norms' sums are in another order.
        REQUIRE(error < (type == kernels::CacheType::Q8_0 ? 0.1 : type == kernels::CacheType::BF16 ? 0.04 : 0.005));
      }
    }
  }
}

TEST_CASE(
    "emulated GPU: attention, every cache, window, cap, slopes and sinks, in one part, in several, and on tensor "
    "cores") {
  const Shape shapes[] = {{4, 2, 64, 32}, {9, 1, 32, 64}, {2, 2, 96, 96}};
  int round = 0;
  for (const Shape& s : shapes) {
    for (const kernels::CacheType type : kernels::cache_types) {
      for (const std::uint32_t splits : {0u, 1u, 2u, 8u}) {  // 0: on tensor cores
        ++round;
        EmulatedDevice device;
        const std::size_t n_ctx = 420, n = splits == 0 ? 18 : splits == 1 ? 5 : 2;
        const std::size_t position = 400 - n, filled = position + n;
        TestCache cache(device, type, s, n_ctx);
        const auto heads = heads_args(device, s, filled, 0, cache.gpu);
        device.kernels().heads(*device.queue, heads);
        const auto slopes = random_floats(s.n_head, 6, 0.01f), sinks = random_floats(s.n_head, 7);
        gpu::AttendArgs a;
        const auto queries = random_floats(n * s.n_head * s.key_dim, 8);
        a.queries = device.put(queries);
        a.position = device.put(std::vector<std::uint32_t>{static_cast<std::uint32_t>(position)});
        a.cache = cache.gpu;
        a.n_head = s.n_head;
        a.n_head_kv = s.n_head_kv;
        a.key_dim = s.key_dim;
        a.value_dim = s.value_dim;
        a.n_tokens = static_cast<std::uint32_t>(n);
        a.scale = 0.2f;
        a.window = round % 2 == 0 ? 150 : 0;
        a.cap = round % 3 == 0 ? 2.0f : 0.0f;
        a.slopes = round % 4 == 0 ? device.put(slopes) : nullptr;
        a.sinks = round % 5 == 0 ? device.put(sinks) : nullptr;
        a.splits = splits == 0 ? 1 : splits;
        a.many = splits == 0;
        a.partials = device.empty<float>(n * s.n_head * a.splits * (s.value_dim + 2));
        a.out = device.empty<float>(n * s.n_head * s.value_dim);
        INFO(kernels::to_string(type) << " heads " << s.n_head << " splits " << splits << " round " << round);
        const auto got =
            device.result(a.out, n * s.n_head * s.value_dim, [&] { device.kernels().attend(*device.queue, a); });

        std::vector<float> wanted(got.size());
        const std::size_t n_group = s.n_head / s.n_head_kv;
        std::vector<float> scratch(kernels::attention_scratch(type, n * n_group, s.key_dim, s.value_dim));
        for (std::size_t h = 0; h < s.n_head_kv; ++h) {
          kernels::AttentionArgs r;
          r.q = &queries[h * n_group * s.key_dim];
          r.q_stride = s.n_head * s.key_dim;
          r.type = type;
          r.keys = cache.gpu.keys + h * cache.gpu.head_bytes;
          r.values = cache.gpu.values + h * cache.gpu.head_bytes;
          r.block_stride = cache.gpu.block_stride;
          r.position = position;
          r.n_tokens = n;
          r.n_group = n_group;
          r.key_dim = s.key_dim;
          r.value_dim = s.value_dim;
          r.scale = a.scale;
          r.window = a.window;
          r.cap = a.cap;
          r.slopes = a.slopes != nullptr ? &slopes[h * n_group] : nullptr;
          r.sinks = a.sinks != nullptr ? &sinks[h * n_group] : nullptr;
          r.scratch = scratch.data();
          r.out = &wanted[h * n_group * s.value_dim];
          r.out_stride = s.n_head * s.value_dim;
          ReferenceKernels::attention(r);
        }
        REQUIRE(nmse(got, wanted) < (a.many ? 1e-8 : 1e-10));
      }
    }
  }
}

}  // namespace lamina::test
