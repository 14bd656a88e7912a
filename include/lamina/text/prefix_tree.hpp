// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A set of texts, and which of them a given text begins with: a radix tree whose nodes lie in one array, children side
// by side. Entries longer than `longest_entry` bytes are left out, so that a walk is short whatever file the texts are
// from: without that, one entry as long as the text would make matching at every byte quadratic.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/token.hpp"

namespace lamina::text {

class PrefixTree {
 public:
  static constexpr std::size_t longest_entry = 256;  // bytes; real vocabularies stay below 130

  struct Entry {
    std::string_view text;  // must outlive the tree
    std::int32_t value;     // 0 or more
  };

  PrefixTree() = default;
  // Of equal texts the last counts. Empty ones count for nothing.
  explicit PrefixTree(std::vector<Entry> entries) {
    const std::size_t n_all = entries.size();
    std::erase_if(entries, [](const Entry& e) { return e.text.size() > longest_entry; });
    n_left_out_ = n_all - entries.size();
    std::erase_if(entries, [](const Entry& e) { return e.text.empty(); });
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
    std::size_t n = 0;
    for (const Entry& e : entries) {
      if (n != 0 && entries[n - 1].text == e.text) --n;
      entries[n++] = e;
    }
    entries.resize(n);
    build(entries);
  }

  std::size_t n_left_out() const { return n_left_out_; }

  // Calls f(length, value) for every entry that `text` begins with, shortest first. Returns how many bytes at the
  // start of `text` are the start of some entry, whole or not.
  template <class F>
  std::size_t walk(std::string_view text, F&& f) const {
    std::size_t depth = 0;
    for (std::uint32_t at = 0; depth < text.size();) {
      at = child(nodes_[at], text[depth]);
      if (at == no_node) break;
      const Node& node = nodes_[at];
      const std::size_t end = std::min<std::size_t>(node.end, text.size());
      for (++depth; depth < end && node.text[depth] == text[depth];) ++depth;
      if (depth != node.end) break;
      if (node.value >= 0) f(depth, node.value);
    }
    return depth;
  }

  std::size_t matching(std::string_view text) const {
    return walk(text, [](std::size_t, std::int32_t) {});
  }

 private:
  static constexpr std::uint32_t no_node = 0xffffffffu;

  struct Node {
    const char* text = nullptr;  // some entry below; the first `end` bytes of all of them are the same
    std::uint32_t first_child = 0;
    std::int32_t value = -1;  // of the entry that ends here, if one does
    std::uint16_t n_children = 0;
    std::uint16_t end = 0;  // bytes from the root
  };

  // Breadth first: the entries below a node are a range of the sorted list.
  void build(const std::vector<Entry>& entries) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges{{0u, static_cast<std::uint32_t>(entries.size())}};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto [begin, end] = ranges[i];
      const std::size_t depth = nodes_[i].end;
      if (begin != end && depth != 0 && entries[begin].text.size() == depth) nodes_[i].value = entries[begin++].value;
      nodes_[i].first_child = static_cast<std::uint32_t>(nodes_.size());
      while (begin != end) {
        const char label = entries[begin].text[depth];
        std::uint32_t last = begin;
        while (last + 1 != end && entries[last + 1].text[depth] == label) ++last;
        // What the first and the last share, all between them share.
        const std::string_view a = entries[begin].text, b = entries[last].text;
        std::size_t shared = depth + 1;
        while (shared < std::min(a.size(), b.size()) && a[shared] == b[shared]) ++shared;
        nodes_.push_back({a.data(), 0, -1, 0, static_cast<std::uint16_t>(shared)});
        labels_.push_back(label);
        ranges.emplace_back(begin, last + 1);
        ++nodes_[i].n_children;
        begin = last + 1;
      }
    }
    nodes_.shrink_to_fit();
    labels_.shrink_to_fit();
  }

  std::uint32_t child(const Node& node, char label) const {
    const char* first = labels_.data() + node.first_child;
    const char* last = first + node.n_children;
    const auto before = [](char a, char b) { return static_cast<unsigned char>(a) < static_cast<unsigned char>(b); };
    const char* found =
        node.n_children < 8 ? std::find(first, last, label) : std::lower_bound(first, last, label, before);
    if (found == last || *found != label) return no_node;
    return node.first_child + static_cast<std::uint32_t>(found - first);
  }

  std::vector<Node> nodes_ = std::vector<Node>(1);   // the root
  std::vector<char> labels_ = std::vector<char>(1);  // by node: the byte by which it differs from its siblings, sorted
  std::size_t n_left_out_ = 0;
};

}  // namespace lamina::text
