// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The kinds of vocabulary that GGUF files have, and the tokenizer of each.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/gguf/metadata.hpp"
#include "lamina/text/bpe.hpp"
#include "lamina/text/bpe_variants.hpp"
#include "lamina/text/plamo2.hpp"
#include "lamina/text/rwkv.hpp"
#include "lamina/text/sentencepiece.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/unigram_tokenizer.hpp"
#include "lamina/text/wordpiece.hpp"

namespace lamina::text {

namespace detail {

using MadeTokenizer = Expected<std::shared_ptr<const Tokenizer>>;

// parts.pre names a pre-tokenizer that exists.
inline MadeTokenizer make_bpe(const gguf::Metadata& metadata, TokenizerParts parts) {
  auto rules = BpeTokenizer::Rules::read(metadata, *find_pre_tokenizer(parts.pre));
  if (!rules) return fail(std::move(rules.error()));
  if (parts.model == "whitespace") {
    auto lowercase = metadata.get_or<bool>(key::lowercase, parts.pre != "whitespace");
    if (!lowercase) return fail(std::move(lowercase.error()));
    return std::make_shared<const WhitespaceTokenizer>(std::move(parts), std::move(*rules), *lowercase);
  }
  if (parts.model == "hybriddna") return std::make_shared<const DnaTokenizer>(std::move(parts), std::move(*rules));
  return std::make_shared<const BpeTokenizer>(std::move(parts), std::move(*rules));
}

struct VocabularyKind {
  std::string_view model;       // tokenizer.ggml.model
  SpecialTokens (*defaults)();  // where a file says nothing
  MadeTokenizer (*make)(const gguf::Metadata&, TokenizerParts);
  bool words;  // the file names a pre-tokenizer
};

inline constexpr auto no_defaults = [] { return SpecialTokens(); };
inline constexpr VocabularyKind vocabulary_kinds[] = {
    {"llama", SentencePieceTokenizer::defaults, SentencePieceTokenizer::make, false},
    {"gpt2", no_defaults, make_bpe, true},
    {"gemma4", no_defaults, make_bpe, true},
    {"whitespace", no_defaults, make_bpe, true},
    {"hybriddna", no_defaults, make_bpe, true},
    {"bert", WordPieceTokenizer::defaults, WordPieceTokenizer::make, false},
    {"t5", UnigramTokenizer::defaults, UnigramTokenizer::make, false},
    {"rwkv", RwkvTokenizer::defaults, RwkvTokenizer::make, false},
    {"plamo2", Plamo2Tokenizer::defaults, Plamo2Tokenizer::make, false},
};

constexpr const VocabularyKind* find_vocabulary_kind(std::string_view model) {
  for (const VocabularyKind& kind : vocabulary_kinds) {
    if (kind.model == model) return &kind;
  }
  return nullptr;
}

}  // namespace detail

// See make_tokenizer().
inline Expected<std::shared_ptr<const Tokenizer>> tokenizer_of_kind(const gguf::Metadata& metadata,
                                                                    std::shared_ptr<const void> keep_alive) {
  return guarded([&]() -> detail::MadeTokenizer {
    auto model = metadata.get<std::string_view>(key::model);
    if (!model) return fail(std::move(model.error()));
    auto pre_name = metadata.get_or<std::string_view>(key::pre, "");
    if (!pre_name) return fail(std::move(pre_name.error()));

    const detail::VocabularyKind* kind = detail::find_vocabulary_kind(*model);
    if (kind == nullptr) {
      std::string known;
      for (const auto& k : detail::vocabulary_kinds) known.append(known.empty() ? "" : " ").append(k.model);
      return fail(bad_tokenizer(metadata, key::model, "no tokenizer for this kind of vocabulary")
                      .wanted("one of: " + known)
                      .found("\"" + printable(*model, 40) + "\""));
    }
    SpecialTokens defaults = kind->defaults();
    if (kind->words) {
      if (*model == "gemma4") pre_name = *model;
      const PreTokenizer* pre = find_pre_tokenizer(*pre_name);
      if (pre == nullptr) {
        return fail(bad_tokenizer(metadata, key::pre, "no such pre-tokenizer")
                        .wanted("one of: " + pre_tokenizer_names())
                        .found("\"" + printable(*pre_name, 40) + "\""));
      }
      defaults.add_bos = pre->has(adds_bos);
      defaults.insists_on_bos = pre->has(insists_on_bos);
    }

    auto vocabulary = Vocabulary::read(metadata);
    if (!vocabulary) return fail(std::move(vocabulary.error()));
    if (kind->words && *model != "gemma4" && vocabulary->contains(11) && vocabulary->is(11, kind_control)) {
      defaults.bos = defaults.eos = 11;  // Falcon's <|endoftext|>, from before files named theirs
    }
    auto special = read_special_tokens(metadata, *vocabulary, defaults);
    if (!special) return fail(std::move(special.error()));
    if (kind->words && pre_name->empty()) {
      vocabulary->warn(std::string(key::pre) + " is missing: words are cut in a way that may not be the model's");
    }
    mark_stripping_tokens(metadata, *vocabulary);
    return kind->make(metadata,
                      {std::move(*vocabulary), std::move(*special), *model, *pre_name, std::move(keep_alive)});
  });
}

}  // namespace lamina::text
