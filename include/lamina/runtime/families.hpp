// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The families that are built in, for whoever wants to list, draw or check them; and which is meant by a name that is
// none of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/arch/registry.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/nn/check.hpp"
#include "lamina/runtime/hparams.hpp"
#include "lamina/runtime/read_hparams.hpp"
#include "lamina/runtime/structure.hpp"

namespace lamina {

struct FamilyInfo {
  std::string_view name;    // general.architecture
  std::string_view title;   // for people
  std::string_view models;  // published models that have it
  nn::Verified verified;
  LayerNode (*layers)();  // may throw std::bad_alloc
  // As loading reads them. n_vocab: rows of the embedding table, or 0 to look at the file's.
  Expected<Hparams> (*hparams)(const gguf::File& file, std::size_t n_vocab);
};

template <class ArchList>
class FamilyTable;
template <class... Families>
class FamilyTable<TypeList<Families...>> {
 public:
  static std::span<const FamilyInfo> all();
};

// Not defined in the class, so that `extern template` below keeps it out of whoever links the library.
template <class... Families>
std::span<const FamilyInfo> FamilyTable<TypeList<Families...>>::all() {
  static constexpr std::array<FamilyInfo, sizeof...(Families)> table{
      FamilyInfo{Families::name, Families::title, Families::models, Families::verified,
                 &runtime::structure_of<typename Families::Layers>, &runtime::read_hparams<Families>}...};
  return table;
}
#ifdef LAMINA_LIBRARY
extern template class FamilyTable<arch::All>;  // compiled once, in the library
#endif

// All that lamina::load knows.
template <class ArchList = arch::All>
std::span<const FamilyInfo> families() {
  return FamilyTable<ArchList>::all();
}

inline const FamilyInfo* find_family(std::span<const FamilyInfo> families, std::string_view name) {
  const auto at = std::ranges::find(families, name, &FamilyInfo::name);
  return at == families.end() ? nullptr : &*at;
}

// Levenshtein distance; O(|a|·|b|).
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The family whose name is so near that it may be meant, a third of its letters at most being other ones; else null.
inline const FamilyInfo* nearest_family(std::span<const FamilyInfo> families, std::string_view name) {
  const FamilyInfo* nearest = nullptr;
  std::size_t best = 0;
  for (const FamilyInfo& each : families) {
    const std::size_t d = edit_distance(name.substr(0, 64), each.name);
    if (d > each.name.size() / 3 || (nearest != nullptr && d >= best)) continue;
    nearest = &each;
    best = d;
  }
  return nearest;
}

// UnknownArchitecture, with what to do about it.
inline Error unknown_family(std::span<const FamilyInfo> families, std::string_view name) {
  const FamilyInfo* nearest = nearest_family(families, name);
  return Error(ErrorCode::UnknownArchitecture,
               "no family of this name is built in" + (nearest != nullptr
                                                           ? "; the nearest is " + std::string(nearest->name)
                                                           : std::string(", nor one whose name is near")))
      .about("general.architecture")
      .wanted("one of the " + std::to_string(families.size()) +
              " that `llm families` lists, or lamina::families() in a program")
      .found(printable(name));
}

}  // namespace lamina
