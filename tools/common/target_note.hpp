// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// No silent fallback: why a better target that the processor has is not there.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "lamina/kernels/dispatch/dispatch.hpp"

namespace lamina::cli {

// A line on standard error when that target stands in for a better one.
inline void print_target_note(std::string_view program, std::string_view target) {
  for (const kernels::KernelTable* table : kernels::available_targets()) {
    if (table->target != target || table->note.empty()) continue;
    std::fprintf(stderr, "%s: %s: %s\n", std::string(program).c_str(), std::string(target).c_str(),
                 std::string(table->note).c_str());
  }
}

}  // namespace lamina::cli
