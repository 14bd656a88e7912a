// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Text to tokens and back: what every tokenizer is, whatever its vocabulary. A kind of vocabulary supplies the way
// from plain text to tokens and from a normal token to bytes; special tokens are the same for all.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/special_matcher.hpp"
#include "lamina/text/special_tokens.hpp"
#include "lamina/text/token.hpp"
#include "lamina/text/vocabulary.hpp"

namespace lamina::text {

// What every tokenizer is built from.
struct TokenizerParts {
  Vocabulary vocabulary;
  SpecialTokens special;
  std::string_view model, pre;
  std::shared_ptr<const void> keep_alive;  // what holds the file's bytes
};

// Immutable, so any number of threads may share it.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  static constexpr std::size_t max_text = std::size_t{1} << 30;  // bytes

  // The text may hold any bytes, and they come back from decode() as they were if the vocabulary has a token for each.
  // Errors: BadArgument (text too long), OutOfMemory; of a tokenizer.json also BadTokenizer and Internal (see hf/).
  Expected<std::vector<Token>> encode(std::string_view text, EncodeOptions options = {}) const {
    return guarded([&]() -> Expected<std::vector<Token>> {
      if (text.size() > max_text) {
        return fail(Error(ErrorCode::BadArgument, "the text is too long to tokenize in one piece")
                        .about("text")
                        .wanted("at most " + std::to_string(max_text) + " bytes")
                        .found(std::to_string(text.size())));
      }
      return encode_checked(text, options);
    });
  }

  // The bytes that the tokens stand for, as one text: the space that encode() put before its first word goes again.
  // Ids that the vocabulary does not have stand for nothing.
  virtual std::string decode(std::span<const Token> tokens, DecodeOptions options = {}) const {
    std::string out;
    bool begins = adds_space();
    for (const Token id : tokens) {
      const std::size_t before = out.size();
      append_piece(id, options, out);
      if (begins && out.size() > before && out[before] == ' ') out.erase(before, 1);
      begins = begins && out.size() == before && vocabulary_.contains(id) && vocabulary_.is(id, kind_control);
    }
    return out;
  }

  // The bytes of one token inside a text, its leading space included.
  virtual void append_piece(Token id, DecodeOptions options, std::string& out) const {
    if (!vocabulary_.contains(id)) return;
    const std::string_view text = vocabulary_.text(id);
    if (vocabulary_.is(id, kind_control | kind_unknown)) {
      if (options.special) out += text;
    } else if (vocabulary_.is(id, kind_user_defined)) {
      append_user_defined(text, out);
    } else if (vocabulary_.is(id, kind_normal)) {
      append_normal(text, out);
    } else if (vocabulary_.is(id, kind_byte)) {
      out += static_cast<char>(byte_token_value(text).value_or(0));
    }
  }

  std::size_t size() const { return vocabulary_.size(); }
  // As it stands in the file; empty when there is no such token.
  std::string_view token_text(Token id) const { return vocabulary_.contains(id) ? vocabulary_.text(id) : ""; }
  // The token whose text in the file is exactly this.
  std::optional<Token> find(std::string_view token_text) const { return some(vocabulary_.find(token_text)); }
  // Part of the conversation's frame (or unknown), not of the text.
  bool is_control(Token id) const {
    return vocabulary_.contains(id) && vocabulary_.is(id, kind_control | kind_unknown);
  }
  // Ends a generation: end of text, of turn, of message.
  bool is_end(Token id) const { return special_.is_end(id); }
  std::optional<Token> bos() const { return some(special_.bos); }
  std::optional<Token> eos() const { return some(special_.eos); }
  bool adds_bos() const { return special_.add_bos; }
  bool adds_eos() const { return special_.add_eos; }

  // tokenizer.ggml.model: "llama", "gpt2", ...; of a tokenizer.json its model's type: "BPE", ...
  std::string_view model() const { return model_; }
  // tokenizer.ggml.pre, or "tokenizer.json"
  std::string_view pre() const { return pre_; }
  // What is odd about the vocabulary but does no harm.
  std::span<const std::string> warnings() const { return vocabulary_.warnings(); }

 protected:
  explicit Tokenizer(TokenizerParts parts)
      : keep_alive_(std::move(parts.keep_alive)),
        vocabulary_(std::move(parts.vocabulary)),
        special_(std::move(parts.special)),
        model_(parts.model),
        pre_(parts.pre),
        matcher_(vocabulary_) {}

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const SpecialTokens& special() const { return special_; }

 private:
  virtual Expected<std::vector<Token>> encode_checked(std::string_view text, EncodeOptions options) const {
    std::vector<Token> out;
    if (options.add_special && special_.add_bos) out.push_back(special_.bos);
    bool begins = true;
    for (const Fragment& fragment : matcher_.split(text, options.parse_special)) {
      begins = begins || fragment.token != no_token;
      if (fragment.token != no_token) {
        out.push_back(fragment.token);
        continue;
      }
      if (auto ok = encode_text(fragment.text, begins, out); !ok) return fail(std::move(ok.error()));
      begins = false;
    }
    if (options.add_special && special_.add_eos) out.push_back(special_.eos);
    if (options.add_special && special_.add_separator) out.push_back(special_.separator);
    return out;
  }
  // Appends the tokens of text without special tokens. `begins`: at the start, or after a special token.
  virtual Expected<void> encode_text(std::string_view text, bool begins, std::vector<Token>& out) const = 0;
  // Appends the bytes that a normal token's text means.
  virtual void append_normal(std::string_view text, std::string& out) const = 0;
  virtual void append_user_defined(std::string_view text, std::string& out) const { out += text; }
  virtual bool adds_space() const { return false; }

  static std::optional<Token> some(Token id) { return id == no_token ? std::nullopt : std::optional<Token>(id); }

  std::shared_ptr<const void> keep_alive_;
  Vocabulary vocabulary_;
  SpecialTokens special_;
  std::string model_, pre_;
  SpecialMatcher matcher_;
};

}  // namespace lamina::text
