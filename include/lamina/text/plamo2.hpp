// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// PLaMo-2's vocabulary ("plamo2"): of all ways to cut a text into tokens, the one with the best sum of scores, found
// from the end of the text to its start. Characters without a token are spelled in byte tokens, at a price.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/prefix_tree.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

class Plamo2Tokenizer final : public Tokenizer {
 public:
  static SpecialTokens defaults() {
    SpecialTokens special;
    special.bos = 1;
    special.eos = 2;
    special.unknown = 0;
    special.ignores_flags = true;
    return special;
  }

  // Errors: BadTokenizer, OutOfMemory.
  static Expected<std::shared_ptr<const Tokenizer>> make(const gguf::Metadata& metadata, TokenizerParts parts) {
    Vocabulary& vocabulary = parts.vocabulary;
    if (!vocabulary.has_scores()) {
      return fail(bad_tokenizer(metadata, key::scores, "missing: scores decide where text is cut"));
    }
    std::array<Token, 256> bytes{};
    for (unsigned b = 0; b < 256; ++b) {
      bytes[b] = vocabulary.named_byte_token(static_cast<std::uint8_t>(b));
      if (bytes[b] == no_token || !vocabulary.is(bytes[b], kind_byte)) {
        return fail(bad_tokenizer(metadata, key::tokens, "no byte token for byte " + std::to_string(b)));
      }
    }
    std::vector<PrefixTree::Entry> entries;
    entries.reserve(vocabulary.size());
    // Backwards: of tokens with one text the first is to count.
    for (auto id = static_cast<Token>(vocabulary.size()); id-- > 0;) {
      if (vocabulary.is(id, kind_byte)) continue;  // but control tokens are taken from plain text, as in llama.cpp
      if (vocabulary.kind(id) == 0 || vocabulary.is(id, kind_unused)) {
        vocabulary.set_kind(id, vocabulary.kind(id) | kind_normal);  // shown, as in llama.cpp
      }
      entries.push_back({vocabulary.text(id), id});
    }
    PrefixTree tokens(std::move(entries));
    warn_of_long_tokens(vocabulary, tokens.n_left_out());
    return std::shared_ptr<const Tokenizer>(new Plamo2Tokenizer(std::move(parts), bytes, std::move(tokens)));
  }

 private:
  // Scores in units of 10^-4.
  static constexpr std::int64_t unknown_score = -10'000'000, no_score = -20'000'000;
  static constexpr std::int64_t unreached = std::numeric_limits<std::int64_t>::max();

  Plamo2Tokenizer(TokenizerParts parts, const std::array<Token, 256>& bytes, PrefixTree tokens)
      : Tokenizer(std::move(parts)), bytes_(bytes), tokens_(std::move(tokens)) {
    scores_.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) scores_.push_back(scaled(vocabulary().score(static_cast<Token>(i))));
  }

  static std::int32_t scaled(float score) {
    static constexpr double most = std::numeric_limits<std::int32_t>::max();
    if (!std::isfinite(score)) return no_score;
    return static_cast<std::int32_t>(std::clamp(std::round(double{score} * 1e4), -most, most));
  }

  struct Step {
    std::int64_t cost = unreached;  // of the rest of the text
    std::uint32_t length = 0;       // bytes of the first token
    Token token = no_token;         // none: its bytes
  };

  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    static constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::vector<Step> steps(text.size() + 1);
    for (std::size_t at = 0; at < text.size(); at += steps[at].length) {
      steps[at].length = static_cast<std::uint32_t>(utf8_character(text.substr(at)));
    }
    steps[text.size()].cost = 0;
    for (std::size_t at = text.size(); at-- > 0;) {
      if (steps[at].length == 0) continue;  // inside a character
      Step best{steps[at + steps[at].length].cost - unknown_score, steps[at].length, no_token};
      tokens_.walk(text.substr(at), [&](std::size_t length, Token id) {
        const std::int64_t score = scores_[static_cast<std::size_t>(id)], rest = steps[at + length].cost;
        if (score <= no_score || rest == unreached) return;
        // Of equals the longest counts.
        if (rest - score <= best.cost) best = {rest - score, static_cast<std::uint32_t>(length), id};
      });
      steps[at] = best;
    }
    for (std::size_t at = 0; at < text.size(); at += steps[at].length) {
      if (steps[at].token != no_token) {
        out.push_back(steps[at].token);
        continue;
      }
      for (const char c : text.substr(at, steps[at].length)) out.push_back(bytes_[static_cast<unsigned char>(c)]);
    }
    return {};
  }

  void append_normal(std::string_view text, std::string& out) const override { out += text; }

  std::array<Token, 256> bytes_;
  PrefixTree tokens_;
  std::vector<std::int32_t> scores_;  // by token
};

}  // namespace lamina::text
