// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q1_0: y = d or −d; 128 weights in 18 bytes, 1.125 bits per weight. Bit i % 8 of byte i / 8 is set where weight i is
// d. Layout: ggml-common.h (block_q1_0), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

struct Q1_0 {
  static constexpr std::string_view name = "Q1_0";
  static constexpr std::uint32_t type_id = 41;
  static constexpr std::size_t block_size = 128;  // weights
  struct Block {
    half d;
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [128] */) {
    const float d = b.d;
    for (int i = 0; i < 128; ++i) out[i] = (b.qs[i / 8] >> i % 8 & 1) != 0 ? d : -d;
  }

  // The best d for given signs is the mean magnitude.
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [128] */, Block& b, const float* cost = nullptr) {
    const Importance weight{cost};
    float sum = 0, count = 0;
    for (std::uint8_t& q : b.qs) q = 0;
    for (int i = 0; i < 128; ++i) {
      sum += weight[i] * absolute(in[i]);
      count += weight[i];
      if (in[i] >= 0) b.qs[i / 8] = static_cast<std::uint8_t>(b.qs[i / 8] | 1 << i % 8);
    }
    b.d = half::from_float((count > 0 ? sum / count : 0.0f) + zero_or_nan(in, 128));
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Q1_0::Block) == 18);

}  // namespace lamina::quant
