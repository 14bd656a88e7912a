// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Cuts text into words with a pre-tokenizer's expressions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/pretokenizer.hpp"
#include "lamina/text/regex.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

// PCRE2's own \s also takes U+180E, which has not been white space since Unicode 6.3.
inline std::string expand_space(std::string_view pattern) {
  static constexpr std::string_view space =
      R"(\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (next == 's') {
        out.append(in_class ? "" : "[").append(space).append(in_class ? "" : "]");
      } else if (next == 'S') {
        out.append("[^").append(space).append("]");
      } else {
        out.append({c, next});
      }
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    out += c;
  }
  return out;
}

class WordSplitter {
 public:
  // Errors: Internal, OutOfMemory.
  static Expected<WordSplitter> make(const PreTokenizer& pre) {
    WordSplitter splitter;
    for (const std::string_view pattern : pre.patterns) {
      const bool groups = pattern == digit_groups;
      auto regex = Regex::compile(groups ? R"(\p{N}+)" : expand_space(pattern));
      if (!regex) return fail(std::move(regex.error()));
      splitter.steps_.push_back({std::move(*regex), groups});
    }
    return splitter;
  }

  // The lengths of the words in bytes, in order; they add up to text.size(). The text may hold any bytes: those that
  // are no UTF-8 count as symbols.
  Expected<std::vector<std::uint32_t>> split(std::string_view text) const {
    std::vector<std::uint32_t> words;
    if (text.empty()) return words;
    std::string masked;
    if (!utf8_valid(text)) text = masked = utf8_masked(text, '\x1a');
    auto scratch = RegexScratch::make();
    if (!scratch) return fail(std::move(scratch.error()));
    words.push_back(static_cast<std::uint32_t>(text.size()));
    std::vector<std::uint32_t> next;
    for (const Step& step : steps_) {
      next.clear();
      std::size_t begin = 0;
      for (const std::uint32_t length : words) {
        if (auto ok = cut(text.substr(begin, length), step, *scratch, next); !ok) return fail(std::move(ok.error()));
        begin += length;
      }
      words.swap(next);
    }
    return words;
  }

 private:
  struct Step {
    Regex regex;
    bool groups;  // each match is to be cut into threes, from the right
  };

  static Expected<void> cut(std::string_view piece, const Step& step, RegexScratch& scratch,
                            std::vector<std::uint32_t>& out) {
    const auto add = [&](std::size_t begin, std::size_t end) {
      if (end > begin) out.push_back(static_cast<std::uint32_t>(end - begin));
    };
    std::size_t at = 0;
    while (at < piece.size()) {
      const auto match = step.regex.find(piece, at, scratch);
      if (!match) return fail(match.error());
      if (!*match || (*match)->end == (*match)->begin) break;
      add(at, (*match)->begin);
      if (step.groups) {
        add_digit_groups(piece.substr((*match)->begin, (*match)->end - (*match)->begin), out);
      } else {
        add((*match)->begin, (*match)->end);
      }
      at = (*match)->end;
    }
    add(at, piece.size());
    return {};
  }

  static void add_digit_groups(std::string_view digits, std::vector<std::uint32_t>& out) {
    std::size_t n_digits = 0;
    for (const char c : digits) n_digits += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < digits.size();) {
      const std::size_t bytes = utf8_step(digits.substr(i)).length;
      length += static_cast<std::uint32_t>(bytes);
      i += bytes;
      if (--n_digits % 3 == 0) out.push_back(std::exchange(length, 0));
    }
  }

  WordSplitter() = default;

  std::vector<Step> steps_;
};

}  // namespace lamina::text
