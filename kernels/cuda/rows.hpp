// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Kernels whose blocks take one row of activations each: the embedding, norms of a branch, gating, and experts.
#pragma once

#include "lamina/kernels/cuda/dot.hpp"
#include "lamina/kernels/cuda/math.hpp"

namespace lamina::gpu {

inline constexpr unsigned row_threads = 256;
inline constexpr std::size_t row_scratch = 64;  // bytes, a float per warp

// Grid: n_tokens.
template <class Format>
struct Embed {
  EmbedArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::uint32_t t = ctx.block_x();
    const std::size_t row = a.by_position ? std::size_t{*a.position} + t : static_cast<std::size_t>(a.tokens[t]);
    const std::byte* blocks = a.table.blocks + row * a.table.row_bytes;
    float* out = a.out + std::size_t{t} * a.n;
    ctx.each([&](unsigned i) {
      if constexpr (is_float<Format>) {
        for (std::uint32_t j = i; j < a.n; j += ctx.threads()) put(out[j], float_weight<Format>(blocks, j));
      } else {
        for (std::uint32_t g = i; g < a.n / 32; g += ctx.threads()) {
          const Group32 w = load_group<Format>(blocks, g);
          for (int j = 0; j < 32; ++j) put(out[32 * g + static_cast<std::uint32_t>(j)], weight_of(w, j));
        }
      }
    });
  }

 private:
  LAMINA_DEVICE void put(float& to, float w) const { to = a.by_position ? to + w : w * a.scale; }
};

// Grid: n_rows. In place where out is in.x: a row is read before it is written.
struct NormRows {
  RowsArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::uint32_t r = ctx.block_x();
    const float* x = a.in.x + std::size_t{r} * a.in.stride;
    float* out = a.out + std::size_t{r} * a.stride;
    const NormState state = norm_state(ctx, a.in.norm, x, a.n, reinterpret_cast<float*>(ctx.shared()));
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < a.n; i += ctx.threads()) {
        float y = normed(a.in.norm, state, x, i);
        if (a.activate) y = activated(a.activation, y);
        if (a.scale != 1) y *= a.scale;
        out[i] = a.add ? out[i] + y : y;
      }
    });
  }
};

// Grid: n_rows.
struct Gate {
  GateArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::size_t row = std::size_t{ctx.block_x()} * a.n;
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < a.n; i += ctx.threads()) {
        const float up = a.up[row + i];
        float y = a.gate != nullptr ? gated(a.activation, a.gate[row + i], up) : activated(a.activation, up);
        if (a.scales != nullptr) y /= a.scales[i];
        a.out[row + i] = y;
      }
    });
  }
};

// The experts of a token, in ascending order, and their weights. Grid: n_tokens; one thread of the block decides, since
// there are few experts. Of equals, and among NaN, the one with the smaller index.
struct Choose {
  ChooseArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::size_t token = ctx.block_x();
    const float* scores = a.scores + token * a.n_expert;
    std::uint32_t* chosen = a.chosen + token * a.n_used;
    float* weight = a.weight + token * a.n_used;
    ctx.each([&](unsigned t) {
      if (t == 0) decide(scores, chosen, weight);
    });
  }

 private:
  LAMINA_DEVICE static bool among(const std::uint32_t* chosen, std::uint32_t n, std::uint32_t e) {
    for (std::uint32_t i = 0; i < n; ++i) {
      if (chosen[i] == e) return true;
    }
    return false;
  }
  LAMINA_DEVICE void decide(const float* scores, std::uint32_t* chosen, float* weight) const {
    float top = scores[0], total = 0, of_chosen = 0;
    for (std::uint32_t e = 1; e < a.n_expert; ++e) top = scores[e] > top ? scores[e] : top;
    for (std::uint32_t e = 0; e < a.n_expert; ++e) total += expf(scores[e] - top);
    for (std::uint32_t i = 0; i < a.n_used; ++i) {
      std::uint32_t best = a.n_expert;
      for (std::uint32_t e = 0; e < a.n_expert; ++e) {
        if (!among(chosen, i, e) && (best == a.n_expert || scores[e] > scores[best])) best = e;
      }
      chosen[i] = best;
      of_chosen += expf(scores[best] - top);
    }
    for (std::uint32_t i = 1; i < a.n_used; ++i) {  // insertion sort
      const std::uint32_t e = chosen[i];
      std::uint32_t j = i;
      for (; j > 0 && chosen[j - 1] > e; --j) chosen[j] = chosen[j - 1];
      chosen[j] = e;
    }
    // Not less than the smallest binary16, as where these models were trained.
    if (a.gating == ChooseArgs::Gating::Softmax) of_chosen = total;
    if (a.gating == ChooseArgs::Gating::SoftmaxNormalized) of_chosen = fmaxf(of_chosen, 6.103515625e-5f * total);
    for (std::uint32_t i = 0; i < a.n_used; ++i) weight[i] = expf(scores[chosen[i]] - top) / of_chosen * a.scale;
  }
};

// Grid: n_tokens. A token's terms are added in the order of its experts.
struct Combine {
  CombineArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::size_t token = ctx.block_x();
    const float* y = a.y + token * a.n_used * a.n;
    const float* weight = a.weight + token * a.n_used;
    float* out = a.out + token * a.n;
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < a.n; i += ctx.threads()) {
        float sum = a.add ? out[i] : 0.0f;
        for (std::uint32_t e = 0; e < a.n_used; ++e) sum += y[std::size_t{e} * a.n + i] * (weight[e] * a.scale);
        out[i] = sum;
      }
    });
  }
};

}  // namespace lamina::gpu
