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
// The largest level of an activation: what two bytes of −127 … 127 hold, 127 · 255 + 127. The same on every target.
inline constexpr int plane_radix = 255;
inline constexpr float activation_levels = 32512.0f;

// How quantize() and quantize_panel() lay out the integers of a row. x ≈ d · level.
//   Words   q16 [k_padded] in pair order: of each 64 values, two groups of 32, first the first halves of both groups,
//           then their second halves
//   Planes  two planes of k_padded bytes, level = 256 · high + low, in quad order: of each 128 values, four groups of
//           32, first the first halves of the four, then their second halves; and the same two planes in comb order:
//           256 values are four combs of 16 half groups, of which comb c takes values c, c + 4, c + 8 and c + 12
//   WordsAndPlanes  Words, then two planes of k_padded bytes, level = 255 · high + low, in lane order: of each 128
//           values, four groups of 32, the first four of each first half, of each second half, the next four, and so on
//   Panel   [k_padded / 32] of PanelGroup in the order of the row, then [k_padded] low bytes
//   Bytes   Words, then [k_padded / 32] of ByteGroup in the order of the row
enum class ActivationLayout : std::uint8_t { Words, WordsAndPlanes, Planes, Panel, Bytes };

constexpr std::size_t pair_order(std::size_t i) {
  return (i & ~std::size_t{63}) | (i & 15) | (i & 32) >> 1 | (i & 16) << 1;
}
constexpr std::size_t quad_order(std::size_t i) {
  return (i & ~std::size_t{127}) | (i & 15) | (i & 96) >> 1 | (i & 16) << 2;
}

constexpr std::size_t comb_order(std::size_t i) {
  return (i & ~std::size_t{255}) | (i & 3) << 6 | (i & 240) >> 2 | (i & 12) >> 2;
}
constexpr std::size_t lane_order(std::size_t i) {
  return (i & ~std::size_t{127}) | (i & 12) << 3 | (i & 16) | (i & 96) >> 3 | (i & 3);
}

// What a group holds of its levels: the high bytes alone, the low ones being 0; both, beside groups that hold eight
// bits; or both like all groups of its batch. A row's first group says besides whether any of them is fine.
enum PanelBits : std::uint32_t { panel_eight = 0, panel_fine = 1, panel_sixteen = 2, panel_row_has_fine = 4 };

// A group of 32 activations as panels meet it: level + 32768 = 256 · high + low, x ≈ d · level, with the d of the row's
// Activations. All that a group needs lies together, so that a tile of tokens is a handful of pointers. With sixteen
// bits, eight groups (256 values) have the same d.
struct PanelGroup {
  std::uint8_t high[32];
  float scale;         // sixteen bits: d; others: 256 · d, of the high bytes
  float sum;           // sixteen bits: Σ level; others: d · Σ level
  std::uint32_t bits;  // PanelBits
  float first_sum;     // the same as `sum`, of the first half
};
static_assert(sizeof(PanelGroup) == 48);

// The same beside words, whose sixteen bits a group that is fine keeps: level = 256 · high + low, both signed.
struct ByteGroup {
  std::int8_t high[32];
  std::int16_t minus[3][2];  // −Σ high of values 4 j and 4 j + 1, of 4 j + 2 and 4 j + 3: of all, of each half
  std::uint32_t fine;  // of the first of 32 groups: a bit for each that keeps its low bytes; others' are rounded away
  float scale;         // 256 · d
  float sums[3];       // d · Σ level: of all, of each half
};
static_assert(sizeof(ByteGroup) == 64);

// Activations of n tokens, in the representations a matmul may read. Every row is row_padding-padded: with
// k_padded = round_up(k, row_padding),
//   f32   [n_tokens][k_padded]
//   q16   [n_tokens][k_padded · 2]  in one of the layouts above; Panel needs 5/4, Words half, others all
//   d     [n_tokens][k_padded / 32]
//   s32   [n_tokens][k_padded / 32]   d · Σ level over the group of 32
//   s16   [n_tokens][k_padded / 16]   the same over each half of the group
// f32 is always there, the others only after quantize(); quantize_panel() fills q16 and d alone, and round_bf16() fills
// q16 with bfloat16, in an order of all tokens together; split, with what rounding left over as well. Sixteen bits,
// because eight are too coarse where a few activations are large, as in real models: they moved the logits of SmolLM2
// by up to 0.9% (NMSE).
struct Activations {
  float* f32 = nullptr;
  std::int16_t* q16 = nullptr;
  float* d = nullptr;
  float* s32 = nullptr;
  float* s16 = nullptr;
  std::size_t k_padded = 0;  // values in a row

  static constexpr std::size_t q16_size(std::size_t k_padded) { return 2 * k_padded; }

  Activations token(std::size_t t) const {
    return {f32 + t * k_padded,        q16 + t * q16_size(k_padded), d + t * (k_padded / 32),
            s32 + t * (k_padded / 32), s16 + t * (k_padded / 16),    k_padded};
  }
};

// The level that value i of a row is held at.
inline int level(ActivationLayout layout, const Activations& row, std::size_t i) {
  if (layout == ActivationLayout::Words || layout == ActivationLayout::WordsAndPlanes) return row.q16[pair_order(i)];
  if (layout == ActivationLayout::Panel) {
    const auto* groups = reinterpret_cast<const PanelGroup*>(row.q16);
    const auto* low = reinterpret_cast<const std::uint8_t*>(groups + row.k_padded / 32);
    return 256 * groups[i / 32].high[i % 32] + low[i] - 32768;
  }
  if (layout == ActivationLayout::Bytes) {
    const auto* groups = reinterpret_cast<const ByteGroup*>(row.q16 + row.k_padded);
    const bool fine = (groups[i / 1024 * 32].fine >> i / 32 % 32 & 1) != 0;
    return fine ? row.q16[pair_order(i)] : 256 * groups[i / 32].high[i % 32];
  }
  const auto* high = reinterpret_cast<const std::int8_t*>(row.q16) + quad_order(i);
  return 256 * high[0] + static_cast<std::int8_t>(high[row.k_padded]);
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
  bool split = false;  // x is split bfloat16
  std::size_t n_tokens = 0;
  float* out = nullptr;
  std::size_t out_stride = 0;  // values from a token to the next
  // scratch of matmul_panel() and matmul_bf16(), panel_bytes() or bf16_bytes(), 64-aligned
  std::byte* panel = nullptr;
};

// Values [begin, end) of token t's row, of n_tokens that are met together: rounded to bfloat16 and, with `split`, what
// that left over. `begin` is a multiple of 32; zeros follow until one.
struct RoundArgs {
  const float* values = nullptr;  // from `begin` on
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t k_padded = 0;
  std::int16_t* q16 = nullptr;  // of the first of the tokens
  std::size_t t = 0;
  std::size_t n_tokens = 0;
  bool split = false;
};

enum class RopePairing : std::uint8_t {
  Adjacent,  // rotates (2i, 2i+1): GPT-J, LLaMA
  Halves,    // rotates (i, i + n/2): GPT-NeoX
};

// What a feed-forward layer does to its hidden values, f below.
enum class ActivationKind : std::uint8_t {
  Silu,         // x · sigmoid(x)
  GeluTanh,     // x · (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2
  GeluErf,      // x · (1 + erf(x / √2)) / 2
  Relu,         // max(x, 0)
  ReluSquared,  // max(x, 0)²
  SwigluOai,    // gated only: y · sigmoid(1.702 y), y = min(x, 7), times (clamp(up, ±7) + 1) instead of up
};

using MatmulFn = void (*)(const MatmulArgs&);

// What a format's matrices are multiplied by.
enum class Method : std::uint8_t {
  Rows,    // matmul: rows as they lie
  Panel,   // matmul_panel
  Panel8,  // matmul_panel8
  Bf16,    // matmul_bf16
  Split,   // matmul_split
};
using DequantizeFn = void (*)(const std::byte* row, std::size_t k, float* out);

// Everything the plan calls, by pointer.
struct KernelTable {
  std::string_view target;  // "reference", "xsimd-avx2", "avx2", "avx512", …
  bool slow = false;        // scalar, or lanes put together one by one: plans and tools say so
  std::string_view note;    // why a better target that the processor has is not there; or empty

  // out[i] = x[i] / sqrt(mean(x²) + eps) · weight[i], i < n
  void (*rms_norm)(const float* x, const float* weight, std::size_t n, float eps, float* out) = nullptr;
  // out[i] = (x[i] − mean(x)) / sqrt(var(x) + eps) · weight[i] + bias[i]; a null bias is none
  void (*layer_norm)(const float* x, const float* weight, const float* bias, std::size_t n, float eps,
                     float* out) = nullptr;
  // Fills q16, d, s32, s16 of one row from its f32 (k_padded values, zeros past k), in `layout`.
  void (*quantize)(const Activations& row) = nullptr;
  ActivationLayout layout = ActivationLayout::Words;
  // The same for matmul_panel, in `panel_layout`: Panel fills q16 and d alone. With eight_bits, for matmul_panel8, only
  // the groups whose largest values stand out keep sixteen; Words has sixteen all the same, and Bytes beside them where
  // any format's panels read those. Null on targets without panels.
  void (*quantize_panel)(const Activations& row, bool eight_bits) = nullptr;
  ActivationLayout panel_layout = ActivationLayout::Panel;
  // The same for matmul_bf16 and, with `split`, for matmul_split too. Null on targets without.
  void (*round_bf16)(const RoundArgs&) = nullptr;
  std::size_t bf16_rows = 0;  // of a task of matmul_bf16 at most, and best where there are enough for all workers
  // Rotates the first n_rot values of each of n_heads heads in place; cos_sin is [n_rot / 2][2].
  void (*rope)(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot, const float* cos_sin,
               RopePairing pairing) = nullptr;
  // Rows of a head's keys and values into its cache, in the cache's type.
  void (*store_keys)(const StoreArgs&) = nullptr;
  void (*store_values)(const StoreArgs&) = nullptr;
  // All of attention; or its blocks of keys [begin, end), each into its own of `partials`, [end − begin] times
  // Partial::size() values, and out of those of blocks [first_block, n_blocks) the result: the same bits.
  void (*attention)(const AttentionArgs&) = nullptr;
  void (*attention_blocks)(const AttentionArgs&, std::size_t begin, std::size_t end, float* partials) = nullptr;
  void (*attention_merge)(const AttentionArgs&, const float* partials) = nullptr;
  // All of attention with queries, keys, values and weights rounded to bfloat16, for many tokens; its scratch is
  // TileScratch. Null where there is none.
  void (*attention_bf16)(const AttentionArgs&) = nullptr;
  std::string_view attention_bf16_kernel;                          // what the plan shows, for example "bf16 amx"
  void (*add)(float* x, const float* y, std::size_t n) = nullptr;  // x += y
  // out[i] = f(x[i]) · up[i]; f(x[i]) when up is null
  void (*activate)(ActivationKind f, const float* x, const float* up, std::size_t n, float* out) = nullptr;
  void (*soft_cap)(float* x, std::size_t n, float cap) = nullptr;  // x[i] = cap · tanh(x[i] / cap)

  struct PerFormat {
    std::uint32_t type_id = 0;     // GGUF's
    std::string_view name;         // of the format
    bool int_activations = false;  // matmul reads q16, d and sums; else f32
    std::string_view kernel;       // what the plan shows, for example "int16 avx2"
    MatmulFn matmul = nullptr;
    DequantizeFn dequantize = nullptr;
    // Prefill: the rows are decoded once into a panel, which then meets all tokens, as quantize_panel() left them or,
    // of float formats, as floats. Null where there is none: matmul then serves prefill too.
    std::string_view panel_kernel;  // what the plan shows, for example "panel avx512-vnni"
    MatmulFn matmul_panel = nullptr;
    // The same with what quantize_panel() left of eight bits; null where matmul_panel reads sixteen anyway.
    std::string_view panel8_kernel;
    MatmulFn matmul_panel8 = nullptr;
    // Prefill in bfloat16, weights and activations, with float sums; null where there is none. It rounds more than
    // matmul does: unless bf16_always, only for sessions that asked for fewer bits.
    std::string_view bf16_kernel;  // what the plan shows, for example "bf16 panel avx512"
    MatmulFn matmul_bf16 = nullptr;
    bool bf16_always = false;
    // Prefill in split bfloat16: every weight and activation is the sum of two, so that sums are about as exact as
    // those of floats, for two or three times the products. Null where there is none.
    std::string_view split_kernel;
    MatmulFn matmul_split = nullptr;

    // What meets many tokens. A target with panels has them for every format, so that no batch needs both layouts of
    // integers.
    Method method(bool eight_bits) const {
      if (matmul_bf16 != nullptr && (eight_bits || bf16_always)) return Method::Bf16;
      if (matmul_split != nullptr) return Method::Split;
      if (matmul_panel8 != nullptr && eight_bits) return Method::Panel8;
      return matmul_panel != nullptr ? Method::Panel : Method::Rows;
    }
    MatmulFn matmul_by(Method m) const {
      switch (m) {
        case Method::Rows: break;
        case Method::Panel: return matmul_panel;
        case Method::Panel8: return matmul_panel8;
        case Method::Bf16: return matmul_bf16;
        case Method::Split: return matmul_split;
      }
      return matmul;
    }
    std::string_view kernel_of(Method m) const {
      switch (m) {
        case Method::Rows: break;
        case Method::Panel: return panel_kernel;
        case Method::Panel8: return panel8_kernel;
        case Method::Bf16: return bf16_kernel;
        case Method::Split: return split_kernel;
      }
      return kernel;
    }
  };
  std::span<const PerFormat> formats;

  const PerFormat* find(std::uint32_t type_id) const {
    for (const PerFormat& f : formats) {
      if (f.type_id == type_id) return &f;
    }
    return nullptr;
  }
};

// Bytes of scratch for a panel of n_rows rows: rows are taken 32 at a time, a group of 32 weights of 16 rows is a
// record of at most 20 vectors of 64 bytes. Floats take 64 rows and 512 of their values at a time, at most.
inline constexpr std::size_t panel_rows = 32;
inline constexpr std::size_t panel_record_bytes = 20 * 64;
inline constexpr std::size_t float_panel_most_rows = 64, float_panel_part = 512;
constexpr std::size_t panel_bytes(std::size_t n_rows, std::size_t k_padded) {
  const std::size_t integers = round_up(n_rows, panel_rows) / 16 * (k_padded / 32) * panel_record_bytes;
  const std::size_t rows = round_up(n_rows < float_panel_most_rows ? n_rows : float_panel_most_rows, 16);
  const std::size_t floats = rows * (k_padded < float_panel_part ? k_padded : float_panel_part) * sizeof(float);
  return integers > floats ? integers : floats;
}
// The same for matmul_bf16: a panel as above of 64 rows at a time, whose records are smaller. With tiles, twice two
// strips of 16 rows and 256 weights, each weight split in two.
inline constexpr std::size_t bf16_tile_strips_bytes = 2 * 2 * (16 * 256 * 2 * 2);
constexpr std::size_t bf16_bytes(std::size_t n_rows, std::size_t k_padded) {
  const std::size_t panel = panel_bytes(n_rows < 2 * panel_rows ? n_rows : 2 * panel_rows, k_padded);
  return panel > bf16_tile_strips_bytes ? panel : bf16_tile_strips_bytes;
}

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
  { Set::layer_norm(x, x, x, n, 1.0f, out) } -> std::same_as<void>;
  { Set::quantize(row) } -> std::same_as<void>;
  { Set::layout } -> std::convertible_to<ActivationLayout>;
  { Set::rope(out, n, n, n, x, RopePairing::Adjacent) } -> std::same_as<void>;
  { Set::store_keys(store) } -> std::same_as<void>;
  { Set::store_values(store) } -> std::same_as<void>;
  { Set::attention(attention) } -> std::same_as<void>;
  { Set::attention_blocks(attention, n, n, out) } -> std::same_as<void>;
  { Set::attention_merge(attention, x) } -> std::same_as<void>;
  { Set::add(out, x, n) } -> std::same_as<void>;
  { Set::activate(ActivationKind::Silu, x, x, n, out) } -> std::same_as<void>;
  { Set::soft_cap(out, n, 1.0f) } -> std::same_as<void>;
};

// A target that has panels as well.
template <class Set>
concept HasPanels = requires(const Activations& row) {
  { Set::quantize_panel(row, true) } -> std::same_as<void>;
  { Set::panel_layout } -> std::convertible_to<ActivationLayout>;
};

template <class Set, class Formats>
struct TableOf;

template <class Set, class... Formats>
struct TableOf<Set, TypeList<Formats...>> {
  static_assert(KernelSet<Set>, "Set must have every function of concept lamina::kernels::KernelSet");
  static_assert((HasFormat<Set, Formats> && ...), "Set lacks matmul or dequantize for a format of the list");

  template <class Format>
  static KernelTable::PerFormat per_format() {
    KernelTable::PerFormat out;
    out.type_id = Format::type_id;
    out.name = Format::name;
    out.int_activations = Set::template int_activations<Format>;
    out.kernel = Set::template kernel_name<Format>();
    out.matmul = &Set::template matmul<Format>;
    out.dequantize = &Set::template dequantize<Format>;
    if constexpr (HasPanels<Set>) {
      out.panel_kernel = Set::template panel_name<Format>();
      out.matmul_panel = &Set::template matmul_panel<Format>;
      out.panel8_kernel = Set::template panel8_name<Format>();
      if constexpr (!Set::template panel8_name<Format>().empty()) {
        out.matmul_panel8 = &Set::template matmul_panel8<Format>;
      }
    }
    return out;
  }

  static const KernelTable& get() {
    static const std::array<KernelTable::PerFormat, sizeof...(Formats)> formats = {per_format<Formats>()...};
    static const KernelTable table = [] {
      KernelTable out;
      out.target = Set::target;
      out.slow = Set::slow;
      out.rms_norm = &Set::rms_norm;
      out.layer_norm = &Set::layer_norm;
      out.quantize = &Set::quantize;
      out.layout = Set::layout;
      if constexpr (HasPanels<Set>) {
        out.quantize_panel = &Set::quantize_panel;
        out.panel_layout = Set::panel_layout;
      }
      out.rope = &Set::rope;
      out.store_keys = &Set::store_keys;
      out.store_values = &Set::store_values;
      out.attention = &Set::attention;
      out.attention_blocks = &Set::attention_blocks;
      out.attention_merge = &Set::attention_merge;
      out.add = &Set::add;
      out.activate = &Set::activate;
      out.soft_cap = &Set::soft_cap;
      out.formats = formats;
      return out;
    }();
    return table;
  }
};

// The table of a target for a list of formats; made on first use, then constant.
template <class Set, class Formats>
const KernelTable& table_of() {
  return TableOf<Set, Formats>::get();
}

}  // namespace lamina::kernels
