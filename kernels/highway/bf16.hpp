// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Prefill in bfloat16: what processors with AVX-512 VNNI may have beyond that target, which Highway does not
// distinguish. dispatch adds it to the target's table where the machine has it.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "lamina/kernels/kernel_set.hpp"
#include "lamina/quant/f32.hpp"

namespace lamina::kernels {

// What multiplies the panels.
enum class Bf16Engine : std::uint8_t {
  Dot,       // VDPBF16PS
  Tiles,     // Intel AMX; the thread's tile registers are used
  Emulated,  // the same in AVX-512, bit by bit, for tests
};

// All formats but F32, of which bfloat16 would lose too much.
template <class Format>
inline constexpr bool has_bf16_panels = !std::is_same_v<Format, quant::F32>;

// Needs AVX512_BF16, and AMX-TILE, AMX-BF16 and the system's permission for Tiles.
template <class Format>
struct Bf16Panels {
  static MatmulFn matmul(Bf16Engine engine);
  // In split bfloat16: F16 and BF16. Null for others, and for Dot.
  static MatmulFn matmul_split(Bf16Engine engine);
};

// How an engine reads activations (KernelTable::round_bf16), and rows of its tasks.
using RoundBf16Fn = void (*)(const RoundArgs&);
RoundBf16Fn bf16_rounding(Bf16Engine engine);
constexpr std::size_t bf16_task_rows(Bf16Engine engine) { return engine == Bf16Engine::Dot ? 2 * panel_rows : 256; }

constexpr std::string_view split_kernel(Bf16Engine engine) {
  return engine == Bf16Engine::Tiles ? "split bf16 panel amx" : "split bf16 panel amx-emulated";
}

// Attention in bfloat16 (KernelTable::attention_bf16); null with Dot, which has none.
using AttentionFn = void (*)(const AttentionArgs&);
AttentionFn bf16_attention(Bf16Engine engine);
constexpr std::string_view bf16_attention_kernel(Bf16Engine engine) {
  return engine == Bf16Engine::Tiles ? "bf16 amx" : engine == Bf16Engine::Emulated ? "bf16 amx-emulated" : "";
}

constexpr std::string_view bf16_kernel(Bf16Engine engine) {
  switch (engine) {
    case Bf16Engine::Dot: return "bf16 panel avx512";
    case Bf16Engine::Tiles: return "bf16 panel amx";
    case Bf16Engine::Emulated: return "bf16 panel amx-emulated";
  }
  return "?";
}

}  // namespace lamina::kernels
