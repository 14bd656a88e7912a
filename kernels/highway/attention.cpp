// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention, and the stores into its cache.
#include "lamina/kernels/highway/highway.hpp"
//
#include <cstring>
#include <type_traits>
#include <utility>

#include "lamina/kernels/highway/bf16.hpp"
#include "lamina/kernels/inline.hpp"
#include "lamina/kernels/tile_scratch.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lamina/kernels/highway/attention.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>
//
#include "lamina/kernels/highway/target.hpp"

#if HWY_TARGET == HWY_AVX3_DL
HWY_BEFORE_NAMESPACE();
namespace lamina::kernels::HWY_NAMESPACE {
#include "lamina/kernels/generic/attention_tiles.hpp"
}  // namespace lamina::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
namespace lamina::kernels {

template <>
void HighwayKernels<HWY_TARGET>::store_keys(const StoreArgs& a) {
  HWY_NAMESPACE::store_keys(a);
}
template <>
void HighwayKernels<HWY_TARGET>::store_values(const StoreArgs& a) {
  HWY_NAMESPACE::store_values(a);
}
template <>
void HighwayKernels<HWY_TARGET>::attention(const AttentionArgs& a) {
  HWY_NAMESPACE::attention(a);
}
template <>
void HighwayKernels<HWY_TARGET>::attention_blocks(const AttentionArgs& a, std::size_t begin, std::size_t end,
                                                  float* partials) {
  HWY_NAMESPACE::attention_blocks(a, begin, end, partials);
}
template <>
void HighwayKernels<HWY_TARGET>::attention_merge(const AttentionArgs& a, const float* partials) {
  HWY_NAMESPACE::attention_merge(a, partials);
}
#if HWY_TARGET == HWY_AVX3_DL
AttentionFn bf16_attention(Bf16Engine engine) {
  namespace target = HWY_NAMESPACE;
  switch (engine) {
    case Bf16Engine::Dot: return nullptr;
    case Bf16Engine::Tiles: return &target::AttentionTiles<target::AmxTiles>::run;
    case Bf16Engine::Emulated: return &target::AttentionTiles<target::EmulatedTiles>::run;
  }
  return nullptr;
}
#endif

}  // namespace lamina::kernels
#endif
