// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// From a file or from memory to a Tokenizer; lamina/text/tokenizer_json.hpp says what can go wrong.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/core/error.hpp"
#include "lamina/core/mapped_file.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/tokenizer.hpp"
#include "lamina/text/tokenizer_interface.hpp"

namespace lamina::text::hf {

inline Expected<std::shared_ptr<const Tokenizer>> parse(std::string_view bytes, std::string_view name) {
  return guarded([&]() -> Expected<std::shared_ptr<const Tokenizer>> {
    auto document = JsonDocument::parse(bytes, name);
    if (!document) return fail(std::move(document.error()));
    return JsonTokenizer::make(*document);
  });
}

inline Expected<std::shared_ptr<const Tokenizer>> load(const std::string& path) {
  return guarded([&]() -> Expected<std::shared_ptr<const Tokenizer>> {
    auto file = MappedFile::open(path);
    if (!file) return fail(std::move(file.error()));
    const auto bytes = file->bytes();
    auto made = parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
    if (auto ok = file->unchanged(); !ok) return fail(std::move(ok.error()));
    return made;
  });
}

}  // namespace lamina::text::hf
