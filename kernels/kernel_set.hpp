// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a target must supply, and the table through which the plan calls it. A target is a type with static functions
// (concept KernelSet); table_of<Set, Formats> makes a KernelTable of it, once, at load. The plan copies the pointers it
// needs into its steps, so nothing is looked up per token.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/core/typelist.hpp"
#include "lamina/kernels/attention_args.hpp"

namespace lamina::kernels {

// Rows of activations are padded with zeros to a multiple of this many values, so that no kernel has a ragged end on
// the activation side.
inline constexpr std::size_t row_padding = 256;  // values; the largest block of any format
inline constexpr std::size_t group_size = 32;    // values that share one activation scale

// Activations of n tokens, in the representations a matmul may read. Every row is row_padding-padded: with
// k_padded = round_up(k, row_padding),
//   f32 [n_tokens][k_padded]
//   q16 [n_tokens][k_padded]       x ≈ d · q16, q16 in [-32767, 32767], in pair order (below)
//   d   [n_tokens][k_padded / 32]
//   s32 [n_tokens][k_padded / 32]   d · Σ q16 over the group of 32
//   s16 [n_tokens][k_padded / 16]   the same over each half of the group
// f32 is always there; the others only after quantize(). Sixteen bits, because eight are too coarse: where a few
// activations are large, as in real models, they moved the logits of SmolLM2 by up to 0.9% (NMSE).
// Pair order: of each 64 values, two groups of 32, first the first halves of both groups, then their second halves.
struct Activations {
  float* f32 = nullptr;
  std::int16_t* q16 = nullptr;
  float* d = nullptr;
  float* s32 = nullptr;
  float* s16 = nullptr;
  std::size_t k_padded = 0;  // values in a row

  Activations token(std::size_t t) const {
    return {f32 + t * k_padded,        q16 + t * k_padded,        d + t * (k_padded / 32),
            s32 + t * (k_padded / 32), s16 + t * (k_padded / 16), k_padded};
  }
};

// Where value i of a row stands in q16.
constexpr std::size_t pair_order(std::size_t i) {
  return (i & ~std::size_t{63}) | (i & 15) | (i & 32) >> 1 | (i & 16) << 1;
}

// out[t · out_stride + (row − row_begin)] = Σ_k weights[row][k] · x[t][k]  for row_begin ≤ row < row_end, t < n_tokens.
// The order of each sum depends on k alone: the same bits for any split of rows or tokens.
struct MatmulArgs {
  const std::byte* weights = nullptr;  // [rows][row_bytes], blocks of the format in GGUF's order; may be unaligned
  std::size_t row_bytes = 0;           // bytes from a row to the next
  std::size_t k = 0;                   // values in a row, a multiple of the format's block size
  std::size_t row_begin = 0;
  std::size_t row_end = 0;
  Activations x;
  std::size_t n_tokens = 0;
  float* out = nullptr;
  std::size_t out_stride = 0;  // values from a token to the next
};

enum class RopePairing : std::uint8_t {
  Adjacent,  // rotates (2i, 2i+1): GPT-J, LLaMA
  Halves,    // rotates (i, i + n/2): GPT-NeoX
};

using MatmulFn = void (*)(const MatmulArgs&);
using DequantizeFn = void (*)(const std::byte* row, std::size_t k, float* out);

// Everything the plan calls, by pointer.
struct KernelTable {
  std::string_view target;  // "reference", "xsimd-avx2", "avx2", "avx512", …
  bool slow = false;        // scalar, or lanes put together one by one: plans and tools say so

  // out[i] = x[i] / sqrt(mean(x²) + eps) · weight[i], i < n
  void (*rms_norm)(const float* x, const float* weight, std::size_t n, float eps, float* out) = nullptr;
  // Fills q16, d, s32, s16 of one row from its f32 (k_padded values, zeros past k).
  void (*quantize)(const Activations& row) = nullptr;
  // Rotates the first n_rot values of each of n_heads heads in place; cos_sin is [n_rot / 2][2].
  void (*rope)(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot, const float* cos_sin,
               RopePairing pairing) = nullptr;
  // Rows of a head's keys and values into its cache, in the cache's type.
  void (*store_keys)(const StoreArgs&) = nullptr;
  void (*store_values)(const StoreArgs&) = nullptr;
  // All of attention; or its blocks of keys [begin, end), each into its own of `partials`, [end − begin] times
  // Partial::size() values, and out of those of all blocks the result: the same bits.
  void (*attention)(const AttentionArgs&) = nullptr;
  void (*attention_blocks)(const AttentionArgs&, std::size_t begin, std::size_t end, float* partials) = nullptr;
  void (*attention_merge)(const AttentionArgs&, const float* partials) = nullptr;
  void (*add)(float* x, const float* y, std::size_t n) = nullptr;                             // x += y
  void (*silu_mul)(const float* gate, const float* up, std::size_t n, float* out) = nullptr;  // silu(gate) · up

  struct PerFormat {
    std::uint32_t type_id = 0;     // GGUF's
    std::string_view name;         // of the format
    bool int_activations = false;  // matmul reads q16, d and sums; else f32
    std::string_view kernel;       // what the plan shows, for example "int16 avx2"
    MatmulFn matmul = nullptr;
    DequantizeFn dequantize = nullptr;
  };
  std::span<const PerFormat> formats;

  const PerFormat* find(std::uint32_t type_id) const {
    for (const PerFormat& f : formats) {
      if (f.type_id == type_id) return &f;
    }
    return nullptr;
  }
};

// A target's kernels for one format.
template <class Set, class Format>
concept HasFormat = requires(const MatmulArgs& m, const std::byte* row, std::size_t k, float* out) {
  { Set::template matmul<Format>(m) } -> std::same_as<void>;
  { Set::template dequantize<Format>(row, k, out) } -> std::same_as<void>;
  { Set::template int_activations<Format> } -> std::convertible_to<bool>;
  { Set::template kernel_name<Format>() } -> std::convertible_to<std::string_view>;
};

// A target: every function of KernelTable as a static member, and matmul and dequantize for any format.
template <class Set>
concept KernelSet = requires(const float* x, std::size_t n, float* out, const Activations& row,
                             const AttentionArgs& attention, const StoreArgs& store) {
  { Set::target } -> std::convertible_to<std::string_view>;
  { Set::slow } -> std::convertible_to<bool>;
  { Set::rms_norm(x, x, n, 1.0f, out) } -> std::same_as<void>;
  { Set::quantize(row) } -> std::same_as<void>;
  { Set::rope(out, n, n, n, x, RopePairing::Adjacent) } -> std::same_as<void>;
  { Set::store_keys(store) } -> std::same_as<void>;
  { Set::store_values(store) } -> std::same_as<void>;
  { Set::attention(attention) } -> std::same_as<void>;
  { Set::attention_blocks(attention, n, n, out) } -> std::same_as<void>;
  { Set::attention_merge(attention, x) } -> std::same_as<void>;
  { Set::add(out, x, n) } -> std::same_as<void>;
  { Set::silu_mul(x, x, n, out) } -> std::same_as<void>;
};

template <class Set, class Formats>
struct TableOf;

template <class Set, class... Formats>
struct TableOf<Set, TypeList<Formats...>> {
  static_assert(KernelSet<Set>, "Set must have every function of concept lamina::kernels::KernelSet");
  static_assert((HasFormat<Set, Formats> && ...), "Set lacks matmul or dequantize for a format of the list");

  static const KernelTable& get() {
    static const std::array<KernelTable::PerFormat, sizeof...(Formats)> formats = {KernelTable::PerFormat{
        Formats::type_id, Formats::name, Set::template int_activations<Formats>, Set::template kernel_name<Formats>(),
        &Set::template matmul<Formats>, &Set::template dequantize<Formats>}...};
    static const KernelTable table = {
        Set::target,      Set::slow,          &Set::rms_norm,  &Set::quantize,         &Set::rope,
        &Set::store_keys, &Set::store_values, &Set::attention, &Set::attention_blocks, &Set::attention_merge,
        &Set::add,        &Set::silu_mul,     formats};
    return table;
  }
};

// The table of a target for a list of formats; made on first use, then constant.
template <class Set, class Formats>
const KernelTable& table_of() {
  return TableOf<Set, Formats>::get();
}

}  // namespace lamina::kernels
