// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Byte-level BPE vocabularies: words, merges in order, and any bytes back.
#include "lamina/text/bpe.hpp"
#include "lamina/text/merge.hpp"
#include "lamina/text/pretokenizer.hpp"
#include "lamina/text/word_splitter.hpp"
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

TEST_CASE("BPE merges inside words in the order of the list", "[text]") {
  const auto t = small_bpe().make();
  REQUIRE(t);
  const auto id = [&](const char* piece) { return (*t)->find(piece).value(); };
  CHECK(*(*t)->encode("abc") == Ids{id("abc")});
  CHECK(*(*t)->encode("bcab") == Ids{id("bc"), id("ab")});
  // The space belongs to the word after it; "ab" comes before " a" in the list.
  CHECK(*(*t)->encode("c ab") == Ids{'c', id("\xc4\xa0"), id("ab")});
  CHECK(*(*t)->encode("c ac") == Ids{'c',
                                     id("\xc4\xa0"
                                        "a"),
                                     'c'});
  CHECK(*(*t)->encode("\xc3\xa9") == Ids{id("\xc3\x83\xc2\xa9")});
  CHECK_FALSE((*t)->bos());
  CHECK(*(*t)->encode("a", {.add_special = true}) == Ids{'a'});
}

TEST_CASE("the pre-tokenizer decides where words end", "[text]") {
  const auto pieces = [](const char* pre, const char* text) {
    const auto t = small_bpe(pre).make([](gguf::Writer& w) { w.add("tokenizer.ggml.add_bos_token", false); });
    REQUIRE(t);
    std::vector<std::string> out;
    const auto ids = (*t)->encode(text);
    REQUIRE(ids);
    for (const text::Token id : *ids) out.emplace_back((*t)->token_text(id));
    return out;
  };
  using Pieces = std::vector<std::string>;
  CHECK(pieces("gpt-2", "1234") == Pieces{"1234"});
  CHECK(pieces("llama-bpe", "1234") == Pieces{"123", "4"});
  CHECK(pieces("qwen2", "1234") == Pieces{"1", "2", "3", "4"});
  CHECK(pieces("smollm", "1234") == Pieces{"1", "2", "3", "4"});
  CHECK(pieces("falcon", "1234") == Pieces{"123", "4"});
  CHECK(pieces("tiny_aya", "1234") == Pieces{"1", "2", "3", "4"});  // 1|234, and "2 3" is no merge
  CHECK(pieces("", "1234") == Pieces{"123", "4"});
}

TEST_CASE("every named pre-tokenizer compiles and cuts text without losing any", "[text]") {
  const std::string text =
      "It's 3 o'clock,\r\n\r\n  12345 \xe4\xbd\xa0\xe5\xa5\xbd \xd0\x9f\xd1\x80\xd0\xb8 IMGIMGAZ "
      "<sentinel:1>\t\xf0\x9f\x98\x80\xff ";
  for (const text::NamedPreTokenizer& named : text::pre_tokenizers) {
    INFO(named.name);
    const auto splitter = text::WordSplitter::make(named.pre);
    if (!splitter) FAIL(splitter.error().to_string());
    const auto words = splitter->split(text);
    REQUIRE(words);
    std::size_t total = 0;
    for (const std::uint32_t length : *words) {
      CHECK(length > 0);
      total += length;
    }
    CHECK(total == text.size());
  }
}

TEST_CASE("white space is Unicode's, which U+180E has left", "[text]") {
  const auto splitter = text::WordSplitter::make(*text::find_pre_tokenizer("gpt-2"));
  REQUIRE(splitter);
  CHECK(*splitter->split("a\xe1\xa0\x8e"
                         "b") == std::vector<std::uint32_t>{1, 3, 1});
  CHECK(*splitter->split("a \xe1\xa0\x8e"
                         "b") == std::vector<std::uint32_t>{1, 4, 1});  // a symbol takes the space
  CHECK(*splitter->split("a \xe3\x80\x80"
                         "b") == std::vector<std::uint32_t>{1, 1, 3, 1});
}

TEST_CASE("digits are cut into threes from the right", "[text]") {
  const auto splitter = text::WordSplitter::make(*text::find_pre_tokenizer("tiny_aya"));
  REQUIRE(splitter);
  CHECK(*splitter->split("1234567") == std::vector<std::uint32_t>{1, 3, 3});
  CHECK(*splitter->split("123456") == std::vector<std::uint32_t>{3, 3});
  // Arabic-Indic digits have two bytes.
  CHECK(*splitter->split("\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4") == std::vector<std::uint32_t>{2, 6});
}

TEST_CASE("text before grouped digits stays with the first group", "[text]") {
  const auto lengths = [](const char* pre, const char* text) {
    const auto splitter = text::WordSplitter::make(*text::find_pre_tokenizer(pre));
    REQUIRE(splitter);
    return *splitter->split(text);
  };
  using Lengths = std::vector<std::uint32_t>;
  // Two spaces and a 3 are one piece when the next expression sees it: \s+(?!\S) leaves one space for what follows.
  CHECK(lengths("tiny_aya", "  3") == Lengths{1, 1, 1});
  CHECK(lengths("afmoe", "   314") == Lengths{2, 1, 3});
  CHECK(lengths("gpt-2", "  3") == Lengths{1, 2});
  // Thousands are cut before each group; what stands before, of other numbers too, stays with the rest.
  CHECK(lengths("superbpe", "a 1234567b") == Lengths{2, 1, 3, 3, 1});
  CHECK(lengths("superbpe", "123456") == Lengths{3, 3});
  CHECK(lengths("superbpe",
                "\xc2\xb2"
                "1234\xc2\xb2") == Lengths{3, 5});
  CHECK(lengths("superbpe", "12") == Lengths{2});
}

TEST_CASE("characters of Unicode 15 are what they are", "[text]") {
  const auto lengths = [](const char* pre, const std::string& text) {
    const auto splitter = text::WordSplitter::make(*text::find_pre_tokenizer(pre));
    REQUIRE(splitter);
    return *splitter->split(text);
  };
  using Lengths = std::vector<std::uint32_t>;
  const std::string letter = "\xf0\xb1\x8d\x90", number = "\xf0\x9d\x8b\x80", symbol = "\xe2\xbf\xbc",
                    mark = "\xe0\xb3\xb3";
  CHECK(lengths("gpt-2", letter + number + symbol + letter) == Lengths{4, 4, 3, 4});
  CHECK(lengths("gpt-2", "a" + letter + "1" + number) == Lengths{5, 5});
  CHECK(lengths("qwen35", "a" + mark) == Lengths{4});
  CHECK(lengths("gpt-2", "\xff" + letter) == Lengths{1, 4});
}

TEST_CASE("words of white space vanish with the model named for it", "[text]") {
  SmallVocabulary v{"whitespace", "whitespace", {}, {}, {}, {}};
  const text::Token a = v.add("a"), ab = v.add("ab"), b = v.add("b"), upper = v.add("A");
  v.merges = {"a b"};
  const auto cased = v.make();
  REQUIRE(cased);
  CHECK(*(*cased)->encode(" ab a\n\xe3\x80\x80"
                          "bA ") == Ids{ab, a, b, upper});
  const auto lower = v.make([](gguf::Writer& w) { w.add("tokenizer.ggml.normalizer.lowercase", true); });
  REQUIRE(lower);
  CHECK(*(*lower)->encode("AB") == Ids{ab});
}

TEST_CASE("bases are read in sixes between their tags", "[text]") {
  SmallVocabulary v = small_bpe("qwen2");
  v.model = "hybriddna";
  const text::Token open = v.add("<dna>"), close = v.add("</dna>"), unknown_bases = v.add("<oov>");
  const text::Token group = v.add("CCCCCC\xee\x80\x80"), filled = v.add("GAAAAA\xee\x80\x80");
  const auto t = v.make();
  REQUIRE(t);
  CHECK(*(*t)->encode("a<dna>ccccccNNNNNNg</dna>b") == Ids{'a', open, group, unknown_bases, filled, close, 'b'});
  CHECK(*(*t)->encode("<dna>") == Ids{open});
  CHECK((*t)->decode(Ids{group}) == "CCCCCC");
}

TEST_CASE("Gemma's texts begin with a token whatever the file says, Kimi's need no merges", "[text]") {
  SmallVocabulary v{"gemma4", "", {}, {}, {}, {}};
  v.add("<bos>", control);
  v.add("a");
  const auto t = v.make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.bos_token_id", std::uint32_t{0});
    w.add("tokenizer.ggml.add_bos_token", false);
  });
  REQUIRE(t);
  CHECK(*(*t)->encode("a", {.add_special = true}) == Ids{0, 1});

  gguf::Writer writer;
  writer.add("tokenizer.ggml.model", "gpt2");
  writer.add("tokenizer.ggml.pre", "kimi-k2");
  writer.add("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  auto bytes = writer.to_bytes();
  REQUIRE(bytes);
  const auto file = gguf::File::from_bytes(std::move(*bytes), "kimi");
  REQUIRE(file);
  const auto kimi = text::make_tokenizer(*file);
  REQUIRE(kimi);
  CHECK(*(*kimi)->encode("ab") == Ids{0, 1});
}

TEST_CASE("with ignore_merges a word that is a token is that token", "[text]") {
  for (const char* pre : {"llama-bpe", "glm4", "glm5", "qwen2", "chatglm-bpe"}) {
    SmallVocabulary v = small_bpe(pre);
    const text::Token whole = v.add("xyz");  // which no merge forms
    const auto t = v.make([](gguf::Writer& w) { w.add("tokenizer.ggml.add_bos_token", false); });
    REQUIRE(t);
    CHECK(*(*t)->encode("xyz") ==
          (std::string(pre) != "qwen2" && std::string(pre) != "chatglm-bpe" ? Ids{whole} : Ids{'x', 'y', 'z'}));
  }
}

TEST_CASE("a merge that forms no token falls apart into bytes", "[text]") {
  SmallVocabulary v = small_bpe();
  v.merges.insert(v.merges.begin(), "x y");
  const auto t = v.make();
  REQUIRE(t);
  CHECK(*(*t)->encode("xy") == Ids{'x', 'y'});
}

TEST_CASE("any bytes come back from BPE as they were", "[text]") {
  const auto t = small_bpe("llama-bpe").make([](gguf::Writer& w) { w.add("tokenizer.ggml.add_bos_token", false); });
  REQUIRE(t);
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
  const std::string texts[] = {all, "\xed\xa0\x80 \xc0\xaf", "a\xf0\x9f\x98", "\xe2\x96\x81", {"\0", 1}};
  for (const std::string& text : texts) {
    const auto ids = (*t)->encode(text, {.parse_special = true});
    REQUIRE(ids);
    CHECK((*t)->decode(*ids) == text);
  }
}

TEST_CASE("plain UTF-8 BPE writes spaces as U+2581 and bytes as <0xNN>", "[text]") {
  SmallVocabulary v{"gemma4", "", {}, {}, {}, {}};
  v.add("<bos>", control);
  add_bytes(v);
  const text::Token space = v.add("\xe2\x96\x81"), a = v.add("a"),
                    word = v.add(
                        "\xe2\x96\x81"
                        "a");
  const text::Token lines = v.add("\n\n");
  v.merges = {"\xe2\x96\x81 a"};
  const auto t = v.make([](gguf::Writer& w) { w.add("tokenizer.ggml.bos_token_id", std::uint32_t{0}); });
  REQUIRE(t);
  CHECK(*(*t)->encode("a a  ", {.add_special = true}) == Ids{0, a, word, space, space});
  CHECK(*(*t)->encode("\n\nz") == Ids{lines, 1 + 'z'});
  CHECK((*t)->decode(*(*t)->encode(" a\n\nz a")) == " a\n\nz a");
}

TEST_CASE("a long word merges as short ones do", "[text]") {
  // The two queues must agree: a pseudo-random word, whole, against the plain heap.
  std::uint32_t state = 1;
  std::vector<std::uint32_t> letters(3000);
  for (auto& c : letters) c = (state = state * 1664525 + 1013904223) >> 30;
  const auto run = [&](auto&& queue) {
    std::vector<std::uint32_t> hash = letters;  // stands for the text of a symbol
    std::vector<text::Symbol> symbols;
    text::SymbolWriter writer(symbols, letters.size());
    for (std::size_t i = 0; i < letters.size(); ++i) writer.add(i, 1);
    const auto rank_of = [&](std::uint32_t left, std::uint32_t right, std::uint32_t) -> std::optional<std::uint32_t> {
      const std::uint32_t rank = (hash[left] * 7 + hash[right] * 13) % 29;
      return rank < 20 ? std::optional(rank) : std::nullopt;
    };
    text::merge_symbols_through<std::uint32_t>(queue, symbols, rank_of, [&](std::uint32_t left, std::uint32_t end) {
      hash[left] = hash[left] * 31 + (end - left);
    });
    std::vector<std::size_t> lengths;
    text::for_each_symbol(symbols, [&](std::size_t, std::size_t length) { lengths.push_back(length); });
    return lengths;
  };
  const auto heap = run(text::HeapQueue<std::uint32_t>());
  CHECK(heap.size() < letters.size());
  CHECK(heap == run(text::RankQueue<std::uint32_t>()));
}
