// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions of tokenizer.json are Oniguruma's (Ruby's syntax); this writes them anew for PCRE2. Most of it is
// the same. What differs: classes inside classes and their intersections, sets of characters (see character_sets.hpp),
// which letters after a backslash mean something, ^ and $ at every line, (?m) for what PCRE2 calls (?s), and some
// quantifiers. What has no counterpart is refused. Here are groups and quantifiers.
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
#include "lamina/text/hf/oniguruma_classes.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/regex.hpp"

namespace lamina::text::hf {

class OnigurumaTranslator : private OnigurumaClassReader {
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
  struct Group {
    std::size_t begin;  // in out_
    // What to go back to behind it.
    bool extended;
    std::size_t n_options;
  };
  explicit OnigurumaTranslator(std::string_view pattern) : OnigurumaClassReader(pattern) {}

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
      case 'K':
      case 'N':
        ++at_;
        out_.append({'\\', c});
        return;
      case 'O':
        ++at_;
        out_ += "(?s:.)";
        return;
      case 'X':
      case 'y':
      case 'Y': return refuse("text segments are not supported");  // PCRE2 joins emojis that are neighbours
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

  std::string out_;
  std::size_t atom_ = 0;  // in out_: where what a quantifier would repeat begins
  std::vector<Group> groups_;
  bool extended_ = false;      // (?x)
  std::size_t n_options_ = 0;  // groups to close with the one around, which stand for (?i)
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
