// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Unicode's normal forms, with utf8proc's tables. utf8proc's own sorting of combining marks is quadratic in how many
// follow each other, which a text is free to make a million; here they are sorted as anything else.
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/text/hf/text.hpp"

namespace lamina::text::hf {

enum class UnicodeForm : std::uint8_t { nfc, nfd, nfkc, nfkd };

namespace detail {

// Decompositions of Unicode 10 to 14, which the library's tables do not have.
inline bool is_newer(char32_t c) {
  return c == 0x32ff || (c >= 0xa7f2 && c <= 0xa7f4) || c == 0xab69 || (c >= 0x10781 && c <= 0x107ba) || c == 0x11938 ||
         c == 0x1f16c || (c >= 0x1fbf0 && c <= 0x1fbf9);
}

inline std::vector<utf8proc_int32_t> decompose(std::string_view text, bool compatibility) {
  const int options = UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0);
  std::vector<utf8proc_int32_t> out;
  out.reserve(text.size());
  std::array<utf8proc_int32_t, 32> parts;  // U+FDFA has the most, 18
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    text.remove_prefix(c.length);
    const auto value = static_cast<utf8proc_int32_t>(c.value);
    int boundary = 0;
    const utf8proc_ssize_t n =
        c.value < 0x80 || is_newer(c.value)
            ? 0
            : utf8proc_decompose_char(value, parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
                                      static_cast<utf8proc_option_t>(options), &boundary);
    if (n <= 0 || n > static_cast<utf8proc_ssize_t>(parts.size())) {
      out.push_back(value);
    } else {
      out.insert(out.end(), parts.begin(), parts.begin() + n);
    }
  }
  return out;
}

inline int combining_class(utf8proc_int32_t c) { return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class; }

// Combining marks that follow each other go by their class.
inline void sort_marks(std::vector<utf8proc_int32_t>& text) {
  for (auto at = text.begin(); at != text.end();) {
    if (combining_class(*at) == 0) {
      ++at;
      continue;
    }
    const auto end = std::find_if(at, text.end(), [](utf8proc_int32_t c) { return combining_class(c) == 0; });
    std::stable_sort(at, end, [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    at = end;
  }
}

}  // namespace detail

inline void to_form(Text& text, UnicodeForm form) {
  const bool ascii =
      std::none_of(text.bytes.begin(), text.bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (ascii) return;
  const bool compose = form == UnicodeForm::nfc || form == UnicodeForm::nfkc;
  const bool compatibility = form == UnicodeForm::nfkc || form == UnicodeForm::nfkd;
  const auto convert = [&](std::string_view from) {
    std::vector<utf8proc_int32_t> points = detail::decompose(from, compatibility);
    detail::sort_marks(points);
    if (compose && !points.empty()) {
      const auto n = static_cast<utf8proc_ssize_t>(points.size());
      const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
      const utf8proc_ssize_t left = utf8proc_normalize_utf32(points.data(), n, options);
      if (left >= 0 && left <= n) points.resize(static_cast<std::size_t>(left));
    }
    std::string out;
    out.reserve(from.size());
    for (const utf8proc_int32_t c : points) append_utf8(static_cast<char32_t>(c), out);
    return out;
  };
  std::size_t first = 0;
  if (text.first > 0) {
    // What the first characters become; a mark behind them that joins the last is taken with it.
    std::string start = convert(std::string_view(text.bytes).substr(0, std::min(text.first, text.bytes.size())));
    first = start.size();
  }
  text.bytes = convert(text.bytes);
  text.first = std::min(first, text.bytes.size());
  // Not inside a character.
  while (text.first < text.bytes.size() && (static_cast<unsigned char>(text.bytes[text.first]) & 0xc0u) == 0x80u) {
    ++text.first;
  }
}

}  // namespace lamina::text::hf
