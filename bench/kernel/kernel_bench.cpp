// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every matmul kernel: target × format × shape × number of tokens, with bytes and operations counted, and set against
// the read bandwidth and the arithmetic peaks that the machine has around the very measurement. Weights come from
// memory, as in a model: each call takes the next of many copies, together far larger than the last cache.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "common/machine.hpp"
#include "common/synth.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/core/team.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/runtime/frame.hpp"
#include "suite.hpp"

namespace lamina::bench {
namespace {

constexpr std::size_t token_counts[] = {1, 64, 512};
constexpr std::size_t rows_per_task = 128;

// Random weights of one format; the last one asked for is kept.
const AlignedBuffer<std::byte>& arena_of(std::uint32_t type_id) {
  static AlignedBuffer<std::byte> arena;
  static std::uint32_t held = ~std::uint32_t{0};
  if (held == type_id) return arena;
  arena = {};
  arena = need(AlignedBuffer<std::byte>::make(arena_bytes));
  SynthPool(type_id, 1.0f / 64).fill({arena.data(), arena.size()}, 1);
  held = type_id;
  return arena;
}

runtime::ActivationBuffer make_activations(const kernels::KernelTable& table, bool quantised, std::size_t n_tokens,
                                           std::size_t k) {
  auto out = need(runtime::ActivationBuffer::make(n_tokens, k));
  Random random(1);
  for (std::size_t t = 0; t < n_tokens; ++t) {
    const kernels::Activations row = out.view().token(t);
    for (std::size_t i = 0; i < k; ++i) row.f32[i] = static_cast<float>(random.uniform() * 2 - 1);
    if (quantised) table.quantize(row);
  }
  return out;
}

void matmul(benchmark::State& state, MachineProbe& machine, const kernels::KernelTable& table,
            const kernels::KernelTable::PerFormat& format, Shape shape, std::size_t n_tokens) {
  const gguf::TensorType& type = *gguf::tensor_type(format.type_id);
  const std::size_t row_bytes = shape.k / type.block_size * type.block_bytes;
  const std::size_t matrix_bytes = shape.rows * row_bytes;
  const auto& arena = arena_of(format.type_id);
  const std::size_t n_copies = arena.size() / matrix_bytes;
  const auto x = make_activations(table, format.int_activations, n_tokens, shape.k);
  auto out = need(AlignedBuffer<float>::make(n_tokens * shape.rows));

  const Surroundings surroundings(machine);
  std::size_t copy = 0;
  const double begin = seconds();
  for (auto _ : state) {
    kernels::MatmulArgs args;
    args.weights = arena.data() + copy * matrix_bytes;
    args.row_bytes = row_bytes;
    args.k = shape.k;
    args.x = x.view();
    args.n_tokens = n_tokens;
    args.out_stride = shape.rows;
    auto job = [&](Worker& worker) {
      worker.share(ceil_div(shape.rows, rows_per_task), [&](std::size_t i) {
        kernels::MatmulArgs part = args;
        part.row_begin = i * rows_per_task;
        part.row_end = std::min(part.row_begin + rows_per_task, shape.rows);
        part.out = out.data() + part.row_begin;
        format.matmul(part);
      });
    };
    machine.team().run(job);
    copy = (copy + 1) % n_copies;
  }
  const double took = seconds() - begin;
  benchmark::DoNotOptimize(out.data());
  const auto calls = static_cast<double>(state.iterations());
  const std::size_t x_bytes = shape.k * (format.int_activations ? 2 : sizeof(float));
  const auto bytes = static_cast<double>(matrix_bytes + n_tokens * (x_bytes + shape.rows * sizeof(float)));
  const double operations = 2.0 * static_cast<double>(shape.rows * shape.k * n_tokens);
  surroundings.count(state, took, bytes * calls, operations * calls);
  state.SetLabel(std::string(format.kernel));
}

void add_benchmarks(MachineProbe& machine) {
  // Format outermost: its weights are made once.
  for_each_type(quant::Formats{}, [&](auto t) {
    constexpr std::uint32_t id = decltype(t)::type::type_id;
    for (const kernels::KernelTable* table : kernels::available_targets()) {
      const auto* format = table->find(id);
      if (format == nullptr) continue;
      for (const Shape shape : shapes) {
        for (const std::size_t n_tokens : token_counts) {
          const std::string name = (n_tokens == 1 ? "gemv/" : "matmul" + std::to_string(n_tokens) + "/") +
                                   std::string(table->target) + "/" + std::string(format->name) + "/" + shape.name();
          benchmark::RegisterBenchmark(name.c_str(), [&machine, table, format, shape, n_tokens](benchmark::State& s) {
            matmul(s, machine, *table, *format, shape, n_tokens);
          })->UseRealTime();
        }
      }
    }
  });
}

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  const std::size_t threads = lamina::bench::take_threads(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (threads == 0 || benchmark::ReportUnrecognizedArguments(argc, argv)) {
    std::fprintf(stderr, "kernel_bench: options are Google Benchmark's (--help) and --threads=N, 1 to 1024\n");
    return 2;
  }
  auto machine = lamina::bench::need(lamina::bench::MachineProbe::make(threads));
  lamina::bench::add_benchmarks(machine);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
