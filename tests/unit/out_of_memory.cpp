// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every allocation fails once, from opening a file to generating text: each time the caller gets OutOfMemory, and what
// it had is as it was.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "lamina/lamina.hpp"
#include "text_vocab.hpp"
#include "tiny_model.hpp"

using namespace lamina;

namespace {

// Makes every allocation of `attempt` fail once, until it goes through. `attempt` returns an Expected; how often it
// failed is returned.
template <class Attempt>
std::size_t fail_everywhere(Attempt&& attempt) {
  for (std::size_t n = 0;; ++n) {
    std::optional<Error> error;
    const bool failed = test::with_failure(n, [&] {
      auto result = attempt();
      if (!result) error = std::move(result.error());
    });
    if (!failed) {
      if (error) FAIL(error->to_string());
      return n;
    }
    INFO("allocation " << n);
    // Some failures are survived: std::sort's buffer, for one, is only a help.
    if (error && error->code != ErrorCode::OutOfMemory) FAIL(error->to_string());
  }
}

}  // namespace

TEST_CASE("a failed allocation is OutOfMemory: files") {
  const auto bytes = test::TinyModel{}.bytes();
  CHECK(fail_everywhere([&] { return gguf::File::from_memory(bytes); }) > 3);
  const auto file = gguf::File::from_memory(bytes);
  REQUIRE(file);
  CHECK(fail_everywhere([&] { return file->metadata().get<std::vector<std::string_view>>("tokenizer.ggml.tokens"); }) >
        0);
  const std::vector<int> numbers = {1, 2, 3};
  CHECK(fail_everywhere([&] {
          gguf::Writer writer;
          writer.add("key", "a text that does not fit a short string");
          writer.add("numbers", numbers);
          return writer.to_bytes();
        }) > 3);
}

TEST_CASE("a failed allocation is OutOfMemory: models and sessions") {
  const auto file = test::TinyModel{}.file();
  REQUIRE(file);
  CHECK(fail_everywhere([&] { return load(*file); }) > 20);
  const auto model = load(*file);
  REQUIRE(model);
  CHECK(fail_everywhere([&] { return model->session({.context = 16, .threads = 1}); }) > 1);
  CHECK(fail_everywhere([&] { return model->session({.context = 16, .threads = 3}); }) > 3);

  auto session = model->session({.context = 16, .threads = 1});
  REQUIRE(session);
  const std::vector<text::Token> ids = {1, 5, 9};
  CHECK(fail_everywhere([&]() -> Expected<void> {
          auto fed = session->feed(ids);
          if (!fed && session->position() != 0) return fail(ErrorCode::Internal, "the session has changed");
          return fed;
        }) > 0);
  CHECK(session->position() == 3);
}

TEST_CASE("a failed allocation is OutOfMemory: text") {
  for (const bool bpe : {false, true}) {
    const auto vocabulary = bpe ? test::small_bpe() : test::small_sentence_piece();
    const auto file = vocabulary.file([](gguf::Writer& w) { w.add("tokenizer.ggml.add_bos_token", false); });
    REQUIRE(file);
    CHECK(fail_everywhere([&] { return text::make_tokenizer(*file); }) > 10);
    const auto tokenizer = text::make_tokenizer(*file);
    REQUIRE(tokenizer);
    const std::string text = "ab abc <s> 1234 \xff" + std::string(3000, 'a');
    CHECK(fail_everywhere([&] { return (*tokenizer)->encode(text, {.add_special = true, .parse_special = true}); }) >
          3);
  }
}

TEST_CASE("a failed allocation ends a generation with OutOfMemory") {
  const auto model = load(*test::TinyModel{}.file());
  REQUIRE(model);
  CHECK(fail_everywhere([&]() -> Expected<void> {
          auto session = model->session({.context = 32, .threads = 1});
          if (!session) return fail(std::move(session.error()));
          Generation generation = session->generate("ab", {.max_tokens = 5, .sampler = {}, .ignore_end = true});
          std::size_t n_bytes = 0;
          for (const std::string_view piece : generation) n_bytes += piece.size();
          if (generation.error()) return fail(*generation.error());
          return {};
        }) > 10);
}
