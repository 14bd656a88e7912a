// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matrices times many rows of activations, on tensor cores: prefill. Weights are decoded to bfloat16 on the way into
// shared memory, where they meet 64 tokens; sums are floats over all of k. A block makes 128 rows of the product for 64
// tokens, its eight warps 32 rows for 32 tokens each. While the warps multiply a part of 64 values of k, each thread
// has the next part of the weights, one group of 32, already on its way.
//
// Split: operands are sums of two bfloat16, which gives them sixteen bits, and of the four products three are made. For
// files of floats.
#pragma once

#include "lamina/kernels/cuda/dot.hpp"
#include "lamina/kernels/cuda/math.hpp"
#include "lamina/kernels/cuda/mma.hpp"

namespace lamina::gpu {

inline constexpr unsigned gemm_threads = 256;
inline constexpr std::uint32_t gemm_rows = 128, gemm_tokens = 64, gemm_k = 64;
// Words of a row of gemm_k values in shared memory: 32, and four more, so that eight rows lie in different banks.
inline constexpr std::uint32_t gemm_stride = gemm_k / 2 + 4;

// norm(x) as one or two bfloat16 a value, rows of k_padded values with zeros past k. Grid: n_rows.
struct Pack {
  PackArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::size_t row = ctx.block_x();
    const float* x = a.in.x + row * a.in.stride;
    const NormState state = norm_state(ctx, a.in.norm, x, a.k, reinterpret_cast<float*>(ctx.shared()));
    const std::size_t words_of_row = a.k_padded / 2;
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < words_of_row; i += ctx.threads()) {
        const float low = 2 * i < a.k ? normed(a.in.norm, state, x, 2 * i) : 0.0f;
        const float high = 2 * i + 1 < a.k ? normed(a.in.norm, state, x, 2 * i + 1) : 0.0f;
        a.high[row * words_of_row + i] = bf16_pair(low, high);
        if (a.low != nullptr) a.low[row * words_of_row + i] = bf16_pair(bf16_rest(low), bf16_rest(high));
      }
    });
  }
};

// Shared memory, in words: parts of weights and of activations, and what bfloat16 leaves of them.
template <bool Split>
struct GemmShared {
  static constexpr std::uint32_t w_words = gemm_rows * gemm_stride, x_words = gemm_tokens * gemm_stride;
  static constexpr std::size_t bytes = std::size_t{w_words + x_words} * 4 * (Split ? 2 : 1);

  std::uint32_t* w;
  std::uint32_t* x;
  std::uint32_t* w_rest;
  std::uint32_t* x_rest;

  LAMINA_HOST_DEVICE static GemmShared at(std::byte* memory) {
    auto* p = reinterpret_cast<std::uint32_t*>(memory);
    return {p, p + w_words, p + w_words + x_words, p + 2 * w_words + x_words};
  }
};

// 32 weights from value k0 of a row on, as floats; zeros past k. aligned: rows are multiples of sixteen bytes.
template <class Format>
LAMINA_HOST_DEVICE inline void weights32(const std::byte* row, std::uint32_t k0, std::uint32_t k, bool aligned,
                                         float* out) {
  if constexpr (is_float<Format>) {
    constexpr int size = sizeof(typename Format::Block), step = 16 / size;
    if (aligned && k0 + 32 <= k) {
      LAMINA_UNROLL
      for (int i = 0; i < 32; i += step) {
        std::uint32_t w[4];
        words<16, 4>(row + (std::size_t{k0} + static_cast<std::size_t>(i)) * size, w);
        float_weights<Format>(w, out + i);
      }
      return;
    }
    for (std::uint32_t i = 0; i < 32; ++i) out[i] = k0 + i < k ? float_weight<Format>(row, k0 + i) : 0.0f;
  } else if (k0 < k) {
    const Group32 w = load_group<Format>(row, k0 / 32);
    LAMINA_UNROLL
    for (int i = 0; i < 32; ++i) out[i] = weight_of(w, i);
  } else {
    for (std::uint32_t i = 0; i < 32; ++i) out[i] = 0;
  }
}

// Grid: tiles of rows of all products, tiles of tokens.
template <class Format, bool Split>
struct Gemm {
  GemmArgs a;

  // A thread's part of what comes next: half a row's weights of the part, a quarter of a token's values.
  struct Next {
    std::uint32_t w[16], x[8];
    std::uint32_t w_rest[Split ? 16 : 1], x_rest[Split ? 8 : 1];
  };
  struct Tiles {
    FragmentC c[2][4];
  };
  struct Operands {
    FragmentA w[2];
    FragmentB x[4];
  };

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    std::uint32_t tile = ctx.block_x(), p = 0;
    while (tile >= tiles_of(p)) tile -= tiles_of(p++);
    const Matrix& w = a.product[p].w;
    const std::uint32_t first_row = tile * gemm_rows, first_token = ctx.block_y() * gemm_tokens;
    const GemmShared<Split> s = GemmShared<Split>::at(ctx.shared());
    typename Ctx::template PerThread<Tiles> sums;
    typename Ctx::template PerThread<Next> next;
    ctx.each_in_warp([&](unsigned t) {
      LAMINA_UNROLL
      for (auto& row : sums[t].c) {
        for (FragmentC& c : row) c = FragmentC{};
      }
      fetch(next[t], w, first_row, first_token, 0, t);
    });
    for (std::uint32_t k0 = 0; k0 < a.k_padded; k0 += gemm_k) {
      ctx.each([&](unsigned t) { put(s, next[t], t); });
      ctx.each_in_warp([&](unsigned t) {
        if (k0 + gemm_k < a.k_padded) fetch(next[t], w, first_row, first_token, k0 + gemm_k, t);
      });
      multiply(ctx, s.w, s.x, sums);
      if constexpr (Split) {
        multiply(ctx, s.w, s.x_rest, sums);
        multiply(ctx, s.w_rest, s.x, sums);
      }
      ctx.sync();
    }
    ctx.each_in_warp([&](unsigned t) { store(sums[t], a.product[p], first_row, first_token, t); });
  }

 private:
  LAMINA_DEVICE std::uint32_t tiles_of(std::uint32_t p) const {
    return (a.product[p].w.rows + gemm_rows - 1) / gemm_rows;
  }

  // Thread t has half t % 2 of row t / 2 of the weights, and quarter t % 4 of token t / 4.
  LAMINA_DEVICE void fetch(Next& next, const Matrix& w, std::uint32_t first_row, std::uint32_t first_token,
                           std::uint32_t k0, unsigned t) const {
    const std::uint32_t row = first_row + t / 2 < w.rows ? first_row + t / 2 : w.rows - 1;
    float values[32];
    weights32<Format>(w.blocks + row * w.row_bytes, k0 + t % 2 * 32, a.k, w.row_bytes % 16 == 0, values);
    LAMINA_UNROLL
    for (int i = 0; i < 16; ++i) {
      next.w[i] = bf16_pair(values[2 * i], values[2 * i + 1]);
      if constexpr (Split) next.w_rest[i] = bf16_pair(bf16_rest(values[2 * i]), bf16_rest(values[2 * i + 1]));
    }
    const std::uint32_t last = a.n_rows - 1, token = first_token + t / 4 < last ? first_token + t / 4 : last;
    const std::size_t at = (std::size_t{token} * a.k_padded + k0) / 2 + t % 4 * 8;
    words<16, 8>(a.high + at, next.x);
    if constexpr (Split) words<16, 8>(a.low + at, next.x_rest);
  }
  LAMINA_DEVICE static void put(const GemmShared<Split>& s, const Next& next, unsigned t) {
    const std::uint32_t w = t / 2 * gemm_stride + t % 2 * 16, x = t / 4 * gemm_stride + t % 4 * 8;
    put_words<16>(s.w + w, next.w);
    put_words<8>(s.x + x, next.x);
    if constexpr (Split) {
      put_words<16>(s.w_rest + w, next.w_rest);
      put_words<8>(s.x_rest + x, next.x_rest);
    }
  }
  template <int N>
  LAMINA_DEVICE static void put_words(std::uint32_t* to, const std::uint32_t* from) {
#ifdef __CUDA_ARCH__
#pragma unroll
    for (int i = 0; i < N; i += 4) {
      *reinterpret_cast<uint4*>(to + i) = make_uint4(from[i], from[i + 1], from[i + 2], from[i + 3]);
    }
#else
    check_alignment<16>(to);
    for (int i = 0; i < N; ++i) to[i] = from[i];
#endif
  }

  // Warp w has rows 32 (w % 4) and tokens 32 (w / 4) on.
  template <class Ctx>
  LAMINA_DEVICE static void multiply(Ctx& ctx, const std::uint32_t* w, const std::uint32_t* x,
                                     typename Ctx::template PerThread<Tiles>& sums) {
    typename Ctx::template PerThread<Operands> own;
    LAMINA_UNROLL
    for (std::uint32_t k = 0; k < gemm_k; k += 16) {
      ctx.each_in_warp([&](unsigned t) {
        const unsigned lane = t % warp_size, warp = t / warp_size;
        LAMINA_UNROLL
        for (unsigned m = 0; m < 2; ++m) {
          for (unsigned i = 0; i < 4; ++i) {
            const std::uint32_t row = 32 * (warp % 4) + 16 * m + FragmentA::row(lane, i);
            own[t].w[m].r[i] = w[row * gemm_stride + (k + FragmentA::col(lane, i)) / 2];
          }
        }
        LAMINA_UNROLL
        for (unsigned n = 0; n < 4; ++n) {
          for (unsigned i = 0; i < 2; ++i) {
            const std::uint32_t token = 32 * (warp / 4) + 8 * n + FragmentB::col(lane);
            own[t].x[n].r[i] = x[token * gemm_stride + (k + FragmentB::row(lane, i)) / 2];
          }
        }
      });
      LAMINA_UNROLL
      for (unsigned m = 0; m < 2; ++m) {
        LAMINA_UNROLL
        for (unsigned n = 0; n < 4; ++n) {
          ctx.mma([&](unsigned t) { return MmaOperands{&sums[t].c[m][n], &own[t].w[m], &own[t].x[n]}; });
        }
      }
    }
  }

  LAMINA_DEVICE void store(const Tiles& sums, const Product& product, std::uint32_t first_row,
                           std::uint32_t first_token, unsigned t) const {
    const unsigned lane = t % warp_size, warp = t / warp_size;
    LAMINA_UNROLL
    for (unsigned m = 0; m < 2; ++m) {
      for (unsigned n = 0; n < 4; ++n) {
        for (unsigned i = 0; i < 4; ++i) {
          const std::uint32_t row = first_row + 32 * (warp % 4) + 16 * m + FragmentC::row(lane, i);
          const std::uint32_t token = first_token + 32 * (warp / 4) + 8 * n + FragmentC::col(lane, i);
          if (row >= product.w.rows || token >= a.n_rows) continue;
          const float bias = product.w.bias != nullptr ? product.w.bias[row] : 0.0f;
          finish(product.end, token, row, sums.c[m][n].v[i] + bias);
        }
      }
    }
  }
};

}  // namespace lamina::gpu
