// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention in bfloat16: near the definition, by what rounding allows, the same bits whatever run of tokens is computed
// together and by hardware and emulation, bad numbers visible where they belong.
#include <catch2/catch.hpp>
//
#include <bit>

#include "attention_cases.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

// To the nearest, ties to even.
float to_bf16(float v) {
  if (std::isnan(v)) return v;
  const auto bits = std::bit_cast<std::uint32_t>(v);
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u);
}

// A weight is rounded by at most 2⁻⁹ of it; results, sums of many values, may be smaller than what they are sums of.
constexpr double weights_rounded = 0x1p-7;

std::vector<const KernelTable*> tile_targets() {
  std::vector<const KernelTable*> out;
  for (const KernelTable* target : simd_targets()) {
    if (target->attention_bf16 != nullptr) out.push_back(target);
  }
  return out;
}

}  // namespace

TEST_CASE(
    "attention in bfloat16 agrees with the definition for any cache type, head size, group and number of tokens") {
  struct Dims {
    std::size_t key, value;
  };
  for (const KernelTable* target : tile_targets()) {
    REQUIRE(!target->attention_bf16_kernel.empty());
    for (const CacheType type : kernels::cache_types) {
      for (const Dims dim : {Dims{1, 1}, {20, 20}, {64, 64}, {80, 80}, {96, 96}, {128, 128}, {192, 128}, {7, 33}}) {
        if (!kernels::cache_takes(type, dim.key) || !kernels::cache_takes(type, dim.value)) continue;
        for (const std::size_t keys : Sizes{11, 128, 129, 420}) {
          const Cache cache(type, keys, dim.key, dim.value);
          for (const std::size_t group : Sizes{1, 3, 8}) {
            const Queries queries(cache, 11, group);
            INFO(target->target << " " << to_string(type) << " dims " << dim.key << " " << dim.value << " group "
                                << group << " keys " << keys);
            const auto got = attend(*target, cache, queries, 11, run_bf16);
            const double bar = dim.value < 16 ? 4 * weights_rounded : weights_rounded;  // one result may be small
            REQUIRE(distance(got, definition(cache, queries, to_bf16)) < bar);
            REQUIRE(distance(got, definition(cache, queries)) < 4 * bar);
          }
        }
      }
    }
  }
}

TEST_CASE("attention in bfloat16 gives the same bits whatever run of tokens is computed together") {
  for (const KernelTable* target : tile_targets()) {
    for (const CacheType type : kernels::cache_types) {
      for (const std::size_t dim : Sizes{20, 64}) {
        if (!kernels::cache_takes(type, dim)) continue;
        for (const std::size_t keys : Sizes{40, 150, 300}) {
          const Cache cache(type, keys, dim, dim);
          for (const std::size_t group : Sizes{1, 3, 8}) {
            const Queries queries(cache, 40, group);
            INFO(target->target << " " << to_string(type) << " dim " << dim << " group " << group << " keys " << keys);
            const auto together = attend(*target, cache, queries, 40, run_bf16);
            for (const std::size_t step : Sizes{1, 3, 8, 33}) {
              REQUIRE(same_bits(attend(*target, cache, queries, step, run_bf16), together));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("windows, caps, slopes and sinks in bfloat16 agree with the definition, and have the same bits in any run") {
  for (const KernelTable* target : tile_targets()) {
    for (const CacheType type : kernels::cache_types) {
      for (const std::size_t keys : Sizes{20, 129, 400}) {
        const Cache cache(type, keys, 64, 64);
        for (const std::size_t window : Sizes{0, 1, 3, 100, 128, 200, 5000}) {
          for (const unsigned added : {0u, 1u, 2u, 4u, 7u}) {
            Queries queries(cache, 11, 3);
            queries.window = window;
            if ((added & 1u) != 0) queries.cap = 2.0f;
            if ((added & 2u) != 0) queries.slopes = {0.25f, 0.0625f, 0.00390625f};
            if ((added & 4u) != 0) queries.sinks = {-1.0f, 0.5f, 20.0f};
            INFO(target->target << " " << to_string(type) << " keys " << keys << " window " << window << " added "
                                << added);
            const auto together = attend(*target, cache, queries, 11, run_bf16);
            REQUIRE(distance(together, definition(cache, queries, to_bf16)) < weights_rounded);
            REQUIRE(same_bits(attend(*target, cache, queries, 1, run_bf16), together));
            REQUIRE(same_bits(attend(*target, cache, queries, 4, run_bf16), together));
          }
        }
      }
    }
  }
}

TEST_CASE("blocks of keys that lie apart give the same bits in bfloat16") {
  constexpr std::size_t n = 300, dim = 64, stride = 128 * 64 * 4 + 192;
  for (const KernelTable* target : tile_targets()) {
    for (const CacheType type : kernels::cache_types) {
      INFO(target->target << " " << to_string(type));
      const Cache together(type, n, dim, dim);
      const Queries q(together, 3, 4);
      std::vector<std::byte> keys(3 * stride), values(3 * stride);
      const auto k = random_floats(n * dim, 2), v = random_floats(n * dim, 3);
      target->store_keys({type, keys.data(), dim, 0, n, k.data(), dim, stride});
      target->store_values({type, values.data(), dim, 0, n, v.data(), dim, stride});
      std::vector<float> scratch(kernels::TileScratch(12, dim, dim).size), out(3 * 4 * dim);
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
      target->attention_bf16(a);
      REQUIRE(same_bits(out, attend(*target, together, q, 3, run_bf16)));
    }
  }
}

TEST_CASE("what is not finite reaches the tokens in bfloat16 that see it, and no others") {
  constexpr std::size_t n = 150, dim = 32, tokens = 40, group = 3;
  for (const KernelTable* target : tile_targets()) {
    for (const CacheType type : kernels::cache_types) {
      const Cache clean(type, n, dim, dim);
      const Queries queries(clean, tokens, group);
      const auto want = attend(*target, clean, queries, tokens, run_bf16);
      for (const bool in_keys : {true, false}) {
        for (const float value : {std::nanf(""), infinity}) {
          if (in_keys && !std::isnan(value)) continue;  // half of such scores are −∞, which weigh nothing
          for (const std::size_t at : Sizes{115, 127, 128, 131, 149}) {
            INFO(target->target << " " << to_string(type) << " position " << at << " in "
                                << (in_keys ? "keys" : "values") << " " << value);
            Cache bad(type, n, dim, dim);
            const std::vector<float> row(dim, value);
            if (in_keys) {
              target->store_keys({type, bad.keys.data(), dim, at, 1, row.data(), dim});
            } else {
              target->store_values({type, bad.values.data(), dim, at, 1, row.data(), dim});
            }
            const auto got = attend(*target, bad, queries, tokens, run_bf16);
            const std::size_t first = (at - (n - tokens)) * group * dim;
            REQUIRE(std::memcmp(got.data(), want.data(), first * sizeof(float)) == 0);
            REQUIRE(std::none_of(got.begin() + static_cast<std::ptrdiff_t>(first), got.end(),
                                 [](float v) { return std::isfinite(v); }));
          }
        }
      }
    }
  }
}

TEST_CASE("what lies before a window is not read into the result in bfloat16") {
  std::vector<float> k = random_floats(400 * 16, 2), v = random_floats(400 * 16, 3);
  const Cache clean(CacheType::F32, 400, 16, 16, k, v);
  std::fill_n(v.begin(), 300 * 16, NAN);
  std::fill_n(k.begin(), 300 * 16, infinity);
  const Cache spoilt(CacheType::F32, 400, 16, 16, k, v);
  Queries queries(clean, 8, 2);
  queries.window = 93;  // the first token sees positions 300 … 392
  for (const KernelTable* target : tile_targets()) {
    INFO(target->target);
    REQUIRE(same_bits(attend(*target, spoilt, queries, 8, run_bf16), attend(*target, clean, queries, 8, run_bf16)));
  }
}

TEST_CASE("scores that outgrow all before them, and blocks without any weight, are right in bfloat16") {
  constexpr std::size_t n = 700, dim = 16;
  for (const KernelTable* target : tile_targets()) {
    INFO(target->target);
    // Every row's largest score lies in one block after the other, by far or by little.
    for (const float step : {1.0f, 16.0f, 64.0f, 4096.0f}) {
      std::vector<float> keys = random_floats(n * dim, 2), values = random_floats(n * dim, 3);
      for (std::size_t j = 0; j < n; ++j) keys[j * dim] = step * static_cast<float>(j / 100 * (j % 7 != 0));
      const Cache cache(CacheType::F32, n, dim, dim, keys, values);
      Queries queries(cache, 40, 3);
      for (std::size_t t = 0; t < 40 * queries.q_stride; t += dim) queries.q[t] = t % 3 == 0 ? 4.0f : -4.0f;
      const auto together = attend(*target, cache, queries, 40, run_bf16);
      REQUIRE(distance(together, definition(cache, queries, to_bf16)) < weights_rounded);
      REQUIRE(same_bits(attend(*target, cache, queries, 7, run_bf16), together));
    }

    std::vector<float> keys(n * dim), values = random_floats(n * dim, 3);
    keys[207 * dim] = 1e4f;
    const Cache far(CacheType::F32, n, dim, dim, keys, values);
    Queries one(far, 1, 1);
    one.q[0] = 1e4f;
    const auto out = attend(*target, far, one, 1, run_bf16);
    for (std::size_t i = 0; i < dim; ++i) REQUIRE(out[i] == to_bf16(values[207 * dim + i]));

    // −∞ for all keys of the first two blocks, then for all keys, with and without a sink.
    for (std::size_t j = 0; j < 256; ++j) keys[j * dim] = -1e30f;
    const Cache later(CacheType::F32, n, dim, dim, keys, values);
    one.q[0] = 1e30f;
    REQUIRE(distance(attend(*target, later, one, 1, run_bf16), definition(later, one, to_bf16)) < weights_rounded);
    for (std::size_t j = 256; j < n; ++j) keys[j * dim] = -1e30f;
    const Cache none(CacheType::F32, n, dim, dim, keys, values);
    for (const float v : attend(*target, none, one, 1, run_bf16)) REQUIRE(std::isnan(v));
    one.sinks = {0.5f};
    for (const float v : attend(*target, none, one, 1, run_bf16)) REQUIRE(v == 0);
  }
}

TEST_CASE("attention by tiles of the hardware gives the bits that are emulated") {
  const auto targets = tile_targets();
  for (const KernelTable* target : targets) {
    for (const CacheType type : kernels::cache_types) {
      for (const std::size_t dim : Sizes{64, 96}) {
        INFO(target->target << " " << to_string(type) << " dim " << dim);
        const Cache cache(type, 420, dim, dim);
        Queries queries(cache, 70, 3);
        const auto plain = attend(*target, cache, queries, 70, run_bf16);
        REQUIRE(same_bits(plain, attend(*targets.front(), cache, queries, 70, run_bf16)));
        queries.window = 150;
        queries.sinks = {-1.0f, 0.5f, 20.0f};
        const auto bent = attend(*target, cache, queries, 70, run_bf16);
        REQUIRE(same_bits(bent, attend(*targets.front(), cache, queries, 70, run_bf16)));
      }
    }
  }
}
