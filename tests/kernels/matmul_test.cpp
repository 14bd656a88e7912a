// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Matmul of every target and format: right against the reference, the same bits however the work is split, and never a
// byte read past the weights.
#include <catch2/catch.hpp>
//
#include <algorithm>
#include <cmath>

#include "kernels/matmul_checks.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

template <class F>
void for_each_panel(F&& f) {
  for_each_case([&](const KernelTable& target, auto format) {
    if (target.find(decltype(format)::type::type_id)->matmul_panel != nullptr) f(target, format);
  });
}

}  // namespace

TEST_CASE("matmul agrees with the reference for every target, format and shape") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    check_rows<Format>(target, reference());
  });
}

TEST_CASE("matmul with integer activations is close to matmul with floats") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 64, k = 1024;
    const GuardedBytes w = random_weights<Format>(rows, k, 5);
    ActivationRows x(random_floats(2 * k, 6), k);
    x.quantize(target);
    const auto got = multiply(target, Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, 2, x);
    const auto want = multiply(reference(), Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, 2, x);
    REQUIRE(nmse(got, want) < (target.find(Format::type_id)->int_activations ? 1e-8 : 1e-12));
  });
}

TEST_CASE("matmul gives the same bits for any split of rows and of tokens") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 11, n = 9;
    for (const std::size_t k : {std::size_t{256}, std::size_t{1056} / Format::block_size * Format::block_size}) {
      const GuardedBytes w = random_weights<Format>(rows, k, 7);
      const std::size_t row_bytes = w.size() / rows;
      ActivationRows x(random_floats(n * k, 8), k);
      x.quantize(target);
      const auto all = multiply(target, Format::type_id, w.data(), row_bytes, k, 0, rows, 0, n, x);
      for (std::size_t width = 1; width <= 5; ++width) {
        std::vector<float> joined(rows * n);
        for (std::size_t begin = 0; begin < rows; begin += width) {
          const std::size_t end = std::min(begin + width, rows);
          for (std::size_t t = 0; t < n; t += width) {
            const std::size_t m = std::min(width, n - t);
            const auto part = multiply(target, Format::type_id, w.data(), row_bytes, k, begin, end, t, m, x);
            for (std::size_t i = 0; i < m; ++i) {
              for (std::size_t r = begin; r < end; ++r) {
                joined[(t + i) * rows + r] = part[i * (end - begin) + (r - begin)];
              }
            }
          }
        }
        INFO("k " << k << " pieces of " << width);
        REQUIRE(same_bits(all, joined));
      }
    }
  });
}

TEST_CASE("targets with fused multiply-add and the same layout of activations give the same bits as each other") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    const auto fused = [](const KernelTable& t) { return t.target.find("avx") != std::string_view::npos; };
    if (!fused(target)) return;
    const auto targets = simd_targets();
    const KernelTable& first = **std::find_if(
        targets.begin(), targets.end(), [&](const KernelTable* t) { return fused(*t) && t->layout == target.layout; });
    constexpr std::size_t rows = 5, n = 3;
    const std::size_t k = std::size_t{1248} / Format::block_size * Format::block_size;
    const GuardedBytes w = random_weights<Format>(rows, k, 9);
    ActivationRows x(random_floats(n * k, 10), k);
    x.quantize(target);
    const auto got = multiply(target, Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, n, x);
    const auto want = multiply(first, Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, n, x);
    REQUIRE(same_bits(got, want));
  });
}

TEST_CASE("matmul runs on weights of any bits at any address, and non-finite weights do not vanish") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    check_any_bits<Format>(target);
  });
}

TEST_CASE("a row whose last chunk is not whole has the same bits whatever the next row holds") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 4, n = 2;
    for (const std::size_t k : widths<Format>()) {
      if (k % 256 == 0) continue;
      const GuardedBytes w = random_weights<Format>(rows, k, 15);
      const std::size_t row_bytes = w.size() / rows;
      ActivationRows x(random_floats(n * k, 16), k);
      x.quantize(target);
      const auto want = multiply(target, Format::type_id, w.data(), row_bytes, k, 0, 1, 0, n, x);
      for (const int bits : {0xff, 0x7c, 0x7f}) {  // scales that are NaN, large or infinite
        std::memset(w.data() + row_bytes, bits, (rows - 1) * row_bytes);
        const auto got = multiply(target, Format::type_id, w.data(), row_bytes, k, 0, rows, 0, n, x);
        INFO("k " << k << " bits " << bits);
        for (std::size_t t = 0; t < n; ++t) REQUIRE(same_bits({got[t * rows]}, {want[t]}));
      }
    }
  });
}

TEST_CASE("a panel agrees with the reference for every target, format and shape") {
  for_each_panel([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    check_panel<Format>(target, reference());
  });
}

TEST_CASE("a panel is as close to floats as its bits allow, and eight are no worse where a few activations are large") {
  for_each_panel([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 64, k = 1024;
    const GuardedBytes w = random_weights<Format>(rows, k, 5);
    for (const bool spiked : {false, true}) {
      for (const bool eight_bits : {false, true}) {
        ActivationRows x(spiked ? spiked_floats(6 * k, 6) : random_floats(6 * k, 6), k);
        x.quantize_panel(target, Format::type_id, eight_bits);
        const auto got = multiply_panel(target, Format::type_id, w, w.size() / rows, k, 0, rows, 0, 6, x);
        const auto want = multiply(reference(), Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, 6, x);
        // Sixteen bits of panels of bytes share a scale among 256 values, of which spikes leave the others less.
        const bool shared = spiked && target.panel_layout == kernels::ActivationLayout::Panel;
        REQUIRE(nmse(got, want) < (!eight_bits ? (shared ? 3e-8 : 1e-8) : spiked ? 1e-5 : 5e-5));
      }
    }
  });
}

// Weights and activations as far from zero as they get, all of one sign or of both, and low bytes beside a large value.
TEST_CASE("a panel's integers add up whatever they are") {
  for_each_panel([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    using Block = typename Format::Block;
    constexpr std::size_t rows = 4, k = 1024, n = 6;
    GuardedBytes w(rows * k / Format::block_size * sizeof(Block));
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<float> values(Format::block_size);
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = r == 0 ? 1.0f : r == 1 ? -1.0f : (i / r % 2 == 0 ? 1.0f : -1.0f);
      const Block block = quantised<Format>(values).front();
      const std::size_t row_bytes = w.size() / rows;
      for (std::size_t at = 0; at < row_bytes; at += sizeof block) {
        std::memcpy(w.data() + r * row_bytes + at, &block, sizeof block);
      }
    }
    std::vector<float> values(n * k);
    for (std::size_t i = 0; i < k; ++i) {
      const bool fine = i / 32 == 5;
      values[i] = 1.0f;
      values[k + i] = -1.0f;
      values[2 * k + i] = i % 2 == 0 ? 1.0f : -1.0f;
      values[3 * k + i] = i / 2 % 2 == 0 ? 1.0f : -1.0f;
      for (std::size_t j = 0; j < 2; ++j) {
        const float low = (j == 0 ? -128.0f : 127.0f) / kernels::activation_levels;
        values[(4 + j) * k + i] = fine ? (i % 32 == 0 ? 1.0f : low) : 1e-3f;
      }
    }
    for (const bool eight_bits : {false, true}) {
      ActivationRows x(values, k);
      x.quantize_panel(target, Format::type_id, eight_bits);
      const auto got = multiply_panel(target, Format::type_id, w, w.size() / rows, k, 0, rows, 0, n, x);
      if (target.find(Format::type_id)->int_activations) x.round_f32();
      const auto want = multiply(reference(), Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, n, x);
      for (std::size_t t = 0; t < n; ++t) {
        for (std::size_t r = 0; r < rows; ++r) {
          INFO("row " << r << " token " << t << " eight bits " << eight_bits);
          double magnitude = 0;
          for (std::size_t i = 0; i < k; ++i) magnitude += std::fabs(x.f32[t * k + i]);
          CHECK(std::fabs(got[t * rows + r] - want[t * rows + r]) <= 1e-4 * magnitude);
        }
      }
    }
  });
}

TEST_CASE("a panel gives a token the same bits whatever rows and tokens are beside it") {
  for_each_panel([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 48, n = 13;
    for (const std::size_t k : {std::size_t{256}, std::size_t{1056} / Format::block_size * Format::block_size}) {
      const GuardedBytes w = random_weights<Format>(rows, k, 7);
      const std::size_t row_bytes = w.size() / rows;
      for (const bool eight_bits : {false, true}) {
        ActivationRows x(spiked_floats(n * k, 8), k);
        x.quantize_panel(target, Format::type_id, eight_bits);
        const auto all = multiply_panel(target, Format::type_id, w, row_bytes, k, 0, rows, 0, n, x);
        for (std::size_t t = 0; t < n; ++t) {
          for (std::size_t r = 0; r < rows; r += 7) {
            const auto one = multiply_panel(target, Format::type_id, w, row_bytes, k, r, r + 1, t, 1, x);
            REQUIRE(same_bits(one, {all[t * rows + r]}));
          }
        }
      }
    }
  });
}

TEST_CASE("a panel shows non-finite weights and activations") {
  for_each_panel([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 16, k = 512;
    const std::size_t row_bytes = k / Format::block_size * sizeof(typename Format::Block);
    std::mt19937 engine(11);
    GuardedBytes memory(rows * row_bytes);
    for (std::size_t i = 0; i < memory.size(); ++i) memory.data()[i] = static_cast<std::byte>(engine());
    std::vector<float> values(k);
    for (const bool eight_bits : {false, true}) {
      ActivationRows x(random_floats(k, 12), k);
      x.quantize_panel(target, Format::type_id, eight_bits);
      const auto got = multiply_panel(target, Format::type_id, memory, row_bytes, k, 0, rows, 0, 1, x);
      for (std::size_t r = 0; r < rows; ++r) {
        kernels::ReferenceKernels::dequantize<Format>(memory.data() + r * row_bytes, k, values.data());
        const bool finite = std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
        if (!finite) REQUIRE(!std::isfinite(got[r]));
      }
    }
    const GuardedBytes w = random_weights<Format>(rows, k, 3);
    for (const bool eight_bits : {false, true}) {
      for (const float bad : {INFINITY, -INFINITY, NAN}) {
        ActivationRows y(random_floats(k, 13), k);
        y.f32[300] = bad;
        y.quantize_panel(target, Format::type_id, eight_bits);
        for (const float v : multiply_panel(target, Format::type_id, w, row_bytes, k, 0, rows, 0, 1, y)) {
          REQUIRE(!std::isfinite(v));
        }
      }
    }
  });
}

TEST_CASE("dequantize of every target is the format's own") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    const GuardedBytes w = random_weights<Format>(1, 512, 13);
    std::vector<float> got(512), want(512);
    target.find(Format::type_id)->dequantize(w.data(), 512, got.data());
    for (std::size_t i = 0; i < 512; i += Format::block_size) {
      typename Format::Block block;
      std::memcpy(&block, w.data() + i / Format::block_size * sizeof block, sizeof block);
      Format::dequantize(block, &want[i]);
    }
    REQUIRE(same_bits(got, want));
  });
}

TEST_CASE("dequantize of every target is the format's own for any bits, at any address") {
  for_each_case([](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t k = 512;
    std::mt19937 engine(17);
    for (std::size_t round = 0; round < 40; ++round) {
      const std::size_t shift = round % 4;
      GuardedBytes memory(k / Format::block_size * sizeof(typename Format::Block) + shift);
      for (std::size_t i = 0; i < memory.size(); ++i) memory.data()[i] = static_cast<std::byte>(engine());
      std::vector<float> got(k), want(k);
      target.find(Format::type_id)->dequantize(memory.data(), k, got.data());
      quant::dequantize_row<Format>(memory.data(), k, want.data());
      for (std::size_t i = 0; i < k; ++i) {
        INFO("round " << round << " weight " << i << ": " << got[i] << " for " << want[i]);
        REQUIRE((got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i]))));
      }
    }
  });
}
