// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the GPU sees of a format of small integers: 32 consecutive weights of a row as signed bytes with scales. One
// unpack per format serves decode, prefill and the embedding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/kernels/cuda/bits.hpp"

namespace lamina::gpu {

// weight i = d[h] · (byte i − zero) − m[h], h = i / 16; byte i is bits 8 (i % 4) … of q[i / 4].
struct Group32 {
  std::uint32_t q[8];
  float d[2];
  float m[2];
  int zero;
};

LAMINA_HOST_DEVICE inline float weight_of(const Group32& g, int i) {
  return g.d[i / 16] * static_cast<float>(signed_byte(g.q[i / 4], i % 4) - g.zero) - g.m[i / 16];
}

// Of a format: Group<Format>::load(block, j) is group j of a block, which may stand where blocks of its size do in
// aligned memory. halves: the two halves have scales of their own; minima: m is not 0; both so that what a format does
// not need is not computed.
template <class Format>
struct Group {
  static_assert(sizeof(Format) == 0, "for GPUs a format of integers needs Group in kernels/cuda/group_*.hpp");
};

template <bool Halves, bool Minima>
struct GroupTraits {
  static constexpr bool halves = Halves, minima = Minima;
};

template <class Format>
LAMINA_HOST_DEVICE Group32 load_group(const std::byte* row, std::uint32_t g) {
  constexpr std::uint32_t n = Format::block_size / 32;  // groups in a block
  return Group<Format>::load(row + std::size_t{g / n} * sizeof(typename Format::Block), g % n);
}

LAMINA_HOST_DEVICE inline Group32 scaled(float d, int zero) { return {{}, {d, d}, {0, 0}, zero}; }

}  // namespace lamina::gpu
