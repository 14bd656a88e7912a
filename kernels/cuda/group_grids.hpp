// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Groups of IQ1 to IQ3: points of grids, from tables that the compiler makes and device memory holds.
#pragma once

#include <type_traits>

#include "lamina/kernels/cuda/group.hpp"
#include "lamina/quant/iq1_m.hpp"
#include "lamina/quant/iq1_s.hpp"
#include "lamina/quant/iq2_s.hpp"
#include "lamina/quant/iq2_xs.hpp"
#include "lamina/quant/iq2_xxs.hpp"
#include "lamina/quant/iq3_s.hpp"
#include "lamina/quant/iq3_xxs.hpp"

namespace lamina::gpu {

// [point]: its levels as bytes, the first lowest.
template <class Grid>
struct GridWords {
  using Word = std::conditional_t<Grid::dim == 8, std::uint64_t, std::uint32_t>;
  Word points[std::size_t{Grid::n_points}];

  static constexpr GridWords make() {
    GridWords out{};
    for (int p = 0; p < Grid::n_points; ++p) {
      for (int i = 0; i < Grid::dim; ++i) {
        const auto level = static_cast<std::uint8_t>(Grid::level(Grid::constant_digit(p, i)));
        out.points[p] |= static_cast<Word>(level) << 8 * i;
      }
    }
    return out;
  }
};
template <class Grid>
LAMINA_HOST_DEVICE inline typename GridWords<Grid>::Word grid_point(std::uint32_t p) {
  static constexpr GridWords<Grid> table = GridWords<Grid>::make();
  return table.points[p];
}

// Point p of eight weights with eight signs.
template <class Grid>
LAMINA_HOST_DEVICE inline void put_eight(std::uint32_t p, unsigned signs, std::uint32_t* q /* [2] */) {
  const std::uint64_t levels = grid_point<Grid>(p);
  q[0] = negate4(static_cast<std::uint32_t>(levels), mask4(signs & 15));
  q[1] = negate4(static_cast<std::uint32_t>(levels >> 32), mask4(signs >> 4 & 15));
}
LAMINA_HOST_DEVICE inline unsigned eighth_sign(std::uint32_t seven) {
  return static_cast<unsigned>(quant::even_signs(seven & 127));
}
LAMINA_HOST_DEVICE inline float odd_scale(float d, std::uint32_t s, float part) {
  return d * static_cast<float>(2 * s + 1) * part;
}

template <>
struct Group<quant::IQ2_XXS> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    std::uint32_t w[2];
    words<2, 2>(b + 2 + 8 * j, w);
    Group32 out = scaled(odd_scale(half_at(b), w[1] >> 28, 0.125f), 0);
    for (int l = 0; l < 4; ++l) {
      put_eight<quant::Iq2XxsGrid>(w[0] >> 8 * l & 255, eighth_sign(w[1] >> 7 * l), out.q + 2 * l);
    }
    return out;
  }
};

template <>
struct Group<quant::IQ2_XS> : GroupTraits<true, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    const float d = half_at(b);
    const std::uint32_t s = byte_at(b + 66 + j);
    Group32 out = scaled(0, 0);
    out.d[0] = odd_scale(d, s & 15, 0.125f);
    out.d[1] = odd_scale(d, s >> 4, 0.125f);
    for (int l = 0; l < 4; ++l) {
      const std::uint32_t point = half_word(b + 2 + 8 * j + 2 * l);
      put_eight<quant::Iq2XsGrid>(point & 511, eighth_sign(point >> 9), out.q + 2 * l);
    }
    return out;
  }
};

template <>
struct Group<quant::IQ2_S> : GroupTraits<true, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    const float d = half_at(b);
    const std::uint32_t s = byte_at(b + 74 + j), high = byte_at(b + 66 + j);
    const std::uint32_t low = word<2>(b + 2 + 4 * j), signs = word<2>(b + 34 + 4 * j);
    Group32 out = scaled(0, 0);
    out.d[0] = odd_scale(d, s & 15, 0.125f);
    out.d[1] = odd_scale(d, s >> 4, 0.125f);
    for (int l = 0; l < 4; ++l) {
      const std::uint32_t point = (low >> 8 * l & 255) | (high >> 2 * l & 3) << 8;
      put_eight<quant::Iq2SGrid>(point, signs >> 8 * l & 255, out.q + 2 * l);
    }
    return out;
  }
};

template <>
struct Group<quant::IQ3_XXS> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    std::uint32_t points[2];
    words<2, 2>(b + 2 + 8 * j, points);
    const std::uint32_t rest = word<2>(b + 66 + 4 * j);
    Group32 out = scaled(odd_scale(half_at(b), rest >> 28, 0.25f), 0);
    for (int l = 0; l < 8; ++l) {
      const unsigned signs = eighth_sign(rest >> 7 * (l / 2)) >> 4 * (l % 2);
      out.q[l] = negate4(grid_point<quant::Iq3XxsGrid>(points[l / 4] >> 8 * (l % 4) & 255), mask4(signs & 15));
    }
    return out;
  }
};

template <>
struct Group<quant::IQ3_S> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    std::uint32_t low[2];
    words<2, 2>(b + 2 + 8 * j, low);
    const std::uint32_t high = byte_at(b + 66 + j), signs = word<2>(b + 74 + 4 * j);
    const std::uint32_t s = byte_at(b + 106 + j / 2) >> 4 * (j % 2) & 15;
    Group32 out = scaled(odd_scale(half_at(b), s, 1), 0);
    for (int l = 0; l < 8; ++l) {
      const std::uint32_t point = (low[l / 4] >> 8 * (l % 4) & 255) | (high >> l & 1) << 8;
      out.q[l] = negate4(grid_point<quant::Iq3SGrid>(point), mask4(signs >> 4 * l & 15));
    }
    return out;
  }
};

// Levels −8, 0, 8 and delta in every byte: −9 to 9, added without carries between bytes.
LAMINA_HOST_DEVICE inline void put_ternary(std::uint32_t p, bool minus, std::uint32_t* q /* [2] */) {
  const std::uint64_t levels = grid_point<quant::Iq1Grid>(p);
  const std::uint32_t delta = minus ? 0xffffffffu : 0x01010101u;
  for (int i = 0; i < 2; ++i) {
    const auto x = static_cast<std::uint32_t>(levels >> 32 * i);
    q[i] = ((x & 0x7f7f7f7fu) + (delta & 0x7f7f7f7fu)) ^ ((x ^ delta) & 0x80808080u);
  }
}

template <>
struct Group<quant::IQ1_S> : GroupTraits<false, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    const std::uint32_t low = word<2>(b + 2 + 4 * j), h = half_word(b + 34 + 2 * j);
    Group32 out = scaled(odd_scale(half_at(b), h >> 12 & 7, 0.125f), 0);
    for (int l = 0; l < 4; ++l) {
      put_ternary((low >> 8 * l & 255) | (h >> 3 * l & 7) << 8, (h & 0x8000u) != 0, out.q + 2 * l);
    }
    return out;
  }
};

template <>
struct Group<quant::IQ1_M> : GroupTraits<true, false> {
  LAMINA_HOST_DEVICE static Group32 load(const std::byte* b, std::uint32_t j) {
    std::uint32_t scales[2];
    words<8, 2>(b + 48, scales);
    // The upper four bits of the four 16-bit words are d.
    const std::uint32_t d =
        (scales[0] >> 12 & 15) | (scales[0] >> 28) << 4 | (scales[1] >> 12 & 15) << 8 | (scales[1] >> 28) << 12;
    const std::uint32_t own = scales[j / 4] >> 16 * (j / 2 % 2) & 0xffffu;
    const float whole = half_value(d);
    const std::uint32_t low = word<4>(b + 4 * j), high = half_word(b + 32 + 2 * j);
    Group32 out = scaled(0, 0);
    for (std::uint32_t h = 0; h < 2; ++h) out.d[h] = odd_scale(whole, own >> (6 * (j % 2) + 3 * h) & 7, 0.125f);
    for (int l = 0; l < 4; ++l) {
      const std::uint32_t n = high >> 4 * l & 15;
      put_ternary((low >> 8 * l & 255) | (n & 7) << 8, (n & 8) != 0, out.q + 2 * l);
    }
    return out;
  }
};

}  // namespace lamina::gpu
