// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Finds texts in a text, the leftmost first and of those the longest, none overlapping another. An Aho-Corasick
// automaton of the reversed texts reads the text from its end and so knows at every place the longest that begins
// there: linear whatever the texts are, while the usual search forwards may read as far as the longest again and again.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace lamina::text::hf {

class AddedMatcher {
 public:
  struct Entry {
    std::string_view text;  // not kept
    std::uint32_t value;
  };
  struct Found {
    std::uint32_t begin, length;  // bytes
    std::uint32_t value;
  };

  AddedMatcher() = default;
  // Of equal texts the first counts; empty ones do not.
  explicit AddedMatcher(std::vector<Entry> entries) {
    std::erase_if(entries, [](const Entry& e) { return e.text.empty(); });
    const auto before = [](const Entry& a, const Entry& b) {
      return std::lexicographical_compare(a.text.rbegin(), a.text.rend(), b.text.rbegin(), b.text.rend(),
                                          [](char x, char y) { return index(x) < index(y); });
    };
    std::stable_sort(entries.begin(), entries.end(), before);
    const auto same = [](const Entry& a, const Entry& b) { return a.text == b.text; };
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
    if (!entries.empty()) build(entries);
  }

  bool empty() const { return nodes_.empty(); }

  // Appends what is found, in order.
  void find_all(std::string_view text, std::vector<Found>& out) const {
    if (nodes_.empty()) return;
    const std::size_t n_before = out.size();
    std::uint32_t at = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
      at = step(at, text[i]);
      const std::uint32_t longest = nodes_[at].longest;
      if (longest == none) continue;
      out.push_back({static_cast<std::uint32_t>(i), nodes_[longest].depth, nodes_[longest].value});
    }
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(n_before), out.end());
    std::size_t n_kept = n_before, end = 0;
    for (std::size_t i = n_before; i < out.size(); ++i) {
      if (out[i].begin < end) continue;
      end = std::size_t{out[i].begin} + out[i].length;
      out[n_kept++] = out[i];
    }
    out.resize(n_kept);
  }

 private:
  static constexpr std::uint32_t none = 0xffffffffu;

  // Nodes lie in breadth-first order, so those below one lie side by side.
  struct Node {
    std::uint32_t first_child = 0, end_child = 0;
    std::uint32_t fallback = 0;    // the longest proper end of this node's text that is a node
    std::uint32_t longest = none;  // this node or a fallback's: where the longest entry ends
    std::uint32_t depth = 0;       // bytes
    std::uint32_t value = none;    // of the entry that ends here
  };

  static std::size_t index(char c) { return static_cast<unsigned char>(c); }

  void build(const std::vector<Entry>& entries) {
    struct Range {
      std::uint32_t begin, end;
    };
    std::vector<Range> ranges{{0, static_cast<std::uint32_t>(entries.size())}};
    nodes_.emplace_back();
    labels_.push_back('\0');
    std::vector<std::uint32_t> parents{0};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto [begin, end] = ranges[i];
      const std::uint32_t depth = nodes_[i].depth;
      const auto label = [&](std::uint32_t e) { return entries[e].text[entries[e].text.size() - 1 - depth]; };
      if (begin != end && depth != 0 && entries[begin].text.size() == depth) nodes_[i].value = entries[begin++].value;
      nodes_[i].first_child = static_cast<std::uint32_t>(nodes_.size());
      while (begin != end) {
        const char c = label(begin);
        std::uint32_t last = begin + 1;
        while (last != end && label(last) == c) ++last;
        Node child;
        child.depth = depth + 1;
        nodes_.push_back(child);
        labels_.push_back(c);
        ranges.push_back({begin, last});
        parents.push_back(static_cast<std::uint32_t>(i));
        begin = last;
      }
      nodes_[i].end_child = static_cast<std::uint32_t>(nodes_.size());
    }
    root_.fill(0);
    for (std::uint32_t c = nodes_[0].first_child; c < nodes_[0].end_child; ++c) root_[index(labels_[c])] = c;
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
      Node& node = nodes_[i];
      node.fallback = parents[i] == 0 ? 0 : step(nodes_[parents[i]].fallback, labels_[i]);
      node.longest = node.value != none ? i : nodes_[node.fallback].longest;
    }
  }

  std::uint32_t child(std::uint32_t at, char c) const {
    const auto first = labels_.begin() + nodes_[at].first_child, last = labels_.begin() + nodes_[at].end_child;
    const auto found = std::lower_bound(first, last, c, [](char a, char b) { return index(a) < index(b); });
    return found == last || *found != c ? none : static_cast<std::uint32_t>(found - labels_.begin());
  }
  std::uint32_t step(std::uint32_t at, char c) const {
    for (; at != 0; at = nodes_[at].fallback) {
      if (const std::uint32_t next = child(at, c); next != none) return next;
    }
    return root_[index(c)];
  }

  std::vector<Node> nodes_;
  std::vector<char> labels_;  // the byte that leads to each node
  std::array<std::uint32_t, 256> root_{};
};

}  // namespace lamina::text::hf
