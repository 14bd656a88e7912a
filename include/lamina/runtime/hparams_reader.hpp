// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads a family's hyperparameters from metadata, each within bounds, so that nothing computed from them can wrap:
// every failure names the key. Which keys are read follows from the layers of the family.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/nn/layers.hpp"
#include "lamina/runtime/hparams.hpp"

namespace lamina::runtime {

// Bounds far above any model, far below overflow.
inline constexpr std::uint64_t max_layers = 1 << 14;
inline constexpr std::uint64_t max_width = 1 << 24;  // values, any one dimension
inline constexpr std::uint64_t max_heads = 1 << 16;
inline constexpr std::uint64_t max_head_dim = 1 << 14;
inline constexpr std::uint64_t max_context = 1 << 30;  // tokens

class HparamReader {
 public:
  HparamReader(const gguf::File& file, std::string_view architecture)
      : file_(file), metadata_(file.metadata()), prefix_(std::string(architecture) + ".") {}

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
};

// What each layer reads; a layer without parameters reads nothing.
template <class Layer>
struct ReadLayer {
  static Expected<void> read(const HparamReader&, Hparams&) { return {}; }
};

template <class... Layers>
struct ReadLayer<nn::Sequence<Layers...>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    Expected<void> result;
    (void)((result = ReadLayer<Layers>::read(in, out), result.has_value()) && ...);
    return result;
  }
};
template <class Norm, class Body>
struct ReadLayer<nn::Residual<Norm, Body>> : ReadLayer<nn::Sequence<Norm, Body>> {};
template <class Block>
struct ReadLayer<nn::Repeat<Block>> : ReadLayer<Block> {};

template <FixedString Name>
struct ReadLayer<nn::RmsNorm<Name>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    if (!in.has("attention.layer_norm_rms_epsilon")) {
      return fail(Error(ErrorCode::MissingKey, "the model's family needs this key")
                      .about(in.key("attention.layer_norm_rms_epsilon"))
                      .wanted("a number")
                      .found("nothing"));
    }
    const auto eps = in.number_or("attention.layer_norm_rms_epsilon", 0, 1e-30, 1);
    if (!eps) return fail(eps.error());
    out.rms_eps = static_cast<float>(*eps);
    return {};
  }
};

template <class Pairing, class Mask>
struct ReadLayer<nn::Attention<nn::Rope<Pairing>, Mask>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    const auto heads = in.count("attention.head_count", 1, max_heads);
    if (!heads) return fail(heads.error());
    const auto kv = in.count_or("attention.head_count_kv", *heads, 1, max_heads);
    if (!kv) return fail(kv.error());
    if (*heads % *kv != 0) {
      return in.bad("attention.head_count_kv", "a divisor of attention.head_count = " + std::to_string(*heads),
                    std::to_string(*kv));
    }
    if (!in.has("attention.key_length") && out.n_embd % *heads != 0) {
      return in.bad("attention.head_count",
                    "a divisor of embedding_length = " + std::to_string(out.n_embd) + ", or attention.key_length",
                    std::to_string(*heads));
    }
    const auto key_dim = in.count_or("attention.key_length", out.n_embd / *heads, 1, max_head_dim);
    if (!key_dim) return fail(key_dim.error());
    if (*key_dim == 0) return in.bad("attention.head_count", "at most embedding_length", std::to_string(*heads));
    const auto value_dim = in.count_or("attention.value_length", out.n_embd / *heads, 1, max_head_dim);
    if (!value_dim) return fail(value_dim.error());
    if (*value_dim == 0) return in.bad("attention.head_count", "at most embedding_length", std::to_string(*heads));
    const auto n_rot = in.count_or("rope.dimension_count", *key_dim, 1, *key_dim);
    if (!n_rot) return fail(n_rot.error());
    if (*n_rot % 2 != 0) return in.bad("rope.dimension_count", "an even number", std::to_string(*n_rot));
    const auto scale = in.number_or("attention.scale", 0, 0, 1e6);
    if (!scale) return fail(scale.error());
    out.n_head = *heads;
    out.n_head_kv = *kv;
    out.key_dim = *key_dim;
    out.value_dim = *value_dim;
    out.n_rot = *n_rot;
    out.attention_scale = *scale > 0 ? static_cast<float>(*scale) : 1.0f / std::sqrt(static_cast<float>(*key_dim));
    return read_rope(in, out);
  }

 private:
  static Expected<void> read_rope(const HparamReader& in, Hparams& out) {
    RopeParams& rope = out.rope;
    const auto base = in.number_or("rope.freq_base", 10000, 1e-3, 1e15);
    if (!base) return fail(base.error());
    rope.base = *base;
    // Files of 2023 wrote rope.scale_linear; a factor of 0 has always meant "none".
    const auto old = in.number_or("rope.scale_linear", 1, 0, 1e9);
    if (!old) return fail(old.error());
    const auto factor = in.number_or("rope.scaling.factor", *old, 0, 1e9);
    if (!factor) return fail(factor.error());
    rope.factor = *factor > 0 ? *factor : 1;
    const auto type = in.text_or("rope.scaling.type", "linear");
    if (!type) return fail(type.error());
    if (*type == "linear") {
      rope.scaling = rope.factor == 1 ? RopeScaling::None : RopeScaling::Linear;
    } else if (*type == "yarn") {
      rope.scaling = RopeScaling::Yarn;
    } else if (*type == "none") {
      rope.scaling = RopeScaling::None;
      rope.factor = 1;
    } else {
      return in.bad("rope.scaling.type", "none, linear or yarn", printable(*type));
    }
    const auto attention = in.number_or("rope.scaling.attn_factor", 1, 0, 1e6);
    if (!attention) return fail(attention.error());
    rope.attention_factor = *attention > 0 ? *attention : 1;
    const auto fast = in.number_or("rope.scaling.yarn_beta_fast", 32, 1e-6, 1e9);
    if (!fast) return fail(fast.error());
    rope.beta_fast = *fast;
    const auto slow = in.number_or("rope.scaling.yarn_beta_slow", 1, 1e-6, 1e9);
    if (!slow) return fail(slow.error());
    rope.beta_slow = *slow;
    const auto original = in.count_or("rope.scaling.original_context_length", out.n_ctx, 0, max_context);
    if (!original) return fail(original.error());
    rope.original_context = *original > 0 ? *original : out.n_ctx;
    return {};
  }
};

template <class Activation>
struct ReadLayer<nn::GatedMlp<Activation>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    const auto n_ff = in.count("feed_forward_length", 1, max_width);
    if (!n_ff) return fail(n_ff.error());
    out.n_ff = *n_ff;
    const auto experts = in.count_or("expert_count", 0, 0, max_width);
    if (!experts) return fail(experts.error());
    if (*experts > 0) {
      return in.bad("expert_count", "0 (this family's feed-forward is dense here)", std::to_string(*experts));
    }
    return {};
  }
};

// Reads everything the family's layers need. n_vocab is the number of rows of the embedding table; that a file's
// vocab_size or token list is not larger is checked here, before anything is allocated.
template <class Family>
Expected<Hparams> read_hparams(const gguf::File& file) {
  const HparamReader in(file, Family::name);
  Hparams out;
  out.architecture = Family::name;
  const auto layers = in.count("block_count", 1, max_layers);
  if (!layers) return fail(layers.error());
  out.n_layers = *layers;
  const auto n_embd = in.count("embedding_length", 1, max_width);
  if (!n_embd) return fail(n_embd.error());
  out.n_embd = *n_embd;
  const auto n_ctx = in.count("context_length", 1, max_context);
  if (!n_ctx) return fail(n_ctx.error());
  out.n_ctx = *n_ctx;

  const gguf::TensorInfo* table = file.find("token_embd.weight");
  if (table == nullptr) {
    return fail(Error(ErrorCode::MissingTensor, "every model of this family has an embedding table")
                    .in(file.name())
                    .about("token_embd.weight")
                    .wanted("[n_vocab][n_embd]"));
  }
  const std::uint64_t rows = table->dims[1];
  if (rows < 1 || rows > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
    return fail(Error(ErrorCode::ShapeMismatch, "impossible number of vocabulary rows")
                    .in(file.name())
                    .about(table->name)
                    .wanted("1 to 2147483647")
                    .found(std::to_string(rows)));
  }
  out.n_vocab = static_cast<std::size_t>(rows);
  const auto vocab_size = in.count_or("vocab_size", 0, 0, std::numeric_limits<std::uint32_t>::max());
  if (!vocab_size) return fail(vocab_size.error());
  const gguf::Value* tokens = file.metadata().find("tokenizer.ggml.tokens");
  const std::uint64_t n_tokens = tokens != nullptr && tokens->type() == gguf::ValueType::Array ? tokens->size() : 0;
  const std::uint64_t needed = std::max<std::uint64_t>(*vocab_size, n_tokens);
  if (needed > rows) {
    return fail(Error(ErrorCode::ShapeMismatch, "the embedding table has fewer rows than the vocabulary has tokens")
                    .in(file.name())
                    .about(table->name)
                    .wanted(std::to_string(needed) + " rows")
                    .found(std::to_string(rows)));
  }
  if (auto read = ReadLayer<typename Family::Layers>::read(in, out); !read) {
    Error error = std::move(read.error());
    if (error.file.empty()) error.file = file.name();
    return fail(std::move(error));
  }
  return out;
}

}  // namespace lamina::runtime
