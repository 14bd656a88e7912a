// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/text/tokenizer_json.hpp"

#include "lamina/text/hf/load.hpp"

namespace lamina::text {

Expected<std::shared_ptr<const Tokenizer>> load_tokenizer_json(const std::string& path) { return hf::load(path); }
Expected<std::shared_ptr<const Tokenizer>> parse_tokenizer_json(std::string_view bytes, std::string_view name) {
  return hf::parse(bytes, name);
}

}  // namespace lamina::text
