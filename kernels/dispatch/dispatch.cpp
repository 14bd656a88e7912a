// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The compiled library's list of targets: what was compiled, filtered by what the CPU has and the operating system
// lets programs use.
#include "lamina/kernels/dispatch/dispatch.hpp"
//

#include "lamina/kernels/highway/highway.hpp"
//
#include <hwy/targets.h>

#include "lamina/kernels/dispatch/cpu.hpp"
#include "lamina/kernels/highway/bf16.hpp"

namespace lamina::kernels {
namespace {

struct Targets {
  std::array<const KernelTable*, 8> tables{};
  std::size_t n = 0;

  void add(const KernelTable& table) { tables[n++] = &table; }
  template <std::int64_t Target>
  void add_if(std::int64_t supported) {
    if ((supported & Target) != 0) add(table_of<HighwayKernels<Target>, quant::Formats>());
  }
};

#if (HWY_TARGETS & HWY_AVX3_DL) != 0
// When a format's prefill is in bfloat16.
enum class Bf16Use : std::uint8_t { Never, EightBits, All };  // never, in sessions that asked for eight bits, in all

struct Bf16Choice {
  Bf16Engine engine;
  std::string_view target;
  Bf16Use floats;
  Bf16Use integers;
};

// The target with AVX-512 VNNI, and prefill in bfloat16.
class Bf16Table {
 public:
  explicit Bf16Table(const Bf16Choice& choice) : table_(table_of<HighwayKernels<HWY_AVX3_DL>, Formats>()) {
    for_each_type(Formats{}, [&](auto format) {
      using Format = typename decltype(format)::type;
      KernelTable::PerFormat& entry = formats_.emplace_back(*table_.find(Format::type_id));
      if constexpr (has_bf16_panels<Format>) {
        const Bf16Use use = is_float_format<Format> ? choice.floats : choice.integers;
        if (use == Bf16Use::Never) return;
        entry.matmul_bf16 = Bf16Panels<Format>::matmul(choice.engine);
        entry.bf16_kernel = bf16_kernel(choice.engine);
        entry.bf16_always = use == Bf16Use::All;
        entry.matmul_split = Bf16Panels<Format>::matmul_split(choice.engine);
        if (entry.matmul_split != nullptr) entry.split_kernel = split_kernel(choice.engine);
      }
    });
    table_.target = choice.target;
    table_.round_bf16 = bf16_rounding(choice.engine);
    table_.bf16_rows = bf16_task_rows(choice.engine);
    table_.attention_bf16 = bf16_attention(choice.engine);
    table_.attention_bf16_kernel = bf16_attention_kernel(choice.engine);
    table_.formats = formats_;
    table_.slow = choice.engine == Bf16Engine::Emulated;
  }
  Bf16Table(const Bf16Table&) = delete;
  Bf16Table& operator=(const Bf16Table&) = delete;

  KernelTable& get() { return table_; }

 private:
  using Formats = quant::Formats;
  KernelTable table_;
  std::vector<KernelTable::PerFormat> formats_;
};

// Floats have exact kernels, which bfloat16 is far from. Dot products of bytes beat those of bfloat16, but tiles should
// beat both, and integers lose to them about a sixth of what they would lose to eight bits of activations.
constexpr Bf16Use tiles_for_floats = Bf16Use::EightBits, tiles_for_integers = Bf16Use::All;

constexpr std::string_view vnni = HighwayTarget<HWY_AVX3_DL>::name;

void add_vnni(Targets& found) {
  if (!has_avx512_bf16()) return found.add(table_of<HighwayKernels<HWY_AVX3_DL>, quant::Formats>());
  const Amx amx = use_amx();
  if (amx == Amx::Granted) {
    static Bf16Table tiles({Bf16Engine::Tiles, "avx512-amx", tiles_for_floats, tiles_for_integers});
    found.add(tiles.get());
  }
  static Bf16Table dot({Bf16Engine::Dot, vnni, Bf16Use::EightBits, Bf16Use::Never});
  if (amx == Amx::Refused) dot.get().note = amx_refused;
  found.add(dot.get());
}
#endif

Targets find_targets() {
  Targets found;
  const auto supported = static_cast<std::int64_t>(hwy::SupportedTargets());
#if (HWY_TARGETS & HWY_AVX3_DL) != 0
  const bool gfni_hidden = (supported & HWY_AVX3_DL) != 0 && !has_gfni();
  if ((supported & HWY_AVX3_DL) != 0 && !gfni_hidden) add_vnni(found);
#endif
#if (HWY_TARGETS & HWY_AVX3) != 0
  found.add_if<HWY_AVX3>(supported);
#endif
#if (HWY_TARGETS & HWY_AVX2) != 0
  found.add_if<HWY_AVX2>(supported);
#endif
#if (HWY_TARGETS & HWY_SSE4) != 0
  found.add_if<HWY_SSE4>(supported);
#endif
#if (HWY_TARGETS & HWY_NEON) != 0
  found.add_if<HWY_NEON>(supported);
#endif
  found.add(table_of<ReferenceKernels, quant::Formats>());
#if (HWY_TARGETS & HWY_AVX3_DL) != 0
  if (gfni_hidden) {
    static KernelTable best = *found.tables[0];
    best.note = "the processor has AVX-512 VNNI, but GFNI, which its kernels need, is hidden";
    found.tables[0] = &best;
  }
#endif
  return found;
}

}  // namespace

template <>
std::span<const KernelTable* const> available_targets<quant::Formats>() {
  static const Targets found = find_targets();
  return {found.tables.data(), found.n};
}

std::span<const KernelTable* const> test_targets() {
#if (HWY_TARGETS & HWY_AVX3_DL) != 0
  if ((static_cast<std::int64_t>(hwy::SupportedTargets()) & HWY_AVX3_DL) != 0 && has_gfni() && has_avx512_bf16()) {
    static Bf16Table dot({Bf16Engine::Dot, "avx512-bf16", Bf16Use::All, Bf16Use::All});
    static Bf16Table tiles({Bf16Engine::Emulated, "avx512-amx-emulated", tiles_for_floats, tiles_for_integers});
    static const std::array<const KernelTable*, 2> tables = {&dot.get(), &tiles.get()};
    return tables;
  }
#endif
  return {};
}

}  // namespace lamina::kernels
