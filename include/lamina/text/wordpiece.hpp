// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// WordPiece ("bert"): text is lower-cased, loses its accents and is cut at white space, punctuation and ideographs;
// each word is spelled from its start in the longest tokens there are, or is unknown as a whole. In GGUF files the
// pieces that begin a word begin with U+2581.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/prefix_tree.hpp"
#include "lamina/text/sentencepiece.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/unicode.hpp"

namespace lamina::text {

class WordPieceTokenizer final : public Tokenizer {
 public:
  static SpecialTokens defaults() {
    SpecialTokens special;
    special.bos = 101;  // [CLS], [UNK] and [SEP] of the first BERT
    special.unknown = 100;
    special.separator = 102;
    special.add_bos = special.add_separator = special.ignores_flags = true;
    return special;
  }

  // Errors: BadType, OutOfMemory.
  static Expected<std::shared_ptr<const Tokenizer>> make(const gguf::Metadata& metadata, TokenizerParts parts) {
    auto lowercase = metadata.get_or<bool>(key::lowercase, true);
    if (!lowercase) return fail(std::move(lowercase.error()));
    auto strip = metadata.get_or<bool>(key::strip_accents, *lowercase);
    if (!strip) return fail(std::move(strip.error()));
    // Backwards: of tokens with one text the first is to count.
    std::vector<PrefixTree::Entry> entries;
    entries.reserve(parts.vocabulary.size());
    for (auto id = static_cast<Token>(parts.vocabulary.size()); id-- > 0;) {
      entries.push_back({parts.vocabulary.text(id), id});
    }
    PrefixTree pieces(std::move(entries));
    warn_of_long_tokens(parts.vocabulary, pieces.n_left_out());
    return std::shared_ptr<const Tokenizer>(
        new WordPieceTokenizer(std::move(parts), std::move(pieces), *lowercase, *strip));
  }

 private:
  WordPieceTokenizer(TokenizerParts parts, PrefixTree pieces, bool lowercase, bool strip_accents)
      : Tokenizer(std::move(parts)), pieces_(std::move(pieces)), lowercase_(lowercase), strip_accents_(strip_accents) {}

  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    std::string word(visible_space);
    const auto finish = [&] {
      if (word.size() > visible_space.size()) encode_word(word, out);
      word.resize(visible_space.size());
    };
    while (!text.empty()) {
      const std::string_view character = text.substr(0, utf8_character(text));
      text.remove_prefix(character.size());
      if (!utf8_valid(character)) continue;
      const char32_t as_is = code_point(character);
      const char32_t c = strip_accents_ ? decomposition_start(as_is) : as_is;
      if (is_white_space(c)) {
        finish();
        continue;
      }
      const CharacterClass kind = character_class(c);
      if (c == 0 || c == 0xfffd || kind == CharacterClass::other) continue;
      if (strip_accents_ && kind == CharacterClass::mark) continue;
      const bool alone =
          kind == CharacterClass::punctuation || (c < 0x7f && kind == CharacterClass::symbol) || is_ideograph(c);
      if (alone) finish();
      append_utf8(lowercase_ ? lower_case(c) : c, word);
      if (alone) finish();
    }
    finish();
    return {};
  }

  void encode_word(std::string_view word, std::vector<Token>& out) const {
    const std::size_t n_before = out.size();
    while (!word.empty()) {
      std::size_t longest = 0;
      Token best = no_token;
      pieces_.walk(word, [&](std::size_t length, Token id) {
        longest = length;
        best = id;
      });
      if (best == no_token) {
        out.resize(n_before);
        if (special().unknown != no_token) out.push_back(special().unknown);
        return;
      }
      out.push_back(best);
      word.remove_prefix(longest);
    }
  }

  // What BERT cuts as Chinese; from 0x2b920 and not 0x2b820, as the code that all copied has it.
  static constexpr bool is_ideograph(char32_t c) {
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) ||
           (c >= 0x2a700 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0x2f800 && c <= 0x2fa1f);
  }

  void append_normal(std::string_view text, std::string& out) const override { append_unescaped(text, out); }
  bool adds_space() const override { return true; }

  PrefixTree pieces_;
  bool lowercase_, strip_accents_;
};

}  // namespace lamina::text
