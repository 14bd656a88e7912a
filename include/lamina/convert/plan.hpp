// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What becomes of each tensor when a file is quantised: decided from names and sizes alone, before any weight is read.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/convert/importance_matrix.hpp"
#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/gguf/utf8.hpp"
#include "lamina/quant/file_type.hpp"
#include "lamina/quant/mix.hpp"
#include "lamina/quant/registry.hpp"
#include "lamina/text/regex.hpp"

namespace lamina::convert {

// Tensors whose name has a match of the pattern become that format, whatever the file type says.
struct Override {
  std::string pattern;    // a regular expression (PCRE2)
  std::uint32_t type_id;  // one of quant::Formats
};

struct QuantizeOptions {
  const quant::FileType* type = nullptr;
  bool pure = false;                             // the file type's format for every matrix, no mix
  std::span<const Override> overrides = {};      // the first that matches counts
  const ImportanceMatrix* importance = nullptr;  // may be null
  std::size_t threads = 1;
};

struct TensorPlan {
  const gguf::TensorInfo* source = nullptr;
  std::uint32_t type_id = 0;    // what it becomes
  std::uint32_t wanted_id = 0;  // what it would have become if its rows divided into blocks
  std::uint64_t n_bytes = 0;    // then
  std::span<const float> cost;  // [matrices][columns], or empty

  bool converted() const { return source->type_id != type_id; }
  bool fell_back() const { return wanted_id != type_id; }
};

namespace detail {

// "blk.12.attn_q.weight": 12.
inline std::optional<std::size_t> layer_of(std::string_view name) {
  if (!name.starts_with("blk.")) return std::nullopt;
  std::size_t layer = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + 4, end, layer);
  if (error != std::errc() || rest == end || *rest != '.') return std::nullopt;
  return layer;
}

// A number, or the first of an array that has one for each layer.
inline std::optional<std::uint64_t> first_number(const gguf::Metadata& metadata, const std::string& key) {
  const gguf::Value* value = metadata.find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto one = value->unsigned_integer()) return one;
  const auto all = value->numbers<std::uint64_t>();
  return all && !all->empty() ? std::optional(all->front()) : std::nullopt;
}

inline quant::MixModel mix_model(const gguf::File& file, bool importance) {
  quant::MixModel model;
  const gguf::Metadata& metadata = file.metadata();
  model.architecture = metadata.get_or<std::string_view>("general.architecture", "").value_or("");
  const std::string prefix = std::string(model.architecture) + ".";
  model.n_layers = first_number(metadata, prefix + "block_count").value_or(0);
  model.n_experts = first_number(metadata, prefix + "expert_count").value_or(0);
  const auto heads = first_number(metadata, prefix + "attention.head_count");
  const auto kv_heads = first_number(metadata, prefix + "attention.head_count_kv");
  if (heads && kv_heads && *kv_heads > 0) model.n_group = *heads / *kv_heads;
  model.tied = file.find("output.weight") == nullptr;
  model.importance = importance;
  return model;
}

class Patterns {
 public:
  static Expected<Patterns> compile(std::span<const Override> overrides) {
    auto scratch = text::RegexScratch::make();
    if (!scratch) return fail(std::move(scratch.error()));
    Patterns out(std::move(*scratch));
    for (const Override& each : overrides) {
      auto regex = text::Regex::compile(each.pattern);
      if (!regex) {
        Error error = std::move(regex.error());
        if (error.code == ErrorCode::Internal) error.code = ErrorCode::BadArgument;
        return fail(std::move(error));
      }
      out.all_.emplace_back(std::move(*regex), each.type_id);
    }
    return out;
  }

  // The format of the first pattern that matches.
  Expected<std::optional<std::uint32_t>> find(std::string_view name) {
    if (gguf::first_not_text(name) != name.size()) return std::optional<std::uint32_t>();  // matching needs UTF-8
    for (const auto& [regex, type_id] : all_) {
      const auto match = regex.find(name, 0, scratch_);
      if (!match) return fail(match.error());
      if (*match) return std::optional(type_id);
    }
    return std::optional<std::uint32_t>();
  }

 private:
  explicit Patterns(text::RegexScratch scratch) : scratch_(std::move(scratch)) {}

  std::vector<std::pair<text::Regex, std::uint32_t>> all_;
  text::RegexScratch scratch_;
};

}  // namespace detail

// One for each tensor of the file, in its order. Errors: BadTensorType for tensors of unknown or retired types;
// BadArgument for patterns; ShapeMismatch for an importance matrix of another model.
inline Expected<std::vector<TensorPlan>> plan_quantization(const gguf::File& file, const QuantizeOptions& options) {
  return guarded([&]() -> Expected<std::vector<TensorPlan>> {
    if (options.type == nullptr) return fail(Error(ErrorCode::BadArgument, "no file type").about("type"));
    auto patterns = detail::Patterns::compile(options.overrides);
    if (!patterns) return fail(std::move(patterns.error()));
    const auto tensors = file.tensors();
    std::vector<std::size_t> order(tensors.size());  // in which llama.cpp counts
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto key = [&](std::size_t i) {
      const auto layer = detail::layer_of(tensors[i].name);
      return std::pair(layer ? *layer + 1 : 0, tensors[i].name);
    };
    std::ranges::sort(order, {}, key);
    const auto n_attention_v = static_cast<std::size_t>(std::ranges::count_if(tensors, [](const gguf::TensorInfo& t) {
      return quant::tensor_role(t.name) == quant::TensorRole::AttentionV;
    }));
    quant::Mix mix(*options.type, detail::mix_model(file, options.importance != nullptr), n_attention_v);
    std::vector<TensorPlan> out(tensors.size());
    for (const std::size_t i : order) {
      const gguf::TensorInfo& t = tensors[i];
      const auto refuse = [&](ErrorCode code, std::string what) {
        return Error(code, std::move(what)).in(file.parts()[t.part]).about(t.name);
      };
      TensorPlan& plan = out[i];
      plan.source = &t;
      plan.type_id = plan.wanted_id = t.type_id;
      if (!quant::visit_format<quant::AllFormats>(t.type_id, [](auto) {})) {
        return fail(refuse(ErrorCode::BadTensorType, "only tensors of known types can be copied or converted")
                        .found(t.type_name()));
      }
      // Tables of integers stay what they are.
      const bool weights = quant::visit_format(t.type_id, [](auto) {}) || t.type_id == quant::F64::type_id;
      if (weights && quant::is_quantised(t.name, t.n_dims)) {
        const auto chosen = patterns->find(t.name);
        if (!chosen) return fail(chosen.error());
        plan.wanted_id = *chosen        ? **chosen
                         : options.pure ? options.type->type_id
                                        : mix.choose(t.name, t.dims[0], t.dims[2], detail::layer_of(t.name));
        plan.type_id = quant::fitting_type(plan.wanted_id, t.dims[0]);
      }
      plan.n_bytes = t.n_bytes;
      if (!plan.converted()) continue;
      const gguf::TensorType& to = *gguf::tensor_type(plan.type_id);
      const auto n_bytes = checked_mul<std::uint64_t>(t.n_elements() / to.block_size, to.block_bytes);
      if (!n_bytes) return fail(refuse(ErrorCode::BadTensor, "the tensor would have more than 2^64 bytes"));
      plan.n_bytes = *n_bytes;
      if (options.importance == nullptr) continue;
      plan.cost = options.importance->find(t.name);
      const std::uint64_t wanted = t.dims[0] * t.dims[2] * t.dims[3];
      if (plan.cost.empty() || plan.cost.size() == wanted) continue;
      if (quant::tensor_role(t.name) == quant::TensorRole::Embedding) {  // whose rows are picked, not multiplied
        plan.cost = {};
        continue;
      }
      return fail(Error(ErrorCode::ShapeMismatch, "the importance matrix is of another model")
                      .in(options.importance->path())
                      .about(t.name)
                      .wanted(std::to_string(wanted) + " values")
                      .found(std::to_string(plan.cost.size())));
    }
    return out;
  });
}

}  // namespace lamina::convert
