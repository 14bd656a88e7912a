// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What each layer reads of a file's metadata.
#pragma once

#include <cmath>
#include <string>
#include <type_traits>

#include "lamina/nn/layers.hpp"
#include "lamina/nn/parts.hpp"
#include "lamina/runtime/conditions.hpp"
#include "lamina/runtime/hparams.hpp"
#include "lamina/runtime/hparams_reader.hpp"

namespace lamina::runtime {

template <class Layer>
struct ReadLayer;

template <class... Layers>
Expected<void> read_all(TypeList<Layers...>, const HparamReader& in, Hparams& out) {
  Expected<void> result;
  (void)((result = ReadLayer<Layers>::read(in, out), result.has_value()) && ...);
  return result;
}
template <class Layer>
Expected<void> read_parts(const HparamReader& in, Hparams& out) {
  return read_all(nn::Parts<Layer>{}, in, out);
}

// A layer without parameters of its own reads those of its parts.
template <class Layer>
struct ReadLayer {
  static Expected<void> read(const HparamReader& in, Hparams& out) { return read_parts<Layer>(in, out); }
};

template <class Norm, class Body, class Post>
struct ReadLayer<nn::Residual<Norm, Body, Post>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    if constexpr (nn::is_norm<Post>) out.post_norms = true;
    return read_parts<nn::Residual<Norm, Body, Post>>(in, out);
  }
};

// What any layer chooses is read.
template <class Condition, class Then, class Else>
struct ReadLayer<nn::If<Condition, Then, Else>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    bool chosen[2] = {false, false};
    for (std::size_t layer = 0; layer < out.n_layers; ++layer) {
      const auto holds = Holds<Condition>::in_layer(in, layer);
      if (!holds) return fail(holds.error());
      chosen[*holds ? 0 : 1] = true;
    }
    if (chosen[0]) {
      if (auto ok = ReadLayer<Then>::read(in, out); !ok) return ok;
    }
    if (!chosen[1]) return {};
    return ReadLayer<Else>::read(in, out);
  }
};

inline Expected<void> read_eps(const HparamReader& in, std::string_view name, float& out) {
  if (!in.has(name)) {
    return fail(Error(ErrorCode::MissingKey, "the model's family needs this key")
                    .about(in.key(name))
                    .wanted("a number")
                    .found("nothing"));
  }
  const auto eps = in.number_or(name, 0, 1e-30, 1);
  if (!eps) return fail(eps.error());
  out = static_cast<float>(*eps);
  return {};
}
template <FixedString Name>
struct ReadLayer<nn::RmsNorm<Name>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    return read_eps(in, "attention.layer_norm_rms_epsilon", out.rms_eps);
  }
};
template <FixedString Name>
struct ReadLayer<nn::LayerNorm<Name>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    return read_eps(in, "attention.layer_norm_epsilon", out.layer_eps);
  }
};

template <>
struct ReadLayer<nn::LearnedPositions> {
  static Expected<void> read(const HparamReader&, Hparams& out) {
    out.n_learned = out.n_ctx;
    return {};
  }
};

template <>
struct ReadLayer<nn::Window> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    const auto window = in.count("attention.sliding_window", 1, max_context);
    if (!window) return fail(window.error());
    out.n_window = *window;
    const auto same = [&](std::string_view name, std::size_t size) -> Expected<void> {
      const auto own = in.count_or(name, size, 0, max_width);
      if (!own) return fail(own.error());
      if (*own == size) return {};
      return in.bad(name, std::to_string(size) + ", as in the other layers", std::to_string(*own));
    };
    if (auto ok = same("attention.key_length_swa", out.key_dim); !ok) return ok;
    if (auto ok = same("attention.value_length_swa", out.value_dim); !ok) return ok;
    return out.n_rot == 0 ? Expected<void>() : same("rope.dimension_count_swa", out.n_rot);
  }
};

template <std::size_t N>
struct ReadLayer<nn::ScaleByWidthAt<N>> {
  static Expected<void> read(const HparamReader&, Hparams& out) {
    const double width = static_cast<double>(out.n_layers == N ? out.n_embd / out.n_head : out.key_dim);
    out.attention_scale = static_cast<float>(1 / std::sqrt(width));
    return {};
  }
};

template <class Position, class Mask, class... Options>
struct ReadLayer<nn::Attention<Position, Mask, Options...>> {
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
    const auto scale = in.number_or("attention.scale", 0, 0, 1e6);
    if (!scale) return fail(scale.error());
    out.n_head = *heads;
    out.n_head_kv = *kv;
    out.key_dim = *key_dim;
    out.value_dim = *value_dim;
    out.attention_scale = *scale > 0 ? static_cast<float>(*scale) : 1.0f / std::sqrt(static_cast<float>(*key_dim));
    return read_parts<nn::Attention<Position, Mask, Options...>>(in, out);
  }
};

// Layers of a model may use two sets of rotary frequencies: the model's, and one for those that differ.
template <class Frequencies>
inline constexpr std::size_t rope_table =
    std::is_same_v<Frequencies, nn::Base> || std::is_same_v<Frequencies, nn::Sections> ? 0 : 1;

template <class Pairing, class Frequencies>
struct ReadLayer<nn::Rope<Pairing, Frequencies>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    const auto n_rot = in.count_or("rope.dimension_count", out.key_dim, 1, out.key_dim);
    if (!n_rot) return fail(n_rot.error());
    if (*n_rot % 2 != 0) return in.bad("rope.dimension_count", "an even number", std::to_string(*n_rot));
    out.n_rot = *n_rot;
    out.n_rope_tables = std::max(out.n_rope_tables, rope_table<Frequencies> + 1);
    if (auto ok = read_scaling(in, out); !ok) return ok;
    const auto local = in.number_or("rope.freq_base_swa", 0, 1e-3, 1e15);
    if (!local) return fail(local.error());
    out.rope.local_base = *local;
    if constexpr (std::is_same_v<Frequencies, nn::Sections>) {
      const auto sections = in.four("rope.dimension_sections", max_head_dim);
      if (!sections) return fail(sections.error());
      out.rope.sections = *sections;
    }
    return {};
  }

 private:
  static Expected<void> read_scaling(const HparamReader& in, Hparams& out) {
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
    } else if (*type == "longrope") {
      rope.scaling = RopeScaling::Long;
    } else if (*type == "none") {
      rope.scaling = RopeScaling::None;
      rope.factor = 1;
    } else {
      return in.bad("rope.scaling.type", "none, linear, yarn or longrope", printable(*type));
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

inline Expected<void> read_feed_forward(const HparamReader& in, Hparams& out) {
  const auto n_ff = in.count("feed_forward_length", 1, max_width);
  if (!n_ff) return fail(n_ff.error());
  out.n_ff = *n_ff;
  return {};
}
template <class Activation>
struct ReadLayer<nn::Mlp<Activation>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) { return read_feed_forward(in, out); }
};
template <class Activation, class... Options>
struct ReadLayer<nn::GatedMlp<Activation, Options...>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    if (auto ok = read_feed_forward(in, out); !ok) return ok;
    if constexpr ((std::is_same_v<Options, nn::HalfWidth> || ...)) {
      if (out.n_ff % 2 != 0) return in.bad("feed_forward_length", "an even number", std::to_string(out.n_ff));
      out.n_ff /= 2;
    }
    return {};
  }
};

template <class Activation, class Gating>
struct ReadLayer<nn::Experts<Activation, Gating>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    const auto n = in.count("expert_count", 1, max_experts);
    if (!n) return fail(n.error());
    const auto used = in.count("expert_used_count", 1, *n);
    if (!used) return fail(used.error());
    const auto groups = in.count_or("expert_group_count", 1, 0, max_experts);
    if (!groups) return fail(groups.error());
    if (*groups > 1) return in.bad("expert_group_count", "0 or 1 (no groups of experts)", std::to_string(*groups));
    const auto own = in.has("expert_feed_forward_length") ? "expert_feed_forward_length" : "feed_forward_length";
    const auto n_ff = in.count(own, 1, max_width);
    if (!n_ff) return fail(n_ff.error());
    const auto scale = in.number_or("expert_weights_scale", 1, 0, 1e6);
    if (!scale) return fail(scale.error());
    out.n_expert = *n;
    out.n_expert_used = *used;
    out.n_ff_expert = *n_ff;
    out.expert_scale = *scale > 0 ? static_cast<float>(*scale) : 1.0f;
    return {};
  }
};

template <class Activation>
struct ReadLayer<nn::SharedExperts<Activation>> {
  static Expected<void> read(const HparamReader& in, Hparams& out) {
    const auto whole = in.count_or("expert_shared_feed_forward_length", 0, 0, max_width);
    if (!whole) return fail(whole.error());
    out.n_ff_shared = *whole;
    if (*whole > 0) return {};
    const auto own = in.has("expert_feed_forward_length") ? "expert_feed_forward_length" : "feed_forward_length";
    const auto n_ff = in.count(own, 1, max_width);
    if (!n_ff) return fail(n_ff.error());
    const auto n = in.count_or("expert_shared_count", 1, 1, max_experts);
    if (!n) return fail(n.error());
    out.n_ff_shared = *n_ff * *n;
    if (out.n_ff_shared > max_width) {
      return in.bad("expert_shared_count", "less than " + std::to_string(max_width / *n_ff), std::to_string(*n));
    }
    return {};
  }
};

// A factor that a file gives; 0 means 1, as in all files so far.
template <class F>
struct FactorValue;
template <FixedString Key, nn::SizeFunction Otherwise>
struct FactorValue<nn::Factor<Key, Otherwise>> {
  static Expected<double> read(const HparamReader& in, const Hparams& h) {
    const double otherwise = Otherwise({h.n_embd, h.n_layers});
    if constexpr (Key.view().empty()) return otherwise;
    const auto value = in.number_or(Key.view(), otherwise, 0, 1e9);
    if (!value) return fail(value.error());
    return *value > 0 ? *value : 1.0;
  }
};

}  // namespace lamina::runtime
