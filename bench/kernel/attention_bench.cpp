// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of one layer as the plan runs it: target × cache type × keys × tokens, for 32 heads of 64 values that share
// 4 KV heads; many tokens also in bfloat16, where the target has that. Operations are those of the two products; bytes
// are the cache's, each read once.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include "common/machine.hpp"
#include "common/synth.hpp"
#include "lamina/core/team.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/runtime/frame.hpp"
#include "lamina/runtime/phase_attend.hpp"
#include "suite.hpp"

namespace lamina::bench {
namespace {

constexpr std::size_t n_head = 32, n_head_kv = 4, head_dim = 64;
constexpr std::size_t key_counts[] = {128, 1024, 4096};
constexpr std::size_t token_counts[] = {1, 512};
// Layers whose caches are passed one after the other, so that a single token finds its keys in memory, as in a model.
constexpr std::size_t n_layers = 16;

// Everything a session would have, with random queries, keys and values; the last one asked for is kept.
struct Setting {
  runtime::Frame frame;
  std::vector<std::int32_t> tokens;

  Setting(const kernels::KernelTable& table, CacheType type, std::size_t n_keys, std::size_t n_tokens,
          std::size_t n_threads)
      : tokens(n_tokens) {
    Hparams h;
    h.n_layers = n_layers;
    h.n_embd = n_head * head_dim;
    h.n_vocab = h.n_ff = h.n_rot = 1;
    h.n_head = n_head;
    h.n_head_kv = n_head_kv;
    h.key_dim = h.value_dim = head_dim;
    runtime::FrameSize size;
    size.n_ctx = n_keys;
    size.batch = n_tokens;
    size.head_rows = 1;
    size.n_threads = n_threads;
    size.bf16_attention = table.attention_bf16 != nullptr;
    size.cache_type = type;
    need(runtime::allocate(frame, h, size));
    Random random(1);
    for (std::size_t i = 0; i < frame.queries.size(); ++i) frame.queries[i] = value(random);
    std::vector<float> rows(n_keys * head_dim);
    for (float& v : rows) v = value(random);
    for (std::size_t layer = 0; layer < n_layers; ++layer) {
      for (std::size_t head = 0; head < n_head_kv; ++head) {
        kernels::StoreArgs store{type,     frame.cache.keys(layer, head), head_dim, 0, n_keys, rows.data(),
                                 head_dim, frame.cache.block_stride()};
        table.store_keys(store);
        store.tiles = frame.cache.values(layer, head);
        table.store_values(store);
      }
    }
    frame.tokens = tokens;
    frame.position = n_keys - n_tokens;
  }

  static float value(Random& random) { return static_cast<float>(random.uniform() * 2 - 1); }
};

void attention(benchmark::State& state, MachineProbe& machine, const kernels::KernelTable& table, CacheType type,
               std::size_t n_keys, std::size_t n_tokens, runtime::Bf16Attention bf16) {
  Setting setting(table, type, n_keys, n_tokens, machine.team().size());
  const Surroundings surroundings(machine);
  std::size_t layer = 0;
  const double begin = seconds();
  for (auto _ : state) {
    runtime::AttentionPhase phase{&table, layer, n_head, n_head_kv, head_dim, head_dim, 1.0f / 8};
    phase.bf16 = bf16;
    auto job = [&](Worker& worker) { phase.run(setting.frame, worker); };
    machine.team().run(job);
    layer = (layer + 1) % n_layers;
  }
  const double took = seconds() - begin;
  const auto calls = static_cast<double>(state.iterations());
  const double seen = static_cast<double>(n_tokens) * (static_cast<double>(n_keys - n_tokens) +
                                                       static_cast<double>(n_tokens + 1) / 2);  // keys, over all tokens
  const double bytes = static_cast<double>(n_head_kv * n_keys / kernels::kv_tile *
                                           (key_tile_bytes(type, head_dim) + value_tile_bytes(type, head_dim)));
  surroundings.count(state, took, bytes * calls, 4.0 * seen * n_head * head_dim * calls);
}

void add_benchmarks(MachineProbe& machine) {
  for (const kernels::KernelTable* table : kernels::available_targets()) {
    if (table->target == "reference") continue;
    for (const CacheType type : kernels::cache_types) {
      for (const std::size_t n_keys : key_counts) {
        for (const std::size_t n_tokens : token_counts) {
          if (n_tokens > n_keys) continue;
          const std::string name = "attention/" + std::string(table->target) + "/" + std::string(to_string(type)) +
                                   "/keys" + std::to_string(n_keys) + "/tokens" + std::to_string(n_tokens);
          const auto add = [&](const std::string& full_name, runtime::Bf16Attention bf16) {
            benchmark::RegisterBenchmark(full_name.c_str(), [=, &machine](benchmark::State& s) {
              attention(s, machine, *table, type, n_keys, n_tokens, bf16);
            })->UseRealTime();
          };
          add(name, runtime::Bf16Attention::Never);
          if (table->attention_bf16 != nullptr && n_tokens >= runtime::panel_min_tokens) {
            add(name + "/bf16", runtime::Bf16Attention::Always);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  return lamina::bench::run_suite(argc, argv, "attention_bench", "", lamina::bench::add_benchmarks);
}
