// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What `synth:SHAPE:FORMAT` may say: the sizes of the shapes, and which tensor gets which weight format. The choice per
// tensor is llama-quantize's (llama.cpp, src/llama-quant.cpp), so that files have the sizes people know.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lamina/gguf/tensor_type.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::bench {

struct SynthShape {
  std::string_view name;
  std::uint32_t n_embd, n_layers, n_ff, n_head, n_head_kv, n_vocab, n_ctx;
  float rope_base;

  constexpr std::uint32_t head_dim() const { return n_embd / n_head; }
};

inline constexpr std::array<SynthShape, 4> synth_shapes{{
    {"tiny", 256, 2, 512, 4, 2, 512, 2048, 10000},               // for tests
    {"llama-160m", 768, 12, 3072, 12, 12, 32000, 2048, 10000},   // JackFram/llama-160m
    {"llama-1.1b", 2048, 22, 5632, 32, 4, 32000, 2048, 10000},   // TinyLlama 1.1B
    {"llama-8b", 4096, 32, 14336, 32, 8, 128256, 8192, 500000},  // Llama 3 8B
}};

static_assert(std::all_of(synth_shapes.begin(), synth_shapes.end(),
                          [](const SynthShape& s) {
                            return s.n_embd % 256 == 0 && s.n_ff % 256 == 0 && s.n_embd % s.n_head == 0 &&
                                   s.n_head % s.n_head_kv == 0;
                          }),
              "rows have to be whole blocks of every format");

// Which matrices a mix gives more bits than the others.
enum class SynthMix : std::uint8_t {
  Plain,        // none
  FirstLayers,  // attn_v in 4 layers and ffn_down in an eighth of them get Q5_K: Q4_K_S
  Spread,       // attn_v and ffn_down get Q6_K in the first and last eighth and every third layer between: Q4_K_M
};

// What FORMAT means: a weight format for all matrices, and where a mix has another.
struct SynthFormat {
  std::string_view name;
  std::uint32_t type_id;
  SynthMix mix = SynthMix::Plain;
  std::optional<std::uint32_t> file_type = std::nullopt;  // general.file_type, llama.cpp's number
};

inline bool in_registry(std::uint32_t type_id) {
  return quant::visit_format(type_id, [](auto) {});
}

inline constexpr std::array<SynthFormat, 13> synth_formats{{{"F32", 0, SynthMix::Plain, 0},
                                                            {"F16", 1, SynthMix::Plain, 1},
                                                            {"BF16", 30, SynthMix::Plain, 32},
                                                            {"Q4_0", 2, SynthMix::Plain, 2},
                                                            {"Q4_1", 3, SynthMix::Plain, 3},
                                                            {"Q8_0", 8, SynthMix::Plain, 7},
                                                            {"Q4_K", 12, SynthMix::Plain, 14},
                                                            {"Q4_K_S", 12, SynthMix::FirstLayers, 14},
                                                            {"Q4_K_M", 12, SynthMix::Spread, 15},
                                                            {"Q5_K", 13, SynthMix::Plain, 16},
                                                            {"Q5_K_S", 13, SynthMix::Plain, 16},
                                                            {"Q5_K_M", 13, SynthMix::Spread, 17},
                                                            {"Q6_K", 14, SynthMix::Plain, 18}}};

// One of synth_formats, or any other format of the registry; empty for other names.
inline std::optional<SynthFormat> synth_format(std::string_view name) {
  for (const SynthFormat& format : synth_formats) {
    if (format.name == name) return format;
  }
  const gguf::TensorType* type = gguf::tensor_type(name);
  if (type == nullptr || type->name != name || !in_registry(type->id)) return std::nullopt;
  return SynthFormat{type->name, type->id};
}

enum class SynthRole : std::uint8_t { Embedding, Output, AttentionV, FfnDown, Other };

// The type id of a matrix in layer i of n.
inline std::uint32_t synth_type(const SynthFormat& format, SynthRole role, std::uint32_t i, std::uint32_t n) {
  constexpr std::uint32_t q8_0 = quant::Q8_0::type_id, q5_k = quant::Q5_K::type_id, q6_k = quant::Q6_K::type_id;
  if (role == SynthRole::Output) {
    const bool quantised = gguf::tensor_type(format.type_id)->block_size > 1;
    return quantised && format.type_id != q8_0 ? q6_k : format.type_id;
  }
  if (role != SynthRole::AttentionV && role != SynthRole::FfnDown) return format.type_id;
  switch (format.mix) {
    case SynthMix::Plain: return format.type_id;
    case SynthMix::FirstLayers: return i < (role == SynthRole::AttentionV ? 4 : n / 8) ? q5_k : format.type_id;
    case SynthMix::Spread: return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2 ? q6_k : format.type_id;
  }
  return format.type_id;
}

}  // namespace lamina::bench
