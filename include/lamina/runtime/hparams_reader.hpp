// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers from a family's metadata, each within bounds, so that nothing computed from them can wrap: every failure
// names the key.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"

namespace lamina::runtime {

// Bounds far above any model, far below overflow.
inline constexpr std::uint64_t max_layers = 1 << 14;
inline constexpr std::uint64_t max_width = 1 << 24;  // values, any one dimension
inline constexpr std::uint64_t max_heads = 1 << 16;
inline constexpr std::uint64_t max_head_dim = 1 << 14;
inline constexpr std::uint64_t max_context = 1 << 30;  // tokens
inline constexpr std::uint64_t max_experts = 1 << 14;

class HparamReader {
 public:
  HparamReader(const gguf::File& file, std::string_view architecture)
      : file_(file), metadata_(file.metadata()), prefix_(std::string(architecture) + ".") {}

  const gguf::File& file() const { return file_; }
  std::string key(std::string_view name) const { return prefix_ + std::string(name); }
  bool has(std::string_view name) const { return metadata_.find(key(name)) != nullptr; }

  // A whole number in [low, high]. An array that says the same for every layer counts as one number.
  Expected<std::size_t> count(std::string_view name, std::uint64_t low, std::uint64_t high) const {
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value == nullptr) {
      return fail(Error(ErrorCode::MissingKey, "the model's family needs this key")
                      .in(file_.name())
                      .about(k)
                      .wanted("a whole number from " + std::to_string(low) + " to " + std::to_string(high))
                      .found("nothing"));
    }
    std::optional<std::uint64_t> n = value->unsigned_integer();
    if (value->type() == gguf::ValueType::Array) {
      const auto all = value->numbers<std::uint64_t>();
      if (!all || all->empty()) return bad(k, *value, "a whole number", "an array of something else");
      for (const std::uint64_t each : *all) {
        if (each != all->front()) {
          return bad(k, *value, "the same number for every layer (per-layer sizes are not supported)",
                     std::to_string(all->front()) + " and " + std::to_string(each));
        }
      }
      n = all->front();
    }
    if (!n) {
      const auto negative = value->signed_integer();
      return bad(k, *value, "a whole number", negative ? std::to_string(*negative) : "another type");
    }
    if (*n < low || *n > high) {
      return bad(k, *value, std::to_string(low) + " to " + std::to_string(high), std::to_string(*n));
    }
    return static_cast<std::size_t>(*n);
  }

  Expected<std::size_t> count_or(std::string_view name, std::size_t fallback, std::uint64_t low,
                                 std::uint64_t high) const {
    if (!has(name)) return fallback;
    return count(name, low, high);
  }

  // A finite number in [low, high].
  Expected<double> number_or(std::string_view name, double fallback, double low, double high) const {
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value == nullptr) return fallback;
    const auto n = value->number();
    if (!n) return bad(k, *value, "a number", "another type");
    if (!(*n >= low && *n <= high)) {
      return bad(k, *value, short_text(low) + " to " + short_text(high), short_text(*n));
    }
    return *n;
  }

  Expected<bool> flag_or(std::string_view name, bool fallback) const {
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value == nullptr) return fallback;
    const auto flag = value->boolean();
    if (!flag) return bad(k, *value, "a bool", "another type");
    return *flag;
  }

  // Four numbers, 0 where the key has fewer or is absent.
  Expected<std::array<std::size_t, 4>> four(std::string_view name, std::uint64_t high) const {
    std::array<std::size_t, 4> out{};
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value == nullptr) return out;
    if (value->size() > out.size()) return bad(k, *value, "at most 4 numbers", std::to_string(value->size()));
    const auto all = value->numbers<std::uint64_t>();
    if (!all) return bad(k, *value, "whole numbers", "another type");
    for (std::size_t i = 0; i < all->size(); ++i) {
      if ((*all)[i] > high) return bad(k, *value, "at most " + std::to_string(high), std::to_string((*all)[i]));
      out[i] = static_cast<std::size_t>((*all)[i]);
    }
    return out;
  }

  // A yes or no for each layer, as an array; or a number n, which says yes to all layers but every n-th: 0 to all, 1 to
  // none. `fallback` is n when the key is absent.
  Expected<bool> in_pattern(std::string_view name, std::size_t fallback, std::size_t layer) const {
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value != nullptr && value->type() == gguf::ValueType::Array) {
      if (pattern_key_ != k) {
        if (value->size() > max_layers) return bad(k, *value, "a number for each layer", std::to_string(value->size()));
        auto all = value->numbers<std::uint64_t>();
        if (!all) return bad(k, *value, "whole numbers or bools", "another type");
        pattern_key_ = k;
        pattern_ = std::move(*all);
      }
      if (layer >= pattern_.size()) {
        return bad(k, *value, "a number for each layer", std::to_string(pattern_.size()) + " numbers");
      }
      return pattern_[layer] != 0;
    }
    const auto n = count_or(name, fallback, 0, max_layers);
    if (!n) return fail(n.error());
    return *n == 0 || layer % *n < *n - 1;
  }

  Expected<std::string_view> text_or(std::string_view name, std::string_view fallback) const {
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value == nullptr) return fallback;
    const auto text = value->string();
    if (!text) return bad(k, *value, "a string", "another type");
    return *text;
  }

  Unexpected bad(std::string_view name, std::string wanted, std::string found) const {
    const std::string k = key(name);
    const gguf::Value* value = metadata_.find(k);
    if (value != nullptr) return bad(k, *value, std::move(wanted), std::move(found));
    return fail(Error(ErrorCode::BadHyperparameter, {})
                    .in(file_.name())
                    .about(k)
                    .wanted(std::move(wanted))
                    .found(std::move(found)));
  }

 private:
  // As many digits as a person wants to see; std::to_string would write 1e-30 as 0.000000.
  static std::string short_text(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", number);
    return text;
  }

  Unexpected bad(const std::string& k, const gguf::Value& value, std::string wanted, std::string found) const {
    return fail(Error(ErrorCode::BadHyperparameter, {})
                    .in(file_.name())
                    .about(k)
                    .at(value.offset())
                    .wanted(std::move(wanted))
                    .found(std::move(found)));
  }

  const gguf::File& file_;
  const gguf::Metadata& metadata_;
  std::string prefix_;
  // the pattern read last, since every layer asks for it
  mutable std::string pattern_key_;
  mutable std::vector<std::uint64_t> pattern_;
};

}  // namespace lamina::runtime
