// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Norm, quantisation, rotary embedding and element-wise kernels, for every target, against the reference or against the
// definition in double.
#include <catch2/catch.hpp>
//
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel_fixture.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::KernelTable;
using kernels::RopePairing;

constexpr float infinity = std::numeric_limits<float>::infinity();

// The largest |a − b| as a share of the largest |b|.
double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, size = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error = std::fmax(error, std::fabs(static_cast<double>(a[i]) - b[i]));
    size = std::fmax(size, std::fabs(static_cast<double>(b[i])));
    if (std::isnan(a[i]) != std::isnan(b[i])) return infinity;
  }
  return error / size;
}

}  // namespace

TEST_CASE("rms_norm agrees with the reference for any length") {
  for (const KernelTable* target : simd_targets()) {
    for (const std::size_t n : std::initializer_list<std::size_t>{1, 3, 16, 17, 48, 64, 65, 100, 576, 4096, 4099}) {
      INFO(target->target << " n " << n);
      const auto x = random_floats(n, 1), w = random_floats(n, 2);
      std::vector<float> got(n), want(n);
      target->rms_norm(x.data(), w.data(), n, 1e-5f, got.data());
      reference().rms_norm(x.data(), w.data(), n, 1e-5f, want.data());
      REQUIRE(distance(got, want) < 1e-6);
    }
  }
}

TEST_CASE("quantize keeps every value within half a step and the sums exact") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    ActivationRows x(random_floats(3 * 1000, 1), 1000);
    x.quantize(*target);
    for (std::size_t g = 0; g < x.d.size(); ++g) {
      float amax = 0;
      int sums[2] = {0, 0};
      for (std::size_t i = 0; i < 32; ++i) {
        const float value = x.f32[32 * g + i];
        amax = std::fmax(amax, std::fabs(value));
        REQUIRE(std::abs(x.level(32 * g + i)) <= 32512);
        REQUIRE(std::fabs(value - x.d[g] * static_cast<float>(x.level(32 * g + i))) <= 0.502f * x.d[g]);
        sums[i / 16] += x.level(32 * g + i);
      }
      REQUIRE(x.d[g] == amax / 32512.0f);
      REQUIRE(x.s16[2 * g] == x.d[g] * static_cast<float>(sums[0]));
      REQUIRE(x.s16[2 * g + 1] == x.d[g] * static_cast<float>(sums[1]));
      REQUIRE(x.s32[g] == x.d[g] * static_cast<float>(sums[0] + sums[1]));
    }
  }
}

TEST_CASE("quantize gives the same integers on every target") {
  ActivationRows want(random_floats(4096, 4), 4096);
  want.quantize(reference());
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    ActivationRows got(random_floats(4096, 4), 4096);
    got.quantize(*target);
    for (std::size_t i = 0; i < 4096; ++i) REQUIRE(got.level(i) == want.level(i));
    REQUIRE(got.d == want.d);
  }
}

TEST_CASE("planes are there in both of their orders") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    ActivationRows x(random_floats(2 * 700, 5), 700);
    x.quantize(*target);
    if (x.layout != kernels::ActivationLayout::Planes) continue;
    for (std::size_t t = 0; t < x.n; ++t) {
      const kernels::Activations row = x.get().token(t);
      const auto* planes = reinterpret_cast<const std::int8_t*>(row.q16);
      for (std::size_t i = 0; i < x.k_padded; ++i) {
        const std::int8_t* comb = planes + 2 * x.k_padded + kernels::comb_order(i);
        REQUIRE(256 * comb[0] + comb[x.k_padded] == kernels::level(x.layout, row, i));
      }
    }
  }
}

TEST_CASE("words are there as planes in lane order too") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    ActivationRows x(random_floats(2 * 700, 5), 700);
    x.quantize(*target);
    if (x.layout != kernels::ActivationLayout::WordsAndPlanes) continue;
    for (std::size_t t = 0; t < x.n; ++t) {
      const kernels::Activations row = x.get().token(t);
      const auto* planes = reinterpret_cast<const std::int8_t*>(row.q16 + x.k_padded);
      for (std::size_t i = 0; i < x.k_padded; ++i) {
        const std::int8_t* high = planes + kernels::lane_order(i);
        REQUIRE(255 * high[0] + high[x.k_padded] == kernels::level(x.layout, row, i));
        REQUIRE(high[x.k_padded] >= -127);  // VPMADDUBSW's sums then fit 16 bits
      }
    }
  }
}

TEST_CASE("quantize keeps infinities and NaN visible and survives tiny values") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    for (const float bad : {infinity, -infinity, std::nanf("")}) {
      for (std::size_t at = 0; at < 32; ++at) {
        ActivationRows x(std::vector<float>(32, 1.0f), 32);
        x.f32[at] = bad;
        x.quantize(*target);
        REQUIRE(!std::isfinite(x.d[0]));
      }
    }
    for (const float tiny : {0.0f, -0.0f, 1e-45f, 1e-38f, 1e-31f}) {
      ActivationRows x(std::vector<float>(32, tiny), 32);
      x.quantize(*target);
      REQUIRE(x.d[0] == 0.0f);
      REQUIRE(x.level(0) == 0);
      REQUIRE(x.s32[0] == 0.0f);
    }
  }
}

TEST_CASE("rope rotates the pairs it should and leaves the rest") {
  for (const KernelTable* target : simd_targets()) {
    for (const RopePairing pairing : {RopePairing::Adjacent, RopePairing::Halves}) {
      for (const std::size_t n_rot : std::initializer_list<std::size_t>{2, 6, 32, 64, 80}) {
        INFO(target->target << " n_rot " << n_rot);
        constexpr std::size_t heads = 3, head_dim = 80;
        std::vector<float> turns(n_rot);
        for (std::size_t i = 0; i < n_rot / 2; ++i) {
          turns[2 * i] = std::cos(0.3f * static_cast<float>(i + 1));
          turns[2 * i + 1] = std::sin(0.3f * static_cast<float>(i + 1));
        }
        auto got = random_floats(heads * head_dim, 1), want = got;
        target->rope(got.data(), heads, head_dim, n_rot, turns.data(), pairing);
        reference().rope(want.data(), heads, head_dim, n_rot, turns.data(), pairing);
        REQUIRE(distance(got, want) < 2e-7);
      }
    }
  }
}

TEST_CASE("layer_norm agrees with the reference for any length, with and without a bias") {
  for (const KernelTable* target : simd_targets()) {
    for (const std::size_t n : std::initializer_list<std::size_t>{2, 3, 16, 17, 48, 64, 65, 100, 576, 4096, 4099}) {
      INFO(target->target << " n " << n);
      auto x = random_floats(n, 1);
      const auto w = random_floats(n, 2), b = random_floats(n, 3);
      for (float& v : x) v += 100.0f;  // far from zero
      for (const float* bias : {static_cast<const float*>(nullptr), b.data()}) {
        std::vector<float> got(n), want(n);
        target->layer_norm(x.data(), w.data(), bias, n, 1e-5f, got.data());
        reference().layer_norm(x.data(), w.data(), bias, n, 1e-5f, want.data());
        REQUIRE(distance(got, want) < 2e-5);
      }
    }
  }
}

TEST_CASE("activations agree with the reference, gated and alone, for any length") {
  using kernels::ActivationKind;
  for (const KernelTable* target : simd_targets()) {
    for (const ActivationKind kind : {ActivationKind::Silu, ActivationKind::GeluTanh, ActivationKind::GeluErf,
                                      ActivationKind::Relu, ActivationKind::ReluSquared, ActivationKind::SwigluOai}) {
      INFO(target->target << " activation " << static_cast<int>(kind));
      std::vector<float> x;
      for (int i = -1007; i <= 1007; ++i) x.push_back(static_cast<float>(i) * 0.01f);
      const auto up = random_floats(x.size(), 7);
      for (const float* gated : {up.data(), static_cast<const float*>(nullptr)}) {
        if (kind == ActivationKind::SwigluOai && gated == nullptr) continue;
        std::vector<float> got(x.size()), want(x.size());
        target->activate(kind, x.data(), gated, x.size(), got.data());
        reference().activate(kind, x.data(), gated, x.size(), want.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          INFO("at " << x[i] << " got " << got[i] << " want " << want[i]);
          REQUIRE(std::fabs(got[i] - want[i]) <= 4e-7 * std::fabs(want[i]) + 3e-7 * std::fabs(x[i]));
        }
      }
    }
  }
}

TEST_CASE("soft_cap is cap times tanh") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    std::vector<float> got;
    for (int i = -1003; i <= 1003; ++i) got.push_back(static_cast<float>(i) * 0.3f);
    auto want = got;
    target->soft_cap(got.data(), got.size(), 30.0f);
    reference().soft_cap(want.data(), want.size(), 30.0f);
    REQUIRE(distance(got, want) < 3e-7);
  }
}

TEST_CASE("silu is within two roundings of the exact value") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    std::vector<float> gate, got;
    for (int i = -3000; i <= 3000; ++i) gate.push_back(static_cast<float>(i) * 0.03f);
    const std::vector<float> up(gate.size(), 1.0f);
    got.resize(gate.size());
    target->activate(kernels::ActivationKind::Silu, gate.data(), up.data(), gate.size(), got.data());
    for (std::size_t i = 0; i < gate.size(); ++i) {
      const double g = gate[i], want = g / (1.0 + std::exp(-g));
      INFO("at " << gate[i]);
      REQUIRE(std::fabs(got[i] - want) <= 4e-7 * std::fabs(want) + 1e-36);
    }
  }
}

TEST_CASE("silu of infinities and NaN") {
  for (const KernelTable* target : simd_targets()) {
    INFO(target->target);
    const std::vector<float> gate = {infinity, -1000.0f, std::nanf(""), 0.0f}, up(4, 2.0f);
    std::vector<float> got(4);
    target->activate(kernels::ActivationKind::Silu, gate.data(), up.data(), 4, got.data());
    REQUIRE(got[0] == infinity);
    REQUIRE(got[1] == 0.0f);
    REQUIRE(std::isnan(got[2]));
    REQUIRE(got[3] == 0.0f);
  }
}

TEST_CASE("add adds every element") {
  for (const KernelTable* target : simd_targets()) {
    for (std::size_t n = 0; n < 40; ++n) {
      auto got = random_floats(n + 1, 1), want = got;
      const auto y = random_floats(n + 1, 2);
      target->add(got.data(), y.data(), n);
      reference().add(want.data(), y.data(), n);
      REQUIRE(got == want);
    }
  }
}
