// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The compiled library's list of targets: what was compiled, filtered by what the CPU has and the operating system
// lets programs use.
#include "lamina/kernels/dispatch/dispatch.hpp"
//

#include "lamina/kernels/highway/highway.hpp"
//
#include <hwy/targets.h>

namespace lamina::kernels {
namespace {

struct Targets {
  std::array<const KernelTable*, 8> tables{};
  std::size_t n = 0;

  template <std::int64_t Target>
  void add_if(std::int64_t supported) {
    if ((supported & Target) != 0) tables[n++] = &table_of<HighwayKernels<Target>, quant::Formats>();
  }
};

Targets find_targets() {
  Targets found;
  const auto supported = static_cast<std::int64_t>(hwy::SupportedTargets());
#if (HWY_TARGETS & HWY_AVX3_DL) != 0
  found.add_if<HWY_AVX3_DL>(supported);
#endif
#if (HWY_TARGETS & HWY_AVX3) != 0
  found.add_if<HWY_AVX3>(supported);
#endif
#if (HWY_TARGETS & HWY_AVX2) != 0
  found.add_if<HWY_AVX2>(supported);
#endif
#if (HWY_TARGETS & HWY_SSE4) != 0
  found.add_if<HWY_SSE4>(supported);
#endif
#if (HWY_TARGETS & HWY_NEON) != 0
  found.add_if<HWY_NEON>(supported);
#endif
  found.tables[found.n++] = &table_of<ReferenceKernels, quant::Formats>();
  return found;
}

}  // namespace

std::span<const KernelTable* const> available_targets() {
  static const Targets found = find_targets();
  return {found.tables.data(), found.n};
}

}  // namespace lamina::kernels
