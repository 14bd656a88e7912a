// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SentencePiece vocabularies: merging by score, spaces, byte tokens, and back.
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

TEST_CASE("SentencePiece merges by score and marks the first word's space", "[text]") {
  const auto t = small_sentence_piece().make();
  REQUIRE(t);
  const auto id = [&](const char* piece) { return (*t)->find(piece).value(); };
  // "ab" outranks "bc" and "abc", so "abc" is ab + c until they join; the space came in front.
  CHECK(*(*t)->encode("abc") == Ids{id("\xe2\x96\x81"), id("abc")});
  CHECK(*(*t)->encode("ab ab") == Ids{id("\xe2\x96\x81"
                                         "ab"),
                                      id("\xe2\x96\x81"
                                         "ab")});
  CHECK((*t)->encode("")->empty());
  CHECK((*t)->model() == "llama");
}

TEST_CASE("SentencePiece spells what it has no token for in bytes", "[text]") {
  const auto t = small_sentence_piece().make([](gguf::Writer& w) { w.add("tokenizer.ggml.add_space_prefix", false); });
  REQUIRE(t);
  CHECK(*(*t)->encode("z") == Ids{3 + 'z'});
  CHECK(*(*t)->encode("\xe4\xbd\xa0") == Ids{3 + 0xe4, 3 + 0xbd, 3 + 0xa0});
  CHECK(*(*t)->encode("\xff") == Ids{3 + 0xff});
  CHECK(*(*t)->encode("\xc3\xa9") == Ids{(*t)->find("\xc3\xa9").value()});
}

TEST_CASE("a byte without a token is the unknown token", "[text]") {
  SmallVocabulary v{"llama", "", {}, {}, {}, {}};
  v.add("<unk>", unknown);
  v.add("<s>", control);
  v.add("</s>", control);
  v.add("\xe2\x96\x81");
  v.add("a");
  const auto t = v.make();
  REQUIRE(t);
  CHECK(*(*t)->encode("za") == Ids{3, 0, 4});
}

TEST_CASE("decoding takes back exactly the space that encoding added", "[text]") {
  const auto t = small_sentence_piece().make();
  REQUIRE(t);
  const std::string texts[] = {"abc", " abc", "  abc ", " ", "", "z", "ab\n c", "\xff\xfe", "\xc3 \xe2 b", {"a\0b", 3}};
  for (const std::string& text : texts) {
    const auto ids = (*t)->encode(text);
    const auto with_bos = (*t)->encode(text, {.add_special = true});
    REQUIRE(ids);
    REQUIRE(with_bos);
    CHECK((*t)->decode(*ids) == text);
    CHECK((*t)->decode(*with_bos) == text);
    CHECK(with_bos->front() == 1);
    CHECK((*t)->decode(*with_bos, {.special = true}).starts_with("<s>"));
  }
}

TEST_CASE("begin and end tokens follow the file, and else the kind of vocabulary", "[text]") {
  const SmallVocabulary v = small_sentence_piece();
  const auto plain = v.make();
  REQUIRE(plain);
  CHECK((*plain)->bos() == 1);
  CHECK((*plain)->eos() == 2);
  CHECK((*plain)->encode("a", {.add_special = true})->front() == 1);
  const auto both = v.make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.add_bos_token", false);
    w.add("tokenizer.ggml.add_eos_token", true);
  });
  REQUIRE(both);
  const auto ids = (*both)->encode("a", {.add_special = true});
  CHECK(ids->front() != 1);
  CHECK(ids->back() == 2);
}
