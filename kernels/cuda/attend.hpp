// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of one token over the cache. A block takes up to eight query heads that share a KV head, and a part of the
// blocks of 128 keys, one after the other: a thread per key makes the scores of all heads, a warp per head turns them
// into weights, a thread per value adds up. Cache values are read once for all heads. A row's bits depend on the number
// of parts, which depends on the context's length alone.
#pragma once

#include "lamina/kernels/cuda/cache.hpp"
#include "lamina/kernels/cuda/math.hpp"

namespace lamina::gpu {

inline constexpr unsigned attend_threads = 128;
inline constexpr std::uint32_t attend_heads = 8;
static_assert(kernels::key_block == attend_threads, "a thread per key");

LAMINA_HOST_DEVICE inline std::uint32_t heads_of_block(std::uint32_t n_group) {
  return n_group < attend_heads ? n_group : attend_heads;
}
LAMINA_HOST_DEVICE inline std::uint32_t blocks_of_group(std::uint32_t n_group) {
  return (n_group + attend_heads - 1) / attend_heads;
}

// The positions that a token sees, [begin, end), in blocks [first, last), and a part's share of these.
struct Seen {
  std::uint32_t begin, end, first, last;

  LAMINA_HOST_DEVICE static Seen of(std::uint32_t position, std::uint32_t window) {
    const std::uint32_t end = position + 1, begin = window == 0 || end <= window ? 0 : end - window;
    return {begin, end, begin / 128, (end + 127) / 128};
  }
  LAMINA_HOST_DEVICE Seen part(std::uint32_t i, std::uint32_t n) const {
    const std::uint32_t each = (last - first + n - 1) / n, from = first + i * each;
    return {begin, end, from < last ? from : last, from + each < last ? from + each : last};
  }
};

// What the block keeps in shared memory, in floats.
struct AttendShared {
  float* q;        // [heads][key_dim]
  float* scores;   // [heads][128], then weights
  float* acc;      // [heads][value_dim]
  float* m;        // [heads]
  float* l;        // [heads]
  float* rescale;  // [heads]

  LAMINA_HOST_DEVICE static std::size_t floats(std::uint32_t heads, std::uint32_t key_dim, std::uint32_t value_dim) {
    return std::size_t{heads} * (key_dim + 128 + value_dim + 3);
  }
  LAMINA_HOST_DEVICE static AttendShared at(float* p, std::uint32_t heads, std::uint32_t key_dim,
                                            std::uint32_t value_dim) {
    AttendShared out;
    out.q = p;
    out.scores = out.q + heads * key_dim;
    out.acc = out.scores + heads * 128;
    out.m = out.acc + heads * value_dim;
    out.l = out.m + heads;
    out.rescale = out.l + heads;
    return out;
  }
};

LAMINA_DEVICE float lowest() { return float_of_bits(0xff800000u); }  // −∞

// A row's result from what it has of all keys.
LAMINA_DEVICE float share_of(const AttendArgs& a, std::uint32_t head, float m, float l) {
  if (a.sinks == nullptr) return 1.0f / l;
  const float sink = a.sinks[head], top = larger(m, sink);
  return expf(m - top) / (l * expf(m - top) + expf(sink - top));
}

// Grid: n_tokens · n_head_kv · blocks_of_group, splits.
template <CacheType Type>
struct Attend {
  AttendArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::uint32_t n_group = a.n_head / a.n_head_kv, per_group = blocks_of_group(n_group);
    const std::uint32_t chunk = ctx.block_x() % per_group, kv = ctx.block_x() / per_group % a.n_head_kv;
    const std::uint32_t token = ctx.block_x() / per_group / a.n_head_kv;
    const std::uint32_t g0 = chunk * attend_heads, first_head = kv * n_group + g0;
    const std::uint32_t n = n_group - g0 < attend_heads ? n_group - g0 : attend_heads;
    const std::uint32_t position = *a.position + token;
    const Seen seen = Seen::of(position, a.window).part(ctx.block_y(), a.splits);
    const AttendShared s = AttendShared::at(reinterpret_cast<float*>(ctx.shared()), n, a.key_dim, a.value_dim);
    const float* queries = a.queries + (std::size_t{token} * a.n_head + first_head) * a.key_dim;
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < n * a.key_dim; i += ctx.threads()) s.q[i] = queries[i];
      for (std::uint32_t i = t; i < n * a.value_dim; i += ctx.threads()) s.acc[i] = 0;
      if (t < n) s.m[t] = lowest(), s.l[t] = 0;
    });
    for (std::uint32_t block = seen.first; block < seen.last; ++block) {
      scores(ctx, s, seen, block, kv, n, first_head, position);
      weigh(ctx, s, seen, block, n);
      add_values(ctx, s, seen, block, kv, n);
    }
    finish(ctx, s, token, first_head, n);
  }

 private:
  template <class Ctx>
  LAMINA_DEVICE void scores(Ctx& ctx, const AttendShared& s, const Seen& seen, std::uint32_t block, std::uint32_t kv,
                            std::uint32_t n, std::uint32_t first_head, std::uint32_t position) const {
    const std::byte* keys = a.cache.keys + kv * a.cache.head_bytes;
    ctx.each([&](unsigned t) {
      const std::uint32_t at = block * 128 + t;
      if (at < seen.begin || at >= seen.end) return;
      const auto key = CachedKey<Type>::at(keys, a.key_dim, at, a.cache.block_stride);
      float sums[attend_heads] = {};
      for (std::uint32_t i = 0; i < a.key_dim; ++i) {
        const float x = key.value(i);
        LAMINA_UNROLL
        for (std::uint32_t g = 0; g < attend_heads; ++g) {
          if (g < n) sums[g] += x * s.q[g * a.key_dim + i];
        }
      }
      LAMINA_UNROLL
      for (std::uint32_t g = 0; g < attend_heads; ++g) {
        if (g >= n) break;
        float score = sums[g] * a.scale;
        if (a.cap != 0) score = a.cap * tanhf(score / a.cap);
        if (a.slopes != nullptr) score -= a.slopes[first_head + g] * static_cast<float>(position - at);
        s.scores[g * 128 + t] = score;
      }
    });
  }

  // Scores to exp(score − m), with what came before brought to the same m. Keys that are not seen are left out.
  template <class Ctx>
  LAMINA_DEVICE void weigh(Ctx& ctx, const AttendShared& s, const Seen& seen, std::uint32_t block,
                           std::uint32_t n) const {
    typename Ctx::template PerThread<float> top, sum;
    const std::uint32_t warps = ctx.threads() / warp_size;
    for (std::uint32_t first = 0; first < n; first += warps) {
      ctx.each_in_warp([&](unsigned t) {
        const std::uint32_t g = first + t / warp_size;
        top[t] = lowest();
        for (std::uint32_t j = t % warp_size; g < n && j < 128; j += warp_size) {
          const std::uint32_t at = block * 128 + j;
          if (at >= seen.begin && at < seen.end) top[t] = larger(s.scores[g * 128 + j], top[t]);
        }
      });
      ctx.template max_float<warp_size>(top);
      ctx.each_in_warp([&](unsigned t) {
        const std::uint32_t g = first + t / warp_size;
        sum[t] = 0;
        if (g >= n) return;
        const float m = larger(top[t], s.m[g]), base = m == lowest() ? 0.0f : m;
        for (std::uint32_t j = t % warp_size; j < 128; j += warp_size) {
          const std::uint32_t at = block * 128 + j;
          if (at < seen.begin || at >= seen.end) continue;
          const float w = expf(s.scores[g * 128 + j] - base);
          s.scores[g * 128 + j] = w;
          sum[t] += w;
        }
      });
      ctx.template sum<warp_size>(sum);
      ctx.each([&](unsigned t) {
        const std::uint32_t g = first + t / warp_size;
        if (t % warp_size != 0 || g >= n) return;
        const float m = larger(top[t], s.m[g]), c = s.m[g] == m ? 1.0f : expf(s.m[g] - m);
        s.rescale[g] = c;
        s.l[g] = s.l[g] * c + sum[t];
        s.m[g] = m;
      });
    }
  }

  template <class Ctx>
  LAMINA_DEVICE void add_values(Ctx& ctx, const AttendShared& s, const Seen& seen, std::uint32_t block,
                                std::uint32_t kv, std::uint32_t n) const {
    const std::byte* values = a.cache.values + kv * a.cache.head_bytes;
    const std::uint32_t from = seen.begin > block * 128 ? seen.begin - block * 128 : 0;
    const std::uint32_t to = seen.end - block * 128 < 128 ? seen.end - block * 128 : 128;
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < a.value_dim; i += ctx.threads()) {
        float sums[attend_heads] = {};
        for (std::uint32_t j = from; j < to; ++j) {
          const float v = CachedValue<Type>::at(values, a.value_dim, block * 128 + j, a.cache.block_stride).value(i);
          LAMINA_UNROLL
          for (std::uint32_t g = 0; g < attend_heads; ++g) {
            if (g < n) sums[g] += v * s.scores[g * 128 + j];
          }
        }
        LAMINA_UNROLL
        for (std::uint32_t g = 0; g < attend_heads; ++g) {
          if (g < n) s.acc[g * a.value_dim + i] = s.acc[g * a.value_dim + i] * s.rescale[g] + sums[g];
        }
      }
    });
  }

  template <class Ctx>
  LAMINA_DEVICE void finish(Ctx& ctx, const AttendShared& s, std::uint32_t token, std::uint32_t first_head,
                            std::uint32_t n) const {
    ctx.each([&](unsigned t) {
      for (std::uint32_t i = t; i < n * a.value_dim; i += ctx.threads()) {
        const std::uint32_t g = i / a.value_dim, d = i % a.value_dim;
        const std::size_t row = std::size_t{token} * a.n_head + first_head + g;
        if (a.splits == 1) {
          a.out[row * a.value_dim + d] = s.acc[i] * share_of(a, first_head + g, s.m[g], s.l[g]);
        } else {
          float* part = a.partials + (row * a.splits + ctx.block_y()) * (a.value_dim + 2);
          part[2 + d] = s.acc[i];
          if (d == 0) part[0] = s.m[g], part[1] = s.l[g];
        }
      }
    });
  }
};

// Grid: n_tokens · n_head. Folds the parts in their order; an empty one has m = −∞.
struct Merge {
  AttendArgs a;

  template <class Ctx>
  LAMINA_DEVICE void operator()(Ctx& ctx) const {
    const std::size_t row = ctx.block_x();
    const std::uint32_t size = a.value_dim + 2;
    const float* parts = a.partials + row * a.splits * size;
    ctx.each([&](unsigned t) {
      float m = lowest(), l = 0;
      for (std::uint32_t p = 0; p < a.splits; ++p) m = larger(m, parts[p * size]);
      for (std::uint32_t p = 0; p < a.splits; ++p) l += parts[p * size + 1] * factor(parts[p * size], m);
      const float share = share_of(a, static_cast<std::uint32_t>(row % a.n_head), m, l);
      for (std::uint32_t i = t; i < a.value_dim; i += ctx.threads()) {
        float sum = 0;
        for (std::uint32_t p = 0; p < a.splits; ++p) {
          if (parts[p * size] != lowest()) sum += parts[p * size + 2 + i] * factor(parts[p * size], m);
        }
        a.out[row * a.value_dim + i] = sum * share;
      }
    });
  }

 private:
  LAMINA_DEVICE static float factor(float part, float m) {
    return part == lowest() ? 0.0f : part == m ? 1.0f : expf(part - m);
  }
};

}  // namespace lamina::gpu
