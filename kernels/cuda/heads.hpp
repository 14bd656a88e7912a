// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Between projection and attention: norms of heads, rotation, and the cache write. A block takes one head of one token:
// first all query heads, then those of keys, then those of values.
#pragma once

#include "lamina/kernels/cuda/cache.hpp"
#include "lamina/kernels/cuda/math.hpp"
#include "lamina/kernels/cuda/staging.hpp"

namespace lamina::gpu {

inline constexpr unsigned heads_threads = 128;

// Shared memory: scratch, then a head.
LAMINA_HOST_DEVICE inline std::size_t heads_shared(const HeadsArgs& a) {
  return 64 + std::size_t{a.key_dim > a.value_dim ? a.key_dim : a.value_dim} * 4;
}

// Grid: n_head + 2 · n_head_kv, n_tokens.
struct Heads {
  HeadsArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    float* head = reinterpret_cast<float*>(ctx.shared() + 64);
    const std::size_t token = ctx.block_y();
    const std::uint32_t at = ctx.block_x(), position = *a.position + ctx.block_y();
    if (at < a.n_head) {
      turned(ctx, a.q + token * a.n_head * a.key_dim, a.n_head, at, a.q_norm, head);
      float* out = a.queries + (token * a.n_head + at) * a.key_dim;
      ctx.each([&](unsigned t) {
        for (std::uint32_t i = t; i < a.key_dim; i += ctx.threads()) out[i] = head[i];
      });
    } else if (at < a.n_head + a.n_head_kv) {
      const std::uint32_t h = at - a.n_head;
      turned(ctx, a.k + token * a.n_head_kv * a.key_dim, a.n_head_kv, h, a.k_norm, head);
      std::byte* tile = a.cache.keys + h * a.cache.head_bytes;
      ctx.each([&](unsigned t) { store_key(a.cache, tile, head, a.key_dim, position, t, ctx.threads()); });
    } else {
      const std::uint32_t h = at - a.n_head - a.n_head_kv;
      const float* row = a.v + (token * a.n_head_kv + h) * a.value_dim;
      std::byte* tile = a.cache.values + h * a.cache.head_bytes;
      ctx.each([&](unsigned t) { store_value(a.cache, tile, row, a.value_dim, position, t, ctx.threads()); });
    }
  }

 private:
  // Head h of n heads at `all`, normed and rotated, into shared memory.
  template <class Ctx>
  LAMINA_DEVICE void turned(Ctx& ctx, const float* all, std::uint32_t n, std::uint32_t h, Norm norm,
                            float* head) const {
    float* scratch = reinterpret_cast<float*>(ctx.shared());
    const float* own = all + std::size_t{h} * a.key_dim;
    NormState state;
    if (a.whole) {
      state = norm_state(ctx, norm, all, n * a.key_dim, scratch);
      norm.weight += norm.kind != NormKind::None ? std::size_t{h} * a.key_dim : 0;
      if (norm.bias != nullptr) norm.bias += std::size_t{h} * a.key_dim;
    } else {
      state = norm_state(ctx, norm, own, a.key_dim, scratch);
      norm.weight += norm.kind != NormKind::None ? std::size_t{h} * a.step : 0;
    }
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < a.key_dim; i += ctx.threads()) head[i] = normed(norm, state, own, i);
    });
    if (a.n_rot == 0) return;
    const float* turns = a.turns + std::size_t{ctx.block_y()} * a.n_rot;
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < a.n_rot / 2; i += ctx.threads()) {
        float& x = head[a.adjacent ? 2 * i : i];
        float& y = head[a.adjacent ? 2 * i + 1 : i + a.n_rot / 2];
        const float c = turns[2 * i], s = turns[2 * i + 1], first = x, second = y;
        x = first * c - second * s;
        y = first * s + second * c;
      }
    });
  }
};

}  // namespace lamina::gpu
