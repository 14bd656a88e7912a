// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The model BPE of tokenizer.json: characters are joined pair by pair, as the list of merges says. Pairs are pairs of
// ids, so unknown tokens and bytes can be joined like anything else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hash_index.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/hf/token_table.hpp"
#include "lamina/text/merge.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text::hf {

// Pairs of ids, best first.
class IdMerges {
 public:
  struct Pair {
    Token left, right, joined;
  };

  IdMerges() = default;
  // Of a pair that is there twice the last counts.
  explicit IdMerges(std::vector<Pair> pairs) : pairs_(std::move(pairs)), index_(pairs_.size()) {
    const auto n = static_cast<std::uint32_t>(pairs_.size());
    const auto at = [&](std::uint32_t i) -> const Pair& { return pairs_[n - 1 - i]; };  // the last first
    index_.insert_all(
        n, [&](std::uint32_t i) { return hash(at(i).left, at(i).right); },
        [&](std::uint32_t a, std::uint32_t b) { return at(a).left == at(b).left && at(a).right == at(b).right; },
        [](std::uint32_t) {});
  }

  // The place of the pair in the list.
  std::optional<std::uint32_t> rank(Token left, Token right) const {
    const auto n = static_cast<std::uint32_t>(pairs_.size());
    const auto found = index_.find(hash(left, right), [&](std::uint32_t i) {
      return pairs_[n - 1 - i].left == left && pairs_[n - 1 - i].right == right;
    });
    return found ? std::optional(n - 1 - *found) : std::nullopt;
  }
  Token joined(std::uint32_t rank) const { return pairs_[rank].joined; }

 private:
  static std::uint64_t hash(Token left, Token right) {
    const std::uint64_t key = std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
    return hash_pair(key, ~key);
  }

  std::vector<Pair> pairs_;
  HashIndex index_;
};

class BpeModel {
 public:
  static BpeModel read(const Json& json) {
    BpeModel model;
    if (const auto unknown = json.find("unk_token")) model.unknown_name_ = unknown->string();
    model.prefix_ = json.string("continuing_subword_prefix", "");
    model.suffix_ = json.string("end_of_word_suffix", "");
    model.fuse_unknown_ = json.boolean("fuse_unk", false);
    model.byte_fallback_ = json.boolean("byte_fallback", false);
    model.ignore_merges_ = json.boolean("ignore_merges", false);
    if (const auto dropout = json.find("dropout")) {
      if (const double p = dropout->number(); !(p >= 0 && p <= 1)) dropout->complain("no probability", "0 to 1");
    }
    if (const auto vocab = json.need("vocab")) model.table_ = TokenTable::read_map(*vocab);
    if (const auto merges = json.need("merges"); merges && !json.document().failed()) model.read_merges(*merges);
    model.index_characters();
    return model;
  }

  const TokenTable& table() const { return table_; }

  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<Token> ids;             // by place of the symbol
    std::vector<std::uint32_t> widths;  // the same
    HeapQueue<std::uint32_t> heap;
    std::string buffer;
  };

  // Appends the ids of a word. Errors: BadTokenizer when it has a character that is not known, and no token stands for
  // such.
  Expected<void> encode(std::string_view word, Scratch& scratch, std::vector<Token>& out) const {
    if (word.empty()) return {};
    if (ignore_merges_) {
      if (const Token id = table_.find(word); id != no_token) {
        out.push_back(id);
        return {};
      }
    }
    if (auto ok = spell(word, scratch); !ok) return ok;
    std::vector<Token>& ids = scratch.ids;
    std::vector<std::uint32_t>& widths = scratch.widths;
    const std::size_t n = ids.size();
    if (n > 1) {
      SymbolWriter symbols(scratch.symbols, n);
      for (std::size_t i = 0; i < n; ++i) symbols.add(i, 1);
      widths.assign(n, 1);
      const auto rank_of = [&](std::uint32_t left, std::uint32_t right, std::uint32_t) {
        return merges_.rank(ids[left], ids[right]);
      };
      const auto joined = [&](std::uint32_t left, std::uint32_t end) {
        const std::uint32_t right = left + widths[left];
        ids[left] = merges_.joined(*merges_.rank(ids[left], ids[right]));
        widths[left] = end - left;
      };
      merge_symbols(scratch.symbols, scratch.heap, rank_of, joined);
      for_each_symbol(scratch.symbols, [&](std::size_t at, std::uint32_t) { out.push_back(ids[at]); });
    } else {
      out.insert(out.end(), ids.begin(), ids.end());
    }
    return {};
  }

 private:
  void read_merges(const Json& list) {
    std::vector<IdMerges::Pair> pairs;
    pairs.reserve(list.n_elements());
    std::string text;
    list.for_each_element([&](const Json& merge) {
      if (merge.document().failed()) return;
      std::string_view left, right;
      if (merge.is(JsonKind::array)) {
        std::size_t n = 0;
        merge.for_each_element([&](const Json& part) { (n++ == 0 ? left : right) = part.string(); });
        if (n != 2) return merge.complain("a merge is a pair", "2 parts", std::to_string(n));
      } else {
        const std::string_view line = merge.string();
        if (line.starts_with("#version")) return;
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
          return merge.complain("a merge is two parts with a space between", {}, "\"" + printable(line, 40) + "\"");
        }
        left = line.substr(0, space);
        right = line.substr(space + 1);
      }
      if (right.size() < prefix_.size()) return merge.complain("the second part lacks continuing_subword_prefix");
      text.assign(left);
      text += right.substr(prefix_.size());
      const IdMerges::Pair pair{table_.find(left), table_.find(right), table_.find(text)};
      for (const auto& [id, part] : {std::pair(pair.left, left), {pair.right, right}, {pair.joined, text}}) {
        if (id == no_token) {
          return merge.complain("the vocabulary lacks the token", {}, "\"" + printable(part, 40) + "\"");
        }
      }
      pairs.push_back(pair);
    });
    merges_ = IdMerges(std::move(pairs));
  }

  // Characters of one or two bytes are most of what byte-level vocabularies meet.
  void index_characters() {
    std::string text;
    for (char32_t c = 0; c < short_.size(); ++c) {
      text.clear();
      append_utf8(c, text);
      short_[c] = table_.find(text);
    }
    for (unsigned b = 0; b < 256; ++b) bytes_[b] = table_.byte(static_cast<std::uint8_t>(b));
    unknown_ = unknown_name_ ? table_.find(*unknown_name_) : no_token;
  }

  // The ids of the word's characters.
  Expected<void> spell(std::string_view word, Scratch& scratch) const {
    std::vector<Token>& ids = scratch.ids;
    ids.clear();
    bool pending = false;  // an unknown token that is not written yet, since more may join it
    for (std::size_t at = 0; at < word.size();) {
      const CodePoint c = first_code_point(word.substr(at));
      const bool first = at == 0, last = at + c.length == word.size();
      std::string_view text = word.substr(at, c.length);
      at += c.length;
      Token id;
      if ((first || prefix_.empty()) && (!last || suffix_.empty())) {
        id = c.value < short_.size() ? short_[c.value] : table_.find(text);
      } else {
        std::string& whole = scratch.buffer;
        whole.clear();
        if (!first) whole += prefix_;
        whole += text;
        if (last) whole += suffix_;
        text = whole;
        id = table_.find(text);
      }
      if (id != no_token) {
        if (std::exchange(pending, false)) ids.push_back(unknown_);
        ids.push_back(id);
      } else if (byte_fallback_ && has_bytes(text)) {
        for (const char b : text) ids.push_back(bytes_[static_cast<unsigned char>(b)]);
      } else if (unknown_name_) {
        if (unknown_ == no_token) {
          return fail(Error(ErrorCode::BadTokenizer, "a character is not known, nor is the token for unknown ones")
                          .about("model.unk_token")
                          .found("\"" + printable(*unknown_name_, 40) + "\""));
        }
        if (pending && !fuse_unknown_) ids.push_back(unknown_);
        pending = true;
      }
    }
    if (pending) ids.push_back(unknown_);
    return {};
  }

  bool has_bytes(std::string_view text) const {
    for (const char b : text) {
      if (bytes_[static_cast<unsigned char>(b)] == no_token) return false;
    }
    return true;
  }

  TokenTable table_;
  IdMerges merges_;
  std::optional<std::string_view> unknown_name_;
  Token unknown_ = no_token;
  std::string_view prefix_, suffix_;
  bool fuse_unknown_ = false, byte_fallback_ = false, ignore_merges_ = false;
  std::array<Token, 0x800> short_{};  // by code point
  std::array<Token, 256> bytes_{};
};

}  // namespace lamina::text::hf
