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

// What multiplies: rows as they lie, or panels, with activations of sixteen bits, of eight, in bfloat16, or in split
// bfloat16.
enum class Method : std::uint8_t { Rows, Panel16, Panel8, Bf16, Split };

struct MethodInfo {
  Method method;
  std::string_view name;  // before the number of tokens
  kernels::MatmulFn kernels::KernelTable::PerFormat::*matmul;
  std::string_view kernels::KernelTable::PerFormat::*kernel;
};
using Entry = kernels::KernelTable::PerFormat;
constexpr MethodInfo methods[] = {{Method::Rows, "matmul", &Entry::matmul, &Entry::kernel},
                                  {Method::Panel16, "panel", &Entry::matmul_panel, &Entry::panel_kernel},
                                  {Method::Panel8, "panel-int8-", &Entry::matmul_panel8, &Entry::panel8_kernel},
                                  {Method::Bf16, "panel-bf16-", &Entry::matmul_bf16, &Entry::bf16_kernel},
                                  {Method::Split, "panel-split-", &Entry::matmul_split, &Entry::split_kernel}};

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

runtime::ActivationBuffer make_activations(const kernels::KernelTable& table, bool integers, Method method,
                                           std::size_t n_tokens, std::size_t k) {
  auto out = need(runtime::ActivationBuffer::make(n_tokens, k));
  Random random(1);
  for (std::size_t t = 0; t < n_tokens; ++t) {
    const kernels::Activations row = out.view().token(t);
    for (std::size_t i = 0; i < k; ++i) row.f32[i] = static_cast<float>(random.uniform() * 2 - 1);
    if (method == Method::Bf16 || method == Method::Split) {
      table.round_bf16({.values = row.f32,
                        .end = row.k_padded,
                        .k_padded = row.k_padded,
                        .q16 = out.view().q16,
                        .t = t,
                        .n_tokens = n_tokens,
                        .split = method == Method::Split});
    } else if (method != Method::Rows) {
      table.quantize_panel(row, method == Method::Panel8);
    } else if (integers) {
      table.quantize(row);
    }
  }
  return out;
}

void matmul(benchmark::State& state, MachineProbe& machine, const kernels::KernelTable& table,
            const kernels::KernelTable::PerFormat& format, const MethodInfo& method, Shape shape,
            std::size_t n_tokens) {
  const gguf::TensorType& type = *gguf::tensor_type(format.type_id);
  const std::size_t row_bytes = shape.k / type.block_size * type.block_bytes;
  const std::size_t matrix_bytes = shape.rows * row_bytes;
  const auto& arena = arena_of(format.type_id);
  const std::size_t n_copies = arena.size() / matrix_bytes;
  const auto x = make_activations(table, format.int_activations, method.method, n_tokens, shape.k);
  const bool panels = method.method != Method::Rows;
  const bool bf16 = method.method == Method::Bf16 || method.method == Method::Split;
  const std::size_t task_rows = bf16 ? table.bf16_rows : panels ? runtime::panel_task_rows : rows_per_task;
  const std::size_t k_padded = x.view().k_padded;
  const std::size_t panel_bytes = bf16     ? kernels::bf16_bytes(task_rows, k_padded)
                                  : panels ? kernels::panel_bytes(task_rows, k_padded)
                                           : 0;  // a worker
  auto scratch = need(AlignedBuffer<std::byte>::make(panel_bytes * machine.team().size()));
  // Panels leave a task's results in the worker's own memory, as in a model; rows where they belong.
  const std::size_t out_stride = panels ? runtime::tile_stride(task_rows) : shape.rows;
  const std::size_t tile = panels ? n_tokens * out_stride : 0;
  auto out = need(AlignedBuffer<float>::make(panels ? tile * machine.team().size() : n_tokens * shape.rows));

  const Surroundings surroundings(machine);
  std::size_t copy = 0;
  const double begin = seconds();
  for (auto _ : state) {
    kernels::MatmulArgs args;
    args.weights = arena.data() + copy * matrix_bytes;
    args.row_bytes = row_bytes;
    args.k = shape.k;
    args.x = x.view();
    args.split = method.method == Method::Split;
    args.n_tokens = n_tokens;
    args.out_stride = out_stride;
    auto job = [&](Worker& worker) {
      worker.share(ceil_div(shape.rows, task_rows), [&](std::size_t i) {
        kernels::MatmulArgs part = args;
        part.row_begin = i * task_rows;
        part.row_end = std::min(part.row_begin + task_rows, shape.rows);
        part.out = out.data() + (panels ? worker.index() * tile : part.row_begin);
        part.panel = scratch.data() + worker.index() * panel_bytes;
        (format.*method.matmul)(part);
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
  state.SetLabel(std::string(format.*method.kernel));
}

void add_benchmarks(MachineProbe& machine) {
  // Format outermost: its weights are made once.
  for_each_type(quant::Formats{}, [&](auto t) {
    constexpr std::uint32_t id = decltype(t)::type::type_id;
    for (const kernels::KernelTable* table : kernels::available_targets()) {
      const auto* format = table->find(id);
      if (format == nullptr) continue;
      for (const MethodInfo& method : methods) {
        if (format->*method.matmul == nullptr) continue;
        for (const Shape shape : shapes) {
          for (const std::size_t n_tokens : token_counts) {
            if (n_tokens == 1 && method.method != Method::Rows) continue;
            const std::string name =
                (n_tokens == 1 ? "gemv/" : std::string(method.name) + std::to_string(n_tokens) + "/") +
                std::string(table->target) + "/" + std::string(format->name) + "/" + shape.name();
            benchmark::RegisterBenchmark(name.c_str(), [&machine, table, format, &method, shape,
                                                        n_tokens](benchmark::State& s) {
              matmul(s, machine, *table, *format, method, shape, n_tokens);
            })->UseRealTime();
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  return lamina::bench::run_suite(argc, argv, "kernel_bench", "", lamina::bench::add_benchmarks);
}
