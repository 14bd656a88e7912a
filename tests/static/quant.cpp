// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the formats promise at compile time.
#include "lamina/quant/registry.hpp"

namespace lamina::quant {

template <class... Fs>
constexpr bool all_formats(TypeList<Fs...>) {
  return (QuantFormat<Fs> && ...);
}
static_assert(all_formats(AllFormats{}), "a format of the registry lacks something of concept QuantFormat");

static_assert(bytes_per_row<Q4_0>(64) == 36);
static_assert(bytes_per_row<Q4_K>(256) == 144);
static_assert(!bytes_per_row<Q6_K>(128));

// scale and minimum of PackedScales are what pack() was given
constexpr bool packs() {
  const int scales[8] = {0, 1, 15, 16, 31, 32, 47, 63};
  const int minima[8] = {63, 48, 33, 17, 16, 8, 2, 0};
  std::uint8_t packed[12] = {};
  PackedScales::pack(scales, minima, packed);
  for (int j = 0; j < 8; ++j) {
    if (PackedScales::scale(packed, j) != scales[j] || PackedScales::minimum(packed, j) != minima[j]) return false;
  }
  return true;
}
static_assert(packs());

}  // namespace lamina::quant
