// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Builds the tokenizer that a GGUF file describes. In header mode the code is compiled where this is included; the
// compiled library has it.
#pragma once

#include <memory>
#include <utility>

#include "lamina/gguf/file.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#ifndef LAMINA_LIBRARY
#include "lamina/text/vocabulary_kinds.hpp"
#endif

namespace lamina::text {

// The tokenizer looks into the metadata's bytes for as long as it lives; `keep_alive` may hold what owns them.
// Errors: MissingKey, BadType, BadTokenizer (also for a kind of vocabulary that is not known), OutOfMemory.
#ifdef LAMINA_LIBRARY
Expected<std::shared_ptr<const Tokenizer>> make_tokenizer(const gguf::Metadata& metadata,
                                                          std::shared_ptr<const void> keep_alive = {});
#else
inline Expected<std::shared_ptr<const Tokenizer>> make_tokenizer(const gguf::Metadata& metadata,
                                                                 std::shared_ptr<const void> keep_alive = {}) {
  return tokenizer_of_kind(metadata, std::move(keep_alive));
}
#endif

// Of an open file, whose bytes the tokenizer keeps alive.
inline Expected<std::shared_ptr<const Tokenizer>> make_tokenizer(const gguf::File& file) {
  return guarded([&]() -> Expected<std::shared_ptr<const Tokenizer>> {
    auto made = make_tokenizer(file.metadata(), std::make_shared<const gguf::File>(file));
    if (!made && made.error().file.empty()) made.error().file = file.name();
    return made;
  });
}

}  // namespace lamina::text
