// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/text/make_tokenizer.hpp"
#include "lamina/text/vocabulary_kinds.hpp"

namespace lamina::text {

Expected<std::shared_ptr<const Tokenizer>> make_tokenizer(const gguf::Metadata& metadata,
                                                          std::shared_ptr<const void> keep_alive) {
  return tokenizer_of_kind(metadata, std::move(keep_alive));
}

}  // namespace lamina::text
