// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Metaspace: spaces written as a visible character, as pre-tokenizer and as decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/normalizers.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/hf/words.hpp"

namespace lamina::text::hf {

// A field that is one character.
inline char32_t read_character(const Json& owner, std::string_view name) {
  const auto field = owner.need(name);
  if (!field) return 0;
  const std::string_view text = field->string();
  if (field->is(JsonKind::string) && (text.empty() || first_code_point(text).length != text.size())) {
    field->complain("not one character", "one character", std::to_string(count_code_points(text)));
  }
  return text.empty() ? 0 : first_code_point(text).value;
}

struct Metaspace {
  enum class Prepend : std::uint8_t { first, never, always };

  std::string replacement;
  Prepend prepend = Prepend::always;
  bool split = true;

  static Metaspace read(const Json& json) {
    Metaspace made;
    append_utf8(read_character(json, "replacement"), made.replacement);
    if (const auto scheme = json.find("prepend_scheme")) {
      const std::string_view name = scheme->string();
      if (name == "first") {
        made.prepend = Prepend::first;
      } else if (name == "never") {
        made.prepend = Prepend::never;
      } else if (name != "always") {
        scheme->complain_unknown("scheme", "first, never or always");
      }
    }
    // The older field, of files that have no scheme; str_rep is older still and says nothing more.
    if (const auto older = json.find("add_prefix_space"); older && !older->boolean()) {
      if (made.prepend != Prepend::never && json.find("prepend_scheme")) {
        older->complain("contradicts prepend_scheme");
      }
      made.prepend = Prepend::never;
    }
    made.split = json.boolean("split", true);
    return made;
  }

  // As pre-tokenizer.
  Expected<void> operator()(Words& words) const {
    auto ok = words.rewrite([&](Text& text, bool leads) -> Expected<void> {
      Rewriter out(text);
      for (std::string_view rest = out.old(); !rest.empty();) {
        const std::size_t length = first_code_point(rest).length;
        out.put(rest[0] == ' ' ? std::string_view(replacement) : rest.substr(0, length), 0);
        rest.remove_prefix(length);
      }
      const bool wanted = prepend == Prepend::always || (prepend == Prepend::first && leads);
      if (!wanted || text.bytes.starts_with(replacement)) return {};
      return PrependNormalizer{replacement}(text);
    });
    if (!ok || !split) return ok;
    const char32_t mark = first_code_point(replacement).value;
    std::vector<Match> matches;
    return words.cut([&](std::string_view text, std::vector<Range>& parts) -> Expected<void> {
      matches.clear();
      match_characters(
          text, [&](char32_t c) { return c == mark; }, matches);
      cut_at(matches, Behavior::merged_with_next, parts);
      return {};
    });
  }

  // As decoder, for one token.
  std::string decoded(std::string_view token, bool begins) const {
    const std::string_view space = begins && prepend != Prepend::never ? "" : " ";
    std::string out;
    for (std::size_t at; (at = token.find(replacement)) != std::string_view::npos;) {
      out += token.substr(0, at);
      out += space;
      token.remove_prefix(at + replacement.size());
    }
    return out += token;
  }
};

}  // namespace lamina::text::hf
