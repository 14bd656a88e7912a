// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Text on its way through normalizers. Of where its characters come from only one thing matters later, to Metaspace's
// prepend_scheme "first": which of them come from the very first character of what was given. That is tracked exactly
// as the library's alignments would say, quirks included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/core/error.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text::hf {

struct CodePoint {
  char32_t value;
  std::size_t length;  // bytes
};

// The code point at the start of `text`, which is valid UTF-8 and not empty.
inline CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const auto more = [&](std::size_t i) { return byte(i) & 0x3fu; };
  if (lead < 0xe0) return {(lead & 0x1fu) << 6 | more(1), 2};
  if (lead < 0xf0) return {(lead & 0xfu) << 12 | more(1) << 6 | more(2), 3};
  return {(lead & 7u) << 18 | more(1) << 12 | more(2) << 6 | more(3), 4};
}
inline CodePoint last_code_point(std::string_view text) {
  std::size_t at = text.size() - 1;
  while ((static_cast<unsigned char>(text[at]) & 0xc0u) == 0x80u) --at;
  return first_code_point(text.substr(at));
}

inline void append_utf8(char32_t c, std::string& out) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0u | c >> 6);
    put(0x80u | (c & 0x3fu));
  } else if (c < 0x10000) {
    put(0xe0u | c >> 12);
    put(0x80u | (c >> 6 & 0x3fu));
    put(0x80u | (c & 0x3fu));
  } else {
    put(0xf0u | c >> 18);
    put(0x80u | (c >> 12 & 0x3fu));
    put(0x80u | (c >> 6 & 0x3fu));
    put(0x80u | (c & 0x3fu));
  }
}

inline std::string to_utf8(char32_t c) {
  std::string out;
  append_utf8(c, out);
  return out;
}

inline std::size_t count_code_points(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  return n;
}

// A file must not be able to make a small text fill the memory.
inline std::size_t growth_limit(std::size_t n_bytes) {
  constexpr std::size_t times = 16, free = std::size_t{4} << 20, most = std::numeric_limits<std::uint32_t>::max() / 2;
  return n_bytes > (most - free) / times ? most : free + times * n_bytes;
}
inline Error grown_too_large(std::size_t limit) {
  return Error(ErrorCode::BadTokenizer, "the tokenizer makes the text too long")
      .wanted("at most " + std::to_string(limit) + " bytes");
}

struct Text {
  std::string bytes;      // valid UTF-8
  std::size_t first = 0;  // bytes at the start that come from the first character
  std::size_t limit = 0;  // bytes it may grow to
};

// Writes a text anew, character by character.
class Rewriter {
 public:
  // `dropped`: bytes at the start of the old text that go without a trace.
  explicit Rewriter(Text& text, std::size_t dropped = 0) : text_(text), old_(std::move(text.bytes)), at_(dropped) {
    text_.bytes.clear();
    text_.bytes.reserve(old_.size());
    first_ = std::exchange(text_.first, 0);
  }

  std::string_view old() const { return old_; }

  // change 0: in the place of the next old character; above 0: new; below 0: in its place and that of -change more.
  void put(std::string_view character, std::ptrdiff_t change) {
    if (tracking_) track(character.size(), change);
    text_.bytes += character;
  }
  void put(char32_t c, std::ptrdiff_t change) {
    const std::size_t before = text_.bytes.size();
    append_utf8(c, text_.bytes);
    if (tracking_) track(text_.bytes.size() - before, change);
  }

 private:
  void track(std::size_t n_bytes, std::ptrdiff_t change) {
    const bool first = change > 0 ? at_ < 1 || at_ - 1 < first_ : at_ < first_;
    for (; change <= 0 && at_ < old_.size(); ++change)
      at_ += first_code_point(std::string_view(old_).substr(at_)).length;
    if (first) {
      text_.first += n_bytes;
    } else {
      tracking_ = false;
    }
  }

  Text& text_;
  std::string old_;
  std::size_t at_;  // in the old text
  std::size_t first_;
  bool tracking_ = true;
};

}  // namespace lamina::text::hf
