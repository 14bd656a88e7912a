// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads an Oniguruma expression: the place in it, the first problem, and what stands for a character or a set of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/character_sets.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text::hf {

class OnigurumaEscapeReader {
 protected:
  explicit OnigurumaEscapeReader(std::string_view pattern) : in_(pattern) {}

  bool done() const { return at_ >= in_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
  bool take(std::string_view text) {
    if (!in_.substr(std::min(at_, in_.size())).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  void refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    at_ = std::min(at_, in_.size());
  }

  static std::string written(char32_t c) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string digits;
    do digits.insert(digits.begin(), hex[c & 15u]);
    while ((c >>= 4) != 0);
    return "\\x{" + digits + "}";
  }

  // At the letter behind a backslash: the set it stands for, if it stands for one. A set that only can be written as
  // what is not in it begins with ^.
  std::optional<CharacterSet> set_escape() {
    const char c = in_[at_];
    std::optional<CharacterSet> set;
    bool negated = c >= 'A' && c <= 'Z';
    switch (negated ? static_cast<char>(c - 'A' + 'a') : c) {
      case 'd': set = posix_set("digit"); break;
      case 's': set = posix_set("space"); break;
      case 'w': set = posix_set("word"); break;
      case 'h': set = posix_set("xdigit"); break;
      case 'p': {
        if (peek(1) != '{') return std::nullopt;
        const std::size_t end = in_.find('}', at_);
        if (end == std::string_view::npos) {
          refuse("a property's name does not end");
          return std::nullopt;
        }
        std::string_view name = in_.substr(at_ + 2, end - at_ - 2);
        if (name.starts_with('^')) {
          negated = !negated;
          name.remove_prefix(1);
        }
        set = property_set(name);
        if (!set) {
          refuse("no character property \"" + printable(name, 40) + "\"");
          return std::nullopt;
        }
        at_ = end;
        break;
      }
      default: return std::nullopt;
    }
    ++at_;
    return negated ? opposite(*set) : *set;
  }

  static CharacterSet opposite(const CharacterSet& set) {
    return {set.outside.empty() ? "^" + set.inside : set.outside, set.inside};
  }

  // At the letter behind a backslash: the character it stands for.
  std::optional<char32_t> character_escape() {
    const char c = in_[at_];
    const auto simple = [&](char32_t value) {
      ++at_;
      return value;
    };
    switch (c) {
      case 'n': return simple('\n');
      case 't': return simple('\t');
      case 'r': return simple('\r');
      case 'f': return simple('\f');
      case 'v': return simple('\v');
      case 'a': return simple('\a');
      case 'e': return simple(0x1b);
      case 'u': return hex_digits(at_ + 1, 4, 4);
      case 'x': return peek(1) == '{' ? braced_hex() : hex_bytes();
      case 'c':
      case 'C':
      case 'M': refuse("control and meta characters are not supported"); return std::nullopt;
      default: break;
    }
    if (c >= '0' && c <= '7') {
      char32_t value = 0;
      for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) {
        value = value * 8 + static_cast<char32_t>(in_[at_++] - '0');
      }
      if (value < 0x80) return value;
      refuse("an octal number beyond ASCII");
      return std::nullopt;
    }
    const CodePoint itself = first_code_point(in_.substr(at_));
    at_ += itself.length;
    return itself.value;
  }

  static int digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  }
  std::optional<char32_t> hex_digits(std::size_t from, std::size_t least, std::size_t most) {
    char32_t value = 0;
    std::size_t n = 0;
    for (; n < most && from + n < in_.size() && digit(in_[from + n]) >= 0; ++n) {
      value = value * 16 + static_cast<char32_t>(digit(in_[from + n]));
    }
    if (n < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
      refuse("a number of a character that does not exist");
      return std::nullopt;
    }
    at_ = from + n;
    return value;
  }
  std::optional<char32_t> braced_hex() {
    const auto value = hex_digits(at_ + 2, 1, 8);
    if (value && !take("}")) refuse("a number of a character does not end");
    return value;
  }
  // \xe3\x81\x82 are the bytes of one character.
  std::optional<char32_t> hex_bytes() {
    std::string bytes;
    for (;;) {
      const auto byte = hex_digits(at_ + 1, 1, 2);
      if (!byte) return std::nullopt;
      bytes += static_cast<char>(static_cast<unsigned char>(*byte));
      const Utf8Step step = utf8_step(bytes);
      if (step.valid && step.complete) return first_code_point(bytes).value;
      if (!step.valid || peek() != '\\' || peek(1) != 'x') break;
      ++at_;
    }
    refuse("bytes that are no UTF-8");
    return std::nullopt;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string problem_;
};

}  // namespace lamina::text::hf
