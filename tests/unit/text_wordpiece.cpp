// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// WordPiece vocabularies: words, longest pieces first, accents and case.
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

const std::string start = "\xe2\x96\x81";

// [UNK] [CLS] [SEP] and a few pieces.
SmallVocabulary small_word_piece() {
  SmallVocabulary v{"bert", "", {}, {}, {}, {}};
  v.add("[UNK]", unknown);
  v.add("[CLS]", control);
  v.add("[SEP]", control);
  for (const char* word : {"un", "aff", "unaff", "!", "e", "\xe4\xbd\xa0", "+", "\xe1\x84\x92", "i", "ss"}) {
    v.add(start + word);
  }
  for (const char* piece : {"aff", "able", "ab", "e", "l", "E", "\xc3\xa9"}) v.add(piece);
  return v;
}

template <class More>
TokenizerPtr made(More&& more) {
  const auto t = small_word_piece().make([&](gguf::Writer& w) {
    w.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
    w.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
    w.add("tokenizer.ggml.seperator_token_id", std::uint32_t{2});
    more(w);
  });
  if (!t) FAIL(t.error().to_string());
  return *t;
}

}  // namespace

TEST_CASE("words are spelled in their longest pieces, or not at all", "[text]") {
  const auto t = made([](gguf::Writer&) {});
  const auto id = [&](const std::string& piece) { return t->find(piece).value(); };
  CHECK(*t->encode("unaffable") == Ids{id(start + "unaff"), id("able")});
  CHECK(*t->encode("unable  aff") == Ids{id(start + "un"), id("able"), id(start + "aff")});
  CHECK(*t->encode("unabx") == Ids{0});  // the whole word, for one letter
  CHECK(*t->encode("x un") == Ids{0, id(start + "un")});
  CHECK(*t->encode("un", {.add_special = true}) == Ids{1, id(start + "un"), 2});
  CHECK(*t->encode("", {.add_special = true}) == Ids{1, 2});
  CHECK(*t->encode("[SEP]un", {.parse_special = true}) == Ids{2, id(start + "un")});
  CHECK(t->decode(*t->encode("unable aff")) == "unable aff");
}

TEST_CASE("punctuation, ideographs and what cannot be seen end words or go", "[text]") {
  const auto t = made([](gguf::Writer&) {});
  const auto id = [&](const std::string& piece) { return t->find(start + piece).value(); };
  CHECK(*t->encode("un!un") == Ids{id("un"), id("!"), id("un")});
  CHECK(*t->encode("un+un") == Ids{id("un"), id("+"), id("un")});  // a symbol of ASCII
  CHECK(*t->encode("un\xe4\xbd\xa0un") == Ids{id("un"), id("\xe4\xbd\xa0"), id("un")});
  CHECK(*t->encode("u\x01n \xef\xbb\xbfun\xc2\xad \xff\xef\xbf\xbd") == Ids{id("un"), id("un")});
  CHECK(*t->encode("un\xe3\x80\x80un\xc2\xa0un") == Ids{id("un"), id("un"), id("un")});
  CHECK(*t->encode("\xe2\x82\xac") == Ids{0});  // the euro sign is no punctuation, and unknown
}

TEST_CASE("text loses case and accents as the file says", "[text]") {
  const auto plain = made([](gguf::Writer&) {});
  const auto id = [&](const std::string& piece) { return plain->find(piece).value(); };
  CHECK(*plain->encode("\xc3\x89"
                       "L") == Ids{id(start + "e"), id("l")});
  CHECK(*plain->encode("e\xcc\x81") == Ids{id(start + "e")});
  CHECK(*plain->encode("\xed\x95\x98") == Ids{id(start + "\xe1\x84\x92")});  // a syllable's first part, as in llama.cpp
  CHECK(*plain->encode("\xc4\xb0") == Ids{id(start + "i")});
  CHECK(*plain->encode("UN") == Ids{id(start + "un")});

  const auto cased = made([](gguf::Writer& w) { w.add("tokenizer.ggml.normalizer.lowercase", false); });
  CHECK(*cased->encode("UN") == Ids{0});
  CHECK(*cased->encode("un\xc3\xa9"
                       "E") == Ids{id(start + "un"), id("\xc3\xa9"), id("E")});
  const auto accents = made([](gguf::Writer& w) { w.add("tokenizer.ggml.normalizer.strip_accents", false); });
  CHECK(*accents->encode("UN\xc3\x89") == Ids{id(start + "un"), id("\xc3\xa9")});
  const auto both = made([](gguf::Writer& w) {
    w.add("tokenizer.ggml.normalizer.lowercase", false);
    w.add("tokenizer.ggml.normalizer.strip_accents", true);
  });
  CHECK(*both->encode("un\xc3\x89") == Ids{id(start + "un"), id("E")});
}

TEST_CASE("BERT's frame does not hang on the file's flags", "[text]") {
  const auto t = made([](gguf::Writer& w) {
    w.add("tokenizer.ggml.add_bos_token", false);
    w.add("tokenizer.ggml.add_eos_token", true);
    w.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  });
  CHECK(t->encode("un", {.add_special = true})->size() == 3);
  const auto none = small_word_piece().make();  // and the ids of the first BERT are not in this vocabulary
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::BadTokenizer);
  CHECK(none.error().subject == "tokenizer.ggml.add_bos_token");
  const auto no_end =
      small_word_piece().make([](gguf::Writer& w) { w.add("tokenizer.ggml.bos_token_id", std::uint32_t{1}); });
  REQUIRE_FALSE(no_end);
  CHECK(no_end.error().subject == "tokenizer.ggml.seperator_token_id");
}
