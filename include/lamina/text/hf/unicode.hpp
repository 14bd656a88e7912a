// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a character is, in the words of the library `tokenizers`.
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>

#include "lamina/text/hf/unicode_tables.hpp"

namespace lamina::text::hf {

namespace detail {

// A set of characters: ranges, and a table of the first 256 for speed.
class CharacterRanges {
 public:
  constexpr explicit CharacterRanges(std::span<const CodeRange> ranges) : ranges_(ranges) {
    for (const CodeRange& r : ranges) {
      for (char32_t c = r.first; c <= r.last && c < low_.size(); ++c) low_[c] = true;
    }
  }
  bool has(char32_t c) const {
    if (c < low_.size()) return low_[c];
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), c,
                                        [](char32_t value, const CodeRange& r) { return value < r.first; });
    return after != ranges_.begin() && c <= std::prev(after)->last;
  }

 private:
  std::span<const CodeRange> ranges_;
  std::array<bool, 256> low_{};
};

inline constexpr CharacterRanges punctuation{punctuation_ranges};
inline constexpr CharacterRanges control{control_ranges};
inline constexpr CharacterRanges nonspacing{nonspacing_ranges};
inline constexpr CharacterRanges marks{mark_ranges};
inline constexpr CharacterRanges numeric{numeric_ranges};
inline constexpr CharacterRanges word{word_ranges};

}  // namespace detail

inline bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
         c == 0x202f || c == 0x205f || c == 0x3000;
}
inline bool is_punctuation(char32_t c) { return detail::punctuation.has(c); }
inline bool is_control(char32_t c) { return detail::control.has(c); }  // what BERT's cleaning removes
inline bool is_nonspacing_mark(char32_t c) { return detail::nonspacing.has(c); }
inline bool is_mark(char32_t c) { return detail::marks.has(c); }
inline bool is_numeric(char32_t c) { return detail::numeric.has(c); }
inline bool is_word_character(char32_t c) { return detail::word.has(c); }

inline char32_t lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

}  // namespace lamina::text::hf
