// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The vocabulary of a model in a tokenizer.json: texts to ids and back. Ids may leave gaps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/hash_index.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text::hf {

class TokenTable {
 public:
  struct Entry {
    std::string_view text;  // of the document's strings
    Token id;
  };

  // Ids beyond all measure would size tables that have nothing in them.
  static std::uint64_t largest_id(std::size_t n_entries) { return (std::size_t{1} << 20) + 16 * n_entries; }

  TokenTable() = default;

  // {"text": id, ...}. Of a text that is there twice the last counts; an id may be there once.
  static TokenTable read_map(const Json& json) {
    TokenTable table;
    const std::size_t n = json.n_elements();
    table.entries_.reserve(n);
    table.index_ = HashIndex(n);
    json.for_each_field(
        [&](std::string_view text, const Json& id) { table.add(text, static_cast<Token>(id.natural(largest_id(n)))); });
    table.index_ids(json);
    return table;
  }

  // The texts of a list; their places are their ids. A text that is there twice has the last one's id.
  static TokenTable of_list(const std::vector<std::string_view>& texts) {
    TokenTable table;
    table.index_ = HashIndex(texts.size());
    table.texts_ = texts;
    table.present_.assign(texts.size(), true);
    for (std::size_t id = 0; id < texts.size(); ++id) table.add(texts[id], static_cast<Token>(id));
    table.n_tokens_ = texts.size();
    return table;
  }

  // How many tokens there are, as the library counts.
  std::size_t n_tokens() const { return n_tokens_; }
  // One more than the largest id.
  std::size_t id_end() const { return texts_.size(); }

  Token find(std::string_view text) const {
    const auto at = text.size() > longest_
                        ? std::nullopt
                        : index_.find(hash_text(text), [&](std::uint32_t i) { return entries_[i].text == text; });
    return at ? entries_[*at].id : no_token;
  }
  std::optional<std::string_view> text(Token id) const {
    const auto at = static_cast<std::size_t>(id);
    if (id < 0 || at >= texts_.size() || !present_[at]) return std::nullopt;
    return texts_[at];
  }
  const std::vector<Entry>& entries() const { return entries_; }

  // "<0xNN>"
  Token byte(std::uint8_t value) const {
    static constexpr char hex[] = "0123456789ABCDEF";
    const char name[] = {'<', '0', 'x', hex[value >> 4], hex[value & 15], '>'};
    return find({name, sizeof(name)});
  }

 private:
  void add(std::string_view text, Token id) {
    const auto place = static_cast<std::uint32_t>(entries_.size());
    const auto there = index_.insert(hash_text(text), place, [&](std::uint32_t i) { return entries_[i].text == text; });
    longest_ = std::max(longest_, text.size());
    if (there) {
      entries_[*there].id = id;
    } else {
      entries_.push_back({text, id});
    }
  }

  void index_ids(const Json& json) {
    if (json.document().failed()) return;
    Token last = no_token;
    for (const Entry& entry : entries_) last = std::max(last, entry.id);
    texts_.resize(static_cast<std::size_t>(last + 1));
    present_.assign(texts_.size(), false);
    n_tokens_ = entries_.size();
    for (const Entry& entry : entries_) {
      const auto at = static_cast<std::size_t>(entry.id);
      if (present_[at]) {
        json.complain("two tokens have the id " + std::to_string(entry.id), {},
                      "\"" + printable(texts_[at], 40) + "\" and \"" + printable(entry.text, 40) + "\"");
        return;
      }
      present_[at] = true;
      texts_[at] = entry.text;
    }
  }

  std::vector<Entry> entries_;
  HashIndex index_;                      // of entries, by text
  std::vector<std::string_view> texts_;  // by id
  std::vector<bool> present_;            // by id
  std::size_t n_tokens_ = 0;
  std::size_t longest_ = 0;  // bytes
};

}  // namespace lamina::text::hf
