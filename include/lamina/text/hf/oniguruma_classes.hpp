// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads the character classes of an Oniguruma expression. A class that holds negated classes or intersections becomes
// an alternation of PCRE2's classes, with look-ahead.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/hf/character_sets.hpp"
#include "lamina/text/hf/oniguruma_escapes.hpp"
#include "lamina/text/hf/text.hpp"

namespace lamina::text::hf {

class OnigurumaClassReader : protected OnigurumaEscapeReader {
 protected:
  // A class under way: a list for between brackets, and expressions for single characters that no list can hold.
  struct Class {
    std::string inside;
    std::vector<std::string> others;
  };

  explicit OnigurumaClassReader(std::string_view pattern) : OnigurumaEscapeReader(pattern) {}

  // An expression for one character out of the class, or not out of it.
  static std::string one_of(const Class& set, bool negated = false) {
    if (set.others.empty()) return (negated ? "[^" : "[") + set.inside + "]";
    std::string any = "(?:";
    if (!set.inside.empty()) any += "[" + set.inside + "]|";
    for (const std::string& other : set.others) any += other + "|";
    any.back() = ')';
    return negated ? "(?:(?!" + any + ")(?s:.))" : any;
  }

  static void add_set(Class& to, const CharacterSet& set) {
    if (set.inside.starts_with('^')) {
      to.others.push_back("[" + set.inside + "]");
    } else {
      to.inside += set.inside;
    }
  }

  // Behind its opening bracket; up to and with the closing one.
  std::string character_class(std::size_t depth) {
    Class set;
    const bool negated = class_content(set, depth);
    return one_of(set, negated);
  }

 private:
  static constexpr std::size_t max_nesting = 100;

  // Returns whether the class is negated.
  bool class_content(Class& set, std::size_t depth) {
    if (depth > max_nesting) refuse("classes nested too deep");
    const bool negated = take("^");
    std::vector<Class> factors;  // of an intersection
    for (bool first = true;; first = false) {
      if (done()) refuse("a character class does not end");
      if (!problem_.empty()) return negated;
      if (peek() == ']' && !(first && in_.find(']', at_ + 1) != std::string_view::npos)) {
        ++at_;
        break;
      }
      if (take("&&")) {
        factors.push_back(std::exchange(set, {}));
        continue;
      }
      item(set, depth);
    }
    const auto empty = [](const Class& c) { return c.inside.empty() && c.others.empty(); };
    if (factors.empty()) {
      if (empty(set)) refuse("an empty character class");
      return negated;
    }
    factors.push_back(std::exchange(set, {}));
    std::string both = "(?:";
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (empty(factors[i])) refuse("an intersection with nothing");
      const std::string factor = one_of(factors[i]);
      both += i + 1 < factors.size() ? "(?=" + factor + ")" : factor;
    }
    set.others.push_back(both + ")");
    return negated;
  }

  // One member of a class: a set, a class inside, a character or a range.
  void item(Class& set, std::size_t depth) {
    if (take("[:")) {
      const std::size_t end = in_.find(":]", at_);
      const bool negated = peek() == '^';
      const std::size_t begin = at_ + (negated ? 1 : 0);
      const auto named = end == std::string_view::npos ? std::nullopt : posix_set(in_.substr(begin, end - begin));
      if (!named) return refuse("no such set in brackets");
      at_ = end + 2;
      return add_set(set, negated ? opposite(*named) : *named);
    }
    if (take("[")) {
      Class inner;
      const bool negated = class_content(inner, depth + 1);
      if (negated || !inner.others.empty()) {
        set.others.push_back(one_of(inner, negated));
      } else {
        set.inside += inner.inside;
      }
      return;
    }
    const auto low = class_character(set);
    if (!low) return;
    if (peek() != '-' || peek(1) == ']' || (peek(1) == '&' && peek(2) == '&') || at_ + 1 >= in_.size()) {
      set.inside += written(*low);
      return;
    }
    ++at_;
    if (peek() == '[') return refuse("a range that ends in a class");
    Class none;
    const auto high = class_character(none);
    if (!high || *high < *low) return refuse("a range that ends where none can");
    set.inside += written(*low) + "-" + written(*high);
  }

  // A character; or nothing when it was a set, which is then in `set`.
  std::optional<char32_t> class_character(Class& set) {
    if (!take("\\")) {
      const CodePoint c = first_code_point(in_.substr(at_));
      at_ += c.length;
      return c.value;
    }
    if (done()) {
      refuse("it ends in a backslash");
      return std::nullopt;
    }
    if (const auto escaped = set_escape()) {
      add_set(set, *escaped);
      return std::nullopt;
    }
    if (!problem_.empty()) return std::nullopt;
    if (take("b")) return U'\b';
    if (peek() == 'R' || peek() == 'X') {
      refuse("\\R and \\X in a class");
      return std::nullopt;
    }
    return character_escape();
  }
};

}  // namespace lamina::text::hf
