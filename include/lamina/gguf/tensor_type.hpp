// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The tensor types that GGUF files may name, as far as a container needs to know them: how many weights a block holds
// and how many bytes it takes. Numbers and sizes: ggml's ggml.h and ggml-common.h as of llama.cpp v0.5.0. What a block
// means is the matter of lamina/quant.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lamina::gguf {

struct TensorType {
  std::uint32_t id;
  std::string_view name;
  std::uint32_t block_size;      // weights
  std::uint32_t block_bytes;     // bytes
  std::string_view replaced_by;  // what to quantise to instead, for a retired type; else empty
};

// Position is id: the list has no holes.
inline constexpr std::array<TensorType, 43> tensor_types{{
    {0, "F32", 1, 4, ""},
    {1, "F16", 1, 2, ""},
    {2, "Q4_0", 32, 18, ""},
    {3, "Q4_1", 32, 20, ""},
    {4, "Q4_2", 16, 10, "Q4_0"},  // gone since May 2023
    {5, "Q4_3", 16, 12, "Q4_1"},  // gone since May 2023
    {6, "Q5_0", 32, 22, ""},
    {7, "Q5_1", 32, 24, ""},
    {8, "Q8_0", 32, 34, ""},
    {9, "Q8_1", 32, 36, ""},
    {10, "Q2_K", 256, 84, ""},
    {11, "Q3_K", 256, 110, ""},
    {12, "Q4_K", 256, 144, ""},
    {13, "Q5_K", 256, 176, ""},
    {14, "Q6_K", 256, 210, ""},
    {15, "Q8_K", 256, 292, ""},
    {16, "IQ2_XXS", 256, 66, ""},
    {17, "IQ2_XS", 256, 74, ""},
    {18, "IQ3_XXS", 256, 98, ""},
    {19, "IQ1_S", 256, 50, ""},
    {20, "IQ4_NL", 32, 18, ""},
    {21, "IQ3_S", 256, 110, ""},
    {22, "IQ2_S", 256, 82, ""},
    {23, "IQ4_XS", 256, 136, ""},
    {24, "I8", 1, 1, ""},
    {25, "I16", 1, 2, ""},
    {26, "I32", 1, 4, ""},
    {27, "I64", 1, 8, ""},
    {28, "F64", 1, 8, ""},
    {29, "IQ1_M", 256, 56, ""},
    {30, "BF16", 1, 2, ""},
    {31, "Q4_0_4_4", 32, 18, "Q4_0"},  // rows interleaved for one CPU; now done when loading
    {32, "Q4_0_4_8", 32, 18, "Q4_0"},
    {33, "Q4_0_8_8", 32, 18, "Q4_0"},
    {34, "TQ1_0", 256, 54, ""},
    {35, "TQ2_0", 256, 66, ""},
    {36, "IQ4_NL_4_4", 32, 18, "IQ4_NL"},
    {37, "IQ4_NL_4_8", 32, 18, "IQ4_NL"},
    {38, "IQ4_NL_8_8", 32, 18, "IQ4_NL"},
    {39, "MXFP4", 32, 17, ""},
    {40, "NVFP4", 64, 36, ""},
    {41, "Q1_0", 128, 18, ""},
    {42, "Q2_0", 64, 18, ""},
}};

// Null for an id that is not known.
constexpr const TensorType* tensor_type(std::uint32_t id) {
  return id < tensor_types.size() ? &tensor_types[id] : nullptr;
}

// By name, in either case ("q4_K"); null for a name that is not known.
constexpr const TensorType* tensor_type(std::string_view name) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  for (const TensorType& type : tensor_types) {
    bool same = type.name.size() == name.size();
    for (std::size_t i = 0; same && i < name.size(); ++i) same = upper(name[i]) == type.name[i];
    if (same) return &type;
  }
  return nullptr;
}

static_assert([] {
  for (std::uint32_t id = 0; id < tensor_types.size(); ++id) {
    if (tensor_types[id].id != id) return false;
  }
  return true;
}());

}  // namespace lamina::gguf
