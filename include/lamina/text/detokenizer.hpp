// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Tokens to text while they come, one at a time.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "lamina/text/token.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

// Turns a stream of tokens into text piece by piece. Every piece ends at the end of a code point; bytes that can never
// become one pass as they are, so all pieces together are exactly the tokens' bytes. What comes is taken to go on from
// text that is there already: the space before a first word stays.
class Detokenizer {
 public:
  explicit Detokenizer(std::shared_ptr<const Tokenizer> tokenizer, DecodeOptions options = {})
      : tokenizer_(std::move(tokenizer)), options_(options) {}

  std::string push(Token id) {
    tokenizer_->append_piece(id, options_, held_);
    std::string rest = held_.substr(held_.size() - utf8_unfinished(held_));
    held_.resize(held_.size() - rest.size());
    return std::exchange(held_, std::move(rest));
  }

  // What is held back, when no more tokens come.
  std::string flush() { return std::exchange(held_, {}); }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  DecodeOptions options_;
  std::string held_;  // the beginning of a code point: at most 3 bytes
};

}  // namespace lamina::text
