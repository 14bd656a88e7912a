// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of many tokens, on tensor cores. A block has 64 rows, each a token's query head of one KV head, sixteen to
// a warp, and takes the keys 64 at a time, which all its rows share: S = Q Kᵀ, weights by the running maximum of a row,
// O += P V. The fragments that hold S are those that P needs. Operands are sums of two bfloat16, three products of four
// are made, and everything else is float: about sixteen bits.
//
// What a row does not see has weight 0, and is multiplied with: a value that is no number, of a token after the row's
// own in the same 64, is seen by it. Positions that nothing was stored at count as zeros.
#pragma once

#include "lamina/kernels/cuda/attend.hpp"
#include "lamina/kernels/cuda/mma.hpp"

namespace lamina::gpu {

inline constexpr unsigned many_threads = 128;
inline constexpr std::uint32_t many_rows = 64, many_keys = 64;

LAMINA_HOST_DEVICE inline std::uint32_t round16(std::uint32_t n) { return (n + 15) / 16 * 16; }

// Words of shared memory; each of three tiles twice, as high parts and what they leave. Strides keep eight rows in
// different banks.
struct ManyShared {
  std::uint32_t *q[2], *k[2], *v[2];  // [rows][key_dim / 2], [keys][key_dim / 2], transposed [value_dim][keys / 2]
  std::uint32_t stride;               // words, of q and k
  static constexpr std::uint32_t v_stride = many_keys / 2 + 4;

  LAMINA_HOST_DEVICE static std::uint32_t key_stride(std::uint32_t key_dim) { return round16(key_dim) / 2 + 4; }
  LAMINA_HOST_DEVICE static std::size_t bytes(std::uint32_t key_dim, std::uint32_t value_dim) {
    return 2 * 4 *
           (std::size_t{many_rows + many_keys} * key_stride(key_dim) + std::size_t{round16(value_dim)} * v_stride);
  }
  LAMINA_HOST_DEVICE static ManyShared at(std::byte* memory, std::uint32_t key_dim, std::uint32_t value_dim) {
    ManyShared s;
    auto* p = reinterpret_cast<std::uint32_t*>(memory);
    s.stride = key_stride(key_dim);
    LAMINA_UNROLL
    for (int part = 0; part < 2; ++part) {
      s.q[part] = p;
      s.k[part] = s.q[part] + many_rows * s.stride;
      s.v[part] = s.k[part] + many_keys * s.stride;
      p = s.v[part] + round16(value_dim) * v_stride;
    }
    return s;
  }
};

// Grid: tiles of rows · n_head_kv, the longest first. Dims: the most values that a head may have, a multiple of 16.
template <CacheType Type, std::uint32_t Dims>
struct AttendMany {
  AttendArgs a;

  static constexpr unsigned threads = many_threads;
  static constexpr std::uint32_t tiles = Dims / 8;
  struct State {
    FragmentC o[tiles];
    FragmentC s[many_keys / 8];
    float m[2], l[2], scale[2];  // of rows lane / 4 and 8 further
  };
  struct Operands {
    FragmentA a[2];
    FragmentB b[8][2];
  };
  template <class Ctx>
  using Of = typename Ctx::template PerThread<State>;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::uint32_t n_group = a.n_head / a.n_head_kv, rows = a.n_tokens * n_group;
    const std::uint32_t n_tiles = (rows + many_rows - 1) / many_rows;
    const std::uint32_t kv = ctx.block_x() % a.n_head_kv,
                        first = (n_tiles - 1 - ctx.block_x() / a.n_head_kv) * many_rows;
    const std::uint32_t last = first + many_rows < rows ? first + many_rows - 1 : rows - 1;
    const std::uint32_t position = *a.position;
    const ManyShared s = ManyShared::at(ctx.shared(), a.key_dim, a.value_dim);
    Of<Ctx> state;
    ctx.each([&](unsigned t) {
      load_queries(s, kv, first, rows, t);
      LAMINA_UNROLL
      for (FragmentC& o : state[t].o) o = FragmentC{};
      for (int h = 0; h < 2; ++h) state[t].m[h] = lowest(), state[t].l[h] = 0;
    });
    const std::uint32_t begin = Seen::of(position + first / n_group, a.window).begin / many_keys * many_keys;
    const std::uint32_t end = position + last / n_group + 1, stored = position + a.n_tokens;
    for (std::uint32_t k0 = begin; k0 < end; k0 += many_keys) {
      ctx.each([&](unsigned t) {
        load_keys(s, kv, k0, stored, t);
        load_values(s, kv, k0, stored, t);
      });
      make_scores(ctx, s, state);
      weigh(ctx, state, kv, first, k0, position);
      add_values(ctx, s, state);
      ctx.sync();
    }
    ctx.each_in_warp([&](unsigned t) { store(state[t], kv, first, rows, t); });
  }

 private:
  LAMINA_DEVICE static void put(std::uint32_t* const (&to)[2], std::uint32_t at, float x, float y) {
    to[0][at] = bf16_pair(x, y);
    to[1][at] = bf16_pair(bf16_rest(x), bf16_rest(y));
  }

  // Rows past the last are zeros, values past key_dim too.
  LAMINA_DEVICE void load_queries(const ManyShared& s, std::uint32_t kv, std::uint32_t first, std::uint32_t rows,
                                  unsigned t) const {
    const std::uint32_t n_group = a.n_head / a.n_head_kv, width = round16(a.key_dim) / 2;
    for (std::uint32_t i = t; i < many_rows * width; i += many_threads) {
      const std::uint32_t r = i / width, d = i % width * 2, row = first + r;
      float x = 0, y = 0;
      if (row < rows) {
        const std::size_t head = std::size_t{row / n_group} * a.n_head + kv * n_group + row % n_group;
        const float* q = a.queries + head * a.key_dim;
        x = d < a.key_dim ? q[d] : 0.0f;
        y = d + 1 < a.key_dim ? q[d + 1] : 0.0f;
      }
      put(s.q, r * s.stride + d / 2, x, y);
    }
  }
  // Neighbouring threads take neighbouring keys, as they lie in the cache.
  LAMINA_DEVICE void load_keys(const ManyShared& s, std::uint32_t kv, std::uint32_t k0, std::uint32_t stored,
                               unsigned t) const {
    const std::byte* keys = a.cache.keys + kv * a.cache.head_bytes;
    const std::uint32_t width = round16(a.key_dim) / 2;
    for (std::uint32_t i = t; i < many_keys * width; i += many_threads) {
      const std::uint32_t key = i % many_keys, d = i / many_keys * 2;
      float x = 0, y = 0;
      if (k0 + key < stored) {
        const auto from = CachedKey<Type>::at(keys, a.key_dim, k0 + key, a.cache.block_stride);
        x = d < a.key_dim ? from.value(d) : 0.0f;
        y = d + 1 < a.key_dim ? from.value(d + 1) : 0.0f;
      }
      put(s.k, key * s.stride + d / 2, x, y);
    }
  }
  // Neighbouring threads take neighbouring values; pairs are of neighbouring keys.
  LAMINA_DEVICE void load_values(const ManyShared& s, std::uint32_t kv, std::uint32_t k0, std::uint32_t stored,
                                 unsigned t) const {
    const std::byte* values = a.cache.values + kv * a.cache.head_bytes;
    const std::uint32_t width = round16(a.value_dim);
    for (std::uint32_t i = t; i < many_keys / 2 * width; i += many_threads) {
      const std::uint32_t key = i / width * 2, d = i % width;
      float pair[2] = {0, 0};
      for (std::uint32_t n = 0; n < 2; ++n) {
        if (d >= a.value_dim || k0 + key + n >= stored) continue;
        pair[n] = CachedValue<Type>::at(values, a.value_dim, k0 + key + n, a.cache.block_stride).value(d);
      }
      put(s.v, d * ManyShared::v_stride + key / 2, pair[0], pair[1]);
    }
  }

  template <class Ctx>
  LAMINA_DEVICE void make_scores(Ctx& ctx, const ManyShared& s, Of<Ctx>& state) const {
    typename Ctx::template PerThread<Operands> own;
    ctx.each_in_warp([&](unsigned t) {
      LAMINA_UNROLL
      for (FragmentC& c : state[t].s) c = FragmentC{};
    });
    for (std::uint32_t k = 0; k < round16(a.key_dim); k += 16) {
      ctx.each_in_warp([&](unsigned t) {
        const unsigned lane = t % warp_size, row = t / warp_size * 16;
        LAMINA_UNROLL
        for (unsigned part = 0; part < 2; ++part) {
          for (unsigned i = 0; i < 4; ++i) {
            own[t].a[part].r[i] =
                s.q[part][(row + FragmentA::row(lane, i)) * s.stride + (k + FragmentA::col(lane, i)) / 2];
          }
          LAMINA_UNROLL
          for (unsigned n = 0; n < 8; ++n) {
            for (unsigned i = 0; i < 2; ++i) {
              own[t].b[n][part].r[i] =
                  s.k[part][(8 * n + FragmentB::col(lane)) * s.stride + (k + FragmentB::row(lane, i)) / 2];
            }
          }
        }
      });
      LAMINA_UNROLL
      for (unsigned n = 0; n < 8; ++n) {
        ctx.mma([&](unsigned t) { return MmaOperands{&state[t].s[n], &own[t].a[0], &own[t].b[n][0]}; });
        ctx.mma([&](unsigned t) { return MmaOperands{&state[t].s[n], &own[t].a[0], &own[t].b[n][1]}; });
        ctx.mma([&](unsigned t) { return MmaOperands{&state[t].s[n], &own[t].a[1], &own[t].b[n][0]}; });
      }
    }
  }

  // Scores to weights, and what came before to the same maximum. Four threads share a row.
  template <class Ctx>
  LAMINA_DEVICE void weigh(Ctx& ctx, Of<Ctx>& state, std::uint32_t kv, std::uint32_t first, std::uint32_t k0,
                           std::uint32_t position) const {
    const std::uint32_t n_group = a.n_head / a.n_head_kv;
    typename Ctx::template PerThread<float> value;
    LAMINA_UNROLL
    for (unsigned h = 0; h < 2; ++h) {
      ctx.each_in_warp([&](unsigned t) {
        const unsigned lane = t % warp_size;
        const std::uint32_t row = first + t / warp_size * 16 + FragmentC::row(lane, 2 * h);
        const std::uint32_t at = position + row / n_group;
        const Seen seen = Seen::of(at, a.window);
        const float slope = a.slopes != nullptr ? a.slopes[kv * n_group + row % n_group] : 0.0f;
        float top = lowest();
        LAMINA_UNROLL
        for (unsigned n = 0; n < 8; ++n) {
          for (unsigned i = 2 * h; i < 2 * h + 2; ++i) {
            const std::uint32_t key = k0 + 8 * n + FragmentC::col(lane, i);
            float score = state[t].s[n].v[i] * a.scale;
            if (a.cap != 0) score = a.cap * tanhf(score / a.cap);
            if (a.slopes != nullptr) score -= slope * (static_cast<float>(at) - static_cast<float>(key));
            if (key < seen.begin || key >= seen.end) score = lowest();
            state[t].s[n].v[i] = score;
            top = larger(score, top);
          }
        }
        value[t] = top;
      });
      ctx.template max_float<4>(value);
      ctx.each_in_warp([&](unsigned t) {
        const float m = larger(value[t], state[t].m[h]), base = m == lowest() ? 0.0f : m;
        state[t].scale[h] = state[t].m[h] == m ? 1.0f : expf(state[t].m[h] - m);
        state[t].m[h] = m;
        value[t] = 0;
        LAMINA_UNROLL
        for (unsigned n = 0; n < 8; ++n) {
          for (unsigned i = 2 * h; i < 2 * h + 2; ++i) {
            const float w = expf(state[t].s[n].v[i] - base);
            state[t].s[n].v[i] = w;
            value[t] += w;
          }
        }
      });
      ctx.template sum<4>(value);
      ctx.each_in_warp([&](unsigned t) {
        state[t].l[h] = state[t].l[h] * state[t].scale[h] + value[t];
        LAMINA_UNROLL
        for (std::uint32_t n = 0; n < tiles; ++n) {
          for (unsigned i = 2 * h; i < 2 * h + 2; ++i) state[t].o[n].v[i] *= state[t].scale[h];
        }
      });
    }
  }

  template <class Ctx>
  LAMINA_DEVICE void add_values(Ctx& ctx, const ManyShared& s, Of<Ctx>& state) const {
    typename Ctx::template PerThread<Operands> own;
    const std::uint32_t used = round16(a.value_dim) / 8;
    LAMINA_UNROLL
    for (std::uint32_t j = 0; j < many_keys / 16; ++j) {
      ctx.each_in_warp([&](unsigned t) {
        LAMINA_UNROLL
        for (unsigned i = 0; i < 4; ++i) {  // words of P: tile 2j of S for the first eight keys, 2j + 1 for the others
          const FragmentC& c = state[t].s[2 * j + i / 2];
          const float x = c.v[i % 2 * 2], y = c.v[i % 2 * 2 + 1];
          own[t].a[0].r[i] = bf16_pair(x, y);
          own[t].a[1].r[i] = bf16_pair(bf16_rest(x), bf16_rest(y));
        }
      });
      LAMINA_UNROLL
      for (std::uint32_t n = 0; n < tiles; ++n) {
        if (n >= used) break;
        ctx.each_in_warp([&](unsigned t) {
          const unsigned lane = t % warp_size;
          LAMINA_UNROLL
          for (unsigned part = 0; part < 2; ++part) {
            for (unsigned i = 0; i < 2; ++i) {
              own[t].b[0][part].r[i] = s.v[part][(8 * n + FragmentB::col(lane)) * ManyShared::v_stride +
                                                 (16 * j + FragmentB::row(lane, i)) / 2];
            }
          }
        });
        ctx.mma([&](unsigned t) { return MmaOperands{&state[t].o[n], &own[t].a[0], &own[t].b[0][0]}; });
        ctx.mma([&](unsigned t) { return MmaOperands{&state[t].o[n], &own[t].a[0], &own[t].b[0][1]}; });
        ctx.mma([&](unsigned t) { return MmaOperands{&state[t].o[n], &own[t].a[1], &own[t].b[0][0]}; });
      }
    }
  }

  LAMINA_DEVICE void store(const State& state, std::uint32_t kv, std::uint32_t first, std::uint32_t rows,
                           unsigned t) const {
    const std::uint32_t n_group = a.n_head / a.n_head_kv;
    const unsigned lane = t % warp_size;
    LAMINA_UNROLL
    for (unsigned h = 0; h < 2; ++h) {
      const std::uint32_t row = first + t / warp_size * 16 + FragmentC::row(lane, 2 * h);
      if (row >= rows) continue;
      const std::uint32_t head = kv * n_group + row % n_group;
      const float share = share_of(a, head, state.m[h], state.l[h]);
      float* out = a.out + (std::size_t{row / n_group} * a.n_head + head) * a.value_dim;
      LAMINA_UNROLL
      for (std::uint32_t n = 0; n < tiles; ++n) {
        for (unsigned i = 2 * h; i < 2 * h + 2; ++i) {
          const std::uint32_t d = 8 * n + FragmentC::col(lane, i);
          if (d < a.value_dim) out[d] = state.o[n].v[i] * share;
        }
      }
    }
  }
};

}  // namespace lamina::gpu
