// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Characters that Unicode got in versions 15.0 and 15.1. llama.cpp v0.5.0 knows them, Debian's PCRE2 10.42 does not,
// and where words end hangs on what a character is. So expressions are shown, in place of such a character, one of the
// same length that is of the same class and stands in the same ranges of all expressions of pretokenizer.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "lamina/text/unicode.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

namespace detail {

struct LateRange {
  char32_t first, last;
  std::string_view stand_in;
};

inline constexpr std::string_view late_letter = "\xf0\x90\x80\x80";       // U+10000
inline constexpr std::string_view late_mark = "\xf0\x90\x87\xbd";         // U+101FD
inline constexpr std::string_view late_number = "\xf0\x90\x84\x87";       // U+10107
inline constexpr std::string_view late_punctuation = "\xf0\x90\x84\x80";  // U+10100
inline constexpr std::string_view late_symbol = "\xf0\x9f\x98\x80";       // U+1F600

inline constexpr LateRange late_ranges[] = {
    {0xcf3, 0xcf3, "\xe0\xb3\xa2"},       {0xece, 0xece, "\xe0\xbb\x8d"},         {0x2ffc, 0x2fff, "\xe2\xbf\xbb"},
    {0x31ef, 0x31ef, "\xe3\x87\xa3"},     {0x10efd, 0x10eff, late_mark},          {0x1123f, 0x11240, late_letter},
    {0x11241, 0x11241, late_mark},        {0x11b00, 0x11b09, late_punctuation},   {0x11f00, 0x11f01, late_mark},
    {0x11f02, 0x11f02, late_letter},      {0x11f03, 0x11f03, late_mark},          {0x11f04, 0x11f10, late_letter},
    {0x11f12, 0x11f33, late_letter},      {0x11f34, 0x11f3a, late_mark},          {0x11f3e, 0x11f42, late_mark},
    {0x11f43, 0x11f4f, late_punctuation}, {0x11f50, 0x11f59, late_number},        {0x1342f, 0x1342f, late_letter},
    {0x13440, 0x13440, late_mark},        {0x13441, 0x13446, late_letter},        {0x13447, 0x13455, late_mark},
    {0x1b132, 0x1b132, late_letter},      {0x1b155, 0x1b155, late_letter},        {0x1d2c0, 0x1d2d3, late_number},
    {0x1df25, 0x1df2a, late_letter},      {0x1e030, 0x1e06d, late_letter},        {0x1e08f, 0x1e08f, late_mark},
    {0x1e4d0, 0x1e4eb, late_letter},      {0x1e4ec, 0x1e4ef, late_mark},          {0x1e4f0, 0x1e4f9, late_number},
    {0x1f6dc, 0x1f6dc, late_symbol},      {0x1f774, 0x1f776, late_symbol},        {0x1f77b, 0x1f77f, late_symbol},
    {0x1f7d9, 0x1f7d9, late_symbol},      {0x1fa75, 0x1fa77, late_symbol},        {0x1fa87, 0x1fa88, late_symbol},
    {0x1faad, 0x1faaf, late_symbol},      {0x1fabb, 0x1fabd, late_symbol},        {0x1fabf, 0x1fabf, late_symbol},
    {0x1face, 0x1facf, late_symbol},      {0x1fada, 0x1fadb, late_symbol},        {0x1fae8, 0x1fae8, late_symbol},
    {0x1faf7, 0x1faf8, late_symbol},      {0x2b739, 0x2b739, "\xf0\xab\x9c\xb8"}, {0x2ebf0, 0x2ee5d, late_letter},
    {0x31350, 0x323af, late_letter},
};

// Null for all other characters.
inline const LateRange* late_range(std::string_view character) {
  const char32_t c = code_point(character);
  if (c < late_ranges[0].first || (c > 0x31ef && c < 0x10efd)) return nullptr;
  const auto* range = std::lower_bound(std::begin(late_ranges), std::end(late_ranges), c,
                                       [](const LateRange& r, char32_t wanted) { return r.last < wanted; });
  return range != std::end(late_ranges) && range->first <= c ? range : nullptr;
}

// Calls f(begin, range) for each such character.
template <class F>
void for_each_late(std::string_view text, F&& f) {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0xe0) {  // no such character has fewer than three bytes
      ++i;
      continue;
    }
    const std::size_t length = utf8_character(text.substr(i));
    if (const LateRange* range = length < 3 ? nullptr : late_range(text.substr(i, length))) f(i, *range);
    i += length;
  }
}

}  // namespace detail

// Of valid UTF-8.
inline bool has_late_characters(std::string_view text) {
  bool found = false;
  detail::for_each_late(text, [&](std::size_t, const detail::LateRange&) { found = true; });
  return found;
}

inline void put_stand_ins(std::string& text) {
  detail::for_each_late(text, [&](std::size_t begin, const detail::LateRange& range) {
    text.replace(begin, range.stand_in.size(), range.stand_in);
  });
}

}  // namespace lamina::text
