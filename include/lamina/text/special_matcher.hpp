// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Finds special tokens in text. As in llama.cpp, the longest tokens take their places first, wherever those are; what
// is left between them is ordinary text. One pass over the text finds which tokens occur at all, then each of those
// searches what is left: linear in the text, however long the tokens are.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "lamina/text/token.hpp"
#include "lamina/text/vocabulary.hpp"

namespace lamina::text {

// Either a token, or text to be encoded.
struct Fragment {
  Token token;            // no_token: text
  std::string_view text;  // not empty when it counts
};

class SpecialMatcher {
 public:
  SpecialMatcher() = default;
  explicit SpecialMatcher(const Vocabulary& vocabulary) {
    const auto special = [&](std::size_t i) {
      return vocabulary.is(static_cast<Token>(i), kind_control | kind_user_defined | kind_unknown);
    };
    std::size_t n_special = 0;  // in a hostile file all are, and a vector that grows takes three times its size
    for (std::size_t i = 0; i < vocabulary.size(); ++i) n_special += special(i);
    entries_.reserve(n_special);
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
      if (!special(i)) continue;
      const Token id = static_cast<Token>(i);
      const std::string_view text = vocabulary.text(id);
      if (vocabulary.find(text) != id) continue;  // repeats another token
      entries_.push_back({text, id, !vocabulary.is(id, kind_control | kind_unknown), vocabulary.is(id, kind_strip_left),
                          vocabulary.is(id, kind_strip_right)});
    }
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Range& range = starts_[static_cast<unsigned char>(entries_[i].text[0])];
      if (range.begin == range.end) range.begin = static_cast<std::uint32_t>(i);
      range.end = static_cast<std::uint32_t>(i + 1);
      if (entries_[i].text.size() > most_compared) long_.push_back(static_cast<std::uint32_t>(i));
    }
  }

  // `text` cut at the tokens in it: user-defined ones always, the others when parse_special.
  std::vector<Fragment> split(std::string_view text, bool parse_special) const {
    std::vector<Fragment> fragments;
    if (text.empty()) return fragments;
    fragments.push_back({no_token, text});
    std::vector<Fragment> next;
    for (const std::uint32_t i : occurring(text, parse_special)) {
      next.clear();
      for (const Fragment& fragment : fragments) {
        if (fragment.token != no_token) {
          next.push_back(fragment);
        } else {
          split_one(fragment.text, entries_[i], next);
        }
      }
      fragments.swap(next);
    }
    return fragments;
  }

 private:
  // Bytes compared at each place of the text; longer tokens are looked for one by one.
  static constexpr std::size_t most_compared = 256;

  struct Entry {
    std::string_view text;
    Token id;
    bool always;  // also when parse_special is off
    bool strip_left, strip_right;
  };
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };

  // The entries that stand somewhere in the text, longest first, then by id.
  std::vector<std::uint32_t> occurring(std::string_view text, bool parse_special) const {
    std::vector<bool> seen(entries_.size(), false);
    std::vector<std::uint32_t> out;
    const auto add = [&](std::uint32_t i) {
      if (seen[i] || !(parse_special || entries_[i].always)) return;
      seen[i] = true;
      out.push_back(i);
    };
    for (std::size_t at = 0; at < text.size() && out.size() + long_.size() < entries_.size(); ++at) {
      // The entries that share their first `depth` bytes with the text here.
      Range range = starts_[static_cast<unsigned char>(text[at])];
      for (std::size_t depth = 1; range.begin != range.end; ++depth) {
        if (entries_[range.begin].text.size() == depth) add(range.begin++);
        if (at + depth == text.size() || depth == most_compared) break;
        range = narrow(range, depth, text[at + depth]);
      }
    }
    for (const std::uint32_t i : long_) {
      if (find(text, entries_[i].text) != std::string_view::npos) add(i);
    }
    std::sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) {
      const Entry &x = entries_[a], &y = entries_[b];
      return x.text.size() != y.text.size() ? x.text.size() > y.text.size() : x.id < y.id;
    });
    return out;
  }

  // The part of a range whose byte at `depth` is c; all texts in it are longer than that.
  Range narrow(Range range, std::size_t depth, char c) const {
    if (range.begin == range.end) return range;
    const auto byte_at = [&](std::uint32_t i) { return static_cast<unsigned char>(entries_[i].text[depth]); };
    const auto wanted = static_cast<unsigned char>(c);
    if (byte_at(range.begin) == wanted && byte_at(range.end - 1) == wanted) return range;
    const auto bound = [&](std::uint32_t low, std::uint32_t high, auto&& before) {
      while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (before(byte_at(middle))) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    };
    const std::uint32_t begin = bound(range.begin, range.end, [&](unsigned char b) { return b < wanted; });
    return {begin, bound(begin, range.end, [&](unsigned char b) { return b <= wanted; })};
  }

  // As text.find(token), but linear in the text.
  static std::size_t find(std::string_view text, std::string_view token) {
    const void* at = memmem(text.data(), text.size(), token.data(), token.size());
    if (at == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
  }

  static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  static void split_one(std::string_view text, const Entry& entry, std::vector<Fragment>& out) {
    for (std::size_t at; (at = find(text, entry.text)) != std::string_view::npos;) {
      std::string_view left = text.substr(0, at);
      while (entry.strip_left && !left.empty() && is_space(left.back())) left.remove_suffix(1);
      if (!left.empty()) out.push_back({no_token, left});
      out.push_back({entry.id, {}});
      text.remove_prefix(at + entry.text.size());
      while (entry.strip_right && !text.empty() && is_space(text.front())) text.remove_prefix(1);
    }
    if (!text.empty()) out.push_back({no_token, text});
  }

  std::vector<Entry> entries_;  // by text
  std::array<Range, 256> starts_{};
  std::vector<std::uint32_t> long_;  // those of more than most_compared bytes
};

}  // namespace lamina::text
