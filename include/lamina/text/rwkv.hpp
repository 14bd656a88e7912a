// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// RWKV's "world" vocabulary ("rwkv"): at each place the longest token that fits. Tokens are bytes, which files write as
// Python does: \t, \n, \r, \xNN, and any other character after a backslash for itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/prefix_tree.hpp"
#include "lamina/text/tokenizer_interface.hpp"

namespace lamina::text {

class RwkvTokenizer final : public Tokenizer {
 public:
  static SpecialTokens defaults() {
    SpecialTokens special;
    special.ignores_flags = true;
    return special;
  }

  // Errors: BadTokenizer, OutOfMemory.
  static Expected<std::shared_ptr<const Tokenizer>> make(const gguf::Metadata& metadata, TokenizerParts parts) {
    Vocabulary& vocabulary = parts.vocabulary;
    std::vector<std::size_t> ends(vocabulary.size());
    std::string bytes;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const auto id = static_cast<Token>(i);
      if (!append_escaped(vocabulary.text(id), bytes)) {
        return fail(bad_tokenizer(metadata, key::tokens, i, "the token ends inside an escape, or \\x has no two digits")
                        .found(printable(vocabulary.text(id), 40)));
      }
      ends[i] = bytes.size();
      if (vocabulary.kind(id) == 0 || vocabulary.is(id, kind_unused)) {
        vocabulary.set_kind(id, vocabulary.kind(id) | kind_normal);  // shown, as in llama.cpp
      }
    }
    auto kept = std::make_unique<const std::string>(std::move(bytes));
    std::vector<PrefixTree::Entry> entries;
    entries.reserve(ends.size());
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const std::string_view text = std::string_view(*kept).substr(begin, ends[i] - begin);
      begin = ends[i];
      entries.push_back({text, static_cast<Token>(i)});  // control tokens too, as in llama.cpp
    }
    PrefixTree tokens(std::move(entries));
    warn_of_long_tokens(vocabulary, tokens.n_left_out());
    return std::shared_ptr<const Tokenizer>(new RwkvTokenizer(std::move(parts), std::move(kept), std::move(tokens)));
  }

 private:
  RwkvTokenizer(TokenizerParts parts, std::unique_ptr<const std::string> bytes, PrefixTree tokens)
      : Tokenizer(std::move(parts)), bytes_(std::move(bytes)), tokens_(std::move(tokens)) {}

  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    while (!text.empty()) {
      std::size_t longest = 1;
      Token best = special().unknown;
      tokens_.walk(text, [&](std::size_t length, Token id) {
        longest = length;
        best = id;
      });
      if (best != no_token) out.push_back(best);
      text.remove_prefix(longest);
    }
    return {};
  }

  // False when an escape is not finished; what comes before it is there.
  static bool append_escaped(std::string_view token, std::string& out) {
    const auto digit = [](char c) {
      return c >= '0' && c <= '9'   ? c - '0'
             : c >= 'a' && c <= 'f' ? c - 'a' + 10
             : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                    : -1;
    };
    for (std::size_t i = 0; i < token.size(); ++i) {
      if (token[i] != '\\') {
        out += token[i];
        continue;
      }
      if (++i == token.size()) return false;
      switch (token[i]) {
        case 't': out += '\t'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 'x': {
          if (token.size() - i < 3 || digit(token[i + 1]) < 0 || digit(token[i + 2]) < 0) return false;
          out += static_cast<char>(digit(token[i + 1]) * 16 + digit(token[i + 2]));
          i += 2;
          break;
        }
        default: out += token[i];
      }
    }
    return true;
  }

  void append_normal(std::string_view text, std::string& out) const override { append_escaped(text, out); }
  void append_user_defined(std::string_view text, std::string& out) const override { append_escaped(text, out); }

  std::unique_ptr<const std::string> bytes_;  // of all tokens; the tree looks into them
  PrefixTree tokens_;
};

}  // namespace lamina::text
