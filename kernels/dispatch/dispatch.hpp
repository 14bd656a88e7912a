// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which targets this program and this machine have, and the choice of one, by name or the best. With the compiled
// library (LAMINA_LIBRARY) they are Highway's, picked by the CPU's features; with headers alone, the one xsimd target
// that this translation unit is compiled for. The reference target is always there, last.
#pragma once

#include <array>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/kernels/reference/reference.hpp"
#include "lamina/quant/registry.hpp"
#ifndef LAMINA_LIBRARY
#include "lamina/kernels/xsimd/xsimd.hpp"
#endif

namespace lamina::kernels {

// Best first, with kernels for these formats alone: with headers alone, no others are compiled; the library's tables
// are narrowed.
template <class FormatList = quant::Formats>
std::span<const KernelTable* const> available_targets();

#ifdef LAMINA_LIBRARY
template <>
std::span<const KernelTable* const> available_targets<quant::Formats>();  // in the library
// Found by name alone, for tests: kernels that no target of this machine uses, and what other machines would compute.
std::span<const KernelTable* const> test_targets();

template <class FormatList>
std::span<const KernelTable* const> available_targets() {
  struct Narrowed {
    KernelTable table;
    std::vector<KernelTable::PerFormat> formats;
  };
  static const std::vector<Narrowed> narrowed = [] {
    std::vector<Narrowed> out;
    for (const KernelTable* target : available_targets<quant::Formats>()) {
      Narrowed& n = out.emplace_back(Narrowed{*target, {}});
      for_each_type(FormatList{}, [&](auto f) {
        if (const auto* kernel = target->find(decltype(f)::type::type_id)) n.formats.push_back(*kernel);
      });
    }
    for (Narrowed& n : out) n.table.formats = n.formats;
    return out;
  }();
  static const std::vector<const KernelTable*> targets = [] {
    std::vector<const KernelTable*> out;
    out.reserve(narrowed.size());
    for (const Narrowed& n : narrowed) out.push_back(&n.table);
    return out;
  }();
  return targets;
}
#else
inline std::span<const KernelTable* const> test_targets() { return {}; }

template <class FormatList>
std::span<const KernelTable* const> available_targets() {
  static const std::array<const KernelTable*, 2> targets = {&table_of<XsimdKernels, FormatList>(),
                                                            &table_of<ReferenceKernels, FormatList>()};
  return targets;
}
#endif

// The target of that name; for an empty name the one that the environment variable LAMINA_TARGET names, or the best.
template <class FormatList = quant::Formats>
Expected<const KernelTable*> select_target(std::string_view name = {}) {
  return guarded([&]() -> Expected<const KernelTable*> {
    std::string_view wanted = name;
    if (wanted.empty()) {
      if (const char* variable = std::getenv("LAMINA_TARGET")) wanted = variable;
    }
    const std::span<const KernelTable* const> targets = available_targets<FormatList>();
    if (wanted.empty()) return targets.front();
    std::string names;
    for (const KernelTable* target : targets) {
      if (target->target == wanted) return target;
      if (!names.empty()) names += ", ";
      names += target->target;
    }
    if constexpr (std::is_same_v<FormatList, quant::Formats>) {
      for (const KernelTable* target : test_targets()) {
        if (target->target == wanted) return target;
      }
    }
    std::string why = "this machine or this build has no such target";
    if (!targets.front()->note.empty()) why += "; " + std::string(targets.front()->note);
    return fail(Error(ErrorCode::TargetUnavailable, std::move(why))
                    .about(name.empty() ? "LAMINA_TARGET" : "target")
                    .wanted("one of " + names)
                    .found(printable(wanted)));
  });
}

}  // namespace lamina::kernels
