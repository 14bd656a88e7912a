// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The merging that SentencePiece and BPE share: neighbouring symbols are joined, best pair first, leftmost first among
// equals, until no pair is left that the vocabulary knows. O(n log n) in the symbols.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lamina::text {

inline constexpr std::uint32_t no_symbol = 0xffffffffu;

// A piece of text; the symbols of a text form a chain. A symbol that was joined to its left neighbour has length 0.
struct Symbol {
  std::uint32_t begin, length;  // bytes
  std::uint32_t previous, next;
  std::uint64_t hash;  // of its text, where the caller keeps one
};

// A pair of neighbours that may be joined, as it was when it was found.
template <class Rank>
struct MergeCandidate {
  Rank rank;  // lower is better
  std::uint32_t left, right;
  std::uint32_t length;  // of both, bytes
};

// rank_of(left, right): the Rank of joining them, or empty. joined(symbol): the symbol has grown.
template <class Rank, class RankOf, class Joined>
void merge_symbols(std::vector<Symbol>& symbols, std::vector<MergeCandidate<Rank>>& heap, RankOf&& rank_of,
                   Joined&& joined) {
  using Candidate = MergeCandidate<Rank>;
  const auto worse = [](const Candidate& a, const Candidate& b) {
    return a.rank > b.rank || (a.rank == b.rank && a.left > b.left);
  };
  const auto candidate = [&](std::uint32_t left, std::uint32_t right) -> bool {
    if (left == no_symbol || right == no_symbol) return false;
    const std::optional<Rank> rank = rank_of(symbols[left], symbols[right]);
    if (rank) heap.push_back({*rank, left, right, symbols[left].length + symbols[right].length});
    return rank.has_value();
  };

  heap.clear();
  for (std::uint32_t i = 1; i < symbols.size(); ++i) candidate(i - 1, i);
  std::make_heap(heap.begin(), heap.end(), worse);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), worse);
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = symbols[best.left];
    Symbol& right = symbols[best.right];
    if (left.length == 0 || right.length == 0 || left.length + right.length != best.length) continue;  // outdated
    left.length += right.length;
    right.length = 0;
    left.next = right.next;
    if (right.next != no_symbol) symbols[right.next].previous = best.left;
    joined(left);
    if (candidate(left.previous, best.left)) std::push_heap(heap.begin(), heap.end(), worse);
    if (candidate(best.left, left.next)) std::push_heap(heap.begin(), heap.end(), worse);
  }
}

}  // namespace lamina::text
