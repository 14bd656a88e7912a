// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// File types: what `Q4_K_M` means for a whole model. Names, numbers (general.file_type) and meaning are those of
// llama.cpp. A file type is a format for most matrices, and mix.hpp says which tensors have another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/quant/registry.hpp"

namespace lamina::quant {

enum class FileTypeId : std::uint8_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q8_0 = 7,
  Q5_0 = 8,
  Q5_1 = 9,
  Q2_K = 10,
  Q3_K_S = 11,
  Q3_K_M = 12,
  Q3_K_L = 13,
  Q4_K_S = 14,
  Q4_K_M = 15,
  Q5_K_S = 16,
  Q5_K_M = 17,
  Q6_K = 18,
  IQ2_XXS = 19,
  IQ2_XS = 20,
  Q2_K_S = 21,
  IQ3_XS = 22,
  IQ3_XXS = 23,
  IQ1_S = 24,
  IQ4_NL = 25,
  IQ3_S = 26,
  IQ3_M = 27,
  IQ2_S = 28,
  IQ2_M = 29,
  IQ4_XS = 30,
  IQ1_M = 31,
  BF16 = 32,
  TQ1_0 = 36,
  TQ2_0 = 37,
  MXFP4_MOE = 38,
  NVFP4 = 39,
  Q1_0 = 40,
  Q2_0 = 41,
};

struct FileType {
  std::string_view name;
  FileTypeId id;           // its number is general.file_type
  std::uint32_t type_id;   // of most matrices
  std::string_view about;  // for people
};

inline constexpr std::array<FileType, 36> file_types{{
    {"F32", FileTypeId::F32, F32::type_id, "floats"},
    {"F16", FileTypeId::F16, F16::type_id, "half-precision floats"},
    {"BF16", FileTypeId::BF16, BF16::type_id, "upper halves of floats"},
    {"Q8_0", FileTypeId::Q8_0, Q8_0::type_id, "nearly as good as F16"},
    {"Q6_K", FileTypeId::Q6_K, Q6_K::type_id, ""},
    {"Q5_K_M", FileTypeId::Q5_K_M, Q5_K::type_id, "Q5_K, with Q6_K for half of attn_v and ffn_down"},
    {"Q5_K_S", FileTypeId::Q5_K_S, Q5_K::type_id, ""},
    {"Q5_1", FileTypeId::Q5_1, Q5_1::type_id, ""},
    {"Q5_0", FileTypeId::Q5_0, Q5_0::type_id, ""},
    {"Q4_K_M", FileTypeId::Q4_K_M, Q4_K::type_id, "Q4_K, with Q6_K for half of attn_v and ffn_down"},
    {"Q4_K_S", FileTypeId::Q4_K_S, Q4_K::type_id, "Q4_K, with Q5_K for the first attn_v and ffn_down"},
    {"Q4_1", FileTypeId::Q4_1, Q4_1::type_id, ""},
    {"Q4_0", FileTypeId::Q4_0, Q4_0::type_id, ""},
    {"IQ4_NL", FileTypeId::IQ4_NL, IQ4_NL::type_id, ""},
    {"IQ4_XS", FileTypeId::IQ4_XS, IQ4_XS::type_id, ""},
    {"MXFP4_MOE", FileTypeId::MXFP4_MOE, MXFP4::type_id, "MXFP4 for experts, Q8_0 for the rest"},
    {"NVFP4", FileTypeId::NVFP4, NVFP4::type_id, ""},
    {"Q3_K_L", FileTypeId::Q3_K_L, Q3_K::type_id, "Q3_K, with Q5_K for attn_v, attn_output and ffn_down"},
    {"Q3_K_M", FileTypeId::Q3_K_M, Q3_K::type_id, "Q3_K, with Q4_K for attn_v, attn_output and ffn_down"},
    {"Q3_K_S", FileTypeId::Q3_K_S, Q3_K::type_id, ""},
    {"IQ3_M", FileTypeId::IQ3_M, IQ3_S::type_id, "IQ3_S, with Q4_K for attn_v, attn_output and the first ffn_down"},
    {"IQ3_S", FileTypeId::IQ3_S, IQ3_S::type_id, ""},
    {"IQ3_XS", FileTypeId::IQ3_XS, IQ3_S::type_id, "IQ3_S, with IQ3_XXS for attn_q, attn_k and the middle of the rest"},
    {"IQ3_XXS", FileTypeId::IQ3_XXS, IQ3_XXS::type_id, ""},
    {"Q2_K", FileTypeId::Q2_K, Q2_K::type_id, "Q2_K, with Q3_K for attn_v, attn_output and ffn_down"},
    {"Q2_K_S", FileTypeId::Q2_K_S, Q2_K::type_id, "Q2_K, with Q4_K for the first ffn_down"},
    {"IQ2_M", FileTypeId::IQ2_M, IQ2_S::type_id, "IQ2_S, with IQ3_S for attn_v and attn_output"},
    {"IQ2_S", FileTypeId::IQ2_S, IQ2_XS::type_id, "IQ2_XS, with IQ3_S for attn_v and attn_output"},
    {"IQ2_XS", FileTypeId::IQ2_XS, IQ2_XS::type_id, ""},
    {"IQ2_XXS", FileTypeId::IQ2_XXS, IQ2_XXS::type_id, ""},
    {"Q2_0", FileTypeId::Q2_0, Q2_0::type_id, ""},
    {"TQ2_0", FileTypeId::TQ2_0, TQ2_0::type_id, "for models that were trained with three values"},
    {"TQ1_0", FileTypeId::TQ1_0, TQ1_0::type_id, "the same, packed tighter"},
    {"IQ1_M", FileTypeId::IQ1_M, IQ1_M::type_id, ""},
    {"IQ1_S", FileTypeId::IQ1_S, IQ1_S::type_id, ""},
    {"Q1_0", FileTypeId::Q1_0, Q1_0::type_id, "for models that were trained with two values"},
}};

constexpr const FileType& file_type(FileTypeId id) {
  for (const FileType& type : file_types) {
    if (type.id == id) return type;
  }
  return file_types[0];
}

// By name, in either case; null for a name that is not known. Q3_K, Q4_K and Q5_K are their M mixes, as in llama.cpp,
// and MXFP4 is MXFP4_MOE.
constexpr const FileType* file_type(std::string_view name) {
  const auto same = [&](std::string_view other) {
    bool equal = name.size() == other.size();
    for (std::size_t i = 0; equal && i < name.size(); ++i) {
      equal = (name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]) == other[i];
    }
    return equal;
  };
  if (same("Q3_K")) return &file_type(FileTypeId::Q3_K_M);
  if (same("Q4_K")) return &file_type(FileTypeId::Q4_K_M);
  if (same("Q5_K")) return &file_type(FileTypeId::Q5_K_M);
  if (same("MXFP4")) return &file_type(FileTypeId::MXFP4_MOE);
  for (const FileType& type : file_types) {
    if (same(type.name)) return &type;
  }
  return nullptr;
}

}  // namespace lamina::quant
