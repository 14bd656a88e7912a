// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matrices times few rows of activations: decode, and small batches. A block stages the rows it needs, normed, and then
// its warps take pairs of rows of weights, straight from the file's blocks. The pair is two rows of one matrix, or a
// row of gate and the same of up.
#pragma once

#include "lamina/kernels/cuda/dot.hpp"
#include "lamina/kernels/cuda/math.hpp"

namespace lamina::gpu {

inline constexpr unsigned matvec_threads = 256;
inline constexpr unsigned matvec_warps = matvec_threads / warp_size;

// Which rows a block of column y works on: rows of activations [first, first + n), input rows of their own.
struct Tile {
  std::uint32_t first, n;
};
LAMINA_HOST_DEVICE inline Tile tile_of(std::uint32_t y, std::uint32_t tokens, std::uint32_t n_rows) {
  const std::uint32_t first = y * tokens, rest = n_rows - first;
  return {first, rest < tokens ? rest : tokens};
}

template <class Format, class Ctx>
LAMINA_DEVICE void stage(Ctx& ctx, const Rows& in, std::uint32_t k, const Tile& tile, std::uint32_t share,
                         const StagedRows& to, float* scratch) {
  for (std::uint32_t t = 0; t < tile.n; ++t) {
    const float* x = in.x + std::size_t{(tile.first + t) / share} * in.stride;
    if constexpr (is_float<Format>) {
      stage_floats(ctx, in.norm, x, k, scratch, to.floats<Format>(t));
    } else {
      stage_ints(ctx, in.norm, x, k, scratch, to.ints<Format>(t));
    }
  }
}

// Shared memory: scratch, then the staged rows.
inline constexpr std::size_t matvec_scratch = 64;  // bytes, a float per warp
template <class Format>
LAMINA_HOST_DEVICE std::size_t matvec_shared(std::uint32_t k, std::uint32_t tokens) {
  return matvec_scratch + tokens * StagedRows::bytes<Format>(k);
}

template <class Ctx, std::uint32_t Tokens>
LAMINA_DEVICE void add_up(Ctx& ctx, typename Ctx::template PerThread<Sums<Tokens>>& sums) {
  typename Ctx::template PerThread<float> one;
  LAMINA_UNROLL
  for (int r = 0; r < 2; ++r) {
    LAMINA_UNROLL
    for (std::uint32_t t = 0; t < Tokens; ++t) {
      ctx.each_in_warp([&](unsigned i) { one[i] = sums[i].v[r][t]; });
      ctx.template sum<warp_size>(one);
      ctx.each_in_warp([&](unsigned i) { sums[i].v[r][t] = one[i]; });
    }
  }
}

// Tokens > 1 only without experts, whose rows have weights of their own.
template <class Format, std::uint32_t Tokens>
struct Matvec {
  MatvecArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const Tile tile = tile_of(ctx.block_y(), Tokens, a.n_rows);
    const StagedRows x{ctx.shared() + matvec_scratch, a.k};
    stage<Format>(ctx, a.in, a.k, tile, a.share, x, reinterpret_cast<float*>(ctx.shared()));
    const std::uint32_t expert = a.chosen != nullptr ? a.chosen[tile.first] : 0;
    const std::uint32_t step = ctx.grid_x() * matvec_warps;
    for (std::uint32_t p = 0; p < a.n_products; ++p) {
      const Product& product = a.product[p];
      const Matrix& w = product.w;
      const std::byte* blocks = w.blocks + std::size_t{expert} * w.rows * w.row_bytes;
      const bool aligned = w.row_bytes % 16 == 0;
      const std::uint32_t pairs = (w.rows + 1) / 2;
      typename Ctx::template PerThread<Sums<Tokens>> sums;
      // A block's first pair is the same for all of its threads, so that all of them stay in the loop.
      for (std::uint32_t first = ctx.block_x() * matvec_warps; first < pairs; first += step) {
        ctx.each_in_warp([&](unsigned t) {
          const std::uint32_t row = 2 * (first + t / warp_size);
          const std::uint32_t r0 = row < w.rows ? row : w.rows - 1, r1 = row + 1 < w.rows ? row + 1 : w.rows - 1;
          const std::byte* const rows[2] = {blocks + r0 * w.row_bytes, blocks + r1 * w.row_bytes};
          sums[t] = dot_rows<Format, Tokens>(rows, x, tile.n, aligned, t % warp_size);
        });
        add_up<Ctx, Tokens>(ctx, sums);
        ctx.each_in_warp([&](unsigned t) {
          const std::uint32_t row = 2 * (first + t / warp_size);
          if (t % warp_size != 0) return;
          LAMINA_UNROLL
          for (std::uint32_t r = 0; r < 2; ++r) {
            if (row + r >= w.rows) return;
            const float bias = w.bias != nullptr ? w.bias[std::size_t{expert} * w.rows + row + r] : 0.0f;
            LAMINA_UNROLL
            for (std::uint32_t i = 0; i < Tokens; ++i) {
              if (i < tile.n) finish(product.end, tile.first + i, row + r, sums[t].v[r][i] + bias);
            }
          }
        });
      }
    }
  }
};

template <class Format, std::uint32_t Tokens>
struct GateUp {
  GateUpArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const Tile tile = tile_of(ctx.block_y(), Tokens, a.n_rows);
    const StagedRows x{ctx.shared() + matvec_scratch, a.k};
    stage<Format>(ctx, a.in, a.k, tile, a.share, x, reinterpret_cast<float*>(ctx.shared()));
    const std::uint32_t expert = a.chosen != nullptr ? a.chosen[tile.first] : 0, n = a.up.rows;
    const std::size_t first_row = std::size_t{expert} * n;
    const std::byte* gate = a.gate.blocks + first_row * a.gate.row_bytes;
    const std::byte* up = a.up.blocks + first_row * a.up.row_bytes;
    const bool aligned = a.up.row_bytes % 16 == 0;
    typename Ctx::template PerThread<Sums<Tokens>> sums;
    for (std::uint32_t first = ctx.block_x() * matvec_warps; first < n; first += ctx.grid_x() * matvec_warps) {
      ctx.each_in_warp([&](unsigned t) {
        const std::uint32_t own = first + t / warp_size, row = own < n ? own : n - 1;
        const std::byte* const rows[2] = {gate + row * a.gate.row_bytes, up + row * a.up.row_bytes};
        sums[t] = dot_rows<Format, Tokens>(rows, x, tile.n, aligned, t % warp_size);
      });
      add_up<Ctx, Tokens>(ctx, sums);
      ctx.each_in_warp([&](unsigned t) {
        const std::uint32_t row = first + t / warp_size;
        if (t % warp_size != 0 || row >= n) return;
        const float gate_bias = a.gate.bias != nullptr ? a.gate.bias[first_row + row] : 0.0f;
        const float up_bias = a.up.bias != nullptr ? a.up.bias[first_row + row] : 0.0f;
        LAMINA_UNROLL
        for (std::uint32_t i = 0; i < Tokens; ++i) {
          if (i >= tile.n) break;
          float y = gated(a.activation, sums[t].v[0][i] + gate_bias, sums[t].v[1][i] + up_bias);
          if (a.scales != nullptr) y /= a.scales[row];
          a.out[std::size_t{tile.first + i} * a.stride + row] = y;
        }
      });
    }
  }
};

}  // namespace lamina::gpu
