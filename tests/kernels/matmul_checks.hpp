// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What matmul of any format has to do on any target.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

#include "kernels/kernel_fixture.hpp"
#include "lamina/core/memory.hpp"

namespace lamina::test {

using kernels::KernelTable;
using kernels::MatmulArgs;

inline std::vector<float> multiply(const KernelTable& target, std::uint32_t type_id, const std::byte* weights,
                                   std::size_t row_bytes, std::size_t k, std::size_t begin, std::size_t end,
                                   std::size_t token, std::size_t n_tokens, ActivationRows& x) {
  std::vector<float> out((end - begin) * n_tokens, NAN);
  MatmulArgs a;
  a.weights = weights;
  a.row_bytes = row_bytes;
  a.k = k;
  a.row_begin = begin;
  a.row_end = end;
  a.x = x.get().token(token);
  a.n_tokens = n_tokens;
  a.out = out.data();
  a.out_stride = end - begin;
  target.find(type_id)->matmul(a);
  return out;
}

inline std::vector<float> multiply_panel(const KernelTable& target, std::uint32_t type_id, const GuardedBytes& w,
                                         std::size_t row_bytes, std::size_t k, std::size_t begin, std::size_t end,
                                         std::size_t token, std::size_t n_tokens, ActivationRows& x) {
  std::vector<float> out((end - begin) * n_tokens, NAN);
  auto panel = AlignedBuffer<std::byte>::make(kernels::panel_bytes(end - begin, x.k_padded));
  REQUIRE(panel);
  MatmulArgs a;
  a.weights = w.data();
  a.row_bytes = row_bytes;
  a.k = k;
  a.row_begin = begin;
  a.row_end = end;
  a.x = x.get().token(token);
  a.n_tokens = n_tokens;
  a.out = out.data();
  a.out_stride = end - begin;
  a.panel = panel->data();
  const KernelTable::PerFormat& format = *target.find(type_id);
  (x.eight ? format.matmul_panel8 : format.matmul_panel)(a);
  return out;
}

// Right for every width of rows and few or many tokens.
template <class Format>
void check_rows(const KernelTable& target, const KernelTable& reference) {
  const KernelTable::PerFormat& kernel = *target.find(Format::type_id);
  REQUIRE(kernel.name == Format::name);
  REQUIRE(!kernel.kernel.empty());
  for (const std::size_t k : widths<Format>()) {
    constexpr std::size_t rows = 7;
    const GuardedBytes w = random_weights<Format>(rows, k, static_cast<std::uint32_t>(k));
    for (std::size_t n = 1; n <= 9; ++n) {
      ActivationRows x(random_floats(n * k, static_cast<std::uint32_t>(n)), k);
      x.quantize(target);
      const auto got = multiply(target, Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, n, x);
      // The rounding of activations is the quantize test's business.
      if (kernel.int_activations) x.round_f32();
      const auto want = multiply(reference, Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, n, x);
      INFO("k " << k << " tokens " << n);
      REQUIRE(nmse(got, want) < 1e-12);
    }
  }
}

// out [n][rows] against sums in double. A sum may come to nearly nothing, so what it may be off by is a share of the
// magnitudes that went into it.
template <class Format>
void require_sums(const std::vector<float>& out, const GuardedBytes& w, std::size_t rows, std::size_t k,
                  const ActivationRows& x) {
  std::vector<float> values(k);
  for (std::size_t r = 0; r < rows; ++r) {
    kernels::ReferenceKernels::dequantize<Format>(w.data() + r * (w.size() / rows), k, values.data());
    for (std::size_t t = 0; t < out.size() / rows; ++t) {
      double want = 0, magnitude = 0;
      for (std::size_t i = 0; i < k; ++i) {
        const double product = static_cast<double>(values[i]) * x.f32[t * x.k_padded + i];
        want += product;
        magnitude += std::fabs(product);
      }
      INFO("row " << r << " token " << t);
      REQUIRE(std::fabs(out[t * rows + r] - want) <= 2e-6 * magnitude);
    }
  }
}

template <class Format>
void check_panel(const KernelTable& target, const KernelTable& reference) {
  for (const std::size_t k : widths<Format>()) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{16}, std::size_t{31}, std::size_t{82}}) {
      const GuardedBytes w = random_weights<Format>(rows, k, static_cast<std::uint32_t>(k));
      for (const std::size_t n : std::initializer_list<std::size_t>{1, 2, 3, 4, 5, 6, 7, 13}) {
        ActivationRows x(spiked_floats(n * k, static_cast<std::uint32_t>(n)), k);
        x.quantize_panel(target, Format::type_id, n % 2 == 0);
        const auto got = multiply_panel(target, Format::type_id, w, w.size() / rows, k, 0, rows, 0, n, x);
        if (target.find(Format::type_id)->int_activations) x.round_f32();
        INFO("k " << k << " rows " << rows << " tokens " << n);
        require_sums<Format>(got, w, rows, k, x);
        if (rows * n < 16) continue;  // of fewer, one that comes to nearly nothing may be most of the error
        const auto want = multiply(reference, Format::type_id, w.data(), w.size() / rows, k, 0, rows, 0, n, x);
        REQUIRE(nmse(got, want) < 1e-10);
      }
    }
  }
}

// Right on weights of any bits at any address, and what is no number shows.
template <class Format>
void check_any_bits(const KernelTable& target) {
  constexpr std::size_t rows = 64, k = 512;
  const std::size_t row_bytes = k / Format::block_size * sizeof(typename Format::Block);
  std::mt19937 engine(11);
  for (std::size_t shift = 0; shift < 3; ++shift) {
    GuardedBytes memory(rows * row_bytes + shift);
    for (std::size_t i = 0; i < memory.size(); ++i) memory.data()[i] = static_cast<std::byte>(engine());
    ActivationRows x(random_floats(k, 12), k);
    x.quantize(target);
    const bool integer = target.find(Format::type_id)->int_activations;
    const auto got = multiply(target, Format::type_id, memory.data(), row_bytes, k, 0, rows, 0, 1, x);
    if (integer) x.round_f32();
    std::vector<float> values(k);
    for (std::size_t r = 0; r < rows; ++r) {
      kernels::ReferenceKernels::dequantize<Format>(memory.data() + r * row_bytes, k, values.data());
      double want = 0, magnitude = 0;
      for (std::size_t i = 0; i < k; ++i) {
        want += static_cast<double>(values[i]) * x.f32[i];
        magnitude += std::fabs(static_cast<double>(values[i]) * x.f32[i]);
      }
      INFO("row " << r << " shift " << shift);
      if (!std::isfinite(want)) {
        REQUIRE(!std::isfinite(got[r]));
      } else if (magnitude < 1e37) {
        // Scale and minimum are summed apart, so what cancels inside one weight costs rounding here.
        REQUIRE(std::fabs(got[r] - want) <= 1e-4 * magnitude + 1e-30);
      }
    }
  }
}

}  // namespace lamina::test
