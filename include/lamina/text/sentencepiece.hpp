// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SentencePiece's BPE ("llama"): spaces become U+2581, characters are merged by the score of what they form, and what
// is no token is spelled in byte tokens.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/merge.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

inline constexpr std::string_view visible_space = "\xe2\x96\x81";  // U+2581

inline std::string escape_spaces(std::string_view text, bool add_space) {
  std::string out;
  out.reserve(text.size() + text.size() / 4 + visible_space.size());
  if (add_space) out += visible_space;
  for (const char c : text) c == ' ' ? out.append(visible_space) : out.append(1, c);
  return out;
}

inline void append_unescaped(std::string_view token, std::string& out) {
  for (std::size_t at; (at = token.find(visible_space)) != std::string_view::npos;) {
    out.append(token.substr(0, at)).append(1, ' ');
    token.remove_prefix(at + visible_space.size());
  }
  out += token;
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  static SpecialTokens defaults() {
    SpecialTokens special;
    special.bos = 1;
    special.eos = 2;
    special.unknown = 0;
    special.add_bos = true;
    return special;
  }

  // Errors: BadTokenizer, BadType.
  static Expected<std::shared_ptr<const Tokenizer>> make(const gguf::Metadata& metadata, TokenizerParts parts) {
    auto add_space = metadata.get_or<bool>(key::add_space_prefix, true);
    if (!add_space) return fail(std::move(add_space.error()));
    if (!parts.vocabulary.has_scores()) {
      return fail(bad_tokenizer(metadata, key::scores, "missing: scores decide what is merged"));
    }
    return std::shared_ptr<const Tokenizer>(new SentencePieceTokenizer(std::move(parts), *add_space));
  }

 private:
  SentencePieceTokenizer(TokenizerParts parts, bool add_space) : Tokenizer(std::move(parts)), add_space_(add_space) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const Token id = vocabulary().byte_token(static_cast<std::uint8_t>(byte));
      byte_tokens_[byte] = id == no_token ? special().unknown : id;
    }
  }

  Expected<void> encode_text(std::string_view text, bool begins, std::vector<Token>& out) const override {
    const std::string escaped = escape_spaces(text, add_space_ && begins);
    const std::string_view all = escaped;
    std::vector<Symbol> symbols;
    SymbolWriter characters(symbols, all.size());
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t length = utf8_character(all.substr(at));
      characters.add(at, length);
      at += length;
    }
    HeapQueue<float> heap;
    const auto rank_of = [&](std::uint32_t left, std::uint32_t, std::uint32_t end) -> std::optional<float> {
      const Token id = vocabulary().find(all.substr(left, end - left));
      if (id == no_token) return std::nullopt;
      return -vocabulary().score(id);
    };
    merge_symbols(symbols, heap, rank_of, [](std::uint32_t, std::uint32_t) {});
    for_each_symbol(symbols, [&](std::size_t begin, std::size_t length) {
      const std::string_view piece = all.substr(begin, length);
      if (const Token id = vocabulary().find(piece); id != no_token) {
        out.push_back(id);
        return;
      }
      for (const char c : piece) {
        const Token id = byte_tokens_[static_cast<unsigned char>(c)];
        if (id != no_token) out.push_back(id);
      }
    });
    return {};
  }

  void append_normal(std::string_view text, std::string& out) const override { append_unescaped(text, out); }
  bool adds_space() const override { return add_space_; }

  bool add_space_;
  std::array<Token, 256> byte_tokens_{};  // the unknown token where a byte has none
};

}  // namespace lamina::text
