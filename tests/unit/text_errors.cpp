// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Vocabularies that contradict themselves: each failure names its key, and the element where there is one.
#include <limits>

#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

Error error_of(const Expected<TokenizerPtr>& made) {
  REQUIRE_FALSE(made);
  return made.error();
}

// A file with exactly these keys.
template <class Add>
Expected<TokenizerPtr> make(Add&& add) {
  gguf::Writer writer;
  add(writer);
  auto bytes = writer.to_bytes();
  REQUIRE(bytes);
  const auto file = gguf::File::from_bytes(std::move(*bytes), "bad");
  REQUIRE(file);
  return text::make_tokenizer(*file);
}

}  // namespace

TEST_CASE("a kind of vocabulary or a pre-tokenizer that is not known", "[text]") {
  const Error none = error_of(make([](gguf::Writer& w) { w.add("general.name", "x"); }));
  CHECK(none.code == ErrorCode::MissingKey);
  CHECK(none.subject == "tokenizer.ggml.model");
  CHECK(none.file == "bad");

  const Error model = error_of(make([](gguf::Writer& w) { w.add("tokenizer.ggml.model", "test"); }));
  CHECK(model.code == ErrorCode::BadTokenizer);
  CHECK(model.subject == "tokenizer.ggml.model");
  CHECK(model.offset);
  CHECK(model.got == "\"test\"");

  const Error pre = error_of(small_bpe("no-such-pre").make());
  CHECK(pre.code == ErrorCode::BadTokenizer);
  CHECK(pre.subject == "tokenizer.ggml.pre");
  CHECK(pre.expected.find("llama-bpe") != std::string::npos);
  CHECK(pre.got == "\"no-such-pre\"");
}

TEST_CASE("tokens that are no strings, or none at all", "[text]") {
  const Error missing = error_of(make([](gguf::Writer& w) { w.add("tokenizer.ggml.model", "llama"); }));
  CHECK(missing.code == ErrorCode::MissingKey);
  CHECK(missing.subject == "tokenizer.ggml.tokens");

  const Error numbers = error_of(make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.model", "llama");
    w.add("tokenizer.ggml.tokens", std::vector<std::int32_t>{1, 2});
  }));
  CHECK(numbers.code == ErrorCode::BadType);
  CHECK(numbers.subject == "tokenizer.ggml.tokens");

  const Error empty = error_of(make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.model", "llama");
    w.add("tokenizer.ggml.tokens", std::vector<std::string>{});
  }));
  CHECK(empty.code == ErrorCode::BadTokenizer);
  CHECK(empty.subject == "tokenizer.ggml.tokens");
}

TEST_CASE("scores and kinds must cover all tokens", "[text]") {
  SmallVocabulary v = small_sentence_piece();
  v.scores.resize(5);
  const Error few = error_of(v.make());
  CHECK(few.code == ErrorCode::BadTokenizer);
  CHECK(few.subject == "tokenizer.ggml.scores");
  CHECK(few.message.starts_with("element 5:"));

  v = small_sentence_piece();
  v.scores[7] = std::numeric_limits<float>::quiet_NaN();
  const Error nan = error_of(v.make());
  CHECK(nan.code == ErrorCode::BadTokenizer);
  CHECK(nan.subject == "tokenizer.ggml.scores");
  CHECK(nan.message.starts_with("element 7:"));

  v = small_sentence_piece();
  v.types.pop_back();
  const Error kinds = error_of(v.make());
  CHECK(kinds.code == ErrorCode::BadTokenizer);
  CHECK(kinds.subject == "tokenizer.ggml.token_type");

  const Error none = error_of(make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.model", "llama");
    w.add("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c"});
  }));
  CHECK(none.code == ErrorCode::BadTokenizer);
  CHECK(none.subject == "tokenizer.ggml.scores");

  for (const char* model : {"t5", "plamo2"}) {
    const Error unscored = error_of(make([&](gguf::Writer& w) {
      w.add("tokenizer.ggml.model", model);
      w.add("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c"});
    }));
    CHECK(unscored.code == ErrorCode::BadTokenizer);
    CHECK(unscored.subject == "tokenizer.ggml.scores");
  }

  const Error words = error_of(make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.model", "llama");
    w.add("tokenizer.ggml.tokens", std::vector<std::string>{"a"});
    w.add("tokenizer.ggml.token_type", std::vector<std::string>{"normal"});
  }));
  CHECK(words.code == ErrorCode::BadTokenizer);
  CHECK(words.subject == "tokenizer.ggml.token_type");
}

TEST_CASE("a byte token must name a byte", "[text]") {
  for (const char* bad : {"<0x-1>", "<0xGG>", "<0x1>", "0x41", "<0x123>"}) {
    SmallVocabulary v = small_sentence_piece();
    v.tokens[70] = bad;
    const Error error = error_of(v.make());
    CHECK(error.code == ErrorCode::BadTokenizer);
    CHECK(error.subject == "tokenizer.ggml.tokens");
    CHECK(error.message.starts_with("element 70:"));
  }
}

TEST_CASE("merges need two parts", "[text]") {
  for (const char* bad : {"nospace", "", " ", "a ", " a"}) {
    SmallVocabulary v = small_bpe();
    v.merges[2] = bad;
    const Error error = error_of(v.make());
    CHECK(error.code == ErrorCode::BadTokenizer);
    CHECK(error.subject == "tokenizer.ggml.merges");
    CHECK(error.message.starts_with("element 2:"));
  }
  const Error missing = error_of(make([](gguf::Writer& w) {
    w.add("tokenizer.ggml.model", "gpt2");
    w.add("tokenizer.ggml.pre", "gpt-2");
    w.add("tokenizer.ggml.tokens", std::vector<std::string>{"a"});
  }));
  CHECK(missing.code == ErrorCode::BadTokenizer);
  CHECK(missing.subject == "tokenizer.ggml.merges");
}

TEST_CASE("special ids must be in the vocabulary", "[text]") {
  const SmallVocabulary v = small_bpe();
  for (const char* key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                          "tokenizer.ggml.padding_token_id", "tokenizer.ggml.fim_pad_token_id"}) {
    const auto size = static_cast<std::uint32_t>(v.tokens.size());
    const Error error = error_of(v.make([&](gguf::Writer& w) { w.add(key, size); }));
    CHECK(error.code == ErrorCode::BadTokenizer);
    CHECK(error.subject == key);
    CHECK(error.got == std::to_string(size));
    CHECK(v.make([&](gguf::Writer& w) { w.add(key, size - 1); }));
    const auto none = v.make([&](gguf::Writer& w) { w.add(key, 0xffffffffu); });
    REQUIRE(none);
    CHECK((*none)->warnings().size() == 1);
    CHECK(error_of(v.make([&](gguf::Writer& w) { w.add(key, "x"); })).subject == key);
  }
}

TEST_CASE("a token that is to be added must be named", "[text]") {
  const SmallVocabulary v = small_bpe();
  for (const char* key : {"tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token"}) {
    const Error error = error_of(v.make([&](gguf::Writer& w) { w.add(key, true); }));
    CHECK(error.code == ErrorCode::BadTokenizer);
    CHECK(error.subject == key);
    CHECK(error_of(v.make([&](gguf::Writer& w) { w.add(key, std::uint32_t{1}); })).code == ErrorCode::BadType);
  }
}

TEST_CASE("oddities of real files are warned of and do no harm", "[text]") {
  SmallVocabulary v = small_bpe();
  v.add("abc");  // again
  v.add("");
  v.merges.push_back("no merge");  // forms a token that does not exist
  const auto t = v.make();
  REQUIRE(t);
  CHECK((*t)->warnings().size() == 2);
  CHECK(*(*t)->encode("abc") == Ids{(*t)->find("abc").value()});
  CHECK((*t)->find("abc").value() < static_cast<text::Token>(v.tokens.size() - 2));
  CHECK(*(*t)->encode("nomerge") == Ids{'n', 'o', 'm', 'e', 'r', 'g', 'e'});
}

TEST_CASE("a tokenizer outlives the file it came from", "[text]") {
  TokenizerPtr t;
  {
    const auto made = small_bpe().make();
    REQUIRE(made);
    t = *made;
  }
  CHECK(t->decode(*t->encode("abc 12")) == "abc 12");
}
