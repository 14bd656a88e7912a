// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as RFC 3629 defines it, for text that may hold any bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace lamina::text {

struct Utf8Step {
  std::size_t length;  // bytes of the code point, or of the beginning of one that `text` cuts off
  bool valid;          // false: the first byte begins no code point (length is then 1)
  bool complete;       // false: more bytes may make it one
};

// What stands at the start of `text` (not empty).
constexpr Utf8Step utf8_step(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, true, true};
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0) return {1, false, true};
  // The second byte's range keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, true, false};
    const unsigned c = byte(i);
    if (i == 1 ? c < low || c > high : (c & 0xc0u) != 0x80u) return {1, false, true};
  }
  return {length, true, true};
}

constexpr bool utf8_valid(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const Utf8Step step = utf8_step(text.substr(i));
    if (!step.valid || !step.complete) return false;
    i += step.length;
  }
  return true;
}

// A copy of the same length in which every byte that is not part of a code point is replaced by `stand_in`.
inline std::string utf8_masked(std::string_view text, char stand_in) {
  std::string out(text);
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Step step = utf8_step(text.substr(i));
    if (!step.valid || !step.complete) std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i), step.length, stand_in);
    i += step.length;
  }
  return out;
}

// Bytes at the end of `text` that begin a code point but do not finish it: 0 to 3.
constexpr std::size_t utf8_unfinished(std::string_view text) {
  const std::size_t most = text.size() < 3 ? text.size() : 3;
  for (std::size_t n = 1; n <= most; ++n) {
    const std::string_view tail = text.substr(text.size() - n);
    if ((static_cast<unsigned char>(tail[0]) & 0xc0u) == 0x80u) continue;
    return utf8_step(tail).complete ? 0 : n;
  }
  return 0;
}

// Bytes of the character at the start of `text` (not empty); a byte that is part of none counts as one.
constexpr std::size_t utf8_character(std::string_view text) {
  if (static_cast<unsigned char>(text[0]) < 0x80) return 1;
  const Utf8Step step = utf8_step(text);
  return step.valid && step.complete ? step.length : 1;
}

// Bytes of the character that a first byte announces, whether or not they follow it.
constexpr std::size_t utf8_announced(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

}  // namespace lamina::text
