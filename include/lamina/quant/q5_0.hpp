// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Q5_0: y = d · (q − 16), q in 0…31; 32 weights in 22 bytes, 5.5 bits per weight.
// Low nibbles hold weights 0-15, high nibbles 16-31; bit i of the 32 bits of qh is the fifth bit of weight i.
// Layout: ggml-common.h (block_q5_0), llama.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#include "lamina/quant/arithmetic.hpp"
#include "lamina/quant/fit.hpp"

namespace lamina::quant {

// The fifth bits of 32 weights, four bytes: bit i belongs to weight i.
struct FifthBits {
  LAMINA_HOST_DEVICE static constexpr int of(const std::uint8_t* qh /* [4] */, int i) { return qh[i / 8] >> i % 8 & 1; }
  LAMINA_HOST_DEVICE static constexpr void set(std::uint8_t* qh /* [4] */, int i, int bit) {
    qh[i / 8] = static_cast<std::uint8_t>((qh[i / 8] & ~(1 << i % 8)) | bit << i % 8);
  }
};

struct Q5_0 {
  static constexpr std::string_view name = "Q5_0";
  static constexpr std::uint32_t type_id = 6;
  static constexpr std::size_t block_size = 32;  // weights
  struct Block {
    half d;
    std::uint8_t qh[4];
    std::uint8_t qs[16];
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d;
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(((b.qs[i] & 15) | FifthBits::of(b.qh, i) << 4) - 16);
      out[i + 16] = d * static_cast<float>((b.qs[i] >> 4 | FifthBits::of(b.qh, i + 16) << 4) - 16);
    }
  }

  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(SymmetricFit::of(in, 32, -16, 15, {cost}) + zero_or_nan(in, 32));
    const float inverse = inverse_or_zero(b.d);
    for (std::uint8_t& h : b.qh) h = 0;
    for (int i = 0; i < 16; ++i) {
      const int low = round_to_int(in[i] * inverse, -16, 15) + 16;
      const int high = round_to_int(in[i + 16] * inverse, -16, 15) + 16;
      b.qs[i] = static_cast<std::uint8_t>((low & 15) | (high & 15) << 4);
      FifthBits::set(b.qh, i, low >> 4);
      FifthBits::set(b.qh, i + 16, high >> 4);
    }
  }

  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Q5_0::Block) == 22);

}  // namespace lamina::quant
