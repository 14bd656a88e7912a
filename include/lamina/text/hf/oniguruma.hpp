// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions of tokenizer.json are Oniguruma's (Ruby's syntax); this writes them anew for PCRE2. Most of it is
// the same. What differs: classes inside classes and their intersections, sets of characters (see character_sets.hpp),
// which letters after a backslash mean something, ^ and $ at every line, (?m) for what PCRE2 calls (?s), and some
// quantifiers. What has no counterpart is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/character_sets.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/regex.hpp"

namespace lamina::text::hf {

class OnigurumaTranslator {
 public:
  // For RegexSyntax::lines. Errors: BadTokenizer, with the place in the pattern.
  static Expected<std::string> translate(std::string_view pattern) {
    OnigurumaTranslator translator(pattern);
    while (translator.at_ < pattern.size() && translator.problem_.empty()) translator.one();
    translator.close_options();
    if (translator.problem_.empty() && !translator.groups_.empty()) translator.refuse("a parenthesis is not closed");
    if (!translator.problem_.empty()) {
      return fail(Error(ErrorCode::BadTokenizer, "cannot use the regular expression: " + translator.problem_ +
                                                     ", at byte " + std::to_string(translator.at_) + " of it"));
    }
    return std::move(translator.out_);
  }

 private:
  static constexpr std::size_t max_nesting = 100;  // of classes

  struct Group {
    std::size_t begin;  // in out_
    // What to go back to behind it.
    bool extended;
    std::size_t n_options;
  };
  // A class under way: a list for between brackets, and expressions for single characters that no list can hold.
  struct Class {
    std::string inside;
    std::vector<std::string> others;
  };

  explicit OnigurumaTranslator(std::string_view pattern) : in_(pattern) {}

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

  // --- outside classes ---

  void one() {
    const char c = peek();
    if (extended_ && (c == ' ' || (c >= '\t' && c <= '\r'))) {
      ++at_;
    } else if (extended_ && c == '#') {
      while (!done() && peek() != '\n') ++at_;
    } else if (c == '(') {
      group();
    } else if (c == ')') {
      ++at_;
      if (groups_.empty()) return refuse("a parenthesis too many");
      close_options();
      atom_ = groups_.back().begin;
      extended_ = groups_.back().extended;
      n_options_ = groups_.back().n_options;
      groups_.pop_back();
      out_ += ')';
      quantifiers();
    } else if (c == '|') {
      ++at_;
      out_ += '|';
      atom_ = out_.size();
    } else if (c == '*' || c == '+' || c == '?') {
      refuse("a quantifier without anything before it");
    } else {
      atom_ = out_.size();
      if (c == '[') {
        ++at_;
        out_ += character_class(0);
      } else if (c == '\\') {
        escape();
      } else if (c == '{' || c == '}' || c == ']') {
        ++at_;
        out_.append({'\\', c});
      } else {
        const std::size_t length = first_code_point(in_.substr(at_)).length;
        out_ += in_.substr(at_, length);
        at_ += length;
      }
      quantifiers();
    }
  }

  void group() {
    const std::size_t begin = out_.size();
    const bool extended = extended_;
    const auto open = [&](std::string_view text) {
      out_ += text;
      groups_.push_back({begin, extended, std::exchange(n_options_, 0)});
      atom_ = out_.size();
    };
    ++at_;
    if (!take("?")) return open("(");
    if (take("#")) {
      while (!done() && peek() != ')') at_ += peek() == '\\' ? 2u : 1u;
      if (!take(")")) refuse("a comment does not end");
      return;
    }
    for (const std::string_view plain : {":", "=", "!", ">", "<=", "<!"}) {
      if (take(plain)) return open("(?" + std::string(plain));
    }
    if (take("<")) {
      const std::size_t end = in_.find('>', at_);
      if (end == std::string_view::npos) return refuse("a group's name does not end");
      const std::string name(in_.substr(at_, end - at_));
      at_ = end + 1;
      return open("(?<" + name + ">");
    }
    std::string on, off;
    bool turn_on = true;
    for (;; ++at_) {
      const char c = peek();
      std::string& flags = turn_on ? on : off;
      if (c == 'i') {
        flags += 'i';
      } else if (c == 'm') {
        flags += 's';
      } else if (c == 'x') {
        extended_ = turn_on;
      } else if (c == '-' && turn_on) {
        turn_on = false;
      } else {
        break;
      }
    }
    std::string text = "(?" + on + (off.empty() ? "" : "-" + off);
    if (take(":")) return open(text + ":");
    if (!take(")")) return refuse("a kind of group that is not supported");
    // For all that follows in the group around it, alternatives included: a(?i)b|c is a(?i:b|c).
    out_ += text + ":";
    ++n_options_;
    atom_ = out_.size();
  }
  void close_options() { out_.append(std::exchange(n_options_, 0), ')'); }

  void quantifiers() {
    for (bool again = false; problem_.empty(); again = true) {
      if (extended_) {
        while (peek() == ' ' || (peek() >= '\t' && peek() <= '\r')) ++at_;
      }
      std::string text;
      if (const char c = peek(); c == '*' || c == '+' || c == '?') {
        ++at_;
        text = c;
        if (peek() == '?' || peek() == '+') text += in_[at_++];
      } else if (auto counted = interval()) {
        text = *counted;
      } else {
        return;
      }
      if (again) wrap();
      out_ += text;
    }
  }
  void wrap() {
    out_.insert(atom_, "(?:");
    out_ += ')';
  }

  // "{2,3}"; braces that are none of these are ordinary characters.
  std::optional<std::string> interval() {
    if (peek() != '{') return std::nullopt;
    std::size_t end = at_ + 1;
    std::string low, high;
    bool comma = false;
    for (; end < in_.size() && in_[end] != '}'; ++end) {
      const char c = in_[end];
      if (c == ',' && !comma) {
        comma = true;
      } else if (c >= '0' && c <= '9' && low.size() + high.size() < 12) {
        (comma ? high : low) += c;
      } else {
        return std::nullopt;
      }
    }
    if (end >= in_.size() || (low.empty() && high.empty())) return std::nullopt;
    at_ = end + 1;
    std::string text = "{" + (low.empty() ? "0" : low) + (comma ? "," + high : "") + "}";
    if (peek() == '?') {
      ++at_;
      if (comma) return text + "?";
      out_ += text;  // a{2}? is an optional a{2}
      wrap();
      return "?";
    }
    return text;
  }

  void escape() {
    ++at_;
    if (done()) return refuse("it ends in a backslash");
    const char c = in_[at_];
    switch (c) {
      case 'b': boundary("(?:(?<=[W])(?![W])|(?<![W])(?=[W]))"); return;
      case 'B': boundary("(?:(?<=[W])(?=[W])|(?<![W])(?![W]))"); return;
      case 'A':
      case 'z':
      case 'Z':
      case 'G':
      case 'R':
      case 'X':
      case 'K':
      case 'N':
        ++at_;
        out_.append({'\\', c});
        return;
      case 'O':
        ++at_;
        out_ += "(?s:.)";
        return;
      case 'y':
      case 'Y': return refuse("boundaries of text segments are not supported");
      case 'k':
      case 'g': return reference(c);
      default: break;
    }
    if (c >= '1' && c <= '9') {
      out_ += "\\g{";
      while (peek() >= '0' && peek() <= '9') out_ += in_[at_++];
      out_ += '}';
      return;
    }
    if (auto set = set_escape()) {
      // Outside classes Oniguruma takes Latin-1's other numbers for letters of words.
      if (set->inside.ends_with(detail::word_inside)) set->inside += detail::word_latin;
      out_ += one_of({set->inside, {}});
    } else if (const auto character = character_escape()) {
      out_ += written(*character);
    }
  }

  void boundary(std::string text) {
    ++at_;
    for (std::size_t w; (w = text.find("[W]")) != std::string::npos;) {
      text.replace(w, 3, "[" + std::string(detail::word_inside) + std::string(detail::word_latin) + "]");
    }
    out_ += text;
  }

  // \k<name>, \g<name>
  void reference(char kind) {
    const char open = peek(1), close = open == '<' ? '>' : '\'';
    const std::size_t end = open == '<' || open == '\'' ? in_.find(close, at_ + 2) : std::string_view::npos;
    if (end == std::string_view::npos) {
      ++at_;
      out_ += kind;
      return;
    }
    const std::string name(in_.substr(at_ + 2, end - at_ - 2));
    at_ = end + 1;
    const bool number = !name.empty() && (name[0] == '-' || (name[0] >= '0' && name[0] <= '9'));
    out_ += kind == 'k' && number ? "\\g{" + name + "}" : std::string("\\") + kind + "<" + name + ">";
  }

  // --- what stands for characters, in classes and outside ---

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
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
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

  // --- classes ---

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

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t atom_ = 0;  // in out_: where what a quantifier would repeat begins
  std::vector<Group> groups_;
  bool extended_ = false;      // (?x)
  std::size_t n_options_ = 0;  // groups to close with the one around, which stand for (?i)
  std::string problem_;
};

// Errors: BadTokenizer, OutOfMemory.
inline Expected<Regex> compile_oniguruma(std::string_view pattern) {
  auto translated = OnigurumaTranslator::translate(pattern);
  if (!translated) return fail(std::move(translated.error()));
  auto regex = Regex::compile(*translated, RegexSyntax::lines);
  if (!regex && regex.error().code == ErrorCode::Internal) {
    return fail(Error(ErrorCode::BadTokenizer, std::move(regex.error().message)));
  }
  return regex;
}

}  // namespace lamina::text::hf
