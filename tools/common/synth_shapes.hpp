// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What `synth:SHAPE:FORMAT` may say: the sizes of the shapes, and which tensor gets which weight format.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lamina/gguf/tensor_type.hpp"
#include "lamina/quant/file_type.hpp"
#include "lamina/quant/mix.hpp"
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

// What FORMAT means: a file type with llama.cpp's mix of formats, or one format for all matrices but the output, which
// has Q6_K as in file types of few bits.
struct SynthFormat {
  std::string_view name;
  std::uint32_t type_id;
  const quant::FileType* mix = nullptr;                   // null: one format
  std::optional<std::uint32_t> file_type = std::nullopt;  // general.file_type
};

// A format of the registry by its exact name, or a file type; empty for other names.
inline std::optional<SynthFormat> synth_format(std::string_view name) {
  const gguf::TensorType* type = gguf::tensor_type(name);
  const quant::FileType* file_type = quant::file_type(name);
  if (type != nullptr && type->name == name && quant::visit_format(type->id, [](auto) {})) {
    SynthFormat format{type->name, type->id};
    if (file_type != nullptr && file_type->name == name && file_type->type_id == type->id) {
      format.file_type = static_cast<std::uint32_t>(file_type->id);
    }
    return format;
  }
  if (file_type == nullptr || file_type->name != name) return std::nullopt;
  return SynthFormat{file_type->name, file_type->type_id, file_type, static_cast<std::uint32_t>(file_type->id)};
}

// The type ids of a model's matrices, one after the other, layer by layer.
class SynthTypes {
 public:
  SynthTypes(const SynthFormat& format, std::uint32_t n_layers, std::uint32_t n_group)
      : format_(format),
        mix_(format.mix != nullptr ? *format.mix : quant::file_types[0],
             {.architecture = "llama", .n_layers = n_layers, .n_group = n_group}, n_layers) {}

  std::uint32_t next(std::string_view name, std::size_t columns) {
    if (format_.mix != nullptr) return mix_.choose(name, columns, 1, std::nullopt);
    const bool quantised = quant::block_size_of(format_.type_id) > 1 && format_.type_id != quant::Q8_0::type_id;
    return name == "output.weight" && quantised ? quant::Q6_K::type_id : format_.type_id;
  }

 private:
  SynthFormat format_;
  quant::Mix mix_;
};

}  // namespace lamina::bench
