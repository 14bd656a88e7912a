// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Byte-pair encoding of texts that are taken apart first: "whitespace" drops all white space, "hybriddna" reads what
// stands between <dna> and </dna> in groups of six bases.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/bpe.hpp"
#include "lamina/text/unicode.hpp"

namespace lamina::text {

class WhitespaceTokenizer final : public BpeTokenizer {
 public:
  WhitespaceTokenizer(TokenizerParts parts, Rules rules, bool lowercase)
      : BpeTokenizer(std::move(parts), std::move(rules)), lowercase_(lowercase) {}

 private:
  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    std::string segment;
    const auto flush = [&]() -> Expected<void> {
      auto ok = segment.empty() ? Expected<void>() : BpeTokenizer::encode_text(segment, false, out);
      segment.clear();
      return ok;
    };
    while (!text.empty()) {
      const std::string_view character = text.substr(0, utf8_character(text));
      text.remove_prefix(character.size());
      const bool valid = utf8_valid(character);
      if (valid && is_white_space(code_point(character))) {
        if (auto ok = flush(); !ok) return ok;
      } else if (valid && lowercase_) {
        append_utf8(lower_case(code_point(character)), segment);
      } else {
        segment += character;
      }
    }
    return flush();
  }

  bool lowercase_;
};

class DnaTokenizer final : public BpeTokenizer {
 public:
  DnaTokenizer(TokenizerParts parts, Rules rules) : BpeTokenizer(std::move(parts), std::move(rules)) {
    open_ = vocabulary().find(open_tag);
    close_ = vocabulary().find(close_tag);
    unknown_ = vocabulary().find("<oov>");
  }

 private:
  static constexpr std::string_view open_tag = "<dna>", close_tag = "</dna>";
  static constexpr std::string_view marker = "\xee\x80\x80";  // U+E000 ends the text of a group's token
  static constexpr std::size_t group = 6;                     // bases

  Expected<void> encode_text(std::string_view text, bool begins, std::vector<Token>& out) const override {
    if (open_ == no_token || close_ == no_token || unknown_ == no_token) {
      return BpeTokenizer::encode_text(text, begins, out);
    }
    while (!text.empty()) {
      const std::size_t open = text.find(open_tag);
      if (auto ok = BpeTokenizer::encode_text(text.substr(0, open), false, out); !ok) return ok;
      if (open == std::string_view::npos) break;
      text.remove_prefix(open + open_tag.size());
      out.push_back(open_);
      const std::size_t close = text.find(close_tag);
      encode_bases(text.substr(0, close), out);
      if (close == std::string_view::npos) break;
      text.remove_prefix(close + close_tag.size());
      out.push_back(close_);
    }
    return {};
  }

  // The last group is filled up with A.
  void encode_bases(std::string_view bases, std::vector<Token>& out) const {
    for (std::size_t i = 0; i < bases.size(); i += group) {
      std::string name(bases.substr(i, group));
      for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      name.resize(group, 'A');
      const Token id = vocabulary().find(name.append(marker));
      out.push_back(id == no_token ? unknown_ : id);
    }
  }

  void append_normal(std::string_view text, std::string& out) const override {
    if (text.ends_with(marker)) text.remove_suffix(marker.size());
    BpeTokenizer::append_normal(text, out);
  }

  Token open_ = no_token, close_ = no_token, unknown_ = no_token;
};

}  // namespace lamina::text
