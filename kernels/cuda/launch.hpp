// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// From arguments to grids, and the tables of kernels. Launcher::run(queue, kernel, grid_x, grid_y, threads,
// shared_bytes) is the only thing that differs between a device and its emulation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lamina/core/typelist.hpp"
#include "lamina/kernels/cuda/attend.hpp"
#include "lamina/kernels/cuda/gemm.hpp"
#include "lamina/kernels/cuda/gpu.hpp"
#include "lamina/kernels/cuda/heads.hpp"
#include "lamina/kernels/cuda/rows.hpp"

namespace lamina::gpu {

// Defined in launch_format.hpp, for one format in each file.
template <class Launcher, class Format>
FormatKernels format_kernels();

// Defined in launch_attend.hpp, for one type of cache in each file.
template <class Launcher, CacheType Type>
void launch_attend_of(Queue& queue, const AttendArgs& a);

inline std::size_t attend_shared(const AttendArgs& a) {
  return 4 * AttendShared::floats(heads_of_block(a.n_head / a.n_head_kv), a.key_dim, a.value_dim);
}

template <class Launcher>
void launch_attend(Queue& queue, const AttendArgs& a) {
  switch (a.cache.type) {
    case CacheType::F32: return launch_attend_of<Launcher, CacheType::F32>(queue, a);
    case CacheType::F16: return launch_attend_of<Launcher, CacheType::F16>(queue, a);
    case CacheType::BF16: return launch_attend_of<Launcher, CacheType::BF16>(queue, a);
    case CacheType::Q8_0: return launch_attend_of<Launcher, CacheType::Q8_0>(queue, a);
  }
}

// Everything that does not depend on a format of weights.
template <class Launcher>
Kernels common_kernels() {
  Kernels out;
  out.target = Launcher::target;
  out.norm_rows = [](Queue& queue, const RowsArgs& a) {
    Launcher::run(queue, NormRows{a}, a.n_rows, 1, row_threads, row_scratch);
  };
  out.pack = [](Queue& queue, const PackArgs& a) {
    Launcher::run(queue, Pack{a}, a.n_rows, 1, row_threads, row_scratch);
  };
  out.gate = [](Queue& queue, const GateArgs& a) { Launcher::run(queue, Gate{a}, a.n_rows, 1, row_threads, 0); };
  out.choose = [](Queue& queue, const ChooseArgs& a) { Launcher::run(queue, Choose{a}, a.n_tokens, 1, warp_size, 0); };
  out.combine = [](Queue& queue, const CombineArgs& a) {
    Launcher::run(queue, Combine{a}, a.n_tokens, 1, row_threads, 0);
  };
  out.heads = [](Queue& queue, const HeadsArgs& a) {
    Launcher::run(queue, Heads{a}, a.n_head + 2 * a.n_head_kv, a.n_tokens, heads_threads, heads_shared(a));
  };
  out.attend = &launch_attend<Launcher>;
  out.attend_shared = &attend_shared;
  return out;
}

// The table over a list of formats, each of which is instantiated in a file of its own.
template <class Launcher, class... Formats>
const Kernels& kernels_of(TypeList<Formats...>) {
  static const std::array<FormatKernels, sizeof...(Formats)> formats = {format_kernels<Launcher, Formats>()...};
  static const Kernels table = [] {
    Kernels out = common_kernels<Launcher>();
    out.formats = formats;
    return out;
  }();
  return table;
}

}  // namespace lamina::gpu
