// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The launches that depend on a format of weights: instantiated once per format, in a file of its own that CMake makes
// (format.cu.in, format_emulated.cpp.in).
#pragma once

#include <algorithm>

#include "lamina/kernels/cuda/gemm.hpp"
#include "lamina/kernels/cuda/groups.hpp"
#include "lamina/kernels/cuda/launch.hpp"
#include "lamina/kernels/cuda/matvec.hpp"
#include "lamina/kernels/cuda/rows.hpp"

namespace lamina::gpu {

constexpr std::uint32_t divide_up(std::uint32_t a, std::uint32_t b) { return (a + b - 1) / b; }

// Blocks for so many pairs of rows: enough to fill the device, few enough that each stages its input once for several.
inline std::uint32_t matvec_blocks(const Queue& queue, std::uint32_t pairs) {
  return std::clamp(divide_up(pairs, matvec_warps), 1u, 4 * std::max(1u, queue.properties().multiprocessors));
}

// Tokens that share a reading of the weights.
inline constexpr std::uint32_t matvec_tokens = 4;
template <class Format>
bool fits_several(const Queue& queue, std::uint32_t k, std::uint32_t n_rows, bool experts) {
  return !experts && n_rows > 1 && matvec_shared<Format>(k, matvec_tokens) <= queue.properties().shared_bytes;
}

template <class Launcher, class Format>
void launch_matvec(Queue& queue, const MatvecArgs& a) {
  if (a.n_rows == 0) return;
  std::uint32_t rows = 1;
  for (std::uint32_t p = 0; p < a.n_products; ++p) rows = std::max(rows, a.product[p].w.rows);
  const std::uint32_t blocks = matvec_blocks(queue, divide_up(rows, 2));
  if (fits_several<Format>(queue, a.k, a.n_rows, a.chosen != nullptr)) {
    Launcher::run(queue, Matvec<Format, matvec_tokens>{a}, blocks, divide_up(a.n_rows, matvec_tokens), matvec_threads,
                  matvec_shared<Format>(a.k, matvec_tokens));
  } else {
    Launcher::run(queue, Matvec<Format, 1>{a}, blocks, a.n_rows, matvec_threads, matvec_shared<Format>(a.k, 1));
  }
}

template <class Launcher, class Format>
void launch_gate_up(Queue& queue, const GateUpArgs& a) {
  if (a.n_rows == 0) return;
  const std::uint32_t blocks = matvec_blocks(queue, a.up.rows);
  if (fits_several<Format>(queue, a.k, a.n_rows, a.chosen != nullptr)) {
    Launcher::run(queue, GateUp<Format, matvec_tokens>{a}, blocks, divide_up(a.n_rows, matvec_tokens), matvec_threads,
                  matvec_shared<Format>(a.k, matvec_tokens));
  } else {
    Launcher::run(queue, GateUp<Format, 1>{a}, blocks, a.n_rows, matvec_threads, matvec_shared<Format>(a.k, 1));
  }
}

template <class Launcher, class Format>
void launch_gemm(Queue& queue, const GemmArgs& a) {
  std::uint32_t tiles = 0;
  for (std::uint32_t p = 0; p < a.n_products; ++p) tiles += divide_up(a.product[p].w.rows, gemm_rows);
  const std::uint32_t columns = divide_up(a.n_rows, gemm_tokens);
  if constexpr (is_float<Format>) {
    if (a.low != nullptr) {
      Launcher::run(queue, Gemm<Format, true>{a}, tiles, columns, gemm_threads, GemmShared<true>::bytes);
      return;
    }
  }
  Launcher::run(queue, Gemm<Format, false>{a}, tiles, columns, gemm_threads, GemmShared<false>::bytes);
}

template <class Launcher, class Format>
FormatKernels format_kernels() {
  FormatKernels out;
  out.type_id = Format::type_id;
  out.name = Format::name;
  out.kernel = is_float<Format> ? "fma" : "dp4a 2x8 bit";
  out.matvec = &launch_matvec<Launcher, Format>;
  out.gate_up = &launch_gate_up<Launcher, Format>;
  out.prefill_kernel = is_float<Format> ? "mma 2x bf16" : "mma bf16";
  out.gemm = &launch_gemm<Launcher, Format>;
  out.split = is_float<Format>;
  out.embed = [](Queue& queue, const EmbedArgs& a) {
    Launcher::run(queue, Embed<Format>{a}, a.n_tokens, 1, row_threads, 0);
  };
  out.shared_bytes = [](std::uint32_t k) { return matvec_shared<Format>(k, 1); };
  return out;
}

}  // namespace lamina::gpu
