// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Unigram vocabularies: the best cut, spaces, what is unknown, and the prefix tree below it all.
#include "lamina/text/unigram.hpp"
#include "text_charsmap.hpp"
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

// <pad> </s> <unk> as T5 has them, then a few pieces.
SmallVocabulary small_unigram() {
  SmallVocabulary v{"t5", "default", {}, {}, {}, {}};
  v.add("<pad>", control);
  v.add("</s>", control);
  v.add("<unk>", unknown);
  const std::string space = "\xe2\x96\x81";
  v.add(space, normal, -2);
  v.add("a", normal, -3);
  v.add("b", normal, -3);
  v.add("ab", normal, -4);
  v.add(space + "ab", normal, -5);
  v.add("c", normal, -4);
  v.add("abc", normal, -9);
  v.add("A", normal, -3);
  v.add("<x>", user_defined, -50);
  v.add("bc", unused, -1);
  return v;
}

TokenizerPtr made(const SmallVocabulary& v, bool add_space, bool merge_spaces, const CharsmapBuilder* map = nullptr) {
  const auto t = v.make([&](gguf::Writer& w) {
    w.add("tokenizer.ggml.add_space_prefix", add_space);
    w.add("tokenizer.ggml.remove_extra_whitespaces", merge_spaces);
    if (map != nullptr) w.add("tokenizer.ggml.precompiled_charsmap", map->bytes());
  });
  if (!t) FAIL(t.error().to_string());
  return *t;
}

}  // namespace

TEST_CASE("a prefix tree finds what a text begins with", "[text]") {
  const std::string longest(text::PrefixTree::longest_entry, 'z');
  const std::string too_long = longest + "z";
  std::vector<text::PrefixTree::Entry> entries{{"a", 1}, {"abcd", 2},  {"abcx", 3},   {"b", 4},   {"", 5},
                                               {"a", 6}, {longest, 7}, {too_long, 8}, {"abc", 9}, {"\xff", 10}};
  const std::string_view letters = "qwertyuiopasdfghjkln";
  for (std::size_t i = 0; i < letters.size(); ++i) {  // all that the text ends with, shortest first
    entries.push_back({letters.substr(letters.size() - 1 - i), static_cast<std::int32_t>(100 + i)});
  }
  const text::PrefixTree tree(entries);
  CHECK(tree.n_left_out() == 1);
  const auto found = [&](std::string_view text) {
    std::vector<std::pair<std::size_t, int>> out;
    tree.walk(text, [&](std::size_t length, std::int32_t value) { out.emplace_back(length, value); });
    return out;
  };
  using Found = std::vector<std::pair<std::size_t, int>>;
  CHECK(found("abcdef") == Found{{1, 6}, {3, 9}, {4, 2}});  // of two "a" the last
  CHECK(found("abx") == Found{{1, 6}});
  CHECK(found("\xff\xff") == Found{{1, 10}});
  CHECK(found(too_long) == Found{{longest.size(), 7}});
  CHECK(found("").empty());
  CHECK(found("lnx") == Found{{2, 101}});
  CHECK(tree.matching("abx") == 2);
  CHECK(tree.matching("abcdz") == 4);
  CHECK(tree.matching("x") == 0);
  CHECK(text::PrefixTree().matching("a") == 0);
}

TEST_CASE("a unigram model cuts where the scores are best", "[text]") {
  const text::Unigram model({{"a", 0, -1}, {"b", 1, -1}, {"ab", 2, -2}, {"ba", 3, -2.5}, {"\xc3\xa9", 4, -1}}, -20);
  const auto ids = [&](std::string_view text) {
    std::vector<text::Unigram::Part> parts;
    model.segment(text, parts);
    Ids out;
    std::size_t at = 0;
    for (const auto& part : parts) {
      CHECK(part.begin == at);
      at += part.length;
      out.push_back(part.id);
    }
    CHECK(at == text.size());
    return out;
  };
  CHECK(ids("ab") == Ids{2});  // a tie goes to the longer last part
  CHECK(ids("aba") == Ids{2, 0});
  CHECK(ids("a\xc3\xa9x") == Ids{0, 4, text::no_token});
  CHECK(ids("\xe4\xbd\xa0") == Ids{text::no_token});  // one character, one part
  CHECK(ids("\xbf\xbf") == Ids{text::no_token, text::no_token});
  CHECK(ids("\xe4"
            "ab") == Ids{text::no_token});
  CHECK(ids("").empty());
}

TEST_CASE("unigram vocabularies encode as llama.cpp does", "[text]") {
  const SmallVocabulary v = small_unigram();
  const auto t = made(v, true, true);
  const auto id = [&](const char* piece) { return t->find(piece).value(); };
  const text::Token word =
                        id("\xe2\x96\x81"
                           "ab"),
                    space = id("\xe2\x96\x81");
  CHECK(*t->encode("ab") == Ids{word});
  CHECK(*t->encode("  ab   ab ") == Ids{word, word});
  CHECK(*t->encode("ab", {.add_special = true}) == Ids{word, 1});
  CHECK(*t->encode("xyz") == Ids{space, 2});                  // three that are unknown are one
  CHECK(*t->encode("abc") == Ids{space, id("a"), id("bc")});  // unused pieces count
  CHECK(*t->encode("a<x>b") == Ids{space, id("a"), id("<x>"), space, id("b")});
  CHECK(*t->encode("a</s>") == Ids{space, id("a"), 2});
  CHECK(*t->encode("a</s>", {.parse_special = true}) == Ids{space, id("a"), 1});
  CHECK(t->encode("")->empty());
  CHECK(t->encode("   ")->empty());
  CHECK(t->decode(Ids{word, word, id("bc"), id("<x>")}) == "ab ab<x>");
  CHECK(t->decode(*t->encode("xyz ab")) == " ab");

  const auto every_space = made(v, true, false);
  CHECK(*every_space->encode(" ab  ") == Ids{space, word, space, space});
  const auto no_prefix = made(v, false, false);
  CHECK(*no_prefix->encode("ab  ab") == Ids{id("ab"), space, word});
  CHECK(no_prefix->decode(*no_prefix->encode(" ab")) == " ab");
}

TEST_CASE("unigram vocabularies normalise by their charsmap", "[text]") {
  SmallVocabulary v = small_unigram();
  const CharsmapBuilder map = small_charsmap();
  const auto t = made(v, true, true, &map);
  CHECK(*t->encode("\xef\xbc\xa1\xe3\x80\x80"
                   "ab") == *t->encode("A ab"));
  CHECK(*t->encode("a\xc2\xad"
                   "b") == *t->encode("ab"));
  // What begins like a user-defined token stays as it is, up to the byte where it goes on otherwise.
  v.add("\xef\xbc\xa1!", user_defined);
  const auto shielded = made(v, true, true, &map);
  CHECK(*shielded->encode("\xef\xbc\xa1") == Ids{3, 2});
  CHECK(*shielded->encode("\xef\xbc\xa1!") == Ids{static_cast<text::Token>(v.tokens.size() - 1)});
}

TEST_CASE("a charsmap in a file must be bytes and well formed", "[text]") {
  const SmallVocabulary v = small_unigram();
  const auto error_of = [&](auto&& add) {
    const auto made = v.make(add);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::BadTokenizer);
    CHECK(made.error().subject == "tokenizer.ggml.precompiled_charsmap");
    CHECK(made.error().offset);
    return made.error();
  };
  const char* key = "tokenizer.ggml.precompiled_charsmap";
  CHECK(error_of([&](gguf::Writer& w) { w.add(key, "x"); }).message.find("not an array of bytes") != std::string::npos);
  error_of([&](gguf::Writer& w) { w.add(key, std::vector<std::int32_t>{1, 2}); });
  CHECK(error_of([&](gguf::Writer& w) { w.add(key, std::vector<std::uint8_t>{1}); }).message.starts_with("element 1:"));
}

TEST_CASE("pieces too long to be chosen are warned of", "[text]") {
  SmallVocabulary v = small_unigram();
  v.add(std::string(1 << 20, 'a'), normal, -1);
  const auto t = made(v, true, true);
  REQUIRE(t->warnings().size() == 1);
  CHECK(t->warnings()[0].find("too long") != std::string::npos);
}
