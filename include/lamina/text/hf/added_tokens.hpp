// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Tokens that are found in a text before all else: in the text as it came, or, those that are `normalized`, in what the
// normalizers made of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/added_matcher.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/normalizers.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/hf/token_table.hpp"
#include "lamina/text/hf/unicode.hpp"
#include "lamina/text/hf/words.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text::hf {

struct AddedToken {
  std::string_view content;  // of the document's strings
  std::string shown;         // normalized, if it is such a token
  Token id = no_token;
  bool single_word = false, lstrip = false, rstrip = false, normalized = false, special = false;
};

class AddedTokens {
 public:
  // Gives ids as the library does: the model's, if it has the text, else the next free one. What the file says is only
  // checked. Complaints go to the document.
  static AddedTokens read(const Json& list, const TokenTable& table, const std::vector<Normalizer>& normalizers) {
    AddedTokens added;
    std::map<std::string_view, std::size_t> by_content;
    std::map<Token, std::size_t> by_id;
    auto next = static_cast<Token>(table.n_tokens());
    list.for_each_element([&](const Json& json) {
      AddedToken token;
      const Token given = read_id(json);
      token.content = json.string("content");
      token.single_word = json.boolean("single_word");
      token.lstrip = json.boolean("lstrip");
      token.rstrip = json.boolean("rstrip");
      token.normalized = json.boolean("normalized");
      token.special = json.boolean("special");
      if (json.document().failed() || token.content.empty()) return;
      const auto seen = by_content.find(token.content);
      token.id = seen != by_content.end() ? added.tokens_[seen->second].id : table.find(token.content);
      if (token.id == no_token) {
        if (const auto other = table.text(given)) {
          return json.complain("the id belongs to another token", {}, "\"" + printable(*other, 40) + "\"");
        }
        token.id = next++;
      }
      if (token.id != given) added.n_renumbered_ += 1;
      token.shown = token.content;
      if (token.normalized) {
        Text text{token.shown, 0, growth_limit(token.shown.size())};
        if (auto ok = normalize(normalizers, text); !ok) return json.complain(std::move(ok.error().message));
        token.shown = std::move(text.bytes);
        added.n_bytes_ += token.shown.size();
        if (added.n_bytes_ > growth_limit(table.n_tokens())) return json.complain("it becomes too long");
      }
      const auto [place, fresh] = by_id.emplace(token.id, added.tokens_.size());
      by_content[token.content] = place->second;
      if (fresh) {
        added.tokens_.push_back(std::move(token));
      } else {
        added.tokens_[place->second] = std::move(token);
      }
    });
    added.index();
    return added;
  }

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  // How many have another id than the file says.
  std::size_t n_renumbered() const { return n_renumbered_; }

  // The text in words, of which those that are added tokens have their ids. With `plain`, special ones are text.
  Expected<Words> extract(const std::vector<Normalizer>& normalizers, std::string_view text, bool plain) const {
    Words words;
    words.limit = growth_limit(text.size());
    Cutter as_it_came(*this, plain), normalized(*this, plain);
    as_it_came.cut(raw_, text);
    for (const Piece& piece : as_it_came.pieces) {
      if (piece.token != no_token) {
        words.list.push_back({0, 0, 0, false, piece.token});
        continue;
      }
      Text part{std::string(text.substr(piece.begin, piece.end - piece.begin)), 0, words.limit};
      const bool leads = piece.begin == 0;
      if (leads) part.first = first_code_point(part.bytes).length;
      if (auto ok = normalize(normalizers, part); !ok) return fail(std::move(ok.error()));
      normalized.cut(normalized_, part.bytes);
      const auto begin = static_cast<std::uint32_t>(words.text.size());
      const Word whole{begin, static_cast<std::uint32_t>(part.bytes.size()), static_cast<std::uint32_t>(part.first),
                       leads, no_token};
      for (const Piece& inner : normalized.pieces) {
        if (inner.token != no_token) {
          words.list.push_back({0, 0, 0, false, inner.token});
        } else if (inner.begin < inner.end) {
          words.list.push_back(Words::part(whole, {inner.begin, inner.end}));
        }
      }
      if (words.text.size() + part.bytes.size() > words.limit) return fail(grown_too_large(words.limit));
      words.text += part.bytes;
    }
    return words;
  }

 private:
  struct Piece {
    std::uint32_t begin, end;
    Token token;  // no_token: text
  };

  // Cuts a text at the tokens in it. Runs of white space are measured once, however many tokens ask for them.
  class Cutter {
   public:
    Cutter(const AddedTokens& added, bool plain) : added_(added), plain_(plain) {}

    std::vector<Piece> pieces;

    void cut(const AddedMatcher& matcher, std::string_view text) {
      pieces.clear();
      found_.clear();
      run_begin_ = run_end_ = 0;
      matcher.find_all(text, found_);
      std::uint32_t done = 0;
      for (const AddedMatcher::Found& found : found_) {
        const AddedToken& token = added_.tokens_[found.value];
        std::uint32_t begin = found.begin, end = found.begin + found.length;
        if (plain_ && token.special) continue;
        if (token.single_word) {
          const std::string_view before = text.substr(0, begin), after = text.substr(end);
          if (!before.empty() && is_word_character(last_code_point(before).value)) continue;
          if (!after.empty() && is_word_character(first_code_point(after).value)) continue;
        }
        if (token.lstrip) {
          while (begin > done) {
            const CodePoint c = last_code_point(text.substr(0, begin));
            if (!is_white_space(c.value)) break;
            begin -= static_cast<std::uint32_t>(c.length);
          }
          begin = std::max(begin, done);
        }
        if (token.rstrip) end = space_end(text, end);
        if (done < begin) pieces.push_back({done, begin, no_token});
        // White space that the token before has taken does not make another one.
        if (begin < end) pieces.push_back({begin, end, token.id});
        done = end;
      }
      if (done < text.size()) pieces.push_back({done, static_cast<std::uint32_t>(text.size()), no_token});
    }

   private:
    // Where the white space at `at` ends.
    std::uint32_t space_end(std::string_view text, std::uint32_t at) {
      if (at >= run_begin_ && at < run_end_) return run_end_;
      std::uint32_t end = at;
      while (end < text.size()) {
        const CodePoint c = first_code_point(text.substr(end));
        if (!is_white_space(c.value)) break;
        end += static_cast<std::uint32_t>(c.length);
      }
      run_begin_ = at;
      return run_end_ = end;
    }

    const AddedTokens& added_;
    bool plain_;
    std::vector<AddedMatcher::Found> found_;
    std::uint32_t run_begin_ = 0, run_end_ = 0;
  };

  static Token read_id(const Json& json) {
    return static_cast<Token>(
        json.natural("id", static_cast<std::uint64_t>(std::numeric_limits<std::uint32_t>::max())));
  }

  void index() {
    std::vector<AddedMatcher::Entry> raw, normalized;
    for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
      (tokens_[i].normalized ? normalized : raw).push_back({tokens_[i].shown, i});
    }
    raw_ = AddedMatcher(std::move(raw));
    normalized_ = AddedMatcher(std::move(normalized));
  }

  std::vector<AddedToken> tokens_;
  AddedMatcher raw_, normalized_;  // values are places in tokens_
  std::size_t n_bytes_ = 0;
  std::size_t n_renumbered_ = 0;
};

}  // namespace lamina::text::hf
