// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The table behind mix.hpp: tensors by their role in a model, and the format that each file type gives them. The first
// line that fits a tensor decides; without one, it has the file type's own format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/quant/file_type.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::quant {

// What a tensor is in its model. AttentionV: what errors hurt most, so attn_qkv and attn_kv_b as well.
enum class TensorRole : std::uint8_t {
  Embedding,
  Output,
  AttentionQ,
  AttentionK,
  AttentionV,
  AttentionOutput,
  FfnGate,
  FfnUp,
  FfnDown,
  Other,
};

constexpr TensorRole tensor_role(std::string_view name) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (name == "output.weight") return TensorRole::Output;
  if (name == "token_embd.weight" || name == "per_layer_token_embd.weight") return TensorRole::Embedding;
  if (has("attn_qkv.weight") || has("attn_kv_b.weight") || has("attn_v.weight")) return TensorRole::AttentionV;
  if (has("attn_k.weight")) return TensorRole::AttentionK;
  if (has("attn_q.weight")) return TensorRole::AttentionQ;
  if (has("attn_output.weight")) return TensorRole::AttentionOutput;
  if (has("ffn_up")) return TensorRole::FfnUp;
  if (has("ffn_gate")) return TensorRole::FfnGate;
  if (has("ffn_down")) return TensorRole::FfnDown;
  return TensorRole::Other;
}

// Matrices that are worth fewer bits: those of a layer, the embedding and the output. Not: vectors, norms, routers, and
// what is small and sensitive in some families.
constexpr bool is_quantised(std::string_view name, std::size_t n_dims) {
  if (n_dims < 2 || !name.ends_with("weight")) return false;
  if (name == "position_embd.weight" || name == "token_types.weight") return false;
  for (const std::string_view part : {"_norm.weight",
                                      "ffn_gate_inp.weight",
                                      "ffn_gate_tid2eid.weight",
                                      "altup",
                                      "laurel",
                                      "per_layer_model_proj",
                                      "ssm_conv1d",
                                      "shortconv.conv.weight",
                                      "indexer.k_proj.weight",
                                      "indexer.q_proj.weight",
                                      "time_mix_first.weight",
                                      "time_mix_w0.weight",
                                      "time_mix_w1.weight",
                                      "time_mix_w2.weight",
                                      "time_mix_v0.weight",
                                      "time_mix_v1.weight",
                                      "time_mix_v2.weight",
                                      "time_mix_a0.weight",
                                      "time_mix_a1.weight",
                                      "time_mix_a2.weight",
                                      "time_mix_g1.weight",
                                      "time_mix_g2.weight",
                                      "time_mix_decay_w1.weight",
                                      "time_mix_decay_w2.weight",
                                      "attn_rel_b.weight",
                                      "time_mix_lerp_fused.weight",
                                      ".position_embd",
                                      "sam.pos_embd",
                                      "sam.neck.",
                                      "sam.net_",
                                      ".rel_pos",
                                      ".patch_embd",
                                      ".patch_merger",
                                      "a.rvq.codebook",
                                      "mm.a.code_embd"}) {
    if (name.find(part) != std::string_view::npos) return false;
  }
  return true;
}

// What the choice depends on besides the tensor.
struct MixModel {
  std::string_view architecture;
  std::size_t n_layers = 0;
  std::size_t n_group = 1;    // query heads that share a KV head
  std::size_t n_experts = 0;  // 0 or 1: none
  bool tied = false;          // no output.weight: the embedding stands in for it
  bool importance = false;    // an importance matrix is used
};

// Where a tensor stands among its like: in layer i of n.
struct MixPlace {
  std::size_t i = 0, n = 0;
};

namespace detail {

// Conditions of a line of the table; all that are named have to hold.
enum When : std::uint16_t {
  always = 0,
  grouped = 1,        // four or more query heads share a KV head
  some_experts = 2,   // four or more
  eight_experts = 4,  // exactly: Mixtral
  other_experts = 8,  // any other number
  falcon = 16,        // whose attention and feed-forward run side by side
  not_falcon = 32,
  no_importance = 64,  // matrix
  with_importance = 128,
  first_two = 256,  // layers
  first_four = 512,
  first_sixteenth = 1024,
  first_eighth = 2048,
  middle = 4096,  // all but the first and last eighth
  spread = 8192,  // the first and last eighth, and every third layer between
};

struct MixRule {
  FileTypeId file_type;
  TensorRole role;
  std::uint16_t when;
  std::uint32_t type_id;
};

using enum TensorRole;

inline constexpr MixRule mix_rules[] = {
    {FileTypeId::IQ1_S, Embedding, always, Q2_K::type_id},
    {FileTypeId::IQ1_M, Embedding, always, Q2_K::type_id},
    {FileTypeId::IQ2_XXS, Embedding, always, Q2_K::type_id},
    {FileTypeId::IQ2_XS, Embedding, always, Q2_K::type_id},
    {FileTypeId::IQ2_S, Embedding, always, IQ3_S::type_id},
    {FileTypeId::IQ2_M, Embedding, always, IQ3_S::type_id},
    {FileTypeId::IQ3_XXS, Embedding, always, IQ3_S::type_id},
    {FileTypeId::TQ1_0, Embedding, always, Q4_K::type_id},
    {FileTypeId::TQ2_0, Embedding, always, Q4_K::type_id},
    {FileTypeId::Q2_0, Embedding, always, Q4_K::type_id},
    {FileTypeId::IQ1_S, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ1_M, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ2_XXS, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ2_XS, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ2_S, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ2_M, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ1_S, AttentionV, some_experts, Q4_K::type_id},
    {FileTypeId::IQ1_M, AttentionV, some_experts, Q4_K::type_id},
    {FileTypeId::IQ2_XXS, AttentionV, some_experts, Q4_K::type_id},
    {FileTypeId::IQ2_XS, AttentionV, some_experts, Q4_K::type_id},
    {FileTypeId::IQ2_S, AttentionV, some_experts, Q4_K::type_id},
    {FileTypeId::IQ2_M, AttentionV, some_experts, Q4_K::type_id},
    {FileTypeId::IQ1_S, AttentionV, always, Q2_K::type_id},
    {FileTypeId::IQ1_M, AttentionV, always, Q2_K::type_id},
    {FileTypeId::IQ2_XXS, AttentionV, always, Q2_K::type_id},
    {FileTypeId::IQ2_XS, AttentionV, always, Q2_K::type_id},
    {FileTypeId::IQ2_S, AttentionV, always, IQ3_S::type_id},
    {FileTypeId::IQ2_M, AttentionV, always, IQ3_S::type_id},
    {FileTypeId::Q2_K, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::Q2_K, AttentionV, always, Q3_K::type_id},
    {FileTypeId::Q2_K_S, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ3_XXS, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ3_XXS, AttentionV, no_importance, IQ3_S::type_id},
    {FileTypeId::IQ3_XS, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ3_S, AttentionV, grouped, Q4_K::type_id},
    {FileTypeId::IQ3_M, AttentionV, always, Q4_K::type_id},
    {FileTypeId::Q3_K_M, AttentionV, first_two, Q5_K::type_id},
    {FileTypeId::Q3_K_M, AttentionV, always, Q4_K::type_id},
    {FileTypeId::Q3_K_L, AttentionV, always, Q5_K::type_id},
    {FileTypeId::IQ4_NL, AttentionV, grouped, Q5_K::type_id},
    {FileTypeId::IQ4_XS, AttentionV, grouped, Q5_K::type_id},
    {FileTypeId::Q4_K_M, AttentionV, spread, Q6_K::type_id},
    {FileTypeId::Q5_K_M, AttentionV, spread, Q6_K::type_id},
    {FileTypeId::Q4_K_S, AttentionV, first_four, Q5_K::type_id},
    {FileTypeId::IQ1_S, AttentionK, eight_experts, Q4_K::type_id},
    {FileTypeId::IQ1_M, AttentionK, eight_experts, Q4_K::type_id},
    {FileTypeId::IQ2_XXS, AttentionK, eight_experts, Q4_K::type_id},
    {FileTypeId::IQ2_XS, AttentionK, eight_experts, Q4_K::type_id},
    {FileTypeId::IQ2_S, AttentionK, eight_experts, Q4_K::type_id},
    {FileTypeId::IQ2_M, AttentionK, eight_experts, Q4_K::type_id},
    {FileTypeId::IQ3_XS, AttentionK, always, IQ3_XXS::type_id},
    {FileTypeId::IQ3_XXS, AttentionK, always, IQ2_S::type_id},
    {FileTypeId::IQ3_XS, AttentionQ, always, IQ3_XXS::type_id},
    {FileTypeId::IQ3_XXS, AttentionQ, always, IQ2_S::type_id},
    {FileTypeId::IQ1_S, FfnDown, first_eighth, Q2_K::type_id},
    {FileTypeId::IQ1_M, FfnDown, first_eighth, Q2_K::type_id},
    {FileTypeId::IQ2_XXS, FfnDown, first_eighth, Q2_K::type_id},
    {FileTypeId::IQ2_XS, FfnDown, first_eighth, Q2_K::type_id},
    {FileTypeId::IQ2_S, FfnDown, first_eighth, IQ3_S::type_id},
    {FileTypeId::IQ2_M, FfnDown, first_eighth, IQ3_S::type_id},
    {FileTypeId::Q2_K, FfnDown, always, Q3_K::type_id},
    {FileTypeId::Q2_K_S, FfnDown, first_eighth, Q4_K::type_id},
    {FileTypeId::IQ3_XXS, FfnDown, no_importance | first_eighth, Q4_K::type_id},
    {FileTypeId::IQ3_XXS, FfnDown, no_importance, Q3_K::type_id},
    {FileTypeId::Q3_K_M, FfnDown, first_sixteenth, Q5_K::type_id},
    {FileTypeId::Q3_K_M, FfnDown, not_falcon, Q4_K::type_id},
    {FileTypeId::Q3_K_M, FfnDown, spread, Q4_K::type_id},
    {FileTypeId::IQ3_M, FfnDown, first_eighth, Q4_K::type_id},
    {FileTypeId::IQ3_M, FfnDown, eight_experts | spread, Q4_K::type_id},
    {FileTypeId::Q3_K_L, FfnDown, falcon, Q4_K::type_id},
    {FileTypeId::Q3_K_L, FfnDown, always, Q5_K::type_id},
    {FileTypeId::Q4_K_M, FfnDown, not_falcon | spread, Q6_K::type_id},
    {FileTypeId::Q4_K_M, FfnDown, falcon | first_sixteenth, Q6_K::type_id},
    {FileTypeId::Q4_K_M, FfnDown, falcon | spread, Q5_K::type_id},
    {FileTypeId::IQ4_NL, FfnDown, no_importance | first_eighth, Q5_K::type_id},
    {FileTypeId::IQ4_XS, FfnDown, no_importance | first_eighth, Q5_K::type_id},
    {FileTypeId::Q5_K_M, FfnDown, spread, Q6_K::type_id},
    {FileTypeId::Q4_K_S, FfnDown, not_falcon | first_eighth, Q5_K::type_id},
    {FileTypeId::Q4_0, FfnDown, with_importance | first_eighth, Q4_1::type_id},
    {FileTypeId::Q5_0, FfnDown, with_importance | first_eighth, Q5_1::type_id},
    {FileTypeId::IQ1_S, AttentionOutput, eight_experts, Q5_K::type_id},
    {FileTypeId::IQ1_M, AttentionOutput, eight_experts, Q5_K::type_id},
    {FileTypeId::IQ2_XXS, AttentionOutput, eight_experts, Q5_K::type_id},
    {FileTypeId::IQ2_XS, AttentionOutput, eight_experts, Q5_K::type_id},
    {FileTypeId::IQ2_S, AttentionOutput, eight_experts, Q5_K::type_id},
    {FileTypeId::IQ2_M, AttentionOutput, eight_experts, Q5_K::type_id},
    {FileTypeId::IQ1_S, AttentionOutput, always, IQ2_XXS::type_id},
    {FileTypeId::IQ1_M, AttentionOutput, always, IQ2_XXS::type_id},
    {FileTypeId::IQ2_S, AttentionOutput, always, IQ3_S::type_id},
    {FileTypeId::IQ2_M, AttentionOutput, always, IQ3_S::type_id},
    {FileTypeId::Q2_K, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::IQ3_XS, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::IQ3_XXS, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::Q3_K_S, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::Q3_K_M, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::IQ4_NL, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::Q4_K_S, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::Q4_K_M, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::IQ3_S, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::IQ3_M, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::IQ4_XS, AttentionOutput, not_falcon | eight_experts, Q5_K::type_id},
    {FileTypeId::Q2_K, AttentionOutput, not_falcon | other_experts, Q3_K::type_id},
    {FileTypeId::IQ3_XXS, AttentionOutput, not_falcon | other_experts, IQ3_S::type_id},
    {FileTypeId::Q3_K_M, AttentionOutput, not_falcon | other_experts, Q4_K::type_id},
    {FileTypeId::Q3_K_L, AttentionOutput, not_falcon | other_experts, Q5_K::type_id},
    {FileTypeId::IQ3_M, AttentionOutput, not_falcon | other_experts, Q4_K::type_id},
    {FileTypeId::Q3_K_L, AttentionOutput, falcon, Q4_K::type_id},
    {FileTypeId::IQ3_XS, FfnGate, middle, IQ3_XXS::type_id},
    {FileTypeId::IQ3_XS, FfnUp, middle, IQ3_XXS::type_id},
};

constexpr bool holds(std::uint16_t when, const MixModel& model, MixPlace at) {
  const bool is_falcon = model.architecture == "falcon";
  const bool is_spread = at.i < at.n / 8 || at.i >= 7 * at.n / 8 || (at.i - at.n / 8) % 3 == 2;
  const struct {
    When condition;
    bool true_here;
  } all[] = {{grouped, model.n_group >= 4},
             {some_experts, model.n_experts >= 4},
             {eight_experts, model.n_experts == 8},
             {other_experts, model.n_experts != 8},
             {falcon, is_falcon},
             {not_falcon, !is_falcon},
             {no_importance, !model.importance},
             {with_importance, model.importance},
             {first_two, at.i < 2},
             {first_four, at.i < 4},
             {first_sixteenth, at.i < at.n / 16},
             {first_eighth, at.i < at.n / 8},
             {middle, at.i >= at.n / 8 && at.i < 7 * at.n / 8},
             {spread, is_spread}};
  for (const auto& [condition, true_here] : all) {
    if ((when & condition) != 0 && !true_here) return false;
  }
  return true;
}

}  // namespace detail

}  // namespace lamina::quant
