// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The normalizers of tokenizer.json. A Sequence is a list of the others, however deep it was nested.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/byte_alphabet.hpp"
#include "lamina/text/hf/base64.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/pattern.hpp"
#include "lamina/text/hf/precompiled.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/hf/unicode.hpp"
#include "lamina/text/hf/unicode_forms.hpp"

namespace lamina::text::hf {

// Keeps the characters that `keep` says, each as `map` gives it.
template <class Keep, class Map>
void filter_characters(Text& text, Keep&& keep, Map&& map) {
  const auto first_kept = [&] {
    std::size_t at = 0;
    while (at < text.bytes.size()) {
      const CodePoint c = first_code_point(std::string_view(text.bytes).substr(at));
      if (keep(c.value)) break;
      at += c.length;
    }
    return at;
  };
  const std::size_t dropped = first_kept();
  Rewriter out(text, dropped);
  const std::string_view old = out.old();
  for (std::size_t at = dropped; at < old.size();) {
    const CodePoint c = first_code_point(old.substr(at));
    at += c.length;
    std::ptrdiff_t n_removed = 0;
    while (at < old.size()) {
      const CodePoint next = first_code_point(old.substr(at));
      if (keep(next.value)) break;
      at += next.length;
      ++n_removed;
    }
    out.put(map(c.value), -n_removed);
  }
}

inline void lower_case(Text& text) {
  Rewriter out(text);
  for (std::string_view rest = out.old(); !rest.empty();) {
    const CodePoint c = first_code_point(rest);
    rest.remove_prefix(c.length);
    if (c.value == 0x130) {  // the only letter that becomes two
      out.put(U'i', 0);
      out.put(char32_t{0x307}, 1);
    } else {
      out.put(lower(c.value), 0);
    }
  }
}

struct BertNormalizer {
  bool clean_text, handle_chinese_chars, strip_accents, lowercase;

  Expected<void> operator()(Text& text) const {
    const auto itself = [](char32_t c) { return c; };
    if (clean_text) {
      filter_characters(
          text, [](char32_t c) { return !is_control(c); }, [](char32_t c) { return is_white_space(c) ? U' ' : c; });
    }
    if (handle_chinese_chars) space_ideographs(text);
    if (strip_accents) {
      to_form(text, UnicodeForm::nfd);
      filter_characters(
          text, [](char32_t c) { return !is_nonspacing_mark(c); }, itself);
    }
    if (lowercase) lower_case(text);
    return {};
  }

 private:
  // The library's list, which is BERT's but for one block.
  static bool is_ideograph(char32_t c) {
    static constexpr std::pair<char32_t, char32_t> blocks[] = {
        {0x4e00, 0x9fff},   {0x3400, 0x4dbf},   {0x20000, 0x2a6df}, {0x2a700, 0x2b73f},
        {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0xf900, 0xfaff},   {0x2f800, 0x2fa1f}};
    for (const auto& [first, last] : blocks) {
      if (c >= first && c <= last) return true;
    }
    return false;
  }
  static void space_ideographs(Text& text) {
    Rewriter out(text);
    for (std::string_view rest = out.old(); !rest.empty();) {
      const CodePoint c = first_code_point(rest);
      rest.remove_prefix(c.length);
      const bool spaced = c.value >= 0x3400 && is_ideograph(c.value);
      if (spaced) out.put(U' ', 0);
      out.put(c.value, spaced ? 1 : 0);
      if (spaced) out.put(U' ', 1);
    }
  }
};

struct UnicodeNormalizer {
  UnicodeForm form;

  Expected<void> operator()(Text& text) const {
    to_form(text, form);
    return {};
  }
};

struct LowercaseNormalizer {
  Expected<void> operator()(Text& text) const {
    lower_case(text);
    return {};
  }
};

struct StripAccentsNormalizer {
  Expected<void> operator()(Text& text) const {
    filter_characters(
        text, [](char32_t c) { return !is_mark(c); }, [](char32_t c) { return c; });
    return {};
  }
};

struct StripNormalizer {
  bool left, right;

  Expected<void> operator()(Text& text) const {
    std::string_view kept = text.bytes;
    while (left && !kept.empty() && is_white_space(first_code_point(kept).value)) {
      kept.remove_prefix(first_code_point(kept).length);
    }
    const std::size_t dropped = text.bytes.size() - kept.size();
    while (right && !kept.empty() && is_white_space(last_code_point(kept).value)) {
      kept.remove_suffix(last_code_point(kept).length);
    }
    if (kept.size() == text.bytes.size()) return {};
    text.first = std::min(kept.size(), text.first > dropped ? text.first - dropped : 0);
    text.bytes = std::string(kept);
    return {};
  }
};

struct PrependNormalizer {
  std::string text;

  Expected<void> operator()(Text& to) const {
    if (to.bytes.empty() || text.empty()) return {};
    // All of it comes from where the first character does.
    if (to.first > 0) to.first += text.size();
    to.bytes.insert(0, text);
    return {};
  }
};

struct ReplaceNormalizer {
  Pattern pattern;
  std::string content;

  Expected<void> operator()(Text& text) const {
    std::vector<Match> matches;
    if (auto ok = pattern.find_all(text.bytes, matches); !ok) return ok;
    std::size_t n_found = 0;
    for (const Match& m : matches) n_found += m.found;
    if (n_found == 0) return {};
    if (!content.empty() && n_found > text.limit / content.size()) return fail(grown_too_large(text.limit));
    std::string out;
    out.reserve(text.bytes.size() + n_found * content.size());
    std::size_t first = 0;
    for (const Match& m : matches) {
      const std::size_t before = out.size();
      // What is put in comes from the last character that it replaces.
      const std::size_t from = m.found ? (m.range.end == 0 ? 0 : m.range.end - 1) : m.range.begin;
      const bool counts = first == before && (from < text.first || m.range.end == 0);
      if (m.found) {
        out += content;
        if (counts) first = out.size();
      } else {
        out += std::string_view(text.bytes).substr(m.range.begin, m.range.end - m.range.begin);
        if (counts) first = before + std::min<std::size_t>(text.first, m.range.end) - m.range.begin;
      }
    }
    text.bytes = std::move(out);
    text.first = first;
    return {};
  }
};

// SentencePiece's "nmt" cleaning.
struct NmtNormalizer {
  Expected<void> operator()(Text& text) const {
    filter_characters(
        text,
        [](char32_t c) {
          return !((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f);
        },
        [](char32_t c) {
          const bool space = c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == 0x1680 ||
                             (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xfeff ||
                             c == 0xfffd;
          return space ? U' ' : c;
        });
    return {};
  }
};

struct ByteLevelNormalizer {
  Expected<void> operator()(Text& text) const {
    spell(text);
    return {};
  }

  static void spell(Text& text) {
    Rewriter out(text);
    for (std::string_view rest = out.old(); !rest.empty();) {
      const std::size_t length = first_code_point(rest).length;
      for (std::size_t i = 0; i < length; ++i) {
        out.put(byte_alphabet.encode(static_cast<std::uint8_t>(rest[i])), i > 0 ? 1 : 0);
      }
      rest.remove_prefix(length);
    }
  }
};

using Normalizer =
    std::variant<BertNormalizer, UnicodeNormalizer, LowercaseNormalizer, StripAccentsNormalizer, StripNormalizer,
                 PrependNormalizer, ReplaceNormalizer, PrecompiledNormalizer, NmtNormalizer, ByteLevelNormalizer>;

inline Expected<void> normalize(const std::vector<Normalizer>& steps, Text& text) {
  for (const Normalizer& step : steps) {
    if (auto ok = std::visit([&](const auto& one) { return one(text); }, step); !ok) return ok;
    if (text.bytes.size() > text.limit) return fail(grown_too_large(text.limit));
  }
  return {};
}

// Appends the normalizer that `json` describes; complaints go to the document.
inline void read_normalizers(const Json& json, std::vector<Normalizer>& out) {
  const auto type = json.need("type");
  if (!type) return;
  const std::string_view name = type->string();
  if (name == "Sequence") {
    if (const auto list = json.need("normalizers")) {
      list->for_each_element([&](const Json& one) { read_normalizers(one, out); });
    }
  } else if (name == "BertNormalizer" || name == "Bert") {
    const bool lowercase = json.boolean("lowercase");
    const auto accents = json.find("strip_accents");
    out.push_back(BertNormalizer{json.boolean("clean_text"), json.boolean("handle_chinese_chars"),
                                 accents ? accents->boolean() : lowercase, lowercase});
  } else if (name == "NFC") {
    out.push_back(UnicodeNormalizer{UnicodeForm::nfc});
  } else if (name == "NFD") {
    out.push_back(UnicodeNormalizer{UnicodeForm::nfd});
  } else if (name == "NFKC") {
    out.push_back(UnicodeNormalizer{UnicodeForm::nfkc});
  } else if (name == "NFKD") {
    out.push_back(UnicodeNormalizer{UnicodeForm::nfkd});
  } else if (name == "Lowercase") {
    out.push_back(LowercaseNormalizer{});
  } else if (name == "StripAccents") {
    out.push_back(StripAccentsNormalizer{});
  } else if (name == "Strip") {
    out.push_back(StripNormalizer{json.boolean("strip_left"), json.boolean("strip_right")});
  } else if (name == "Prepend") {
    out.push_back(PrependNormalizer{std::string(json.string("prepend"))});
  } else if (name == "Replace") {
    out.push_back(ReplaceNormalizer{Pattern::read(json), std::string(json.string("content"))});
  } else if (name == "Precompiled") {
    if (auto precompiled = PrecompiledNormalizer::read(json)) out.push_back(std::move(*precompiled));
  } else if (name == "Nmt") {
    out.push_back(NmtNormalizer{});
  } else if (name == "ByteLevel") {
    out.push_back(ByteLevelNormalizer{});
  } else {
    type->complain_unknown("normalizer",
                           "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, "
                           "Precompiled, Nmt, ByteLevel or Sequence");
  }
}

}  // namespace lamina::text::hf
