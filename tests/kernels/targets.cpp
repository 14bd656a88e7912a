// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The targets under test, and the choice of one.
#include <catch2/catch.hpp>
#include <string>

#include "kernel_fixture.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/kernels/xsimd/xsimd.hpp"

#ifndef LAMINA_LIBRARY
template class lamina::quant::Encoder<lamina::quant::AllFormats>;
#endif

namespace lamina::test {

std::vector<const kernels::KernelTable*> simd_targets() {
  std::vector<const kernels::KernelTable*> out;
  for (const kernels::KernelTable* t : kernels::available_targets()) {
    if (t->target != "reference") out.push_back(t);
  }
  for (const kernels::KernelTable* t : kernels::test_targets()) out.push_back(t);
  const kernels::KernelTable* header_only = &kernels::table_of<kernels::XsimdKernels, quant::Formats>();
  if (out.empty() || out.back()->target != header_only->target) out.push_back(header_only);
  return out;
}

const kernels::KernelTable& reference() { return kernels::table_of<kernels::ReferenceKernels, quant::Formats>(); }

TEST_CASE("targets are listed best first with the reference last, and chosen by name") {
  const auto targets = kernels::available_targets();
  REQUIRE(targets.size() >= 2);
  REQUIRE(targets.back()->target == "reference");
  for (const kernels::KernelTable* target : targets) {
    const auto chosen = kernels::select_target(target->target);
    REQUIRE(chosen.has_value());
    REQUIRE(*chosen == target);
  }
  const auto unknown = kernels::select_target("z80");
  REQUIRE(!unknown.has_value());
  REQUIRE(unknown.error().code == ErrorCode::TargetUnavailable);
  REQUIRE(unknown.error().expected.find("reference") != std::string::npos);
  REQUIRE(unknown.error().got == "z80");
  for (const kernels::KernelTable* target : kernels::test_targets()) {
    const auto chosen = kernels::select_target(target->target);
    REQUIRE(chosen.has_value());
    REQUIRE(*chosen == target);
    REQUIRE(unknown.error().expected.find(target->target) == std::string::npos);
  }
}

}  // namespace lamina::test
