// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// All the parts of a tokenizer.json, and the way of a text through them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/added_tokens.hpp"
#include "lamina/text/hf/decoders.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/model.hpp"
#include "lamina/text/hf/normalizers.hpp"
#include "lamina/text/hf/post_processors.hpp"
#include "lamina/text/hf/pre_tokenizers.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text::hf {

struct Pipeline {
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  Model model;
  std::vector<PostProcessor> post_processors;
  std::vector<Decoder> decoders;
  bool has_decoder = false;  // without one, tokens are joined with spaces
  AddedTokens added;

  // Truncation, padding and dropout are not for prompts: they are not looked at. Errors: BadTokenizer, OutOfMemory.
  static Expected<Pipeline> read(JsonDocument& document) {
    const Json root(document);
    Pipeline made;
    if (!root.is(JsonKind::object)) {
      root.complain("not a tokenizer.json", "an object");
      return fail(document.take_problem());
    }
    if (const auto version = root.find("version"); version && version->string() != "1.0") {
      version->complain_unknown("version", "1.0");
    }
    const auto model = root.need("model");
    if (const auto part = root.find("normalizer")) read_normalizers(*part, made.normalizers);
    if (const auto part = root.find("pre_tokenizer")) read_pre_tokenizers(*part, made.pre_tokenizers);
    if (const auto part = root.find("post_processor")) read_post_processors(*part, made.post_processors);
    if (const auto part = root.find("decoder")) {
      made.has_decoder = true;
      read_decoders(*part, made.decoders);
    }
    if (document.failed()) return fail(document.take_problem());
    made.model = read_model(*model);
    if (document.failed()) return fail(document.take_problem());
    if (const auto list = root.find("added_tokens")) {
      made.added = AddedTokens::read(*list, model_table(made.model), made.normalizers);
    }
    if (document.failed()) return fail(document.take_problem());
    return made;
  }

  // With `plain`, special tokens in the text are text. `text` is valid UTF-8.
  Expected<Ids> encode(std::string_view text, bool plain) const {
    auto words = added.extract(normalizers, text, plain);
    if (!words) return fail(std::move(words.error()));
    for (const PreTokenizer& step : pre_tokenizers) {
      if (auto ok = std::visit([&](const auto& one) { return one(*words); }, step); !ok) {
        return fail(std::move(ok.error()));
      }
    }
    Ids ids;
    const auto encode_words = [&](const auto& one) -> Expected<void> {
      typename std::decay_t<decltype(one)>::Scratch scratch;
      for (const Word& word : words->list) {
        if (word.token != no_token) {
          ids.push_back(word.token);
        } else if (auto ok = one.encode(words->of(word), scratch, ids); !ok) {
          return ok;
        }
      }
      return {};
    };
    if (auto ok = std::visit(encode_words, model); !ok) return fail(std::move(ok.error()));
    return ids;
  }
};

}  // namespace lamina::text::hf
