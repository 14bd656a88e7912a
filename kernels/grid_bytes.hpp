// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The grids of IQ1 to IQ3 with a signed byte per level, so that a point is one integer. Expanded at compile time from
// the packed points of lamina/quant.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lamina/quant/grid.hpp"

namespace lamina::kernels {

// The bytes of an integer are in memory order: the first weight lowest on a little-endian machine.
constexpr std::uint64_t byte_in_word(std::uint64_t byte, int i, int n) {
  return byte << 8 * (std::endian::native == std::endian::little ? i : n - 1 - i);
}

// [point]: Grid::dim levels.
template <class Grid, class Word>
constexpr auto expand_grid() {
  static_assert(sizeof(Word) == Grid::dim);
  std::array<Word, std::size_t{Grid::n_points}> out{};
  for (int p = 0; p < Grid::n_points; ++p) {
    std::uint64_t word = 0;
    for (int i = 0; i < Grid::dim; ++i) {
      word |= byte_in_word(static_cast<std::uint8_t>(Grid::level(Grid::constant_digit(p, i))), i, Grid::dim);
    }
    out[static_cast<std::size_t>(p)] = static_cast<Word>(word);
  }
  return out;
}
inline constexpr auto iq2_xxs_bytes = expand_grid<quant::Iq2XxsGrid, std::uint64_t>();
inline constexpr auto iq2_xs_bytes = expand_grid<quant::Iq2XsGrid, std::uint64_t>();
inline constexpr auto iq2_s_bytes = expand_grid<quant::Iq2SGrid, std::uint64_t>();
inline constexpr auto iq3_xxs_bytes = expand_grid<quant::Iq3XxsGrid, std::uint32_t>();
inline constexpr auto iq3_s_bytes = expand_grid<quant::Iq3SGrid, std::uint32_t>();
inline constexpr auto iq1_bytes = expand_grid<quant::Iq1Grid, std::uint64_t>();

}  // namespace lamina::kernels
