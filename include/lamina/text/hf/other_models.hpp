// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The models WordPiece, WordLevel and Unigram of tokenizer.json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/hf/token_table.hpp"
#include "lamina/text/prefix_tree.hpp"
#include "lamina/text/token.hpp"
#include "lamina/text/unigram.hpp"

namespace lamina::text::hf {

inline Error no_unknown_token(std::string_view field) {
  return Error(ErrorCode::BadTokenizer, "a word is not known, and there is no token for unknown ones").about(field);
}

// A word is cut from its front, always at the longest token; if that does not work out it is unknown as a whole.
class WordPieceModel {
 public:
  static WordPieceModel read(const Json& json) {
    WordPieceModel model;
    const std::string_view unknown = json.string("unk_token");
    const std::string_view prefix = json.string("continuing_subword_prefix");
    model.max_characters_ = json.natural("max_input_chars_per_word", std::numeric_limits<std::uint64_t>::max());
    if (const auto vocab = json.need("vocab")) model.table_ = TokenTable::read_map(*vocab);
    model.unknown_ = model.table_.find(unknown);
    std::vector<PrefixTree::Entry> begins, goes_on;
    for (const TokenTable::Entry& entry : model.table_.entries()) {
      begins.push_back({entry.text, entry.id});
      if (entry.text.starts_with(prefix)) goes_on.push_back({entry.text.substr(prefix.size()), entry.id});
    }
    model.begins_ = PrefixTree(std::move(begins));
    model.goes_on_ = PrefixTree(std::move(goes_on));
    return model;
  }

  const TokenTable& table() const { return table_; }
  // Tokens that are too long to be ever chosen.
  std::size_t n_left_out() const { return begins_.n_left_out(); }

  struct Scratch {};

  Expected<void> encode(std::string_view word, Scratch&, std::vector<Token>& out) const {
    const std::size_t n_before = out.size();
    bool known = count_code_points(word) <= max_characters_;
    for (std::size_t at = 0; known && at < word.size();) {
      std::size_t longest = 0;
      Token token = no_token;
      (at == 0 ? begins_ : goes_on_).walk(word.substr(at), [&](std::size_t length, std::int32_t id) {
        longest = length;
        token = id;
      });
      known = longest != 0;
      if (known) out.push_back(token);
      at += longest;
    }
    if (known) return {};
    out.resize(n_before);
    if (unknown_ == no_token) return fail(no_unknown_token("model.unk_token"));
    out.push_back(unknown_);
    return {};
  }

 private:
  TokenTable table_;
  PrefixTree begins_, goes_on_;  // goes_on_: without the prefix
  Token unknown_ = no_token;
  std::uint64_t max_characters_ = 0;
};

// A word is a token, or unknown.
class WordLevelModel {
 public:
  static WordLevelModel read(const Json& json) {
    WordLevelModel model;
    const std::string_view unknown = json.string("unk_token");
    if (const auto vocab = json.need("vocab")) model.table_ = TokenTable::read_map(*vocab);
    model.unknown_ = model.table_.find(unknown);
    return model;
  }

  const TokenTable& table() const { return table_; }
  std::size_t n_left_out() const { return 0; }

  struct Scratch {};

  Expected<void> encode(std::string_view word, Scratch&, std::vector<Token>& out) const {
    Token id = table_.find(word);
    if (id == no_token) id = unknown_;
    if (id == no_token) return fail(no_unknown_token("model.unk_token"));
    out.push_back(id);
    return {};
  }

 private:
  TokenTable table_;
  Token unknown_ = no_token;
};

// A word is cut where the sum of the tokens' scores is largest.
class UnigramModel {
 public:
  static UnigramModel read(const Json& json) {
    UnigramModel model;
    model.byte_fallback_ = json.boolean("byte_fallback", false);
    const auto vocab = json.need("vocab");
    if (!vocab) return model;
    std::vector<std::string_view> texts;
    std::vector<double> scores;
    vocab->for_each_element([&](const Json& piece) {
      if (piece.document().failed()) return;
      std::size_t n = 0;
      piece.for_each_element([&](const Json& part) {
        if (n == 0) texts.push_back(part.string());
        if (n == 1) scores.push_back(part.number());
        ++n;
      });
      if (n != 2) piece.complain("a piece is a text and a score", "2 parts", std::to_string(n));
    });
    if (json.document().failed()) return model;
    if (const auto unknown = json.find("unk_id")) {
      const std::uint64_t id = unknown->natural();
      if (unknown->is(JsonKind::natural) && id >= texts.size()) {
        unknown->complain("no such token", "less than " + std::to_string(texts.size()), std::to_string(id));
      }
      model.unknown_ = static_cast<Token>(std::min<std::uint64_t>(id, texts.size()));
    }
    model.table_ = TokenTable::of_list(texts);
    double least = std::numeric_limits<double>::infinity();
    std::vector<UnigramPiece> pieces;
    pieces.reserve(texts.size());
    for (std::size_t id = 0; id < texts.size(); ++id) {
      least = std::min(least, scores[id]);
      pieces.push_back({texts[id], static_cast<Token>(id), scores[id]});
    }
    static constexpr double unknown_penalty = 10;
    model.search_ = Unigram(pieces, texts.empty() ? 0 : least - unknown_penalty);
    return model;
  }

  const TokenTable& table() const { return table_; }
  std::size_t n_left_out() const { return search_.n_left_out(); }

  struct Scratch {
    std::vector<Unigram::Part> parts;
  };

  Expected<void> encode(std::string_view word, Scratch& scratch, std::vector<Token>& out) const {
    std::vector<Unigram::Part>& parts = scratch.parts;
    parts.clear();
    search_.segment(word, parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool unknown = parts[i].id == no_token || parts[i].id == unknown_;
      if (unknown && unknown_ == no_token) return fail(no_unknown_token("model.unk_id"));
      std::size_t length = parts[i].length;
      const std::size_t begin = parts[i].begin;
      if (!unknown) {
        out.push_back(parts[i].id);
        continue;
      }
      // Unknown neighbours count as one, which may be known again.
      while (i + 1 < parts.size() && (parts[i + 1].id == no_token || parts[i + 1].id == unknown_)) {
        length += parts[++i].length;
      }
      encode_unknown(word.substr(begin, length), out);
    }
    return {};
  }

 private:
  void encode_unknown(std::string_view text, std::vector<Token>& out) const {
    if (const Token id = table_.find(text); id != no_token) {
      out.push_back(id);
      return;
    }
    const std::size_t n_before = out.size();
    for (std::size_t i = 0; byte_fallback_ && i < text.size(); ++i) {
      const Token id = table_.byte(static_cast<std::uint8_t>(text[i]));
      if (id == no_token) break;
      out.push_back(id);
    }
    if (byte_fallback_ && out.size() - n_before == text.size()) return;
    out.resize(n_before);
    out.push_back(unknown_);
  }

  TokenTable table_;
  Unigram search_;
  Token unknown_ = no_token;
  bool byte_fallback_ = false;
};

}  // namespace lamina::text::hf
