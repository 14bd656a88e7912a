// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What Split and Replace look for: {"String": "..."} or {"Regex": "..."}.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/oniguruma.hpp"
#include "lamina/text/hf/words.hpp"
#include "lamina/text/regex.hpp"

namespace lamina::text::hf {

class Pattern {
 public:
  // From the field `pattern` of `owner`; complaints go to the document.
  static Pattern read(const Json& owner) {
    Pattern pattern;
    const auto field = owner.need("pattern");
    if (!field) return pattern;
    if (const auto text = field->find("String")) {
      pattern.compile(*field, text->string(), true);
    } else if (const auto regex = field->find("Regex")) {
      pattern.compile(*field, regex->string(), false);
    } else {
      field->complain("neither a String nor a Regex");
    }
    return pattern;
  }
  static Expected<Pattern> regex(std::string_view expression) {
    Pattern pattern;
    auto compiled = compile_oniguruma(expression);
    if (!compiled) return fail(std::move(compiled.error()));
    pattern.regex_ = std::make_shared<const Regex>(std::move(*compiled));
    return pattern;
  }

  // What it finds in the text and what lies between, in order. A match may be empty, but not right behind another.
  // Errors: Internal when matching takes too many steps, OutOfMemory.
  Expected<void> find_all(std::string_view text, std::vector<Match>& out) const {
    if (text.empty()) return {};
    auto scratch = RegexScratch::make(steps(text.size()));
    if (!scratch) return fail(std::move(scratch.error()));
    return find_all(text, *scratch, out);
  }
  Expected<void> find_all(std::string_view text, RegexScratch& scratch, std::vector<Match>& out) const {
    const auto place = [](std::size_t at) { return static_cast<std::uint32_t>(at); };
    std::size_t done = 0, from = 0, last = std::string_view::npos;
    while (from <= text.size() && !text.empty()) {
      const auto match = regex_->find(text, from, scratch);
      if (!match) return fail(match.error());
      if (!*match) break;
      const auto [begin, end] = **match;
      if (begin == end && end == last) {
        from += from < text.size() ? first_code_point(text.substr(from)).length : 1;
        continue;
      }
      from = last = end;
      if (done < begin) out.push_back({{place(done), place(begin)}, false});
      out.push_back({{place(begin), place(end)}, true});
      done = end;
    }
    if (done < text.size()) out.push_back({{place(done), place(text.size())}, false});
    return {};
  }

  // Steps back that a search in n bytes may take: many times what a sane expression needs, and some tenths of a second.
  static std::uint32_t steps(std::size_t n) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(10'000'000 + 16 * n, RegexScratch::no_limit));
  }

 private:
  void compile(const Json& field, std::string_view text, bool literal) {
    auto compiled = literal ? Regex::compile(text, RegexSyntax::literal) : compile_oniguruma(text);
    if (compiled) {
      regex_ = std::make_shared<const Regex>(std::move(*compiled));
    } else {
      field.complain(std::move(compiled.error().message));
    }
  }

  std::shared_ptr<const Regex> regex_;  // shared, so that a pattern can be copied
};

// "Removed", "Isolated", ...
inline Behavior read_behavior(const Json& owner, bool required) {
  const auto field = required ? owner.need("behavior") : owner.find("behavior");
  if (!field) return Behavior::isolated;
  const std::string_view name = field->string();
  if (name == "Removed") return Behavior::removed;
  if (name == "Isolated") return Behavior::isolated;
  if (name == "MergedWithPrevious") return Behavior::merged_with_previous;
  if (name == "MergedWithNext") return Behavior::merged_with_next;
  if (name == "Contiguous") return Behavior::contiguous;
  field->complain_unknown("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
  return Behavior::isolated;
}

}  // namespace lamina::text::hf
