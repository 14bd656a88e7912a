// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The launches of attention, instantiated once per type of cache, in a file of its own that CMake makes (attend.cu.in,
// attend_emulated.cpp.in).
#pragma once

#include "lamina/kernels/cuda/attend_many.hpp"
#include "lamina/kernels/cuda/launch.hpp"

namespace lamina::gpu {

// Tensor cores where they were asked for and the tiles fit; false otherwise.
template <class Launcher, CacheType Type>
bool launch_attend_many(Queue& queue, const AttendArgs& a) {
  const std::uint32_t rows = a.n_tokens * (a.n_head / a.n_head_kv);
  const std::uint32_t blocks = (rows + many_rows - 1) / many_rows * a.n_head_kv;
  const std::size_t shared = ManyShared::bytes(a.key_dim, a.value_dim);
  if (!a.many || shared > queue.properties().shared_bytes || a.value_dim > 256) return false;
  const auto run = [&](auto kernel) { Launcher::run(queue, kernel, blocks, 1, many_threads, shared); };
  if (a.value_dim <= 64) {
    run(AttendMany<Type, 64>{a});
  } else if (a.value_dim <= 128) {
    run(AttendMany<Type, 128>{a});
  } else {
    run(AttendMany<Type, 256>{a});
  }
  return true;
}

template <class Launcher, CacheType Type>
void launch_attend_of(Queue& queue, const AttendArgs& a) {
  if (launch_attend_many<Launcher, Type>(queue, a)) return;
  const std::uint32_t blocks = a.n_tokens * a.n_head_kv * blocks_of_group(a.n_head / a.n_head_kv);
  Launcher::run(queue, Attend<Type>{a}, blocks, a.splits, attend_threads, attend_shared(a));
  if (a.splits > 1) Launcher::run(queue, Merge{a}, a.n_tokens * a.n_head, 1, attend_threads, 0);
}

}  // namespace lamina::gpu
