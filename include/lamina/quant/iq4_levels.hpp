// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The sixteen levels of IQ4_NL and IQ4_XS, denser near zero.      Numbers: ggml-common.h (kvalues_iq4nl), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Iq4Levels {
  static constexpr int size = 16;
  static constexpr float reach = 1.6f;

  LAMINA_HOST_DEVICE static constexpr int level(int i) {
    constexpr std::int8_t levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    return levels[i];
  }
  LAMINA_HOST_DEVICE static constexpr float value(int i) { return static_cast<float>(level(i)); }

  // Half-way between level i and the next.
  static constexpr float middles[15] = {-115.5f, -93.5f, -74,   -57,   -42, -28.5f, -16, -4.5f,
                                        7,       19,     31.5f, 45.5f, 61,  79,     101};
  static constexpr int nearest(float x) {
    int below = x > middles[7] ? 8 : 0;
    below += x > middles[below + 3] ? 4 : 0;
    below += x > middles[below + 1] ? 2 : 0;
    below += x > middles[below] ? 1 : 0;
    return below;
  }
};

}  // namespace lamina::quant
