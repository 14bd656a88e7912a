// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The tokens of a model: texts, scores and kinds as the file lists them, and the way back from a text to its id. Texts
// are views into the file. Everything is checked here, once, so that encoding and decoding need not.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/metadata.hpp"
#include "lamina/text/hash_index.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text {

// What a token is for; a set of bits, since names can make a normal token a control token as well.
enum TokenKind : std::uint8_t {
  kind_normal = 1,
  kind_unknown = 2,
  kind_control = 4,
  kind_user_defined = 8,
  kind_byte = 16,
  kind_strip_left = 32,   // in parsed text, takes the white space before it
  kind_strip_right = 64,  // ... and after it
  kind_unused = 128,
};

namespace key {
inline constexpr std::string_view model = "tokenizer.ggml.model";
inline constexpr std::string_view pre = "tokenizer.ggml.pre";
inline constexpr std::string_view tokens = "tokenizer.ggml.tokens";
inline constexpr std::string_view scores = "tokenizer.ggml.scores";
inline constexpr std::string_view token_type = "tokenizer.ggml.token_type";
inline constexpr std::string_view merges = "tokenizer.ggml.merges";
inline constexpr std::string_view add_bos = "tokenizer.ggml.add_bos_token";
inline constexpr std::string_view add_eos = "tokenizer.ggml.add_eos_token";
inline constexpr std::string_view add_space_prefix = "tokenizer.ggml.add_space_prefix";
inline constexpr std::string_view remove_extra_whitespaces = "tokenizer.ggml.remove_extra_whitespaces";
inline constexpr std::string_view charsmap = "tokenizer.ggml.precompiled_charsmap";
inline constexpr std::string_view lowercase = "tokenizer.ggml.normalizer.lowercase";
inline constexpr std::string_view strip_accents = "tokenizer.ggml.normalizer.strip_accents";
}  // namespace key

// The file contradicts itself at `key`; `index` is an element of that array.
inline Error bad_tokenizer(const gguf::Metadata& metadata, std::string_view key, std::string message) {
  Error error(ErrorCode::BadTokenizer, std::move(message));
  if (const gguf::Value* value = metadata.find(key)) error.offset = value->offset();
  return std::move(error).about(key);
}
inline Error bad_tokenizer(const gguf::Metadata& metadata, std::string_view key, std::size_t index,
                           std::string message) {
  return bad_tokenizer(metadata, key, "element " + std::to_string(index) + ": " + std::move(message));
}

// "<0x0A>" is the token of byte 10.
constexpr std::optional<std::uint8_t> byte_token_value(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(3, 2)) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                                                  : 16u;
    if (digit == 16) return std::nullopt;
    value = value * 16 + digit;
  }
  return static_cast<std::uint8_t>(value);
}

class Vocabulary {
 public:
  // Errors: BadTokenizer, MissingKey, BadType.
  static Expected<Vocabulary> read(const gguf::Metadata& metadata) {
    Vocabulary v;
    auto texts = metadata.get<std::vector<std::string_view>>(key::tokens);
    if (!texts) return fail(std::move(texts.error()));
    v.texts_ = std::move(*texts);
    if (v.texts_.empty() || v.texts_.size() > static_cast<std::size_t>(std::numeric_limits<Token>::max())) {
      return fail(bad_tokenizer(metadata, key::tokens, "impossible number of tokens")
                      .wanted("1 to 2147483647")
                      .found(std::to_string(v.texts_.size())));
    }
    if (auto ok = v.read_kinds(metadata); !ok) return fail(std::move(ok.error()));
    if (auto ok = v.read_scores(metadata); !ok) return fail(std::move(ok.error()));
    v.index_texts();
    return v;
  }
  // Of texts that outlive it, as many kinds as texts. A kind of 0: there is no such token.
  static Vocabulary of(std::vector<std::string_view> texts, std::vector<std::uint8_t> kinds) {
    Vocabulary v;
    v.texts_ = std::move(texts);
    v.kinds_ = std::move(kinds);
    v.index_texts();
    return v;
  }

  std::size_t size() const { return texts_.size(); }
  bool contains(Token id) const { return id >= 0 && static_cast<std::size_t>(id) < size(); }
  std::string_view text(Token id) const { return texts_[static_cast<std::size_t>(id)]; }
  // No scores in the file: all 0.
  float score(Token id) const { return scores_.empty() ? 0.0f : scores_[static_cast<std::size_t>(id)]; }
  bool has_scores() const { return !scores_.empty(); }
  std::uint8_t kind(Token id) const { return kinds_[static_cast<std::size_t>(id)]; }
  bool is(Token id, unsigned kinds) const { return (kind(id) & kinds) != 0; }
  void set_kind(Token id, unsigned kinds) { kinds_[static_cast<std::size_t>(id)] = static_cast<std::uint8_t>(kinds); }

  std::size_t longest() const { return longest_; }  // bytes of the longest token

  // The id of exactly this text, or no_token. Of several tokens with one text, the first.
  Token find(std::string_view token) const { return find(token, hash_text(token)); }
  Token find(std::string_view token, std::uint64_t hash) const {
    if (token.size() > longest_) return no_token;
    const auto id = index_.find(hash, [&](std::uint32_t i) { return texts_[i] == token; });
    return id ? static_cast<Token>(*id) : no_token;
  }

  // The token "<0xNN>" of a byte, or no_token.
  Token named_byte_token(std::uint8_t byte) const {
    static constexpr char hex[] = "0123456789ABCDEF";
    const char name[] = {'<', '0', 'x', hex[byte >> 4], hex[byte & 15], '>'};
    return find({name, sizeof(name)});
  }
  // The same, or else the one whose text is the byte itself.
  Token byte_token(std::uint8_t byte) const {
    const Token id = named_byte_token(byte);
    const char itself = static_cast<char>(byte);
    return id != no_token ? id : find({&itself, 1});
  }

  void warn(std::string warning) { warnings_.push_back(std::move(warning)); }
  std::span<const std::string> warnings() const { return warnings_; }

 private:
  Expected<void> read_kinds(const gguf::Metadata& metadata) {
    kinds_.assign(size(), kind_normal);
    const gguf::Value* value = metadata.find(key::token_type);
    if (value == nullptr) return {};
    const auto types = value->numbers<std::int64_t>();
    if (!types) return fail(bad_tokenizer(metadata, key::token_type, "not an array of integers"));
    if (types->size() < size()) return fail(too_short(metadata, key::token_type, types->size()));
    for (std::size_t i = 0; i < size(); ++i) {
      // GGUF's numbering; undefined ones have no kind. Neither they nor unused ones are ever shown.
      static constexpr std::uint8_t kinds[] = {0,           kind_normal, kind_unknown, kind_control, kind_user_defined,
                                               kind_unused, kind_byte};
      const std::int64_t type = (*types)[i];
      kinds_[i] = type >= 0 && type < 7 ? kinds[type] : std::uint8_t{0};
      if (kinds_[i] == kind_byte && !byte_token_value(texts_[i])) {
        return fail(bad_tokenizer(metadata, key::tokens, i, "a byte token must name its byte")
                        .wanted("<0x00> to <0xFF>")
                        .found(printable(texts_[i], 40)));
      }
    }
    return {};
  }

  Expected<void> read_scores(const gguf::Metadata& metadata) {
    const gguf::Value* value = metadata.find(key::scores);
    if (value == nullptr) return {};
    auto scores = value->numbers<float>();
    if (!scores) return fail(bad_tokenizer(metadata, key::scores, "not an array of numbers"));
    if (scores->size() < size()) return fail(too_short(metadata, key::scores, scores->size()));
    for (std::size_t i = 0; i < size(); ++i) {
      if (std::isnan((*scores)[i])) return fail(bad_tokenizer(metadata, key::scores, i, "the score is not a number"));
    }
    scores_ = std::move(*scores);
    return {};
  }

  Error too_short(const gguf::Metadata& metadata, std::string_view key, std::size_t count) const {
    return bad_tokenizer(metadata, key, count, "missing: the array ends before the tokens do")
        .wanted("at least " + std::to_string(size()) + " elements")
        .found(std::to_string(count));
  }

  // llama.cpp's name for an empty token.
  static std::string made_up_name(std::size_t id) { return "[EMPTY_" + std::to_string(id) + "]"; }

  void index_texts() {
    index_ = HashIndex(size());
    const auto n_empty = static_cast<std::size_t>(std::ranges::count(texts_, std::string_view()));
    std::size_t n_twice = 0;
    made_up_.reserve(n_empty * made_up_name(size()).size());  // views of it go into texts_: it must not move
    for (std::uint32_t i = 0; i < size(); ++i) {
      if (texts_[i].empty()) {
        const std::string name = made_up_name(i);
        made_up_.insert(made_up_.end(), name.begin(), name.end());
        texts_[i] = {made_up_.data() + made_up_.size() - name.size(), name.size()};
      }
      longest_ = std::max(longest_, texts_[i].size());
    }
    index_.insert_all(
        static_cast<std::uint32_t>(size()), [&](std::uint32_t i) { return hash_text(texts_[i]); },
        [&](std::uint32_t a, std::uint32_t b) { return texts_[a] == texts_[b]; }, [&](std::uint32_t) { ++n_twice; });
    if (n_empty != 0) warn(std::to_string(n_empty) + " tokens are empty");
    if (n_twice != 0) warn(std::to_string(n_twice) + " tokens repeat an earlier one and are never chosen");
  }

  std::vector<std::string_view> texts_;
  std::vector<std::uint8_t> kinds_;
  std::vector<float> scores_;  // empty: none in the file
  std::vector<char> made_up_;  // names of empty tokens
  HashIndex index_;            // by text
  std::size_t longest_ = 0;
  std::vector<std::string> warnings_;
};

inline void warn_of_long_tokens(Vocabulary& vocabulary, std::size_t n) {
  if (n != 0) vocabulary.warn(std::to_string(n) + " tokens are too long to be ever chosen");
}

}  // namespace lamina::text
