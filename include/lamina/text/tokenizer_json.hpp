// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Hugging Face's tokenizer.json as a Tokenizer. In header mode the code is compiled where this is included; the
// compiled library has it, and users of that need not read it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lamina/core/error.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#ifndef LAMINA_LIBRARY
#include "lamina/text/hf/load.hpp"
#endif

namespace lamina::text {

#ifdef LAMINA_LIBRARY
// Errors: IoError, NotRegularFile, FileChanged, BadTokenizer (about the field, as "model.merges[12]", or about "json"
// when it is no JSON at all), OutOfMemory.
Expected<std::shared_ptr<const Tokenizer>> load_tokenizer_json(const std::string& path);

// The same of bytes, which may go afterwards; `name` is for errors.
Expected<std::shared_ptr<const Tokenizer>> parse_tokenizer_json(std::string_view bytes, std::string_view name);
#else
inline Expected<std::shared_ptr<const Tokenizer>> load_tokenizer_json(const std::string& path) {
  return hf::load(path);
}
inline Expected<std::shared_ptr<const Tokenizer>> parse_tokenizer_json(std::string_view bytes, std::string_view name) {
  return hf::parse(bytes, name);
}
#endif

}  // namespace lamina::text
