// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Groups of the formats whose blocks are 32 to 128 weights. Block layouts are in lamina/quant.
#pragma once

#include "lamina/kernels/cuda/group.hpp"
#include "lamina/quant/iq4_nl.hpp"
#include "lamina/quant/mxfp4.hpp"
#include "lamina/quant/nvfp4.hpp"
#include "lamina/quant/q1_0.hpp"
#include "lamina/quant/q2_0.hpp"
#include "lamina/quant/q4_0.hpp"
#include "lamina/quant/q4_1.hpp"
#include "lamina/quant/q5_0.hpp"
#include "lamina/quant/q5_1.hpp"
#include "lamina/quant/q8_0.hpp"

namespace lamina::gpu {

// Sixteen bytes of two nibbles: the low ones are the first sixteen weights.
template <int Align>
LAMINA_HOST_DEVICE inline void nibbles(const void* p, std::uint32_t* q /* [8] */) {
  std::uint32_t w[4];
  words<Align, 4>(p, w);
  LAMINA_UNROLL
  for (int i = 0; i < 4; ++i) {
    q[i] = w[i] & 0x0f0f0f0fu;
    q[i + 4] = w[i] >> 4 & 0x0f0f0f0fu;
  }
}

// Bit i of `bits` becomes bit 4 of byte i.
LAMINA_HOST_DEVICE inline void add_fifth_bits(std::uint32_t bits, std::uint32_t* q /* [8] */) {
  LAMINA_UNROLL
  for (int i = 0; i < 8; ++i) q[i] |= bits4(bits >> 4 * i & 15) << 4;
}

template <>
struct Group<quant::Q4_0> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    Group32 out = scaled(half_at(b), 8);
    nibbles<2>(b + 2, out.q);
    return out;
  }
};

template <>
struct Group<quant::Q4_1> : GroupTraits<false, true> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    const std::uint32_t dm = word<4>(b);
    Group32 out = scaled(half_value(dm & 0xffffu), 0);
    out.m[0] = out.m[1] = -half_value(dm >> 16);
    nibbles<4>(b + 4, out.q);
    return out;
  }
};

template <>
struct Group<quant::Q5_0> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    Group32 out = scaled(half_at(b), 16);
    nibbles<2>(b + 6, out.q);
    add_fifth_bits(word<2>(b + 2), out.q);
    return out;
  }
};

template <>
struct Group<quant::Q5_1> : GroupTraits<false, true> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    const std::uint32_t dm = word<4>(b);
    Group32 out = scaled(half_value(dm & 0xffffu), 0);
    out.m[0] = out.m[1] = -half_value(dm >> 16);
    nibbles<8>(b + 8, out.q);
    add_fifth_bits(word<4>(b + 4), out.q);
    return out;
  }
};

template <>
struct Group<quant::Q8_0> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    Group32 out = scaled(half_at(b), 0);
    words<2, 8>(b + 2, out.q);
    return out;
  }
};

// Four weights in two bits each as four bytes.
LAMINA_HOST_DEVICE inline std::uint32_t pairs4(std::uint32_t byte) {
  return (byte & 3u) | (byte & 12u) << 6 | (byte & 48u) << 12 | (byte & 192u) << 18;
}

template <>
struct Group<quant::Q2_0> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = scaled(half_at(b), 1);
    std::uint32_t w[2];
    words<2, 2>(b + 2 + 8 * j, w);
    for (int i = 0; i < 8; ++i) out.q[i] = pairs4(w[i / 4] >> 8 * (i % 4) & 255);
    return out;
  }
};

template <>
struct Group<quant::Q1_0> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = scaled(half_at(b), 1);
    const std::uint32_t bits = word<2>(b + 2 + 4 * j);
    for (int i = 0; i < 8; ++i) out.q[i] = bits4(bits >> 4 * i & 15) << 1;  // 2 or 0, less one
    return out;
  }
};

// ---- nibbles that name one of sixteen levels

template <class Level>
struct LevelWords {
  std::uint32_t list[4];
};
template <class Level>
LAMINA_HOST_DEVICE constexpr LevelWords<Level> level_words() {
  LevelWords<Level> out{};
  for (int i = 0; i < 16; ++i) {
    out.list[i / 4] |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(Level::level(i))) << 8 * (i % 4);
  }
  return out;
}
template <class Level>
LAMINA_HOST_DEVICE inline void to_levels(std::uint32_t* q /* [8] */) {
  constexpr LevelWords<Level> table = level_words<Level>();
  const std::uint32_t list[4] = {table.list[0], table.list[1], table.list[2], table.list[3]};
  for (int i = 0; i < 8; ++i) q[i] = choose4(list, q[i]);
}

template <>
struct Group<quant::IQ4_NL> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    Group32 out = scaled(half_at(b), 0);
    nibbles<2>(b + 2, out.q);
    to_levels<quant::Iq4Levels>(out.q);
    return out;
  }
};

template <>
struct Group<quant::MXFP4> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t) {
    Group32 out = scaled(quant::MXFP4::scale(static_cast<std::uint8_t>(byte_at(b))), 0);
    nibbles<1>(b + 1, out.q);
    to_levels<quant::Fp4>(out.q);
    return out;
  }
};

// A scale for sixteen weights, whose nibbles are eight bytes: the low ones are the first eight weights.
template <>
struct Group<quant::NVFP4> : GroupTraits<true, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = scaled(0, 0);
    for (std::uint32_t h = 0; h < 2; ++h) {
      out.d[h] = quant::NVFP4::scale(static_cast<std::uint8_t>(byte_at(b + 2 * j + h)));
      std::uint32_t w[2];
      words<4, 2>(b + 4 + 16 * j + 8 * h, w);
      for (std::uint32_t i = 0; i < 2; ++i) {
        out.q[4 * h + i] = w[i] & 0x0f0f0f0fu;
        out.q[4 * h + i + 2] = w[i] >> 4 & 0x0f0f0f0fu;
      }
    }
    to_levels<quant::Fp4>(out.q);
    return out;
  }
};

}  // namespace lamina::gpu
