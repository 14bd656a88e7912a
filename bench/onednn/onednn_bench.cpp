// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A yardstick for our kernels: what oneDNN, Intel's library of matmuls, makes of this machine. It multiplies in
// bfloat16, and bytes (unsigned activations, signed weights), without scales of blocks, which GGUF's formats have to
// apply besides. Weights are packed into the layout that it asks for, outside of the timed loop; like in kernel_bench,
// each call takes the next of many copies.
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "common/machine.hpp"
#include "lamina/core/error.hpp"
#include "lamina/runtime/sampler_random.hpp"
#include "suite.hpp"

namespace lamina::bench {
namespace {

using dnnl::memory;

constexpr std::size_t n_tokens = 512;

// oneDNN 3 describes an operation in one step, oneDNN 2 in two.
template <class Matmul = dnnl::matmul>
typename Matmul::primitive_desc describe(const dnnl::engine& engine, const memory::desc& x, const memory::desc& w,
                                         const memory::desc& y) {
  using Description = typename Matmul::primitive_desc;
  if constexpr (std::is_constructible_v<Description, dnnl::engine, memory::desc, memory::desc, memory::desc>) {
    return Description(engine, x, w, y);
  } else {
    return Description(typename Matmul::desc(x, w, y), engine);
  }
}

// Fills memory with numbers that every type can hold: 0.25, 0.5, … in bfloat16, small whole ones in bytes.
void fill(const memory& m, memory::data_type type, std::uint64_t seed) {
  Random random(seed);
  auto* bytes = static_cast<std::uint8_t*>(m.get_data_handle());
  const std::size_t n = m.get_desc().get_size();
  constexpr std::uint16_t quarters[] = {0x3e80, 0x3f00, 0x3f40, 0x3f80};
  for (std::size_t i = 0; i < n; i += 2) {
    const std::size_t pick = random.below(4);
    if (type == memory::data_type::bf16) {
      std::memcpy(bytes + i, &quarters[pick], 2);
    } else {
      bytes[i] = bytes[i + 1] = static_cast<std::uint8_t>(pick);
    }
  }
}

// x [n_tokens][k] · w [rows][k], transposed, to float32.
void matmul(benchmark::State& state, MachineProbe& machine, Shape shape, memory::data_type x_type,
            memory::data_type w_type) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto m = static_cast<memory::dim>(n_tokens), n = static_cast<memory::dim>(shape.rows),
             k = static_cast<memory::dim>(shape.k);
  using Tag = memory::format_tag;
  const memory::desc x_desc({m, k}, x_type, Tag::ab), y_desc({m, n}, memory::data_type::f32, Tag::ab);
  const auto plan = describe(engine, x_desc, memory::desc({k, n}, w_type, Tag::any), y_desc);
  memory x(x_desc, engine), y(y_desc, engine), w(memory::desc({k, n}, w_type, Tag::ba), engine);
  fill(x, x_type, 1);
  fill(w, w_type, 2);
  const std::size_t w_bytes = w.get_desc().get_size();
  std::vector<memory> copies;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, arena_bytes / w_bytes); ++i) {
    copies.emplace_back(plan.weights_desc(), engine);
    dnnl::reorder(w, copies.back()).execute(stream, w, copies.back());
  }
  stream.wait();
  const dnnl::matmul operation(plan);

  const Surroundings surroundings(machine);
  std::size_t copy = 0;
  const double begin = seconds();
  for (auto _ : state) {
    operation.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, copies[copy]}, {DNNL_ARG_DST, y}});
    stream.wait();
    copy = (copy + 1) % copies.size();
  }
  const double took = seconds() - begin;
  const auto calls = static_cast<double>(state.iterations());
  const auto bytes = static_cast<double>(w_bytes + x_desc.get_size() + y_desc.get_size());
  surroundings.count(state, took, bytes * calls, 2.0 * static_cast<double>(n_tokens * shape.rows * shape.k) * calls);
  state.SetLabel(plan.impl_info_str());
}

// oneDNN as Debian builds it takes its threads from OpenMP, in whichever library that is here; false when there is
// none.
bool use_threads(std::size_t n) {
  const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set != nullptr) set(static_cast<int>(n));
  return set != nullptr;
}

void add_benchmarks(MachineProbe& machine) {
  struct Numbers {
    const char* name;
    memory::data_type x, w;
  };
  using Type = memory::data_type;
  for (const Numbers numbers : {Numbers{"bf16", Type::bf16, Type::bf16}, Numbers{"int8", Type::u8, Type::s8}}) {
    for (const Shape shape : shapes) {
      const std::string name = "onednn/" + std::string(numbers.name) + "/" + shape.name();
      benchmark::RegisterBenchmark(name.c_str(), [&machine, shape, numbers](benchmark::State& state) {
        try {
          matmul(state, machine, shape, numbers.x, numbers.w);
        } catch (const dnnl::error& e) {
          state.SkipWithError(e.what());  // some machines have no bfloat16
        }
      })->UseRealTime();
    }
  }
}

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  return lamina::bench::run_suite(argc, argv, "onednn_bench", "", [](lamina::bench::MachineProbe& machine) {
    if (lamina::bench::use_threads(machine.team().size())) return lamina::bench::add_benchmarks(machine);
    std::fprintf(stderr, "onednn_bench: this oneDNN does not use OpenMP, so that its threads cannot be set\n");
    std::exit(1);
  });
}
