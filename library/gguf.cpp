// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/gguf/layout.hpp"
#include "lamina/gguf/read_part.hpp"

namespace lamina::gguf {

Expected<Part> read_part(std::span<const std::byte> bytes, const std::string& name,
                         std::vector<std::string>& warnings) {
  return read_placed(bytes, name, warnings);
}

}  // namespace lamina::gguf
