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
#include "lamina/text/late_characters.hpp"
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
      const Cut cut = pattern == digit_groups ? Cut::after_groups
                      : pattern == thousands  ? Cut::before_thousands
                                              : Cut::matches;
      auto regex = Regex::compile(cut == Cut::after_groups       ? R"(\p{N}+)"
                                  : cut == Cut::before_thousands ? R"([0-9]+)"
                                                                 : expand_space(pattern));
      if (!regex) return fail(std::move(regex.error()));
      splitter.steps_.push_back({std::move(*regex), cut});
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
    if (has_late_characters(text)) {
      if (masked.empty()) masked = text;
      put_stand_ins(masked);
      text = masked;
    }
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
  enum class Cut { matches, after_groups, before_thousands };
  struct Step {
    Regex regex;
    Cut cut;
  };

  static Expected<void> cut(std::string_view piece, const Step& step, RegexScratch& scratch,
                            std::vector<std::uint32_t>& out) {
    std::size_t begin = 0;  // of the word that is not finished yet
    const auto cut_at = [&](std::size_t end) {
      if (end > begin) out.push_back(static_cast<std::uint32_t>(end - begin));
      begin = end;
    };
    for (std::size_t at = 0; at < piece.size();) {
      const auto match = step.regex.find(piece, at, scratch);
      if (!match) return fail(match.error());
      if (!*match || (*match)->end == (*match)->begin) break;
      at = (*match)->end;
      if (step.cut == Cut::matches) {
        cut_at((*match)->begin);
        cut_at(at);
      } else {
        cut_digits(piece.substr((*match)->begin, at - (*match)->begin), (*match)->begin, step.cut, cut_at);
      }
    }
    cut_at(piece.size());
    return {};
  }

  // `digits` stand at `at` in the piece.
  template <class CutAt>
  static void cut_digits(std::string_view digits, std::size_t at, Cut cut, CutAt&& cut_at) {
    std::size_t left = 0;
    for (const char c : digits) left += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
    for (std::size_t i = 0; i < digits.size(); --left) {
      if (cut == Cut::before_thousands && left % 3 == 0) cut_at(at + i);
      i += utf8_character(digits.substr(i));
      if (cut == Cut::after_groups && left % 3 == 1) cut_at(at + i);
    }
  }

  WordSplitter() = default;

  std::vector<Step> steps_;
};

}  // namespace lamina::text
