// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which format each tensor of a file type has: llama.cpp's choice (llama-quant.cpp of version 0.5.0), so that files
// have the sizes and the quality people know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lamina/quant/file_type.hpp"
#include "lamina/quant/mix_rules.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::quant {

// Weights in a block of that format; 0 for an id that is not known.
inline std::size_t block_size_of(std::uint32_t type_id) {
  std::size_t size = 0;
  visit_format<AllFormats>(type_id, [&](auto format) { size = decltype(format)::type::block_size; });
  return size;
}

// Counts tensors as they come, in llama.cpp's order: layer by layer, and by name within one.
class Mix {
 public:
  // n_attention_v: tensors with that role in the whole model.
  Mix(const FileType& type, const MixModel& model, std::size_t n_attention_v)
      : type_(type), model_(model), n_attention_v_(n_attention_v) {}

  // The type id for the next tensor, with rows of `columns` weights in `n_matrices` matrices (experts). `layer` is in
  // its name, if any is. Only for is_quantised() tensors.
  std::uint32_t choose(std::string_view name, std::size_t columns, std::size_t n_matrices,
                       std::optional<std::size_t> layer) {
    return choose(tensor_role(name), columns, n_matrices, layer);
  }
  std::uint32_t choose(TensorRole role, std::size_t columns, std::size_t n_matrices, std::optional<std::size_t> layer) {
    if (block_size_of(type_.type_id) <= 1) return type_.type_id;
    if (role == TensorRole::Output || (model_.tied && role == TensorRole::Embedding)) return output(columns);
    if (type_.id == FileTypeId::MXFP4_MOE) return n_matrices > 1 ? MXFP4::type_id : Q8_0::type_id;
    const MixPlace at = place(role, layer);
    std::uint32_t chosen = type_.type_id;
    for (const detail::MixRule& rule : detail::mix_rules) {
      if (rule.file_type != type_.id || rule.role != role || !detail::holds(rule.when, model_, at)) continue;
      chosen = rule.type_id;
      break;
    }
    return few_and_precious(role, chosen);
  }

 private:
  // The output is one large matrix whose errors nothing later evens out.
  std::uint32_t output(std::size_t columns) const {
    if (type_.id == FileTypeId::MXFP4_MOE || model_.architecture == "falcon") return Q8_0::type_id;
    if (columns % block_size_of(type_.type_id) != 0) return Q8_0::type_id;
    if (is_coarse() || type_.id == FileTypeId::IQ3_XXS) return Q5_K::type_id;
    return type_.type_id == Q8_0::type_id ? Q8_0::type_id : Q6_K::type_id;
  }

  // Keys and values are small where many heads or experts share them: more bits cost nearly nothing.
  std::uint32_t few_and_precious(TensorRole role, std::uint32_t chosen) const {
    if (is_coarse()) return chosen;
    const bool value = role == TensorRole::AttentionV;
    if (model_.n_experts == 8 && (value || role == TensorRole::AttentionK)) return Q8_0::type_id;
    if (value && is_70b() && (chosen == Q3_K::type_id || chosen == Q4_K::type_id)) return Q5_K::type_id;
    return chosen;
  }

  bool is_coarse() const {
    using enum FileTypeId;
    for (const FileTypeId id : {IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ2_M}) {
      if (type_.id == id) return true;
    }
    return false;
  }

  // llama.cpp knows models of that size by their layers.
  bool is_70b() const {
    const std::string_view a = model_.architecture;
    if (model_.n_layers == 68) return a == "jais2";
    if (model_.n_layers != 80) return false;
    return a == "qwen2" || a == "deci" || a == "olmo" || (a == "llama" && model_.n_group > 1);
  }

  // With experts, a layer has several tensors of a role, and only the name tells the layer.
  MixPlace place(TensorRole role, std::optional<std::size_t> layer) {
    if (role == TensorRole::AttentionV) return {n_seen_v_++, n_attention_v_};
    std::size_t* seen = role == TensorRole::FfnDown   ? &n_seen_down_
                        : role == TensorRole::FfnGate ? &n_seen_gate_
                        : role == TensorRole::FfnUp   ? &n_seen_up_
                                                      : nullptr;
    if (seen == nullptr) return {0, model_.n_layers};
    const std::size_t i = (*seen)++;
    return {model_.n_experts > 1 && layer && !is_coarse() ? *layer : i, model_.n_layers};
  }

  FileType type_;
  MixModel model_;
  std::size_t n_attention_v_;
  std::size_t n_seen_v_ = 0, n_seen_down_ = 0, n_seen_gate_ = 0, n_seen_up_ = 0;
};

// The nearest format whose blocks divide a row of `columns` weights: `type_id` itself, else llama.cpp's choice of one
// with blocks of 32, else F16.
inline std::uint32_t fitting_type(std::uint32_t type_id, std::size_t columns) {
  const auto fits = [&](std::uint32_t id) { return columns % block_size_of(id) == 0; };
  if (fits(type_id)) return type_id;
  const auto smaller = [&]() -> std::uint32_t {
    switch (type_id) {
      case IQ1_S::type_id:
      case IQ1_M::type_id:
      case IQ2_XXS::type_id:
      case IQ2_XS::type_id:
      case IQ2_S::type_id:
      case IQ3_XXS::type_id:
      case IQ3_S::type_id:
      case IQ4_XS::type_id: return IQ4_NL::type_id;
      case Q1_0::type_id:
      case Q2_0::type_id:
      case Q2_K::type_id:
      case Q3_K::type_id:
      case TQ1_0::type_id:
      case TQ2_0::type_id:
      case NVFP4::type_id: return Q4_0::type_id;
      case Q4_K::type_id: return Q5_0::type_id;
      case Q5_K::type_id: return Q5_1::type_id;
      case Q6_K::type_id: return Q8_0::type_id;
      default: return F16::type_id;
    }
  }();
  return fits(smaller) ? smaller : F16::type_id;
}

}  // namespace lamina::quant
