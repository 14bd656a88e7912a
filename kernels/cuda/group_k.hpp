// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Groups of the K-quants, of IQ4_XS and of the ternary formats: blocks of 256 weights, eight groups each.
#pragma once

#include "lamina/kernels/cuda/group_simple.hpp"
#include "lamina/quant/iq4_xs.hpp"
#include "lamina/quant/q2_k.hpp"
#include "lamina/quant/q3_k.hpp"
#include "lamina/quant/q4_k.hpp"
#include "lamina/quant/q5_k.hpp"
#include "lamina/quant/q6_k.hpp"
#include "lamina/quant/tq1_0.hpp"
#include "lamina/quant/tq2_0.hpp"

namespace lamina::gpu {

// 32 bytes of four two-bit fields: field k of each.
template <int Align>
LAMINA_HOST_DEVICE inline void two_bits(const void* p, std::uint32_t k, std::uint32_t* q /* [8] */) {
  words<Align, 8>(p, q);
  for (int i = 0; i < 8; ++i) q[i] = q[i] >> 2 * k & 0x03030303u;
}

template <>
struct Group<quant::Q2_K> : GroupTraits<true, true> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    const std::uint32_t dm = word<4>(b + 80);
    const float d = half_value(dm & 0xffffu), dmin = half_value(dm >> 16);
    Group32 out = scaled(0, 0);
    for (std::uint32_t h = 0; h < 2; ++h) {
      const std::uint32_t s = byte_at(b + 2 * j + h);
      out.d[h] = d * static_cast<float>(s & 15);
      out.m[h] = dmin * static_cast<float>(s >> 4);
    }
    two_bits<4>(b + 16 + 32 * (j / 4), j % 4, out.q);
    return out;
  }
};

template <>
struct Group<quant::Q3_K> : GroupTraits<true, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    std::uint8_t packed[12];
    for (int i = 0; i < 3; ++i) {
      const std::uint32_t w = word<2>(b + 96 + 4 * i);
      for (int k = 0; k < 4; ++k) packed[4 * i + k] = static_cast<std::uint8_t>(w >> 8 * k & 255);
    }
    const float d = half_at(b + 108);
    Group32 out = scaled(0, 4);
    for (std::uint32_t h = 0; h < 2; ++h) {
      out.d[h] = d * static_cast<float>(quant::Q3_K::scale(packed, static_cast<int>(2 * j + h)));
    }
    two_bits<2>(b + 32 + 32 * (j / 4), j % 4, out.q);
    std::uint32_t high[8];
    words<2, 8>(b, high);
    for (int i = 0; i < 8; ++i) out.q[i] |= (high[i] >> j & 0x01010101u) << 2;
    return out;
  }
};

// Scale and minimum j of the twelve bytes that Q4_K and Q5_K share.
LAMINA_HOST_DEVICE inline Group32 packed_scales(const std::byte* b, std::uint32_t j) {
  std::uint32_t w[4];
  words<16, 4>(b, w);
  const float d = half_value(w[0] & 0xffffu), dmin = half_value(w[0] >> 16);
  // Bytes i % 4 of the three words: of scales, of minima, and of the rest.
  const std::uint32_t at = 8 * (j % 4);
  const std::uint32_t a = w[1] >> at & 255, c = w[2] >> at & 255, e = w[3] >> at & 255;
  const std::uint32_t scale = j < 4 ? a & 63 : (e & 15) | (a >> 6) << 4;
  const std::uint32_t minimum = j < 4 ? c & 63 : e >> 4 | (c >> 6) << 4;
  Group32 out = scaled(d * static_cast<float>(scale), 0);
  out.m[0] = out.m[1] = dmin * static_cast<float>(minimum);
  return out;
}
// 32 bytes of nibbles: the low ones are group j when it is even.
template <int Align>
LAMINA_HOST_DEVICE inline void half_of_nibbles(const void* p, std::uint32_t j, std::uint32_t* q /* [8] */) {
  words<Align, 8>(p, q);
  for (int i = 0; i < 8; ++i) q[i] = q[i] >> 4 * (j & 1) & 0x0f0f0f0fu;
}

template <>
struct Group<quant::Q4_K> : GroupTraits<false, true> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = packed_scales(b, j);
    half_of_nibbles<16>(b + 16 + 32 * (j / 2), j, out.q);
    return out;
  }
};

template <>
struct Group<quant::Q5_K> : GroupTraits<false, true> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = packed_scales(b, j);
    half_of_nibbles<16>(b + 48 + 32 * (j / 2), j, out.q);
    std::uint32_t high[8];
    words<16, 8>(b + 16, high);
    for (int i = 0; i < 8; ++i) out.q[i] |= (high[i] >> j & 0x01010101u) << 4;
    return out;
  }
};

template <>
struct Group<quant::Q6_K> : GroupTraits<true, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    const std::uint32_t h = j / 4, k = j % 4;
    const float d = half_at(b + 208);
    const std::uint32_t scales = half_word(b + 192 + 2 * j);
    Group32 out = scaled(0, 32);
    out.d[0] = d * static_cast<float>(signed_byte(scales, 0));
    out.d[1] = d * static_cast<float>(signed_byte(scales, 1));
    half_of_nibbles<2>(b + 64 * h + 32 * (k % 2), k / 2, out.q);
    std::uint32_t high[8];
    words<2, 8>(b + 128 + 32 * h, high);
    for (int i = 0; i < 8; ++i) out.q[i] |= (high[i] >> 2 * k & 0x03030303u) << 4;
    return out;
  }
};

template <>
struct Group<quant::IQ4_XS> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    const std::uint32_t head = word<8>(b), low = byte_at(b + 4 + j / 2) >> 4 * (j % 2) & 15;
    const int scale = static_cast<int>(low | (head >> (16 + 2 * j) & 3) << 4) - 32;
    Group32 out = scaled(half_value(head & 0xffffu) * static_cast<float>(scale), 0);
    nibbles<8>(b + 8 + 16 * j, out.q);
    to_levels<quant::Iq4Levels>(out.q);
    return out;
  }
};

template <>
struct Group<quant::TQ2_0> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = scaled(half_at(b + 64), 1);
    two_bits<2>(b + 32 * (j / 4), j % 4, out.q);
    return out;
  }
};

template <>
struct Group<quant::TQ1_0> : GroupTraits<false, false> {
  // Digits of weights 32 j + 4 i …, whose bytes are neighbours.
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    Group32 out = scaled(half_at(b + 52), 1);
    for (std::uint32_t i = 0; i < 8; ++i) {
      const quant::TQ1_0::Place at = quant::TQ1_0::place(static_cast<int>(32 * j + 4 * i));
      const std::uint32_t w = word<2>(b + at.byte);
      std::uint32_t q = 0;
      for (int n = 0; n < 4; ++n) {
        const auto byte = static_cast<std::uint8_t>(w >> 8 * n & 255);
        q |= static_cast<std::uint32_t>(quant::TQ1_0::digit(byte, at.n)) << 8 * n;
      }
      out.q[i] = q;
    }
    return out;
  }
};

}  // namespace lamina::gpu
