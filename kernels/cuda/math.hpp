// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What happens to single values: activations and the ends of products.
#pragma once

#include <cmath>

#include "lamina/kernels/cuda/args.hpp"
#include "lamina/kernels/cuda/context.hpp"

namespace lamina::gpu {

LAMINA_DEVICE float activated(ActivationKind kind, float x) {
  switch (kind) {
    case ActivationKind::Silu: return x / (1.0f + expf(-x));
    case ActivationKind::GeluTanh: return 0.5f * x * (1.0f + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
    case ActivationKind::GeluErf: return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    case ActivationKind::Relu: return x < 0 ? 0.0f : x;
    case ActivationKind::ReluSquared: return x < 0 ? 0.0f : x * x;
    case ActivationKind::SwigluOai: break;
  }
  const float y = x > 7 ? 7.0f : x;
  return y / (1.0f + expf(-1.702f * y));
}

// f(gate) · up
LAMINA_DEVICE float gated(ActivationKind kind, float gate, float up) {
  const float factor = kind == ActivationKind::SwigluOai ? (up < -7 ? -7.0f : up > 7 ? 7.0f : up) + 1 : up;
  return activated(kind, gate) * factor;
}

// y into row `row`, value `i`.
LAMINA_DEVICE void finish(const End& end, std::uint32_t row, std::uint32_t i, float y) {
  if (end.clamp != 0) y = y < -end.clamp ? -end.clamp : y > end.clamp ? end.clamp : y;
  if (end.weight != nullptr) y *= end.weight[row];
  if (end.scale != 1) y *= end.scale;
  if (end.cap != 0) y = end.cap * tanhf(y / end.cap);
  if (end.sigmoid) y = 1.0f / (1.0f + expf(-y));
  float* to = end.out + std::size_t{row} * end.stride + i;
  *to = end.add ? *to + y : y;
}

}  // namespace lamina::gpu
