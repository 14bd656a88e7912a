// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A text cut into words, some of which are tokens already: what pre-tokenizers cut further and rewrite. Words are
// ranges of one string, so cutting copies nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text::hf {

struct Range {
  std::uint32_t begin = 0, end = 0;  // bytes
};

struct Word {
  std::uint32_t begin = 0, length = 0;  // bytes
  std::uint32_t first = 0;              // bytes at its start that come from the first character of all
  bool leads = false;                   // it begins where the whole text began
  Token token = no_token;               // what it is, once that is known
};

struct Words {
  std::string text;
  std::vector<Word> list;
  std::size_t limit = 0;  // bytes that the text may grow to

  std::string_view of(const Word& word) const { return std::string_view(text).substr(word.begin, word.length); }

  // A part of a word as a word.
  static Word part(const Word& whole, Range range) {
    const std::uint32_t first = whole.first > range.begin ? whole.first - range.begin : 0;
    const std::uint32_t length = range.end - range.begin;
    const bool leads = whole.leads && first > 0;
    return {whole.begin + range.begin, length, leads ? std::min(first, length) : 0, leads, no_token};
  }

  // f(text of a word, std::vector<Range>& parts): parts in order; those that are empty go, and what is in none of them.
  template <class F>
  Expected<void> cut(F&& f) {
    std::vector<Word> next;
    next.reserve(list.size());
    std::vector<Range> parts;
    for (const Word& word : list) {
      if (word.token != no_token) {
        next.push_back(word);
        continue;
      }
      parts.clear();
      if (Expected<void> ok = f(of(word), parts); !ok) return ok;
      for (const Range& range : parts) {
        if (range.begin < range.end) next.push_back(part(word, range));
      }
    }
    list = std::move(next);
    return {};
  }

  // f(Text&, leads): writes a word anew.
  template <class F>
  Expected<void> rewrite(F&& f) {
    std::string out;
    out.reserve(text.size() + list.size());
    Text one;
    std::size_t n_kept = 0;
    for (Word word : list) {
      if (word.token == no_token) {
        one.bytes.assign(of(word));
        one.first = word.first;
        one.limit = limit;
        if (Expected<void> ok = f(one, word.leads); !ok) return ok;
        if (one.bytes.size() > limit || out.size() > limit - one.bytes.size()) return fail(grown_too_large(limit));
        word.begin = static_cast<std::uint32_t>(out.size());
        word.length = static_cast<std::uint32_t>(one.bytes.size());
        word.first = word.leads ? static_cast<std::uint32_t>(one.first) : 0;
        out += one.bytes;
        if (word.length == 0) continue;
      } else {
        word.begin = word.length = 0;
      }
      list[n_kept++] = word;
    }
    list.resize(n_kept);
    text = std::move(out);
    return {};
  }
};

// What becomes of the places that a pattern finds.
enum class Behavior : std::uint8_t { removed, isolated, merged_with_previous, merged_with_next, contiguous };

struct Match {
  Range range;
  bool found;  // by the pattern; otherwise what lies between
};

// `matches` cover the text in order, empty ones included.
inline void cut_at(const std::vector<Match>& matches, Behavior behavior, std::vector<Range>& parts) {
  bool before = false;
  switch (behavior) {
    case Behavior::removed:
      for (const Match& m : matches) {
        if (!m.found) parts.push_back(m.range);
      }
      break;
    case Behavior::isolated:
      for (const Match& m : matches) parts.push_back(m.range);
      break;
    case Behavior::contiguous:
    case Behavior::merged_with_previous:
      for (const Match& m : matches) {
        const bool merge = behavior == Behavior::contiguous ? m.found == before : m.found && !before;
        if (merge && !parts.empty()) {
          parts.back().end = m.range.end;
        } else {
          parts.push_back(m.range);
        }
        before = m.found;
      }
      break;
    case Behavior::merged_with_next:
      for (std::size_t i = matches.size(); i-- > 0;) {
        const Match& m = matches[i];
        if (m.found && !before && !parts.empty()) {
          parts.back().begin = m.range.begin;
        } else {
          parts.push_back(m.range);
        }
        before = m.found;
      }
      std::reverse(parts.begin(), parts.end());
      break;
  }
}

// The matches of single characters.
template <class Is>
void match_characters(std::string_view text, Is&& is, std::vector<Match>& matches) {
  std::uint32_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = first_code_point(text.substr(at));
    const auto begin = static_cast<std::uint32_t>(at), end = static_cast<std::uint32_t>(at + c.length);
    at += c.length;
    if (!is(c.value)) continue;
    if (done < begin) matches.push_back({{done, begin}, false});
    matches.push_back({{begin, end}, true});
    done = end;
  }
  if (done < text.size()) matches.push_back({{done, static_cast<std::uint32_t>(text.size())}, false});
}

}  // namespace lamina::text::hf
