// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A tokenizer.json as a Tokenizer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/pipeline.hpp"
#include "lamina/text/special_tokens.hpp"
#include "lamina/text/token.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/utf8.hpp"
#include "lamina/text/vocabulary.hpp"

namespace lamina::text::hf {

class JsonTokenizer final : public Tokenizer {
 public:
  // Errors: BadTokenizer, OutOfMemory.
  static Expected<std::shared_ptr<const Tokenizer>> make(JsonDocument& document) {
    auto pipeline = Pipeline::read(document);
    if (!pipeline) return fail(std::move(pipeline.error()));
    const TokenTable& table = model_table(pipeline->model);
    std::vector<std::string_view> texts(table.id_end());
    std::vector<std::uint8_t> kinds(table.id_end(), 0);
    for (std::size_t id = 0; id < texts.size(); ++id) {
      if (const auto text = table.text(static_cast<Token>(id))) {
        texts[id] = *text;
        kinds[id] = kind_normal;
      }
    }
    for (const AddedToken& token : pipeline->added.tokens()) {
      const auto at = static_cast<std::size_t>(token.id);
      if (at >= texts.size()) {
        texts.resize(at + 1);
        kinds.resize(at + 1, 0);
      }
      texts[at] = token.content;
      kinds[at] = token.special ? kind_control : kind_user_defined;
    }
    TokenizerParts parts{Vocabulary::of(std::move(texts), std::move(kinds)),
                         {},
                         model_name(pipeline->model),
                         "tokenizer.json",
                         document.strings()};
    auto special = special_tokens(*pipeline, parts.vocabulary);
    if (!special) return fail(std::move(special.error()).in(document.name()));
    parts.special = std::move(*special);
    if (const std::size_t n = pipeline->added.n_renumbered(); n != 0) {
      parts.vocabulary.warn(std::to_string(n) + " added tokens have other ids than the file gives them");
    }
    return std::shared_ptr<const Tokenizer>(new JsonTokenizer(std::move(parts), std::move(*pipeline)));
  }

  std::string decode(std::span<const Token> tokens, DecodeOptions options = {}) const override {
    Texts texts;
    for (const Token id : tokens) {
      if (const auto text = shown(id, options)) texts.emplace_back(*text);
    }
    if (pipeline_.has_decoder) return decode_all(pipeline_.decoders, std::move(texts));
    std::string out;
    for (const std::string& text : texts) {
      if (!out.empty() || &text != texts.data()) out += ' ';
      out += text;
    }
    return out;
  }

  void append_piece(Token id, DecodeOptions options, std::string& out) const override {
    if (const auto text = shown(id, options)) append_normal(*text, out);
  }

 private:
  JsonTokenizer(TokenizerParts parts, Pipeline pipeline)
      : Tokenizer(std::move(parts)), pipeline_(std::move(pipeline)), added_(size(), none) {
    for (std::uint32_t i = 0; i < pipeline_.added.tokens().size(); ++i) {
      added_[static_cast<std::size_t>(pipeline_.added.tokens()[i].id)] = i;
    }
  }

  static constexpr std::uint32_t none = 0xffffffffu;

  // What the file does not say outright: the first and the last of the tokens that are put around a text begin and end
  // it, and which tokens end a generation is known by their names.
  static Expected<SpecialTokens> special_tokens(const Pipeline& pipeline, Vocabulary& vocabulary) {
    SpecialTokens special;
    static constexpr Token text = -2;
    const auto around = post_process(pipeline.post_processors, {text}, true, growth_limit(0));
    if (!around) return fail(around.error());
    for (const Token id : *around) {
      if (id != text && (!vocabulary.contains(id) || vocabulary.kind(id) == 0)) {
        return fail(Error(ErrorCode::BadTokenizer, "a token is put around texts that does not exist")
                        .about("post_processor")
                        .found(std::to_string(id)));
      }
    }
    if (!around->empty() && around->front() != text) {
      special.bos = around->front();
      special.add_bos = true;
    }
    if (!around->empty() && around->back() != text) {
      special.eos = around->back();
      special.add_eos = true;
      special.ends.push_back(special.eos);
    }
    const auto add_named = [&](std::string_view name) {
      const Token id = vocabulary.find(name);
      if (id != no_token && vocabulary.is(id, kind_control | kind_user_defined)) special.ends.push_back(id);
    };
    for (const text::detail::Role& role : text::detail::roles) {
      if (!role.ends) continue;
      for (const std::string_view name : role.names) add_named(name);
    }
    for (const std::string_view name : text::detail::end_names) add_named(name);
    text::detail::drop_false_ends(vocabulary, special.ends);
    special.sort_ends();
    return special;
  }

  // The text that a token goes to the decoders with.
  std::optional<std::string_view> shown(Token id, DecodeOptions options) const {
    if (!vocabulary().contains(id) || vocabulary().kind(id) == 0) return std::nullopt;
    const std::uint32_t added = added_[static_cast<std::size_t>(id)];
    if (added == none) return vocabulary().text(id);
    const AddedToken& token = pipeline_.added.tokens()[added];
    if (token.special && !options.special) return std::nullopt;
    return token.shown;
  }

  Expected<std::vector<Token>> encode_checked(std::string_view text, EncodeOptions options) const override {
    auto ids = encode_valid(text, !options.parse_special);
    if (!ids) return ids;
    return post_process(pipeline_.post_processors, std::move(*ids), options.add_special, growth_limit(text.size()));
  }
  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    auto ids = encode_valid(text, true);
    if (!ids) return fail(std::move(ids.error()));
    out.insert(out.end(), ids->begin(), ids->end());
    return {};
  }
  // Bytes that are no UTF-8 become U+FFFD, as for the library, whose texts cannot hold any.
  Expected<Ids> encode_valid(std::string_view text, bool plain) const {
    if (utf8_valid(text)) return pipeline_.encode(text, plain);
    return pipeline_.encode(to_valid_utf8(text), plain);
  }

  void append_normal(std::string_view text, std::string& out) const override {
    std::string token(text);
    if (pipeline_.has_decoder) {
      decode_inner(pipeline_.decoders, token);
    } else {
      token.insert(0, 1, ' ');
    }
    out += token;
  }

  Pipeline pipeline_;
  std::vector<std::uint32_t> added_;  // by id: place among the added tokens
};

}  // namespace lamina::text::hf
