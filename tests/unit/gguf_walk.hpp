// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Touches everything that an opened GGUF file hands out, so that a sanitizer sees any byte read out of place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lamina/gguf/gguf.hpp"

namespace lamina::test {

inline std::uint64_t sum_bytes(std::string_view text) {
  std::uint64_t sum = text.size();
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

inline std::uint64_t walk(const gguf::Value& value) {
  std::uint64_t sum = value.size() + value.offset();
  std::vector<gguf::Value> open{value};  // nested arrays still to be seen
  while (!open.empty()) {
    const gguf::Value v = open.back();
    open.pop_back();
    sum += static_cast<std::uint64_t>(v.element_type()) + v.size();
    if (const auto text = v.string()) sum += sum_bytes(*text);
    if (const auto flag = v.boolean()) sum += *flag;
    if (const auto number = v.unsigned_integer()) sum += *number;
    if (const auto number = v.signed_integer()) sum += static_cast<std::uint64_t>(*number);
    if (const auto number = v.number()) sum += *number > 0;
    if (const auto texts = v.strings()) {
      for (const auto text : *texts) sum += sum_bytes(text);
    }
    if (const auto numbers = v.numbers<float>()) {
      for (const float number : *numbers) sum += number > 0;
    }
    if (const auto numbers = v.numbers<std::int16_t>()) sum += numbers->size();
    if (const auto flags = v.numbers<bool>()) sum += flags->size();
    for (const auto& element : v.elements()) open.push_back(element);
  }
  return sum;
}

inline std::uint64_t walk(const gguf::File& file) {
  std::uint64_t sum = file.size() + file.alignment() + file.version() + file.parts().size();
  for (const auto& [key, value] : file.metadata().entries()) {
    sum += sum_bytes(key) + walk(value);
    sum += file.metadata().find(key) == &value;
    if (const auto wrong = file.metadata().get<std::uint32_t>(key); !wrong) sum += wrong.error().to_string().size();
  }
  for (const auto& tensor : file.tensors()) {
    sum += sum_bytes(tensor.name) + tensor.n_elements() + tensor.type_name().size();
    sum += file.find(tensor.name) == &tensor;
    for (const std::byte b : file.data(tensor)) sum += std::to_integer<std::uint64_t>(b);
  }
  for (const auto& warning : file.warnings()) sum += warning.size();
  return sum;
}

}  // namespace lamina::test
