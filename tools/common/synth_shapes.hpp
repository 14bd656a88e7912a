// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The shapes of `synth:SHAPE:FORMAT`: what a file of a published model says in its metadata. Its tensors follow from
// the family's list of layers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace lamina::bench {

// A metadata key without the family's name.
struct SynthKey {
  std::string_view key;
  std::variant<std::uint32_t, float, std::string_view> value;
};

struct SynthShape {
  std::string_view name;
  std::string_view about;   // for people: the model, and where its sizes are from
  std::string_view family;  // general.architecture
  std::uint32_t n_layers;   // of the published model
  std::uint32_t n_made;     // layers, when nobody says how many
  std::uint32_t n_vocab;    // rows of the embedding
  bool fused;               // queries, keys and values, gate and up are one tensor each
  std::span<const SynthKey> keys;
  // Optional tensors that its files have, without "blk.N."; output.weight: embedding and head are not tied.
  std::span<const std::string_view> with;
};

namespace synth {

using namespace std::string_view_literals;

constexpr SynthKey count(std::string_view key, std::uint32_t value) { return {key, value}; }
constexpr SynthKey number(std::string_view key, float value) { return {key, value}; }
constexpr SynthKey text(std::string_view key, std::string_view value) { return {key, value}; }

inline constexpr std::array untied{"output.weight"sv};

// ---- Llama

// n_head · head size = n_embd, and all of a head rotates.
constexpr auto llama(std::uint32_t n_embd, std::uint32_t n_ff, std::uint32_t n_head, std::uint32_t n_head_kv,
                     std::uint32_t n_ctx, float rope_base) {
  return std::array{count("context_length", n_ctx),
                    count("embedding_length", n_embd),
                    count("feed_forward_length", n_ff),
                    count("attention.head_count", n_head),
                    count("attention.head_count_kv", n_head_kv),
                    number("attention.layer_norm_rms_epsilon", 1e-5f),
                    count("rope.dimension_count", n_embd / n_head),
                    number("rope.freq_base", rope_base)};
}
inline constexpr auto tiny = llama(256, 512, 4, 2, 2048, 10000);
inline constexpr auto llama_160m = llama(768, 3072, 12, 12, 2048, 10000);
inline constexpr auto llama_1b = llama(2048, 5632, 32, 4, 2048, 10000);
inline constexpr auto llama_8b = llama(4096, 14336, 32, 8, 8192, 500000);
inline constexpr std::array mixtral{count("context_length", 32768),
                                    count("embedding_length", 4096),
                                    count("feed_forward_length", 14336),
                                    count("attention.head_count", 32),
                                    count("attention.head_count_kv", 8),
                                    number("attention.layer_norm_rms_epsilon", 1e-5f),
                                    count("rope.dimension_count", 128),
                                    number("rope.freq_base", 1e6f),
                                    count("expert_count", 8),
                                    count("expert_used_count", 2)};

// ---- others

inline constexpr std::array qwen3_8b{
    count("context_length", 40960),       count("embedding_length", 4096),
    count("feed_forward_length", 12288),  count("attention.head_count", 32),
    count("attention.head_count_kv", 8),  count("attention.key_length", 128),
    count("attention.value_length", 128), number("attention.layer_norm_rms_epsilon", 1e-6f),
    number("rope.freq_base", 1e6f)};

inline constexpr std::array gemma3_4b{count("context_length", 131072),
                                      count("embedding_length", 2560),
                                      count("feed_forward_length", 10240),
                                      count("attention.head_count", 8),
                                      count("attention.head_count_kv", 4),
                                      count("attention.key_length", 256),
                                      count("attention.value_length", 256),
                                      count("attention.sliding_window", 1024),
                                      number("attention.layer_norm_rms_epsilon", 1e-6f),
                                      number("rope.freq_base", 1e6f),
                                      text("rope.scaling.type", "linear"),
                                      number("rope.scaling.factor", 8)};

inline constexpr std::array phi3_mini{
    count("context_length", 4096),        count("embedding_length", 3072),
    count("feed_forward_length", 8192),   count("attention.head_count", 32),
    count("attention.head_count_kv", 32), number("attention.layer_norm_rms_epsilon", 1e-5f),
    count("rope.dimension_count", 96),    number("rope.freq_base", 10000)};

inline constexpr std::array gpt_oss_20b{count("context_length", 131072),
                                        count("embedding_length", 2880),
                                        count("feed_forward_length", 2880),
                                        count("expert_feed_forward_length", 2880),
                                        count("expert_count", 32),
                                        count("expert_used_count", 4),
                                        count("attention.head_count", 64),
                                        count("attention.head_count_kv", 8),
                                        count("attention.key_length", 64),
                                        count("attention.value_length", 64),
                                        count("attention.sliding_window", 128),
                                        number("attention.layer_norm_rms_epsilon", 1e-5f),
                                        number("rope.freq_base", 150000),
                                        text("rope.scaling.type", "yarn"),
                                        number("rope.scaling.factor", 32),
                                        count("rope.scaling.original_context_length", 4096)};
inline constexpr std::array gpt_oss_with{"output.weight"sv,      "attn_q.bias"sv,      "attn_k.bias"sv,
                                         "attn_v.bias"sv,        "attn_output.bias"sv, "ffn_gate_inp.bias"sv,
                                         "ffn_gate_exps.bias"sv, "ffn_up_exps.bias"sv, "ffn_down_exps.bias"sv};

inline constexpr std::array falcon_7b{
    count("context_length", 2048),       count("embedding_length", 4544),
    count("feed_forward_length", 18176), count("attention.head_count", 71),
    count("attention.head_count_kv", 1), number("attention.layer_norm_epsilon", 1e-5f)};
inline constexpr std::array falcon_with{"output.weight"sv, "attn_norm.bias"sv, "output_norm.bias"sv};

inline constexpr std::array gpt_j_6b{count("context_length", 2048),
                                     count("embedding_length", 4096),
                                     count("feed_forward_length", 16384),
                                     count("attention.head_count", 16),
                                     number("attention.layer_norm_epsilon", 1e-5f),
                                     count("rope.dimension_count", 64)};
inline constexpr std::array gpt_j_with{"output.weight"sv, "output.bias"sv,   "attn_norm.bias"sv,
                                       "ffn_up.bias"sv,   "ffn_down.bias"sv, "output_norm.bias"sv};

inline constexpr std::array starcoder2_3b{
    count("context_length", 16384),      count("embedding_length", 3072),
    count("feed_forward_length", 12288), count("attention.head_count", 24),
    count("attention.head_count_kv", 2), number("attention.layer_norm_epsilon", 1e-5f),
    number("rope.freq_base", 999999.4f)};
inline constexpr std::array starcoder2_with{"attn_norm.bias"sv, "attn_q.bias"sv,   "attn_k.bias"sv,
                                            "attn_v.bias"sv,    "ffn_norm.bias"sv, "attn_output.bias"sv,
                                            "ffn_up.bias"sv,    "ffn_down.bias"sv, "output_norm.bias"sv};

inline constexpr std::array olmoe{
    count("context_length", 4096),        count("embedding_length", 2048),
    count("feed_forward_length", 1024),   count("expert_count", 64),
    count("expert_used_count", 8),        count("attention.head_count", 16),
    count("attention.head_count_kv", 16), number("attention.layer_norm_rms_epsilon", 1e-5f),
    number("rope.freq_base", 10000)};

}  // namespace synth

// Sizes are those of the config.json of the named Hugging Face repository.
inline constexpr std::array<SynthShape, 13> synth_shapes{{
    {"tiny", "for tests", "llama", 2, 2, 512, false, synth::tiny, synth::untied},
    {"llama-160m", "JackFram/llama-160m", "llama", 12, 12, 32000, false, synth::llama_160m, synth::untied},
    {"llama-1.1b", "TinyLlama/TinyLlama-1.1B-Chat-v1.0", "llama", 22, 22, 32000, false, synth::llama_1b, synth::untied},
    {"llama-8b", "meta-llama/Meta-Llama-3-8B", "llama", 32, 32, 128256, false, synth::llama_8b, synth::untied},
    {"mixtral-8x7b", "mistralai/Mixtral-8x7B-v0.1", "llama", 32, 8, 32000, false, synth::mixtral, synth::untied},
    {"qwen3-8b", "Qwen/Qwen3-8B", "qwen3", 36, 36, 151936, false, synth::qwen3_8b, synth::untied},
    {"gemma3-4b", "google/gemma-3-4b-it, its text model", "gemma3", 34, 34, 262144, false, synth::gemma3_4b, {}},
    {"phi3-mini", "microsoft/Phi-3-mini-4k-instruct", "phi3", 32, 32, 32064, true, synth::phi3_mini, synth::untied},
    {"gpt-oss-20b", "openai/gpt-oss-20b", "gpt-oss", 24, 12, 201088, false, synth::gpt_oss_20b, synth::gpt_oss_with},
    {"falcon-7b", "tiiuae/falcon-7b", "falcon", 32, 32, 65024, true, synth::falcon_7b, synth::falcon_with},
    {"gpt-j-6b", "EleutherAI/gpt-j-6b", "gptj", 28, 28, 50400, false, synth::gpt_j_6b, synth::gpt_j_with},
    {"starcoder2-3b", "bigcode/starcoder2-3b", "starcoder2", 30, 30, 49152, false, synth::starcoder2_3b,
     synth::starcoder2_with},
    {"olmoe-1b-7b", "allenai/OLMoE-1B-7B-0924", "olmoe", 16, 16, 50304, false, synth::olmoe, synth::untied},
}};

}  // namespace lamina::bench
