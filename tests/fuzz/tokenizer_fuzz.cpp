// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer target: any bytes encode without failing, and decode back to the same bytes, at once and as a stream, with
// vocabularies of all kinds and all pre-tokenizers (WordPiece and unigram vocabularies normalise, so with them text
// only has to encode). Any bytes are also read as a charsmap. The first byte chooses.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/gguf/gguf.hpp"
#include "lamina/text/charsmap.hpp"
#include "lamina/text/tokenizer.hpp"

using namespace lamina;

namespace {

using TokenizerPtr = std::shared_ptr<const text::Tokenizer>;

TokenizerPtr build(const std::string& model, const std::string& pre) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"}, merges;
  std::vector<std::int32_t> types{2, 3, 3};
  std::vector<float> scores;
  const auto add = [&](const std::string& token, std::int32_t type) {
    tokens.push_back(token);
    types.push_back(type);
  };
  const bool sentence_piece = model == "llama";
  const bool named_bytes = sentence_piece || model == "plamo2";
  for (unsigned b = 0; b < 256; ++b) {
    static constexpr char hex[] = "0123456789ABCDEF";
    if (named_bytes) {
      add({'<', '0', 'x', hex[b >> 4], hex[b & 15], '>'}, 6);
    } else if (model == "rwkv") {
      add({'\\', 'x', "0123456789abcdef"[b >> 4], "0123456789abcdef"[b & 15]}, 1);
    } else {
      add(std::string(text::byte_alphabet.encode(static_cast<std::uint8_t>(b))), 1);
    }
  }
  for (const char* pair : {"a b", "b a", "ab a", "aba b", "a a", "aa aa", "1 2", "\xc4\xa0 a", "\xc3\x83 \xc2\xa9"}) {
    const std::string line = pair;
    const std::size_t space = line.find(' ', 1);
    merges.push_back(line);
    add(line.substr(0, space) + line.substr(space + 1), 1);
  }
  if (sentence_piece) {
    for (const char* word : {"\xe2\x96\x81", "\xe2\x96\x81\xe2\x96\x81", "a", "b", "\xc3\xa9"}) add(word, 1);
  }
  if (model == "t5" || model == "bert") {
    const std::string space = "\xe2\x96\x81";
    for (const std::string& word : {space, space + "a", space + "b", std::string("a"), std::string("b")}) add(word, 1);
  }
  if (!sentence_piece) {  // which, like llama.cpp, puts a space after them that decoding cannot tell from the text's
    add("<mark>", 4);
    add("  ", 4);
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) scores.push_back(-static_cast<float>(i * 7919 % 101));
  gguf::Writer writer;
  writer.add("tokenizer.ggml.model", model);
  writer.add("tokenizer.ggml.pre", pre);
  writer.add("tokenizer.ggml.tokens", tokens);
  writer.add("tokenizer.ggml.token_type", types);
  writer.add("tokenizer.ggml.scores", scores);
  writer.add("tokenizer.ggml.merges", merges);
  writer.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  writer.add("tokenizer.ggml.seperator_token_id", std::uint32_t{2});
  auto bytes = writer.to_bytes();
  if (!bytes) std::abort();
  const auto file = gguf::File::from_bytes(std::move(*bytes), "fuzz");
  if (!file) std::abort();
  auto made = text::make_tokenizer(*file);
  if (!made) std::abort();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<TokenizerPtr> tokenizers = [] {
    std::vector<TokenizerPtr> out;
    for (const char* model : {"llama", "rwkv", "plamo2", "t5", "bert"}) out.push_back(build(model, "default"));
    for (const text::NamedPreTokenizer& named : text::pre_tokenizers) {
      if (!named.pre.has(text::plain_text)) out.push_back(build("gpt2", std::string(named.name)));
    }
    return out;
  }();
  if (size == 0) return 0;
  const TokenizerPtr& tokenizer = tokenizers[data[0] % tokenizers.size()];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);

  if (const auto map = text::Charsmap::make(std::as_bytes(std::span(text)))) {
    std::string normal;
    (void)map->normalise(text, normal);
    if (normal.size() > text::Charsmap::growth_limit(text.size()) + text.size()) std::abort();
  }

  // To SentencePiece U+2581 is a space; PLaMo-2 drops a byte order mark.
  std::string meant;
  if (tokenizer->model() == "llama") {
    text::append_unescaped(text, meant);
  } else {
    meant = text;
  }
  const bool normalises = tokenizer->model() == "t5" || tokenizer->model() == "bert" || tokenizer->model() == "plamo2";

  // RWKV finds control tokens in plain text.
  const text::DecodeOptions whole{.special = true};
  const auto ids = tokenizer->encode(text);
  if (!ids || (!normalises && tokenizer->decode(*ids, whole) != meant)) std::abort();
  // The stream keeps the space that SentencePiece puts first.
  text::Detokenizer stream(tokenizer, whole);
  std::string streamed;
  for (const text::Token id : *ids) {
    const std::string piece = stream.push(id);
    if (text::utf8_valid(meant) && !text::utf8_valid(piece)) std::abort();
    streamed += piece;
  }
  streamed += stream.flush();
  if (!normalises && streamed != meant && streamed != " " + meant) std::abort();

  const auto special = tokenizer->encode(text, {.add_special = true, .parse_special = true});
  if (!special) std::abort();
  for (const text::Token id : *special) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokenizer->size()) std::abort();
  }
  return 0;
}
