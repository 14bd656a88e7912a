// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The pre-tokenizers of tokenizer.json: what cuts a text into words, and two that write the words anew. A Sequence is a
// list of the others, however deep it was nested.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/metaspace.hpp"
#include "lamina/text/hf/normalizers.hpp"
#include "lamina/text/hf/pattern.hpp"
#include "lamina/text/hf/scripts.hpp"
#include "lamina/text/hf/unicode.hpp"
#include "lamina/text/hf/words.hpp"

namespace lamina::text::hf {

template <class Is>
Expected<void> cut_at_characters(Words& words, Behavior behavior, Is&& is) {
  std::vector<Match> matches;
  return words.cut([&](std::string_view text, std::vector<Range>& parts) -> Expected<void> {
    matches.clear();
    match_characters(text, is, matches);
    cut_at(matches, behavior, parts);
    return {};
  });
}

struct SplitPreTokenizer {
  Pattern pattern;
  Behavior behavior;
  bool invert;

  Expected<void> operator()(Words& words) const {
    auto scratch = RegexScratch::make(Pattern::steps(words.text.size()));
    if (!scratch) return fail(std::move(scratch.error()));
    std::vector<Match> matches;
    return words.cut([&](std::string_view text, std::vector<Range>& parts) -> Expected<void> {
      matches.clear();
      if (auto ok = pattern.find_all(text, *scratch, matches); !ok) return ok;
      for (Match& m : matches) m.found = m.found != invert;
      cut_at(matches, behavior, parts);
      return {};
    });
  }
};

struct ByteLevelPreTokenizer {
  bool add_prefix_space;
  std::vector<SplitPreTokenizer> split;  // GPT-2's expression, or none

  Expected<void> operator()(Words& words) const {
    if (add_prefix_space) {
      auto ok = words.rewrite([](Text& text, bool) -> Expected<void> {
        return text.bytes.starts_with(' ') ? Expected<void>() : PrependNormalizer{" "}(text);
      });
      if (!ok) return ok;
    }
    for (const SplitPreTokenizer& one : split) {
      if (auto ok = one(words); !ok) return ok;
    }
    return words.rewrite([](Text& text, bool) { return ByteLevelNormalizer()(text); });
  }

  static ByteLevelPreTokenizer read(const Json& json) {
    ByteLevelPreTokenizer made{json.boolean("add_prefix_space"), {}};
    json.boolean("trim_offsets");
    if (!json.boolean("use_regex", true)) return made;
    auto pattern = Pattern::regex(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)");
    if (pattern) {
      made.split.push_back({std::move(*pattern), Behavior::isolated, false});
    } else {
      json.complain(std::move(pattern.error().message));
    }
    return made;
  }
};

struct BertPreTokenizer {
  Expected<void> operator()(Words& words) const {
    if (auto ok = cut_at_characters(words, Behavior::removed, is_white_space); !ok) return ok;
    return cut_at_characters(words, Behavior::isolated, is_punctuation);
  }
};

struct PunctuationPreTokenizer {
  Behavior behavior;

  Expected<void> operator()(Words& words) const { return cut_at_characters(words, behavior, is_punctuation); }
};

struct DigitsPreTokenizer {
  bool individual_digits;

  Expected<void> operator()(Words& words) const {
    return cut_at_characters(words, individual_digits ? Behavior::isolated : Behavior::contiguous, is_numeric);
  }
};

struct CharDelimiterPreTokenizer {
  char32_t delimiter;

  Expected<void> operator()(Words& words) const {
    return cut_at_characters(words, Behavior::removed, [&](char32_t c) { return c == delimiter; });
  }
};

struct WhitespaceSplitPreTokenizer {
  Expected<void> operator()(Words& words) const { return cut_at_characters(words, Behavior::removed, is_white_space); }
};

// \w+|[^\w\s]+
struct WhitespacePreTokenizer {
  Expected<void> operator()(Words& words) const {
    const auto kind = [](char32_t c) { return is_word_character(c) ? 2 : is_white_space(c) ? 0 : 1; };
    return words.cut([&](std::string_view text, std::vector<Range>& parts) -> Expected<void> {
      int before = 0;
      for (std::uint32_t at = 0; at < text.size();) {
        const CodePoint c = first_code_point(text.substr(at));
        const auto end = at + static_cast<std::uint32_t>(c.length);
        const int now = kind(c.value);
        if (now != 0 && now == before) {
          parts.back().end = end;
        } else if (now != 0) {
          parts.push_back({at, end});
        }
        before = now;
        at = end;
      }
      return {};
    });
  }
};

// Cuts where the script changes; Japanese counts as one, and spaces go with what is before them. As in the library,
// what stands before the first character that has a script is lost.
struct UnicodeScriptsPreTokenizer {
  Expected<void> operator()(Words& words) const {
    return words.cut([](std::string_view text, std::vector<Range>& parts) -> Expected<void> {
      Script before = Script::any;
      for (std::uint32_t at = 0; at < text.size();) {
        const CodePoint c = first_code_point(text.substr(at));
        const Script script = c.value == ' ' ? Script::any : script_of(c.value);
        if (script != Script::any) {
          if (script != before) parts.push_back({at, 0});
          before = script;
        }
        at += static_cast<std::uint32_t>(c.length);
      }
      for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i].end = i + 1 < parts.size() ? parts[i + 1].begin : static_cast<std::uint32_t>(text.size());
      }
      return {};
    });
  }
};

struct FixedLengthPreTokenizer {
  std::uint64_t length;  // characters

  Expected<void> operator()(Words& words) const {
    return words.cut([&](std::string_view text, std::vector<Range>& parts) -> Expected<void> {
      std::uint64_t n = 0;
      for (std::uint32_t at = 0; at < text.size(); ++n) {
        const auto end = at + static_cast<std::uint32_t>(first_code_point(text.substr(at)).length);
        if (n % length == 0) parts.push_back({at, at});
        parts.back().end = end;
        at = end;
      }
      return {};
    });
  }
};

using PreTokenizer =
    std::variant<SplitPreTokenizer, ByteLevelPreTokenizer, BertPreTokenizer, PunctuationPreTokenizer,
                 DigitsPreTokenizer, CharDelimiterPreTokenizer, WhitespaceSplitPreTokenizer, WhitespacePreTokenizer,
                 Metaspace, UnicodeScriptsPreTokenizer, FixedLengthPreTokenizer>;

// Appends the pre-tokenizer that `json` describes; complaints go to the document.
inline void read_pre_tokenizers(const Json& json, std::vector<PreTokenizer>& out) {
  const auto type = json.need("type");
  if (!type) return;
  const std::string_view name = type->string();
  if (name == "Sequence") {
    if (const auto list = json.need("pretokenizers")) {
      list->for_each_element([&](const Json& one) { read_pre_tokenizers(one, out); });
    }
  } else if (name == "ByteLevel") {
    out.push_back(ByteLevelPreTokenizer::read(json));
  } else if (name == "BertPreTokenizer") {
    out.push_back(BertPreTokenizer{});
  } else if (name == "Whitespace") {
    out.push_back(WhitespacePreTokenizer{});
  } else if (name == "WhitespaceSplit") {
    out.push_back(WhitespaceSplitPreTokenizer{});
  } else if (name == "Metaspace") {
    out.push_back(Metaspace::read(json));
  } else if (name == "Split") {
    out.push_back(SplitPreTokenizer{Pattern::read(json), read_behavior(json, true), json.boolean("invert")});
  } else if (name == "Punctuation") {
    out.push_back(PunctuationPreTokenizer{read_behavior(json, false)});
  } else if (name == "Digits") {
    out.push_back(DigitsPreTokenizer{json.boolean("individual_digits")});
  } else if (name == "CharDelimiterSplit" || name == "Delimiter") {
    out.push_back(CharDelimiterPreTokenizer{read_character(json, "delimiter")});
  } else if (name == "UnicodeScripts") {
    out.push_back(UnicodeScriptsPreTokenizer{});
  } else if (name == "FixedLength") {
    const std::uint64_t length = json.natural("length", std::numeric_limits<std::uint64_t>::max(), 5);
    if (length == 0) json.complain("pieces of no characters");
    out.push_back(FixedLengthPreTokenizer{std::max<std::uint64_t>(length, 1)});
  } else {
    type->complain_unknown("pre-tokenizer",
                           "ByteLevel, BertPreTokenizer, Whitespace, WhitespaceSplit, Metaspace, Split, Punctuation, "
                           "Digits, CharDelimiterSplit, UnicodeScripts, FixedLength or Sequence");
  }
}

}  // namespace lamina::text::hf
