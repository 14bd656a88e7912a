// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Special tokens in text, the ends of generations, and text that comes token by token.
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

TEST_CASE("user text never becomes control tokens unless asked for", "[text]") {
  SmallVocabulary v = small_bpe();
  const text::Token end = v.add("<|im_end|>", control), mark = v.add("<mark>", user_defined);
  const auto t =
      v.make([&](gguf::Writer& w) { w.add("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(end)); });
  REQUIRE(t);
  const std::string text = "a<|im_end|>a<mark>";
  const auto plain = (*t)->encode(text);
  CHECK(std::count(plain->begin(), plain->end(), end) == 0);
  CHECK(plain->back() == mark);  // user-defined tokens are text
  CHECK(*(*t)->encode(text, {.parse_special = true}) == Ids{'a', end, 'a', mark});
  CHECK((*t)->decode(*plain) == text);
  CHECK((*t)->decode(*(*t)->encode(text, {.parse_special = true})) == "aa<mark>");
  CHECK((*t)->decode(*(*t)->encode(text, {.parse_special = true}), {.special = true}) == text);
  CHECK((*t)->is_control(end));
  CHECK_FALSE((*t)->is_control(mark));
}

TEST_CASE("the longest special token takes its place first", "[text]") {
  SmallVocabulary v = small_bpe();
  const text::Token two = v.add("  ", user_defined), four = v.add("    ", user_defined);
  const text::Token tag = v.add("<x", user_defined), longer = v.add("x>yy", user_defined);
  const auto t = v.make();
  REQUIRE(t);
  CHECK(*(*t)->encode("      ") == Ids{four, two});
  // "x>yy" is longer than "<x", although that begins before it.
  CHECK(*(*t)->encode("<x>yy") == Ids{'<', longer});
  CHECK(*(*t)->encode("<x>y") == Ids{tag, '>', 'y'});
}

TEST_CASE("Phi-3's special tokens take the white space after them", "[text]") {
  SmallVocabulary v = small_sentence_piece();
  const text::Token end = v.add("<|end|>", control), text_end = v.add("<|endoftext|>", control);
  const auto t = v.make([](gguf::Writer& w) { w.add("general.name", "Phi-3 mini"); });
  const auto other = v.make();
  REQUIRE(t);
  REQUIRE(other);
  const auto id = [&](const char* piece) { return (*t)->find(piece).value(); };
  CHECK(*(*t)->encode("<|end|> \n a", {.parse_special = true}) == Ids{end, id("\xe2\x96\x81"
                                                                              "a")});
  CHECK(*(*other)->encode("<|end|> a", {.parse_special = true}) == Ids{end, id("\xe2\x96\x81"),
                                                                       id("\xe2\x96\x81"
                                                                          "a")});
  CHECK((*t)->encode("<|endoftext|>  ", {.parse_special = true})->size() > 1);
  CHECK((*t)->encode("<|endoftext|>  ", {.parse_special = true})->front() == text_end);
}

TEST_CASE("a generation ends at any token that ends a text, a turn or a message", "[text]") {
  SmallVocabulary v = small_bpe();
  const text::Token eos = v.add("<fin>", control), eot = v.add("<|im_end|>"), pad = v.add("<|fim_pad|>", control);
  const text::Token start = v.add("<|im_start|>", control);
  const auto t =
      v.make([&](gguf::Writer& w) { w.add("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(eos)); });
  REQUIRE(t);
  CHECK((*t)->is_end(eos));
  CHECK((*t)->is_end(eot));
  CHECK((*t)->is_end(pad));
  CHECK_FALSE((*t)->is_end(start));
  CHECK_FALSE((*t)->is_end(-1));
  CHECK((*t)->is_control(eot));  // by its name, although the file calls it normal
}

TEST_CASE("in gpt-oss's format the end of a message does not end the turn", "[text]") {
  SmallVocabulary v = small_bpe("gpt-4o");
  const text::Token end = v.add("<|end|>", control), give_back = v.add("<|return|>", control);
  const text::Token call = v.add("<|call|>", control), channel = v.add("<|channel|>", control);
  const auto t = v.make();
  REQUIRE(t);
  CHECK((*t)->is_end(give_back));
  CHECK((*t)->is_end(call));
  CHECK_FALSE((*t)->is_end(end));
  CHECK_FALSE((*t)->is_control(channel));
}

TEST_CASE("a stream never cuts a code point and loses no byte", "[text]") {
  const auto t = small_bpe().make();
  REQUIRE(t);
  text::Detokenizer stream(*t);
  CHECK(stream.push('a') == "a");
  CHECK(stream.push(0xe2).empty());
  CHECK(stream.push(0x82).empty());
  CHECK(stream.push(0xac) == "\xe2\x82\xac");
  CHECK(stream.push(0xff) == "\xff");  // can never become text
  CHECK(stream.push(0xf0).empty());
  CHECK(stream.push('b') ==
        "\xf0"
        "b");
  CHECK(stream.push(0xf0).empty());
  CHECK(stream.push(0x9f).empty());
  CHECK(stream.flush() == "\xf0\x9f");
  CHECK(stream.flush().empty());

  const auto streamed = [&](std::string_view bytes, bool is_text) {
    std::string out;
    for (const char c : bytes) {
      const std::string piece = stream.push(static_cast<unsigned char>(c));
      if (is_text) CHECK(text::utf8_valid(piece));
      out += piece;
    }
    return out + stream.flush();
  };
  const std::string words = "caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf.";
  CHECK(streamed(words, true) == words);
  std::string noise;
  for (std::uint32_t i = 0, state = 7; i < 4096; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  CHECK(streamed(noise, false) == noise);
}

TEST_CASE("a stream goes on from earlier text, so a first space stays", "[text]") {
  const auto t = small_sentence_piece().make();
  REQUIRE(t);
  text::Detokenizer stream(*t);
  CHECK(stream.push((*t)->find("\xe2\x96\x81"
                               "ab")
                        .value()) == " ab");
  CHECK(stream.push(2).empty());
  CHECK(text::Detokenizer(*t, {.special = true}).push(2) == "</s>");
}

TEST_CASE("ids outside the vocabulary stand for nothing", "[text]") {
  const auto t = small_bpe().make();
  REQUIRE(t);
  const Ids ids{-1, 'a', 1 << 30};
  CHECK((*t)->decode(ids) == "a");
  CHECK((*t)->token_text(1 << 30).empty());
  CHECK_FALSE((*t)->is_control(-1));
}
