// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Products on (emulated) tensor cores against sums in double, and who holds what of a fragment.
#include <algorithm>

#include "gpu_fixture.hpp"
#include "lamina/core/typelist.hpp"
#include "lamina/kernels/cuda/mma.hpp"

namespace lamina::test {

TEST_CASE("each element of a fragment is held once") {
  int a[16][16] = {}, b[16][8] = {}, c[16][8] = {};
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned half = 0; half < 2; ++half) {
      for (unsigned i = 0; i < 4; ++i) ++a[gpu::FragmentA::row(lane, i)][gpu::FragmentA::col(lane, i) + half];
      for (unsigned i = 0; i < 2; ++i) ++b[gpu::FragmentB::row(lane, i) + half][gpu::FragmentB::col(lane)];
    }
    for (unsigned i = 0; i < 4; ++i) ++c[gpu::FragmentC::row(lane, i)][gpu::FragmentC::col(lane, i)];
  }
  REQUIRE(std::all_of(&a[0][0], &a[0][0] + 256, [](int n) { return n == 1; }));
  REQUIRE(std::all_of(&b[0][0], &b[0][0] + 128, [](int n) { return n == 1; }));
  REQUIRE(std::all_of(&c[0][0], &c[0][0] + 128, [](int n) { return n == 1; }));
  // As the PTX manual draws them: thread 5 has rows 1 and 9, columns 2 3 10 11.
  REQUIRE(gpu::FragmentA::row(5, 0) == 1);
  REQUIRE(gpu::FragmentA::row(5, 1) == 9);
  REQUIRE(gpu::FragmentA::col(5, 0) == 2);
  REQUIRE(gpu::FragmentA::col(5, 2) == 10);
  REQUIRE(gpu::FragmentB::row(5, 1) == 10);
  REQUIRE(gpu::FragmentC::col(5, 3) == 3);
}

TEST_CASE("emulated GPU: matrices times many rows on tensor cores, every format") {
  for_each_type(quant::Formats{}, [](auto type) {
    using Format = typename decltype(type)::type;
    INFO(Format::name);
    const std::vector<std::size_t> all = gpu_widths<Format>();
    for (const std::size_t k : {all.front(), all.back()}) {
      for (const bool split : {false, true}) {
        const std::size_t n = 70, n_rows[2] = {130, 17};
        INFO("k " << k << " split " << split);
        EmulatedDevice device;
        const auto x = random_floats(n * k, 1), bias = random_floats(n_rows[0], 2);
        const std::size_t padded = (k + 63) / 64 * 64;
        const auto* kernels = device.kernels().find(Format::type_id);
        if (split && !kernels->split) continue;
        gpu::PackArgs pack;
        pack.in = {device.put(x), k, {}};
        pack.k = static_cast<std::uint32_t>(k);
        pack.k_padded = static_cast<std::uint32_t>(padded);
        pack.n_rows = n;
        pack.high = device.empty<std::uint32_t>(n * padded / 2);
        pack.low = split ? device.empty<std::uint32_t>(n * padded / 2) : nullptr;
        device.kernels().pack(*device.queue, pack);
        gpu::GemmArgs a;
        a.high = pack.high;
        a.low = pack.low;
        a.k = pack.k;
        a.k_padded = pack.k_padded;
        a.n_rows = n;
        a.n_products = 2;
        std::vector<float> wanted[2];
        for (std::size_t p = 0; p < 2; ++p) {
          const auto blocks = random_weights<Format>(n_rows[p], k, 3 + static_cast<std::uint32_t>(p));
          wanted[p] = product<Format>(blocks, n_rows[p], k, x);
          a.product[p].w = {device.put(blocks), blocks.size() / n_rows[p], p == 0 ? device.put(bias) : nullptr,
                            static_cast<std::uint32_t>(n_rows[p])};
          a.product[p].end.out = device.empty<float>(n * n_rows[p]);
          a.product[p].end.stride = n_rows[p];
        }
        for (std::size_t i = 0; i < wanted[0].size(); ++i) wanted[0][i] += bias[i % n_rows[0]];
        for (std::size_t p = 0; p < 2; ++p) {
          const auto got =
              device.result(a.product[p].end.out, wanted[p].size(), [&] { kernels->gemm(*device.queue, a); });
          REQUIRE(nmse(got, wanted[p]) < (split ? 1e-8 : 2e-5));
        }
      }
    }
  });
}

}  // namespace lamina::test
