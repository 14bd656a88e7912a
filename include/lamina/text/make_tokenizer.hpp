// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Builds the tokenizer that a GGUF file describes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/gguf/file.hpp"
#include "lamina/text/bpe.hpp"
#include "lamina/text/sentencepiece.hpp"
#include "lamina/text/tokenizer_interface.hpp"

namespace lamina::text {

// The tokenizer looks into the metadata's bytes for as long as it lives; `keep_alive` may hold what owns them.
// Errors: MissingKey, BadType, BadTokenizer (also for a kind of vocabulary that is not known), OutOfMemory.
inline Expected<std::shared_ptr<const Tokenizer>> make_tokenizer(const gguf::Metadata& metadata,
                                                                 std::shared_ptr<const void> keep_alive = {}) {
  using Made = Expected<std::shared_ptr<const Tokenizer>>;
  return guarded([&]() -> Made {
    auto model = metadata.get<std::string_view>(key::model);
    if (!model) return fail(std::move(model.error()));
    auto pre_name = metadata.get_or<std::string_view>(key::pre, "");
    if (!pre_name) return fail(std::move(pre_name.error()));

    SpecialTokens defaults;  // llama.cpp's, where a file says nothing
    const PreTokenizer* pre = nullptr;
    const bool sentence_piece = *model == "llama";
    if (sentence_piece) {
      defaults.bos = 1;
      defaults.eos = 2;
      defaults.unknown = 0;
      defaults.add_bos = true;
    } else if (*model == "gpt2" || *model == "gemma4") {
      if (*model == "gemma4") pre_name = *model;
      pre = find_pre_tokenizer(*pre_name);
      if (pre == nullptr) {
        return fail(bad_tokenizer(metadata, key::pre, "no such pre-tokenizer")
                        .wanted("one of: " + pre_tokenizer_names())
                        .found("\"" + printable(*pre_name, 40) + "\""));
      }
      defaults.add_bos = pre->add_bos;
    } else {
      return fail(bad_tokenizer(metadata, key::model, "no tokenizer for this kind of vocabulary")
                      .wanted("llama, gpt2 or gemma4")
                      .found("\"" + printable(*model, 40) + "\""));
    }

    auto vocabulary = Vocabulary::read(metadata);
    if (!vocabulary) return fail(std::move(vocabulary.error()));
    if (*model == "gpt2" && vocabulary->contains(11) && vocabulary->is(11, kind_control)) {
      defaults.bos = defaults.eos = 11;  // Falcon's <|endoftext|>, from before files named theirs
    }
    auto special = read_special_tokens(metadata, *vocabulary, defaults);
    if (!special) return fail(std::move(special.error()));
    if (*model == "gpt2" && pre_name->empty()) {
      vocabulary->warn(std::string(key::pre) + " is missing: words are cut in a way that may not be the model's");
    }
    mark_stripping_tokens(metadata, *vocabulary);

    TokenizerParts parts{std::move(*vocabulary), std::move(*special), *model, *pre_name, std::move(keep_alive)};
    return sentence_piece ? SentencePieceTokenizer::make(metadata, std::move(parts))
                          : BpeTokenizer::make(metadata, *pre, std::move(parts));
  });
}

// Of an open file, whose bytes the tokenizer keeps alive.
inline Expected<std::shared_ptr<const Tokenizer>> make_tokenizer(const gguf::File& file) {
  return guarded([&]() -> Expected<std::shared_ptr<const Tokenizer>> {
    auto made = make_tokenizer(file.metadata(), std::make_shared<const gguf::File>(file));
    if (!made && made.error().file.empty()) made.error().file = file.name();
    return made;
  });
}

}  // namespace lamina::text
