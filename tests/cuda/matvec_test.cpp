// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matrices times few rows, every format, run by the emulated device, against sums in double.
#include <algorithm>

#include "gpu_fixture.hpp"
#include "lamina/core/typelist.hpp"

namespace lamina::test {
namespace {

using kernels::ReferenceKernels;

std::vector<float> normed(const std::vector<float>& x, std::size_t k, gpu::NormKind kind,
                          const std::vector<float>& weight, const std::vector<float>& bias) {
  std::vector<float> out = x;
  for (std::size_t t = 0; t < x.size() / k; ++t) {
    if (kind == gpu::NormKind::Rms) ReferenceKernels::rms_norm(&x[t * k], weight.data(), k, 1e-5f, &out[t * k]);
    if (kind == gpu::NormKind::Layer) {
      ReferenceKernels::layer_norm(&x[t * k], weight.data(), bias.data(), k, 1e-5f, &out[t * k]);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("emulated GPU: matrices times few rows, every format, norm and width") {
  for_each_type(quant::Formats{}, [](auto type) {
    using Format = typename decltype(type)::type;
    INFO(Format::name);
    for (const std::size_t k : gpu_widths<Format>()) {
      for (const std::size_t n : {std::size_t{1}, std::size_t{6}}) {
        const std::size_t n_rows[2] = {37, 4};
        const auto kind = static_cast<gpu::NormKind>((k + n) % 3);
        INFO("k " << k << ", " << n << " tokens, norm " << static_cast<int>(kind));
        EmulatedDevice device;
        const auto x = random_floats(n * k, 1), weight = random_floats(k, 2), bias = random_floats(k, 3);
        const auto row_bias = random_floats(n_rows[0], 4);
        gpu::MatvecArgs a;
        a.in = {device.put(x),
                k,
                {kind, device.put(weight), kind == gpu::NormKind::Layer ? device.put(bias) : nullptr, 1e-5f}};
        a.k = static_cast<std::uint32_t>(k);
        a.n_rows = static_cast<std::uint32_t>(n);
        a.n_products = 2;
        std::vector<float> wanted[2];
        float* outs[2];
        for (std::size_t p = 0; p < 2; ++p) {
          const auto blocks = random_weights<Format>(n_rows[p], k, 5 + static_cast<std::uint32_t>(p));
          wanted[p] = product<Format>(blocks, n_rows[p], k, normed(x, k, kind, weight, bias));
          outs[p] = device.put(std::vector<float>(n * n_rows[p], 1.0f));
          a.product[p].w = {device.put(blocks), blocks.size() / n_rows[p], p == 0 ? device.put(row_bias) : nullptr,
                            static_cast<std::uint32_t>(n_rows[p])};
          a.product[p].end.out = outs[p];
          a.product[p].end.stride = n_rows[p];
        }
        for (std::size_t i = 0; i < wanted[0].size(); ++i) wanted[0][i] += row_bias[i % n_rows[0]];
        a.product[1].end.add = true;
        a.product[1].end.scale = 0.5f;
        for (float& w : wanted[1]) w = 1 + w / 2;
        const auto* kernels = device.kernels().find(Format::type_id);
        REQUIRE(kernels != nullptr);
        for (std::size_t p = 0; p < 2; ++p) {
          std::fill_n(outs[p], wanted[p].size(), 1.0f);
          const auto got = device.result(outs[p], wanted[p].size(), [&] { kernels->matvec(*device.queue, a); });
          REQUIRE(nmse(got, wanted[p]) < 1e-8);
        }
      }
    }
  });
}

TEST_CASE("emulated GPU: a token alone and among others has the same bits") {
  const std::size_t k = 512, rows = 16, n = 5;
  for_each_type(TypeList<quant::Q4_K, quant::Q6_K, quant::Q4_0, quant::F16>{}, [&](auto type) {
    using Format = typename decltype(type)::type;
    EmulatedDevice device;
    const auto x = random_floats(n * k, 1);
    const auto blocks = random_weights<Format>(rows, k, 2);
    gpu::MatvecArgs a;
    a.in = {device.put(x), k, {}};
    a.k = k;
    a.n_products = 1;
    a.product[0].w = {device.put(blocks), blocks.size() / rows, nullptr, rows};
    a.product[0].end.out = device.empty<float>(n * rows);
    a.product[0].end.stride = rows;
    const auto run = [&](std::size_t tokens) {
      a.n_rows = static_cast<std::uint32_t>(tokens);
      device.kernels().find(Format::type_id)->matvec(*device.queue, a);
      return std::vector<float>(a.product[0].end.out, a.product[0].end.out + tokens * rows);
    };
    const auto together = run(n);
    for (std::size_t t = 0; t < n; ++t) {
      a.in.x = device.put(std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(t * k),
                                             x.begin() + static_cast<std::ptrdiff_t>((t + 1) * k)));
      REQUIRE(std::memcmp(run(1).data(), &together[t * rows], rows * sizeof(float)) == 0);
    }
  });
}

TEST_CASE("emulated GPU: gate and up, and experts of their own for each row") {
  const std::size_t k = 256, rows = 19, n = 6, n_expert = 4;
  for_each_type(TypeList<quant::Q4_K, quant::Q8_0, quant::F32, quant::IQ2_XS>{}, [&](auto type) {
    using Format = typename decltype(type)::type;
    for (const bool experts : {false, true}) {
      for (const auto activation : {kernels::ActivationKind::Silu, kernels::ActivationKind::SwigluOai}) {
        INFO(Format::name << " experts " << experts);
        EmulatedDevice device;
        const std::size_t all = experts ? n_expert * rows : rows, share = experts ? 2 : 1;
        const auto x = random_floats(n / share * k, 1), bias = random_floats(all, 4);
        const auto gate = random_weights<Format>(all, k, 2), up = random_weights<Format>(all, k, 3);
        const std::vector<std::uint32_t> chosen = {1, 3, 0, 1, 2, 3};
        gpu::GateUpArgs a;
        a.in = {device.put(x), k, {}};
        a.k = k;
        a.n_rows = n;
        a.gate = {device.put(gate), gate.size() / all, device.put(bias), rows};
        a.up = {device.put(up), up.size() / all, nullptr, rows};
        a.activation = activation;
        a.out = device.empty<float>(n * rows);
        a.stride = rows;
        a.chosen = experts ? device.put(chosen) : nullptr;
        a.share = static_cast<std::uint32_t>(share);
        const auto got =
            device.result(a.out, n * rows, [&] { device.kernels().find(Format::type_id)->gate_up(*device.queue, a); });
        const auto g = product<Format>(gate, all, k, x), u = product<Format>(up, all, k, x);
        std::vector<float> wanted(n * rows);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          const std::size_t row = i / rows, first = experts ? chosen[row] * rows : 0;
          const std::size_t at = row / share * all + first + i % rows;
          const float of_gate = g[at] + bias[first + i % rows];
          ReferenceKernels::activate(activation, &of_gate, &u[at], 1, &wanted[i]);
        }
        REQUIRE(nmse(got, wanted) < 1e-8);
      }
    }
  });
}

TEST_CASE("emulated GPU: numbers that are none reach the output") {
  EmulatedDevice device;
  const std::size_t k = 256, rows = 4;
  const auto blocks = random_weights<quant::Q4_K>(rows, k, 2);
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    auto x = random_floats(k, 1);
    x[77] = bad;
    gpu::MatvecArgs a;
    a.in = {device.put(x), k, {}};
    a.k = k;
    a.n_rows = 1;
    a.n_products = 1;
    a.product[0].w = {device.put(blocks), blocks.size() / rows, nullptr, rows};
    a.product[0].end.out = device.empty<float>(rows);
    a.product[0].end.stride = rows;
    device.kernels().find(quant::Q4_K::type_id)->matvec(*device.queue, a);
    for (std::size_t r = 0; r < rows; ++r) REQUIRE(!std::isfinite(a.product[0].end.out[r]));
  }
}

TEST_CASE("emulated GPU: the embedding, every format") {
  for_each_type(quant::Formats{}, [](auto type) {
    using Format = typename decltype(type)::type;
    INFO(Format::name);
    EmulatedDevice device;
    const std::size_t k = 512, rows = 7;
    const auto blocks = random_weights<Format>(rows, k, 2);
    std::vector<float> table(rows * k), wanted;
    quant::dequantize_row<Format>(blocks.data(), rows * k, table.data());
    gpu::EmbedArgs a;
    a.tokens = device.put(std::vector<std::int32_t>{3, 0, 6});
    a.position = device.put(std::vector<std::uint32_t>{2});
    a.table = {device.put(blocks), blocks.size() / rows, nullptr, rows};
    a.n = k;
    a.n_tokens = 3;
    a.scale = 2;
    a.out = device.empty<float>(3 * k);
    const auto* kernels = device.kernels().find(Format::type_id);
    kernels->embed(*device.queue, a);
    a.by_position = true;  // rows 2, 3, 4 are added
    kernels->embed(*device.queue, a);
    for (std::size_t i = 0; i < 3 * k; ++i) {
      const std::size_t token = std::size_t{i < k ? 3u : i < 2 * k ? 0u : 6u};
      wanted.push_back(2 * table[token * k + i % k] + table[(2 + i / k) * k + i % k]);
    }
    REQUIRE(nmse(std::vector<float>(a.out, a.out + 3 * k), wanted) < 1e-12);
  });
}

}  // namespace lamina::test
