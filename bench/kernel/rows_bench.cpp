// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What kernels do beside matrices and attention: norms, rotation, activations, quantising activations, the cache's
// stores, and decoding rows of each format. Rows lie in the second-level cache, as they do between two phases; a row's
// bytes are counted once for each time that it is read or written.
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/machine.hpp"
#include "common/synth.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/runtime/frame.hpp"
#include "suite.hpp"

namespace lamina::bench {
namespace {

using kernels::ActivationKind;
using kernels::KernelTable;

constexpr std::size_t width = 4096, n_rows = 64, head_dim = 128;  // values

// Everything that a row kernel reads and writes, for n_rows rows.
struct Rows {
  runtime::ActivationBuffer x = need(runtime::ActivationBuffer::make(n_rows, width));
  AlignedBuffer<float> y = need(AlignedBuffer<float>::make(n_rows * width));
  AlignedBuffer<float> weight = need(AlignedBuffer<float>::make(width));
  AlignedBuffer<std::byte> cache = need(AlignedBuffer<std::byte>::make(n_rows * width * sizeof(float)));

  Rows() {
    Random random(1);
    for (std::size_t i = 0; i < n_rows * width; ++i) {
      x.view().f32[i] = static_cast<float>(random.uniform() * 2 - 1);
      y[i] = x.view().f32[i];
    }
    for (std::size_t i = 0; i < width; ++i) weight[i] = 1;
  }
  kernels::Activations activations(std::size_t row) const { return x.view().token(row); }
  float* in(std::size_t row) const { return activations(row).f32; }
  float* out(std::size_t row) { return y.data() + row * width; }
};

// A kernel on row r; bytes: that one row reads and writes.
using RowKernel = std::function<void(Rows& rows, std::size_t r)>;

void run(benchmark::State& state, MachineProbe& machine, double bytes, const RowKernel& kernel) {
  std::vector<Rows> rows(machine.team().size());
  const Surroundings surroundings(machine);
  const double begin = seconds();
  for (auto _ : state) {
    auto job = [&](Worker& worker) {
      for (std::size_t r = 0; r < n_rows; ++r) kernel(rows[worker.index()], r);
    };
    machine.team().run(job);
  }
  const double took = seconds() - begin;
  const double calls = static_cast<double>(state.iterations()) * static_cast<double>(n_rows * machine.team().size());
  surroundings.count(state, took, bytes * calls, 0);
  state.counters["values/s"] = width * calls / took;
}

class Adder {
 public:
  Adder(MachineProbe& machine, const KernelTable& table) : machine_(machine), table_(table) {}

  void add(const std::string& what, std::size_t bytes, RowKernel kernel) const {
    benchmark::RegisterBenchmark(("rows/" + std::string(table_.target) + "/" + what).c_str(),
                                 [&machine = machine_, bytes, kernel = std::move(kernel)](benchmark::State& s) {
                                   run(s, machine, static_cast<double>(bytes), kernel);
                                 })
        ->UseRealTime();
  }

  void floats() const {
    const KernelTable& k = table_;
    constexpr std::size_t row = width * sizeof(float);
    add("rms_norm", 2 * row,
        [&k](Rows& a, std::size_t r) { k.rms_norm(a.in(r), a.weight.data(), width, 1e-5f, a.out(r)); });
    add("layer_norm", 2 * row, [&k](Rows& a, std::size_t r) {
      k.layer_norm(a.in(r), a.weight.data(), a.weight.data(), width, 1e-5f, a.out(r));
    });
    // By no angle: as many operations, and values that stay what they are.
    for (const auto& [pairing, name] : {std::pair{kernels::RopePairing::Adjacent, "rope-adjacent"},
                                        std::pair{kernels::RopePairing::Halves, "rope-halves"}}) {
      add(name, 2 * row, [&k, pairing = pairing](Rows& a, std::size_t r) {
        static const std::vector<float> cos_sin = [] {
          std::vector<float> out(head_dim, 0.0f);
          for (std::size_t i = 0; i < head_dim; i += 2) out[i] = 1;
          return out;
        }();
        k.rope(a.out(r), width / head_dim, head_dim, head_dim, cos_sin.data(), pairing);
      });
    }
    add("add", 3 * row, [&k](Rows& a, std::size_t r) { k.add(a.out(r), a.weight.data(), width); });
    add("soft_cap", 2 * row, [&k](Rows& a, std::size_t r) { k.soft_cap(a.out(r), width, 30); });
    for (const auto& [f, name] :
         {std::pair{ActivationKind::Silu, "silu"}, std::pair{ActivationKind::GeluTanh, "gelu-tanh"},
          std::pair{ActivationKind::GeluErf, "gelu-erf"}, std::pair{ActivationKind::Relu, "relu"},
          std::pair{ActivationKind::ReluSquared, "relu-squared"}, std::pair{ActivationKind::SwigluOai, "swiglu-oai"}}) {
      add(std::string("activate-") + name, 3 * row,
          [&k, f = f](Rows& a, std::size_t r) { k.activate(f, a.in(r), a.weight.data(), width, a.out(r)); });
    }
  }

  // What activations become before they meet weights.
  void forms() const {
    const KernelTable& k = table_;
    constexpr std::size_t row = width * sizeof(float), integers = width * 2 + width / 32 * 4;
    add("quantize", row + integers + width / 32 * 12, [&k](Rows& a, std::size_t r) { k.quantize(a.activations(r)); });
    if (k.quantize_panel != nullptr) {
      for (const bool eight : {false, true}) {
        add(eight ? "quantize_panel-8" : "quantize_panel-16", row + integers,
            [&k, eight](Rows& a, std::size_t r) { k.quantize_panel(a.activations(r), eight); });
      }
    }
    if (k.round_bf16 != nullptr) {
      add("round_bf16", row + width * 2, [&k](Rows& a, std::size_t r) {
        k.round_bf16(
            {.values = a.in(r), .end = width, .k_padded = width, .q16 = a.x.view().q16, .t = r, .n_tokens = n_rows});
      });
    }
  }

  void stores() const {
    for (const CacheType type : kernels::cache_types) {
      for (const bool keys : {true, false}) {
        const auto store = keys ? table_.store_keys : table_.store_values;
        const std::size_t tile =
            keys ? kernels::key_tile_bytes(type, head_dim) : kernels::value_tile_bytes(type, head_dim);
        add(std::string(keys ? "store_keys/" : "store_values/") + std::string(to_string(type)),
            width * sizeof(float) + width / head_dim * tile / kernels::kv_tile, [store, type](Rows& a, std::size_t r) {
              // As many positions of one head as the row has heads.
              store({.type = type,
                     .tiles = a.cache.data(),
                     .dim = head_dim,
                     .position = 0,
                     .n_rows = width / head_dim,
                     .rows = a.in(r),
                     .stride = head_dim,
                     .block_stride = n_rows * width});
            });
      }
    }
  }

  void formats() const {
    for (const KernelTable::PerFormat& format : table_.formats) {
      const gguf::TensorType& type = *gguf::tensor_type(format.type_id);
      const std::size_t bytes = width / type.block_size * type.block_bytes;
      auto weights = std::make_shared<AlignedBuffer<std::byte>>(need(AlignedBuffer<std::byte>::make(n_rows * bytes)));
      SynthPool(format.type_id, 1.0f / 64).fill({weights->data(), weights->size()}, 1);
      add("dequantize/" + std::string(format.name), bytes + width * sizeof(float),
          [&format, weights, bytes](Rows& a, std::size_t r) {
            format.dequantize(weights->data() + r * bytes, width, a.out(r));
          });
    }
  }

 private:
  MachineProbe& machine_;
  const KernelTable& table_;
};

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  using namespace lamina::bench;
  return run_suite(argc, argv, "rows_bench", "", [](MachineProbe& machine) {
    for (const lamina::kernels::KernelTable* table : lamina::kernels::available_targets()) {
      const Adder adder(machine, *table);
      adder.floats();
      adder.forms();
      adder.stores();
      adder.formats();
    }
  });
}
