// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Families that are not quite llama, each against its paper in double, on small models with random weights: what a
// family's list of layers says is what it computes. And for each of its peculiarities, that it would be missed: without
// it the reference comes to something else.
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/synth.hpp"
#include "lamina/lamina.hpp"
#include "numbers.hpp"
#include "unit/logits.hpp"
#include "unit/reference_model.hpp"

using namespace lamina;
using namespace lamina::test;
using namespace std::string_view_literals;

namespace {

constexpr std::uint32_t n_layers = 4, n_vocab = 300;

using Keys = std::vector<bench::SynthKey>;
using Change = std::function<void(ReferenceModel&)>;

struct Peculiarity {
  const char* name;
  Change without;
};

struct Family {
  std::string_view name;
  Keys keys = {};                           // beside the sizes
  std::vector<std::string_view> with = {};  // optional tensors
  Change is = {};                           // a llama with rotated halves → the family
  std::vector<Peculiarity> peculiarities = {};
};

Keys all_keys(const Family& family) {
  using namespace bench::synth;
  Keys out = {count("context_length", 64),
              count("embedding_length", 64),
              count("feed_forward_length", 96),
              count("attention.head_count", 4),
              count("attention.head_count_kv", 2),
              count("attention.sliding_window", 5),
              number("attention.layer_norm_rms_epsilon", 1e-5f),
              number("attention.layer_norm_epsilon", 1e-5f)};
  for (const bench::SynthKey& key : family.keys) {
    std::erase_if(out, [&](const bench::SynthKey& each) { return each.key == key.key; });
    out.push_back(key);
  }
  return out;
}

// Norms of synthetic models have weights of one, which nobody would miss, and their sinks are small.
void make_visible(bench::SynthModel& synth) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> near_one(0.5f, 1.5f), wide(-2, 2);
  for (const gguf::TensorInfo& tensor : synth.file.tensors()) {
    const bool norm = tensor.name.ends_with("norm.weight"), small = tensor.name.ends_with("sinks.weight");
    if (!norm && !small) continue;
    const std::span<const std::byte> data = synth.file.data(tensor);
    std::byte* const at = synth.bytes.data() + (data.data() - synth.bytes.data());
    for (std::size_t i = 0; i < data.size(); i += sizeof(float)) {
      const float value = norm ? near_one(random) : wide(random);
      std::memcpy(at + i, &value, sizeof value);
    }
  }
}

void check(const Family& family) {
  CAPTURE(family.name);
  const Keys keys = all_keys(family);
  const bench::SynthShape shape{"x", "", family.name, n_layers, n_layers, n_vocab, false, keys, family.with};
  auto synth = bench::SynthBuilder(shape, n_layers, *bench::synth_format("F32")).build("x", 1);
  if (!synth) FAIL(synth.error().to_string());
  make_visible(*synth);
  const Ids ids = {1, 7, 290, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 77};
  const std::vector<float> got = logits_of(synth->file, ids, {.threads = 1});
  ReferenceModel reference;
  family.is(reference);
  CHECK(nmse(got, reference.logits(synth->file, ids)) < 1e-9);
  for (const Peculiarity& each : family.peculiarities) {
    CAPTURE(each.name);
    ReferenceModel other = reference;
    each.without(other);
    CHECK(nmse(got, other.logits(synth->file, ids)) > 1e-8);
  }
}

// What many of them do without.
const Peculiarity rotated_halves{"halves of a head are rotated, not neighbours",
                                 [](ReferenceModel& m) { m.position = [](auto) { return Position::Adjacent; }; }};
const Peculiarity window{"a sliding window", [](ReferenceModel& m) { m.window = [](auto) { return 0; }; }};
const Peculiarity side_by_side{"attention and feed-forward beside each other",
                               [](ReferenceModel& m) { m.flow = Flow::Serial; }};
const Peculiarity partial{"a part of each head rotates", [](ReferenceModel& m) { m.n_rot = 16; }};
const Peculiarity mean{"norms take off the mean", [](ReferenceModel& m) { m.mean = false; }};
const Peculiarity head_norm{"norms of queries and keys", [](ReferenceModel& m) { m.head_norm = HeadNorm::None; }};
const Peculiarity positions{"positions", [](ReferenceModel& m) { m.position = [](auto) { return Position::None; }; }};
Peculiarity act(Act other) {
  return {"its activation", [other](ReferenceModel& m) { m.act = other; }};
}
// All but every nth layer slide.
auto sliding(std::size_t n) {
  return [n](std::size_t layer) { return std::size_t{layer % n == n - 1 ? 0u : 5u}; };
}

}  // namespace

using namespace bench::synth;

TEST_CASE("gemma2 is what its paper says", "[families]") {
  check({.name = "gemma2",
         .keys = {number("attn_logit_softcapping", 3), number("final_logit_softcapping", 2)},
         .is =
             [](ReferenceModel& m) {
               m.embedding_scale = 8;
               m.after_attention = "post_attention_norm";
               m.after_ffn = "post_ffw_norm";
               m.act = Act::GeluTanh;
               m.window = sliding(2);
               m.score_cap = 3;
               m.logit_cap = 2;
             },
         .peculiarities = {window,
                           rotated_halves,
                           act(Act::Silu),
                           {"scaled embedding", [](ReferenceModel& m) { m.embedding_scale = 1; }},
                           {"norm after attention", [](ReferenceModel& m) { m.after_attention = ""; }},
                           {"norm after feed-forward", [](ReferenceModel& m) { m.after_ffn = ""; }},
                           {"soft cap of scores", [](ReferenceModel& m) { m.score_cap = 0; }},
                           {"soft cap of logits", [](ReferenceModel& m) { m.logit_cap = 0; }}}});
}

TEST_CASE("gemma3 is what its paper says", "[families]") {
  check({.name = "gemma3",
         .keys = {count("attention.sliding_window_pattern", 3)},
         .is =
             [](ReferenceModel& m) {
               m.embedding_scale = 8;
               m.after_attention = "post_attention_norm";
               m.after_ffn = "post_ffw_norm";
               m.act = Act::GeluTanh;
               m.window = sliding(3);
               m.head_norm = HeadNorm::Each;
             },
         .peculiarities = {
             window, head_norm, {"every third layer sees all", [](ReferenceModel& m) { m.window = sliding(6); }}}});
}

TEST_CASE("gpt-oss is what its paper says", "[families]") {
  check({.name = "gpt-oss",
         .keys = {count("expert_count", 6), count("expert_used_count", 2), count("expert_feed_forward_length", 96)},
         .with = {gpt_oss_with.begin(), gpt_oss_with.end()},
         .is =
             [](ReferenceModel& m) {
               m.before_ffn = "post_attention_norm";
               m.window = sliding(2);
               m.sinks = true;
               m.act = Act::SwigluOai;
               m.n_used = 2;
             },
         .peculiarities = {window,
                           act(Act::Silu),
                           {"sinks", [](ReferenceModel& m) { m.sinks = false; }},
                           {"weights of the chosen alone", [](ReferenceModel& m) { m.normalized = false; }},
                           {"two experts", [](ReferenceModel& m) { m.n_used = 1; }}}});
}

TEST_CASE("qwen3moe and olmoe are what their papers say", "[families]") {
  const Keys experts = {count("expert_count", 6), count("expert_used_count", 2),
                        count("expert_feed_forward_length", 32)};
  const Peculiarity weights{"weights of chosen experts that add up to one, or not",
                            [](ReferenceModel& m) { m.normalized = !m.normalized; }};
  check({.name = "qwen3moe",
         .keys = experts,
         .with = {"output.weight"},
         .is =
             [](ReferenceModel& m) {
               m.head_norm = HeadNorm::Each;
               m.n_used = 2;
             },
         .peculiarities = {rotated_halves, head_norm, weights}});
  check({.name = "olmoe",
         .keys = {count("expert_count", 6), count("expert_used_count", 2), count("feed_forward_length", 32)},
         .is =
             [](ReferenceModel& m) {
               m.head_norm = HeadNorm::All;
               m.n_used = 2;
               m.normalized = false;
             },
         .peculiarities = {rotated_halves, head_norm, weights}});
}

TEST_CASE("falcon and gptneox are what their papers say", "[families]") {
  check({.name = "falcon",
         .with = {"attn_norm.bias", "output_norm.bias"},
         .is =
             [](ReferenceModel& m) {
               m.mean = true;
               m.before_ffn = "attn_norm";
               m.flow = Flow::Parallel;
               m.act = Act::GeluErf;
               m.gated = false;
             },
         .peculiarities = {side_by_side, mean, rotated_halves, act(Act::GeluTanh)}});
  check({.name = "gptneox",
         .keys = {count("rope.dimension_count", 4)},
         .with = {"attn_norm.bias", "ffn_norm.bias", "output_norm.bias", "attn_q.bias", "attn_output.bias",
                  "ffn_up.bias", "ffn_down.bias"},
         .is =
             [](ReferenceModel& m) {
               m.mean = true;
               m.flow = Flow::Parallel;
               m.act = Act::GeluErf;
               m.gated = false;
               m.n_rot = 4;
             },
         .peculiarities = {side_by_side, mean, partial, act(Act::GeluTanh)}});
}

TEST_CASE("bloom and mpt are what their papers say", "[families]") {
  const auto alibi = [](auto) { return Position::Alibi; };
  check(
      {.name = "bloom",
       .with = {"token_embd_norm.bias", "attn_norm.bias", "ffn_norm.bias", "ffn_down.bias", "attn_q.bias"},
       .is =
           [&](ReferenceModel& m) {
             m.mean = true;
             m.position = alibi;
             m.on_embedding = "token_embd_norm";
             m.act = Act::GeluTanh;
             m.gated = false;
           },
       .peculiarities = {positions, mean, {"norm of the embedding", [](ReferenceModel& m) { m.on_embedding = ""; }}}});
  check({.name = "mpt",
         .keys = {number("attention.max_alibi_bias", 6), number("attention.clamp_kqv", 0.5f)},
         .is =
             [&](ReferenceModel& m) {
               m.mean = true;
               m.position = alibi;
               m.alibi = 6;
               m.clamp = 0.5;
               m.act = Act::GeluErf;
               m.gated = false;
             },
         .peculiarities = {positions,
                           act(Act::GeluTanh),
                           {"its slopes", [](ReferenceModel& m) { m.alibi = 8; }},
                           {"clamped queries, keys and values", [](ReferenceModel& m) { m.clamp = 0; }}}});
}

TEST_CASE("cohere2 and stablelm are what their papers say", "[families]") {
  check({.name = "cohere2",
         .keys = {number("logit_scale", 0.25f)},
         .is =
             [](ReferenceModel& m) {
               m.mean = true;
               m.before_ffn = "attn_norm";
               m.flow = Flow::Parallel;
               m.window = sliding(4);
               m.position = [](std::size_t layer) { return layer == 3 ? Position::None : Position::Adjacent; };
               m.logit_scale = 0.25;
             },
         .peculiarities = {window,
                           side_by_side,
                           mean,
                           {"no positions in some layers",
                            [](ReferenceModel& m) { m.position = [](auto) { return Position::Adjacent; }; }},
                           {"scaled logits", [](ReferenceModel& m) { m.logit_scale = 1; }}}});
  check({.name = "stablelm",  // 2 12B, which has one norm
         .keys = {count("rope.dimension_count", 4)},
         .with = {"attn_norm.bias", "output_norm.bias", "attn_q.bias"},
         .is =
             [](ReferenceModel& m) {
               m.mean = true;
               m.before_ffn = "attn_norm";
               m.flow = Flow::Parallel;
               m.n_rot = 4;
             },
         .peculiarities = {side_by_side, mean, partial, rotated_halves}});
}

TEST_CASE("granite, phi3, olmo2 and nemotron are what their papers say", "[families]") {
  check({.name = "granite",
         .keys = {number("attention.scale", 0.125f), number("residual_scale", 0.5f), number("embedding_scale", 12),
                  number("logit_scale", 8)},
         .is =
             [](ReferenceModel& m) {
               m.position = [](auto) { return Position::Adjacent; };
               m.score_scale = 0.125;
               m.branch_scale = 0.5;
               m.embedding_scale = 12;
               m.logit_scale = 0.125;
             },
         .peculiarities = {{"scaled scores", [](ReferenceModel& m) { m.score_scale = 0.25; }},
                           {"scaled branches", [](ReferenceModel& m) { m.branch_scale = 1; }},
                           {"scaled embedding", [](ReferenceModel& m) { m.embedding_scale = 1; }},
                           {"divided logits", [](ReferenceModel& m) { m.logit_scale = 1; }}}});
  check({.name = "phi3",
         .keys = {count("rope.dimension_count", 8)},
         .is = [](ReferenceModel& m) { m.n_rot = 8; },
         .peculiarities = {partial, rotated_halves}});
  check({.name = "olmo2",
         .keys = {count("attention.sliding_window", 0)},
         .is =
             [](ReferenceModel& m) {
               m.before_attention = m.before_ffn = "";
               m.after_attention = "post_attention_norm";
               m.after_ffn = "post_ffw_norm";
               m.head_norm = HeadNorm::All;
             },
         .peculiarities = {head_norm,
                           rotated_halves,
                           {"norm after attention", [](ReferenceModel& m) { m.after_attention = ""; }},
                           {"norm after feed-forward", [](ReferenceModel& m) { m.after_ffn = ""; }}}});
  check({.name = "nemotron",
         .keys = {count("rope.dimension_count", 8)},
         .with = {"attn_norm.bias", "ffn_norm.bias", "output_norm.bias"},
         .is =
             [](ReferenceModel& m) {
               m.mean = true;
               m.n_rot = 8;
               m.act = Act::ReluSquared;
               m.gated = false;
             },
         .peculiarities = {mean, partial, rotated_halves, act(Act::GeluErf)}});
}

TEST_CASE("arcee and seed_oss are what llama.cpp runs", "[families]") {
  check({.name = "arcee",
         .is =
             [](ReferenceModel& m) {
               m.position = [](auto) { return Position::Adjacent; };
               m.act = Act::ReluSquared;
               m.gated = false;
             },
         .peculiarities = {act(Act::GeluErf), {"neighbours of a head are rotated, not halves", [](ReferenceModel& m) {
                                                 m.position = [](auto) { return Position::Halves; };
                                               }}}});
  check({.name = "seed_oss",
         .with = {"attn_q.bias", "attn_k.bias", "attn_v.bias", "output.weight"},
         .is = [](ReferenceModel& m) { m.before_ffn = "post_attention_norm"; },
         .peculiarities = {rotated_halves}});
}
