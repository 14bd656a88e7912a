// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What FORMAT of `synth:SHAPE:FORMAT` means: which tensor gets which weight format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/gguf/tensor_type.hpp"
#include "lamina/quant/file_type.hpp"
#include "lamina/quant/mix.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::bench {

// A file type with llama.cpp's mix of formats, or one format for all matrices but the output, which has Q6_K as in file
// types of few bits.
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
  SynthTypes(const SynthFormat& format, const quant::MixModel& model)
      : format_(format), mix_(format.mix != nullptr ? *format.mix : quant::file_types[0], model, model.n_layers) {}

  // For rows of `columns` weights in n_matrices matrices (experts).
  std::uint32_t next(std::string_view name, std::size_t columns, std::size_t n_matrices,
                     std::optional<std::size_t> layer) {
    const std::uint32_t wanted = choose(name, columns, n_matrices, layer);
    const std::uint32_t chosen = quant::fitting_type(wanted, columns);
    if (chosen != wanted) ++replaced_[{columns, {wanted, chosen}}];
    return chosen;
  }

  // "rows of 2880 are no whole blocks of Q4_K: 25 tensors in Q5_0"; empty when every row was.
  std::string replaced() const {
    std::string out;
    for (const auto& [what, n] : replaced_) {
      const auto& [columns, types] = what;
      out += (out.empty() ? "" : "; ") + std::string("rows of ") + std::to_string(columns) +
             " are no whole blocks of " + std::string(gguf::tensor_type(types.first)->name) + ": " + std::to_string(n) +
             (n == 1 ? " tensor" : " tensors") + " in " + std::string(gguf::tensor_type(types.second)->name);
    }
    return out;
  }

 private:
  std::uint32_t choose(std::string_view name, std::size_t columns, std::size_t n_matrices,
                       std::optional<std::size_t> layer) {
    if (format_.mix != nullptr) return mix_.choose(name, columns, n_matrices, layer);
    const bool quantised = quant::block_size_of(format_.type_id) > 1 && format_.type_id != quant::Q8_0::type_id;
    return name == "output.weight" && quantised ? quant::Q6_K::type_id : format_.type_id;
  }

  SynthFormat format_;
  quant::Mix mix_;
  std::map<std::pair<std::size_t, std::pair<std::uint32_t, std::uint32_t>>, std::size_t> replaced_;
};

}  // namespace lamina::bench
