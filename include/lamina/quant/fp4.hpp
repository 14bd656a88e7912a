// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The sixteen values of a four-bit float (E2M1) times two, which MXFP4 and NVFP4 share: 0 1 2 3 4 6 8 12 and, for codes
// from 8 on, the same negated.      Numbers: OCP Microscaling Formats specification 1.0, section 5.3.3
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Fp4 {
  static constexpr int largest = 12;

  LAMINA_HOST_DEVICE static constexpr int level(int code) {
    constexpr std::int8_t levels[8] = {0, 1, 2, 3, 4, 6, 8, 12};
    return code < 8 ? levels[code] : -levels[code - 8];
  }
  // The code whose level is nearest to x.
  LAMINA_HOST_DEVICE static constexpr int nearest(float x) {
    const float m = absolute(x);
    const int code = (m > 0.5f) + (m > 1.5f) + (m > 2.5f) + (m > 3.5f) + (m > 5) + (m > 7) + (m > 10);
    return x < 0 && code != 0 ? code + 8 : code;
  }
  LAMINA_HOST_DEVICE static float error(const float* in, int n, float scale, Importance cost) {
    const float inverse = inverse_or_zero(scale);
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      const float off = in[i] - scale * static_cast<float>(level(nearest(in[i] * inverse)));
      sum += cost[i] * off * off;
    }
    return sum;
  }
};

}  // namespace lamina::quant
