// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The GPU's unpack of each format against the format's own decode.
#include "lamina/kernels/cuda/groups.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "lamina/kernels/format_traits.hpp"

namespace lamina::test {
namespace {

// Any bytes are a block; only scales that are no numbers are left out, since NaN equals nothing.
template <class Format>
typename Format::Block random_block(std::mt19937& random) {
  typename Format::Block block;
  auto* bytes = reinterpret_cast<std::uint8_t*>(&block);
  for (;;) {
    for (std::size_t i = 0; i < sizeof block; ++i) bytes[i] = static_cast<std::uint8_t>(random());
    float out[Format::block_size];
    Format::dequantize(block, out);
    bool finite = true;
    for (const float x : out) finite = finite && std::isfinite(x);
    if (finite) return block;
  }
}

}  // namespace

TEST_CASE("a group of 32 weights is what the format decodes") {
  for_each_type(quant::Formats{}, [](auto type) {
    using Format = typename decltype(type)::type;
    if constexpr (!kernels::is_float_format<Format>) {
      INFO(Format::name);
      std::mt19937 random(7);
      for (int round = 0; round < 200; ++round) {
        const typename Format::Block block = random_block<Format>(random);
        alignas(16) std::byte memory[3 * sizeof block];
        std::memcpy(memory + 2 * sizeof block, &block, sizeof block);
        float wanted[Format::block_size], most = 0;
        Format::dequantize(block, wanted);
        for (const float w : wanted) most = std::max(most, std::fabs(w));
        for (std::uint32_t j = 0; j < Format::block_size / 32; ++j) {
          const gpu::Group32 g =
              gpu::load_group<Format>(memory, static_cast<std::uint32_t>(2 * Format::block_size / 32) + j);
          for (int i = 0; i < 32; ++i) {
            INFO("weight " << 32 * j + static_cast<std::uint32_t>(i));
            REQUIRE(std::fabs(gpu::weight_of(g, i) - wanted[32 * j + static_cast<std::uint32_t>(i)]) <= 4e-7f * most);
          }
          if (!gpu::Group<Format>::halves) REQUIRE(g.d[0] == g.d[1]);
          if (!gpu::Group<Format>::halves) REQUIRE(g.m[0] == g.m[1]);
          if (!gpu::Group<Format>::minima) REQUIRE((g.m[0] == 0 && g.m[1] == 0));
        }
      }
    }
  });
}

TEST_CASE("words of four bytes") {
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    const auto a = static_cast<std::uint32_t>(random()), b = static_cast<std::uint32_t>(random()) & 0x7f7f7f7fu;
    const unsigned bits = a >> 9 & 15;
    int sum = 5;
    for (int i = 0; i < 4; ++i) sum += gpu::signed_byte(a, i) * gpu::signed_byte(b, i);
    REQUIRE(gpu::dot4(a, b, 5) == sum);
    const std::uint32_t negated = gpu::negate4(b, gpu::mask4(bits));
    for (int i = 0; i < 4; ++i) {
      const int x = gpu::signed_byte(b, i);
      REQUIRE(gpu::signed_byte(negated, i) == ((bits >> i & 1) != 0 ? -x : x));
    }
  }
  REQUIRE(gpu::alignment_of(144) == 16);
  REQUIRE(gpu::alignment_of(18) == 2);
  REQUIRE(gpu::alignment_of(17) == 1);
  REQUIRE(gpu::alignment_of(136) == 8);
}

}  // namespace lamina::test
