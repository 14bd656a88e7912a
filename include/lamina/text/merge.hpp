// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The merging that SentencePiece and BPE share: neighbouring symbols are joined, best pair first, leftmost first among
// equals, until no pair is left that the vocabulary knows. Words are short and go through a heap; a text that is one
// long word goes through a queue that keeps equal pairs in the order of the text, where memory is read front to back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace lamina::text {

inline constexpr std::uint32_t no_symbol = 0xffffffffu;

// A piece of a text, kept under the place of its first byte; the next one begins where it ends. At a place where none
// begins, the length is 0.
struct Symbol {
  std::uint32_t length = 0;            // bytes
  std::uint32_t previous = no_symbol;  // where the symbol before it begins
};

// Writes down the symbols of a text, in order.
class SymbolWriter {
 public:
  SymbolWriter(std::vector<Symbol>& symbols, std::size_t n_bytes) : symbols_(symbols) { symbols_.assign(n_bytes, {}); }

  void add(std::size_t begin, std::size_t length) {
    symbols_[begin] = {static_cast<std::uint32_t>(length), last_};
    last_ = static_cast<std::uint32_t>(begin);
  }

 private:
  std::vector<Symbol>& symbols_;
  std::uint32_t last_ = no_symbol;
};

// Calls f(begin, length) for every symbol, in order.
template <class F>
void for_each_symbol(const std::vector<Symbol>& symbols, F&& f) {
  for (std::size_t begin = 0; begin < symbols.size(); begin += symbols[begin].length) f(begin, symbols[begin].length);
}

// A pair of neighbours that may be joined, as it was when it was found.
template <class Rank>
struct MergeCandidate {
  Rank rank{};               // lower is better
  std::uint32_t left = 0;    // where the left one begins
  std::uint32_t length = 0;  // of both, bytes
};

template <class Rank>
class HeapQueue {
 public:
  using Candidate = MergeCandidate<Rank>;

  void push(const Candidate& candidate) {
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), worse);
  }
  bool pop(Candidate& best) {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), worse);
    best = heap_.back();
    heap_.pop_back();
    return true;
  }

 private:
  static bool worse(const Candidate& a, const Candidate& b) {
    return a.rank > b.rank || (a.rank == b.rank && a.left > b.left);
  }

  std::vector<Candidate> heap_;
};

// The same order from one list per rank. Most candidates of a rank come in the order of the text and are only appended;
// those that do not wait in a heap.
template <class Rank>
class RankQueue {
 public:
  using Candidate = MergeCandidate<Rank>;

  void push(const Candidate& candidate) {
    List& list = lists_[candidate.rank];
    const Entry entry{candidate.left, candidate.length};
    if (list.in_order.empty() || list.in_order.back().left <= entry.left) {
      list.in_order.push_back(entry);
    } else {
      list.late.push_back(entry);
      std::push_heap(list.late.begin(), list.late.end(), after);
    }
  }
  bool pop(Candidate& best) {
    if (lists_.empty()) return false;
    const auto first = lists_.begin();
    List& list = first->second;
    Entry entry;
    if (list.next == list.in_order.size() || (!list.late.empty() && after(list.in_order[list.next], list.late[0]))) {
      std::pop_heap(list.late.begin(), list.late.end(), after);
      entry = list.late.back();
      list.late.pop_back();
    } else {
      entry = list.in_order[list.next++];
    }
    best = {first->first, entry.left, entry.length};
    if (list.next == list.in_order.size() && list.late.empty()) lists_.erase(first);
    return true;
  }

 private:
  struct Entry {
    std::uint32_t left = 0, length = 0;
  };
  struct List {
    std::vector<Entry> in_order;  // by left
    std::size_t next = 0;         // the first not taken
    std::vector<Entry> late;      // a heap, leftmost first
  };

  static bool after(const Entry& a, const Entry& b) { return a.left > b.left; }

  std::map<Rank, List> lists_;
};

// rank_of(left, right, end): the Rank of joining the symbols at [left, right) and [right, end), or empty.
// joined(left, end): they are one now.
template <class Rank, class Queue, class RankOf, class Joined>
void merge_symbols_through(Queue& queue, std::vector<Symbol>& symbols, RankOf&& rank_of, Joined&& joined) {
  const auto n = static_cast<std::uint32_t>(symbols.size());
  const auto consider = [&](std::uint32_t left) {
    const std::uint32_t right = left + symbols[left].length;
    if (right == n) return;
    const std::uint32_t end = right + symbols[right].length;
    if (const std::optional<Rank> rank = rank_of(left, right, end)) queue.push({*rank, left, end - left});
  };
  for_each_symbol(symbols, [&](std::size_t begin, std::uint32_t) { consider(static_cast<std::uint32_t>(begin)); });
  for (MergeCandidate<Rank> best; queue.pop(best);) {
    const std::uint32_t left = best.left, end = left + best.length;
    const std::uint32_t right = left + symbols[left].length;
    if (right == left || right >= end || right + symbols[right].length != end) continue;  // outdated
    symbols[right].length = 0;
    symbols[left].length = best.length;
    if (end != n) symbols[end].previous = left;
    joined(left, end);
    if (symbols[left].previous != no_symbol) consider(symbols[left].previous);
    consider(left);
  }
}

inline constexpr std::size_t long_word = 1024;  // bytes

// `heap` is empty before and after.
template <class Rank, class RankOf, class Joined>
void merge_symbols(std::vector<Symbol>& symbols, HeapQueue<Rank>& heap, RankOf&& rank_of, Joined&& joined) {
  if (symbols.size() < long_word) {
    merge_symbols_through<Rank>(heap, symbols, rank_of, joined);
  } else {
    RankQueue<Rank> queue;
    merge_symbols_through<Rank>(queue, symbols, rank_of, joined);
  }
}

}  // namespace lamina::text
