// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention and its cache, for every target and cache type: right against the definition in double, the same bits
// however tokens and keys are split, nothing touched past an end, bad numbers visible where they belong.
#include <catch2/catch.hpp>
//
#include <algorithm>
#include <cmath>

#include "attention_cases.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

std::vector<const KernelTable*> all_targets() {
  auto targets = simd_targets();
  targets.push_back(&reference());
  return targets;
}

// Of the rounding, as a share of the value; of the largest in its group for Q8_0.
float largest_step(CacheType type) {
  switch (type) {
    case CacheType::F32: return 0;
    case CacheType::F16: return 0x1p-11f;
    case CacheType::BF16: return 0x1p-8f;
    case CacheType::Q8_0: return 1.1f / 254;
  }
  return 0;
}

}  // namespace

TEST_CASE("attention agrees with the definition for any cache type, head size, group and number of keys and tokens") {
  struct Dims {
    std::size_t key, value;
  };
  for (const CacheType type : kernels::cache_types) {
    for (const Dims dim :
         {Dims{1, 1}, {20, 20}, {64, 64}, {80, 80}, {96, 96}, {128, 128}, {256, 256}, {192, 128}, {7, 33}}) {
      if (!kernels::cache_takes(type, dim.key) || !kernels::cache_takes(type, dim.value)) continue;
      for (const std::size_t keys : Sizes{1, 15, 16, 127, 128, 129, 1000}) {
        const Cache cache(type, keys, dim.key, dim.value);
        for (const std::size_t group : Sizes{1, 3, 4, 8}) {
          for (const std::size_t tokens : Sizes{1, 5}) {
            if (tokens > keys) continue;
            const Queries queries(cache, tokens, group);
            const auto want = definition(cache, queries);
            for (const KernelTable* target : all_targets()) {
              INFO(target->target << " " << to_string(type) << " dims " << dim.key << " " << dim.value << " group "
                                  << group << " keys " << keys << " tokens " << tokens);
              REQUIRE(distance(attend(*target, cache, queries, tokens), want) < 3e-6);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("blocks of keys may lie apart") {
  constexpr std::size_t n = 300, dim = 64, stride = 128 * 64 * 4 + 192;
  for (const CacheType type : kernels::cache_types) {
    const Cache together(type, n, dim, dim);
    const Queries q(together, 3, 4);
    for (const KernelTable* target : all_targets()) {
      INFO(target->target << " " << to_string(type));
      std::vector<std::byte> keys(3 * stride), values(3 * stride);
      const auto k = random_floats(n * dim, 2), v = random_floats(n * dim, 3);
      target->store_keys({type, keys.data(), dim, 0, n, k.data(), dim, stride});
      target->store_values({type, values.data(), dim, 0, n, v.data(), dim, stride});
      for (std::size_t j = 0; j < n; ++j) {
        REQUIRE(kernels::cached_key(type, keys.data(), dim, j, 5, stride) ==
                kernels::cached_key(type, together.keys.data(), dim, j, 5));
        REQUIRE(kernels::cached_value(type, values.data(), dim, j, 5, stride) ==
                kernels::cached_value(type, together.values.data(), dim, j, 5));
      }
      std::vector<float> scratch(kernels::attention_scratch(type, 12, dim, dim)), out(3 * 4 * dim);
      AttentionArgs a;
      a.q = q.q.data();
      a.q_stride = q.q_stride;
      a.type = type;
      a.keys = keys.data();
      a.values = values.data();
      a.block_stride = stride;
      a.position = n - 3;
      a.n_tokens = 3;
      a.n_group = 4;
      a.key_dim = a.value_dim = dim;
      a.scale = 1.0f / 8;
      a.scratch = scratch.data();
      a.out = out.data();
      a.out_stride = 4 * dim;
      target->attention(a);
      REQUIRE(same_bits(out, attend(*target, together, q, 3)));
    }
  }
}

TEST_CASE("attention gives the same bits for any split of tokens and of blocks of keys") {
  for (const CacheType type : kernels::cache_types) {
    for (const std::size_t dim : Sizes{20, 64, 96}) {
      if (!kernels::cache_takes(type, dim)) continue;
      for (const std::size_t keys : Sizes{40, 150, 300, 700}) {
        const Cache cache(type, keys, dim, dim);
        for (const std::size_t group : Sizes{1, 3, 8}) {
          const Queries queries(cache, 40, group);
          for (const KernelTable* target : keys > 300 ? simd_targets() : all_targets()) {
            INFO(target->target << " " << to_string(type) << " dim " << dim << " group " << group << " keys " << keys);
            const auto alone = attend(*target, cache, queries, 1);
            for (const std::size_t step : Sizes{2, 3, 7, 8, 40}) {
              REQUIRE(same_bits(alone, attend(*target, cache, queries, step)));
            }
            REQUIRE(same_bits(alone, attend(*target, cache, queries, 1, run_blocks<1>)));
            REQUIRE(same_bits(alone, attend(*target, cache, queries, 40, run_blocks<1>)));
            REQUIRE(same_bits(alone, attend(*target, cache, queries, 8, run_blocks<3>)));
          }
        }
      }
    }
  }
}

TEST_CASE("attention on targets with fused multiply-add gives the same bits") {
  const auto fused = [](const KernelTable& t) { return t.target.find("avx") != std::string_view::npos; };
  const KernelTable& first = *simd_targets().front();
  for (const CacheType type : kernels::cache_types) {
    const Cache cache(type, 333, 96, 64);
    const Queries queries(cache, 5, 3);
    for (const KernelTable* target : simd_targets()) {
      if (!fused(*target) || !fused(first)) continue;
      INFO(target->target << " " << to_string(type));
      REQUIRE(same_bits(attend(*target, cache, queries, 5), attend(first, cache, queries, 5)));
    }
  }
}

TEST_CASE("what is stored in the cache is the same on every target, near what was given, and all that changes") {
  for (const CacheType type : kernels::cache_types) {
    for (const std::size_t dim : Sizes{1, 20, 64, 96}) {
      if (!kernels::cache_takes(type, dim)) continue;
      constexpr std::size_t n = 37, before = 5;
      auto rows = random_floats((n - before) * (dim + 3), 1);
      for (std::size_t i = 0; i < dim; ++i) rows[i] = 0;  // a row of zeros
      const Cache empty(type, n, dim, dim);
      for (const KernelTable* target : all_targets()) {
        INFO(target->target << " " << to_string(type) << " dim " << dim);
        const Cache got(type, n, dim, dim), want(type, n, dim, dim);
        target->store_keys({type, got.keys.data(), dim, before, n - before, rows.data(), dim + 3});
        target->store_values({type, got.values.data(), dim, before, n - before, rows.data(), dim + 3});
        reference().store_keys({type, want.keys.data(), dim, before, n - before, rows.data(), dim + 3});
        reference().store_values({type, want.values.data(), dim, before, n - before, rows.data(), dim + 3});
        REQUIRE(std::memcmp(got.keys.data(), want.keys.data(), got.keys.size()) == 0);
        REQUIRE(std::memcmp(got.values.data(), want.values.data(), got.values.size()) == 0);
        for (std::size_t j = 0; j < n; ++j) {
          for (std::size_t i = 0; i < dim; ++i) {
            const float k = kernels::cached_key(type, got.keys.data(), dim, j, i);
            const float v = kernels::cached_value(type, got.values.data(), dim, j, i);
            if (j < before) {
              REQUIRE(k == kernels::cached_key(type, empty.keys.data(), dim, j, i));
              REQUIRE(v == kernels::cached_value(type, empty.values.data(), dim, j, i));
              continue;
            }
            const float* row = &rows[(j - before) * (dim + 3)];
            float amax = std::fabs(row[i]);
            for (std::size_t g = 0; g < 32 && type == CacheType::Q8_0; ++g) {
              amax = std::fmax(amax, std::fabs(row[i / 32 * 32 + g]));
            }
            REQUIRE(std::fabs(k - row[i]) <= largest_step(type) * amax + (type == CacheType::F16 ? 0x1p-25f : 0));
            REQUIRE(v == k);
          }
        }
      }
    }
  }
}

TEST_CASE("what is not finite stays so in the cache") {
  for (const CacheType type : kernels::cache_types) {
    for (const KernelTable* target : all_targets()) {
      for (const float bad : {infinity, -infinity, std::nanf(""), -std::nanf("0x3fffff")}) {
        for (const std::size_t at : Sizes{0, 17, 31}) {
          INFO(target->target << " " << to_string(type) << " " << bad << " at " << at);
          const Cache cache(type, 16, 32, 32);
          std::vector<float> row(32, 1.0f);
          row[at] = bad;
          target->store_keys({type, cache.keys.data(), 32, 3, 1, row.data(), 32});
          target->store_values({type, cache.values.data(), 32, 3, 1, row.data(), 32});
          const float k = kernels::cached_key(type, cache.keys.data(), 32, 3, at);
          const float v = kernels::cached_value(type, cache.values.data(), 32, 3, at);
          REQUIRE(!std::isfinite(k));
          REQUIRE(!std::isfinite(v));
          if (std::isnan(bad)) REQUIRE((std::isnan(k) && std::isnan(v)));
        }
      }
    }
  }
}

TEST_CASE("a bad key or value is seen by the tokens from its position on, and by no earlier one") {
  constexpr std::size_t n = 150, tokens = 40, group = 3, dim = 32;
  for (const CacheType type : kernels::cache_types) {
    const Cache good(type, n, dim, dim);
    const Queries queries(good, tokens, group);
    for (const KernelTable* target : all_targets()) {
      const auto want = attend(*target, good, queries, tokens);
      for (const bool in_keys : {true, false}) {
        for (const std::size_t at : Sizes{115, 127, 128, 131, 149}) {
          INFO(target->target << " " << to_string(type) << " position " << at << " in "
                              << (in_keys ? "keys" : "values"));
          Cache bad(type, n, dim, dim);
          const std::vector<float> row(dim, std::nanf(""));
          if (in_keys) {
            target->store_keys({type, bad.keys.data(), dim, at, 1, row.data(), dim});
          } else {
            target->store_values({type, bad.values.data(), dim, at, 1, row.data(), dim});
          }
          const auto got = attend(*target, bad, queries, tokens);
          const std::size_t first = (at - (n - tokens)) * group * dim;
          REQUIRE(std::memcmp(got.data(), want.data(), first * sizeof(float)) == 0);
          REQUIRE(std::all_of(got.begin() + static_cast<std::ptrdiff_t>(first), got.end(),
                              [](float v) { return std::isnan(v); }));
        }
      }
    }
  }
}

TEST_CASE("scores far apart give the nearest value, and blocks without any weight leave the others alone") {
  constexpr std::size_t n = 300, dim = 16;
  for (const KernelTable* target : all_targets()) {
    INFO(target->target);
    std::vector<float> keys(n * dim), values = random_floats(n * dim, 3);
    keys[207 * dim] = 1e4f;
    const Cache far(CacheType::F32, n, dim, dim, keys, values);
    Queries one(far, 1, 1);
    one.q[0] = 1e4f;
    const auto out = attend(*target, far, one, 1);
    for (std::size_t i = 0; i < dim; ++i) REQUIRE(out[i] == values[207 * dim + i]);

    // −inf for all keys of the first two blocks, then for all keys.
    for (std::size_t j = 0; j < 256; ++j) keys[j * dim] = -1e30f;
    keys[207 * dim] = -1e30f;
    const Cache later(CacheType::F32, n, dim, dim, keys, values);
    one.q[0] = 1e30f;
    REQUIRE(distance(attend(*target, later, one, 1), definition(later, one)) < 3e-6);
    for (std::size_t j = 256; j < n; ++j) keys[j * dim] = -1e30f;
    const Cache none(CacheType::F32, n, dim, dim, keys, values);
    for (const float v : attend(*target, none, one, 1)) REQUIRE(std::isnan(v));
  }
}

TEST_CASE("windows, caps, slopes and sinks agree with the definition, and have the same bits however they are split") {
  for (const CacheType type : kernels::cache_types) {
    for (const std::size_t keys : Sizes{20, 128, 129, 700}) {
      const Cache cache(type, keys, 64, 64);
      for (const std::size_t window : Sizes{0, 1, 3, 16, 100, 128, 200, 5000}) {
        for (const unsigned added : {0u, 1u, 2u, 4u, 7u}) {
          Queries queries(cache, 11, 3);
          queries.window = window;
          if ((added & 1u) != 0) queries.cap = 2.0f;
          if ((added & 2u) != 0) queries.slopes = {0.25f, 0.0625f, 0.00390625f};
          if ((added & 4u) != 0) queries.sinks = {-1.0f, 0.5f, 20.0f};
          const auto want = definition(cache, queries);
          for (const KernelTable* target : all_targets()) {
            INFO(target->target << " " << to_string(type) << " keys " << keys << " window " << window << " added "
                                << added);
            const auto together = attend(*target, cache, queries, 11);
            REQUIRE(distance(together, want) < 1e-5);
            REQUIRE(same_bits(attend(*target, cache, queries, 1), together));
            REQUIRE(same_bits(attend(*target, cache, queries, 4), together));
            REQUIRE(same_bits(attend(*target, cache, queries, 11, run_blocks<1>), together));
            REQUIRE(same_bits(attend(*target, cache, queries, 1, run_blocks<2>), together));
          }
        }
      }
    }
  }
}

TEST_CASE("what lies before a window is not read into the result") {
  std::vector<float> k = random_floats(400 * 16, 2), v = random_floats(400 * 16, 3);
  const Cache clean(CacheType::F32, 400, 16, 16, k, v);
  std::fill_n(v.begin(), 300 * 16, NAN);
  std::fill_n(k.begin(), 300 * 16, infinity);
  const Cache spoilt(CacheType::F32, 400, 16, 16, k, v);
  Queries queries(clean, 8, 2);
  queries.window = 93;  // the first token sees positions 300 … 392
  for (const KernelTable* target : all_targets()) {
    INFO(target->target);
    REQUIRE(same_bits(attend(*target, spoilt, queries, 8), attend(*target, clean, queries, 8)));
  }
}
