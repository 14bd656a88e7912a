// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Hostile text: a megabyte of one kind of character on a thread with a small stack, and time that grows as the text.
#include <pthread.h>

#include <cstdlib>

#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

// Calls f on a thread with this much stack.
template <class F>
void on_small_stack(std::size_t bytes, F f) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread{};
  const auto call = [](void* argument) -> void* {
    (*static_cast<F*>(argument))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, call, &f) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

constexpr const char* units[] = {"a", " ",  "1",    "!",        "\n",           "\xff", "\xc3\xa9", "A",
                                 "_", "<|", "  \n", "\xcc\x81", "\xe3\x80\x80", "a ",   "ab"};

}  // namespace

TEST_CASE("a megabyte of one character needs no stack", "[text]") {
  std::vector<TokenizerPtr> tokenizers{*small_sentence_piece().make()};
  for (const char* pre : {"gpt-2", "llama-bpe", "falcon", "deepseek-llm", "tekken", "exaone-moe", "gpt-4o", ""}) {
    const auto t = small_bpe(pre).make([](gguf::Writer& w) { w.add("tokenizer.ggml.add_bos_token", false); });
    REQUIRE(t);
    tokenizers.push_back(*t);
  }
  for (const TokenizerPtr& t : tokenizers) {
    for (const char* unit : units) {
      // The rarer expressions get less: this runs under sanitizers too.
      const bool common = t->model() == "llama" || t->pre() == "gpt-2" || t->pre() == "llama-bpe";
      const std::string text = repeated(unit, common ? std::size_t{1} << 20 : std::size_t{1} << 17);
      bool same = false;
      on_small_stack(std::size_t{256} << 10, [&] {
        const auto ids = t->encode(text, {.add_special = true, .parse_special = true});
        same = ids && t->decode(*ids) == text;
      });
      INFO(t->model() << " " << t->pre() << ": " << printable(unit));
      CHECK(same);
    }
  }
}

TEST_CASE("one token as long as the text does not make matching quadratic", "[text]") {
  // Were each place of the text compared with all letters of the token, this would take minutes.
  const std::size_t n = std::size_t{1} << 18;
  for (const char* model : {"t5", "bert", "rwkv", "plamo2"}) {
    SmallVocabulary v{model, "", {}, {}, {}, {}};
    v.add("<unk>", unknown);
    v.add("<s>", control);
    v.add("</s>", control);
    add_bytes(v);
    v.add("a", normal, -1);
    v.add("\xe2\x96\x81", normal, -1);
    v.add(std::string(n, 'a') + "b", normal, -1);
    v.add(std::string(250, 'a') + "b", normal, -1);
    v.add(std::string(4096, 'c'), user_defined, -1);
    const auto t = v.make([](gguf::Writer& w) {
      w.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
      w.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
      w.add("tokenizer.ggml.seperator_token_id", std::uint32_t{2});
      w.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
    });
    if (!t) FAIL(t.error().to_string());
    for (const char* unit : {"a", "c", "\xe4\xbd\xa0", " "}) {
      bool encoded = false;
      on_small_stack(std::size_t{256} << 10, [&] {
        encoded = static_cast<bool>((*t)->encode(repeated(unit, n), {.add_special = true, .parse_special = true}));
      });
      INFO(model << ": " << printable(unit));
      CHECK(encoded);
    }
  }
}

TEST_CASE("a text that is too long is refused before anything is allocated", "[text]") {
  const auto t = small_bpe().make();
  REQUIRE(t);
  const char c = 'a';
  const auto ids = (*t)->encode(std::string_view(&c, text::Tokenizer::max_text + 1));
  REQUIRE_FALSE(ids);
  CHECK(ids.error().code == ErrorCode::BadArgument);
  CHECK(ids.error().subject == "text");
}
