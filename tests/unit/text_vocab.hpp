// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Small vocabularies made by hand, as GGUF files in memory.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/gguf/gguf.hpp"
#include "lamina/text/byte_alphabet.hpp"
#include "lamina/text/tokenizer.hpp"

namespace lamina::test {

using Ids = std::vector<text::Token>;
using TokenizerPtr = std::shared_ptr<const text::Tokenizer>;

// GGUF's numbers for kinds of tokens.
enum : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct SmallVocabulary {
  std::string model, pre;
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> types;
  std::vector<std::string> merges;

  text::Token add(std::string token, std::int32_t type = normal, float score = 0) {
    tokens.push_back(std::move(token));
    types.push_back(type);
    scores.push_back(score);
    return static_cast<text::Token>(tokens.size() - 1);
  }

  // The file's keys; `more` may add others.
  template <class More>
  Expected<gguf::File> file(More&& more) const {
    gguf::Writer writer;
    writer.add("tokenizer.ggml.model", model);
    if (!pre.empty()) writer.add("tokenizer.ggml.pre", pre);
    writer.add("tokenizer.ggml.tokens", tokens);
    writer.add("tokenizer.ggml.token_type", types);
    const bool scored = model == "llama" || model == "t5" || model == "plamo2";
    if (scored) writer.add("tokenizer.ggml.scores", scores);
    if (!scored && model != "bert" && model != "rwkv") writer.add("tokenizer.ggml.merges", merges);
    more(writer);
    auto bytes = writer.to_bytes();
    REQUIRE(bytes);
    return gguf::File::from_bytes(std::move(*bytes), "small");
  }

  template <class More>
  Expected<TokenizerPtr> make(More&& more) const {
    auto opened = file(more);
    REQUIRE(opened);
    return text::make_tokenizer(*opened);
  }
  Expected<TokenizerPtr> make() const {
    return make([](gguf::Writer&) {});
  }
};

// <0x00> to <0xFF>.
inline void add_bytes(SmallVocabulary& v) {
  static constexpr char hex[] = "0123456789ABCDEF";
  for (unsigned b = 0; b < 256; ++b) v.add({'<', '0', 'x', hex[b >> 4], hex[b & 15], '>'}, byte);
}

// <unk> <s> </s>, all bytes (ids 3 to 258), then a few words.
inline SmallVocabulary small_sentence_piece() {
  SmallVocabulary v{"llama", "default", {}, {}, {}, {}};
  v.add("<unk>", unknown);
  v.add("<s>", control);
  v.add("</s>", control);
  add_bytes(v);
  float score = -1;
  const std::string space = "\xe2\x96\x81";
  for (const std::string& piece : std::vector<std::string>{space, "a", "b", "c", "ab", "bc", "abc", space + "a",
                                                           space + "ab", space + space, "\xc3\xa9"}) {
    v.add(piece, normal, score--);
  }
  return v;
}

// The 256 letters of the byte alphabet (ids 0 to 255, in the order of the bytes) and what the merges form from them.
inline SmallVocabulary small_bpe(std::string pre = "gpt-2") {
  SmallVocabulary v{"gpt2", std::move(pre), {}, {}, {}, {}};
  for (unsigned b = 0; b < 256; ++b) v.add(std::string(text::byte_alphabet.encode(static_cast<std::uint8_t>(b))));
  for (const auto& [left, right] : {std::pair("a", "b"),
                                    {"b", "c"},
                                    {"ab", "c"},
                                    {"\xc4\xa0", "a"},
                                    {"1", "2"},
                                    {"12", "3"},
                                    {"123", "4"},
                                    {"\xc3\x83", "\xc2\xa9"}}) {
    v.merges.push_back(std::string(left) + " " + right);
    v.add(std::string(left) + right);
  }
  return v;
}

// At least n_bytes of one thing after another.
inline std::string repeated(std::string_view unit, std::size_t n_bytes) {
  std::string out;
  while (out.size() < n_bytes) out += unit;
  return out;
}

}  // namespace lamina::test
