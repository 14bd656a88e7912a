// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Panels in bfloat16: every engine that this machine has, and the emulated one, with every format.
#include <catch2/catch.hpp>
//
#include <algorithm>
#include <bit>
#include <cmath>

#include "kernel_fixture.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/kernels/format_traits.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::KernelTable;

// To the nearest, ties to even.
float to_bf16(float v) {
  if (std::isnan(v)) return v;
  const auto bits = std::bit_cast<std::uint32_t>(v);
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u);
}

struct Case {
  const GuardedBytes& weights;
  std::size_t row_bytes, k;
  ActivationRows& x;
};

// [n_tokens][end − begin]; what lies between the rows of the result must stay as it is.
std::vector<float> multiply(const KernelTable::PerFormat& format, const Case& c, std::size_t begin, std::size_t end,
                            std::size_t token, std::size_t n_tokens, bool split = false) {
  constexpr std::size_t gap = 3;
  constexpr float untouched = 12345.0f;
  const std::size_t rows = end - begin, stride = rows + gap;
  std::vector<float> out(stride * n_tokens, untouched);
  auto panel = AlignedBuffer<std::byte>::make(kernels::bf16_bytes(rows, c.x.k_padded));
  REQUIRE(panel);
  (split ? format.matmul_split : format.matmul_bf16)({.weights = c.weights.data(),
                                                      .row_bytes = c.row_bytes,
                                                      .k = c.k,
                                                      .row_begin = begin,
                                                      .row_end = end,
                                                      .x = c.x.get().token(token),
                                                      .split = split,
                                                      .n_tokens = n_tokens,
                                                      .out = out.data(),
                                                      .out_stride = stride,
                                                      .panel = panel->data()});
  std::vector<float> packed;
  bool clean = true;
  for (std::size_t t = 0; t < n_tokens; ++t) {
    const auto row = out.begin() + static_cast<std::ptrdiff_t>(t * stride);
    packed.insert(packed.end(), row, row + static_cast<std::ptrdiff_t>(rows));
    for (std::size_t i = rows; i < stride; ++i) clean = clean && row[static_cast<std::ptrdiff_t>(i)] == untouched;
  }
  REQUIRE(clean);
  return packed;
}

// matmul_bf16 on activations that are split.
std::vector<float> multiply_bf16_of_split(KernelTable::PerFormat format, const Case& c, std::size_t rows,
                                          std::size_t n) {
  format.matmul_split = format.matmul_bf16;
  return multiply(format, c, 0, rows, 0, n, true);
}

// Tokens [first, first + n) as they are met together.
void round_rows(const KernelTable& target, ActivationRows& x, std::size_t first, std::size_t n, bool split = false) {
  const kernels::Activations to = x.get().token(first);
  for (std::size_t t = 0; t < n; ++t) {
    target.round_bf16({.values = to.f32 + t * x.k_padded,
                       .end = x.k_padded,
                       .k_padded = x.k_padded,
                       .q16 = to.q16,
                       .t = t,
                       .n_tokens = n,
                       .split = split});
  }
}
void round_rows(const KernelTable& target, ActivationRows& x) { round_rows(target, x, 0, x.n); }

// Sums of products in double, of weights and activations as they are or rounded to bfloat16.
template <class Format>
std::vector<float> expected(const Case& c, std::size_t rows, bool rounded) {
  std::vector<float> out(c.x.n * rows), w(c.k), x = c.x.f32;
  const auto round = [&](std::vector<float>& values) {
    for (float& v : values) v = rounded ? to_bf16(v) : v;
  };
  round(x);
  for (std::size_t r = 0; r < rows; ++r) {
    kernels::ReferenceKernels::dequantize<Format>(c.weights.data() + r * c.row_bytes, c.k, w.data());
    round(w);
    for (std::size_t t = 0; t < c.x.n; ++t) {
      double sum = 0;
      for (std::size_t i = 0; i < c.k; ++i) sum += static_cast<double>(w[i]) * x[t * c.x.k_padded + i];
      out[t * rows + r] = static_cast<float>(sum);
    }
  }
  return out;
}

template <class F>
void for_each_bf16(F&& f) {
  for_each_case([&](const KernelTable& target, auto format) {
    const KernelTable::PerFormat& entry = *target.find(decltype(format)::type::type_id);
    if (entry.matmul_bf16 != nullptr) f(target, entry, format);
  });
}

}  // namespace

TEST_CASE("panels of bfloat16 agree with sums of rounded weights and activations for every shape") {
  for_each_bf16([](const KernelTable& target, const KernelTable::PerFormat& entry, auto format) {
    using Format = typename decltype(format)::type;
    REQUIRE(!entry.bf16_kernel.empty());
    std::size_t n = 1;
    for (const std::size_t k : widths<Format>()) {
      for (const std::size_t rows : std::initializer_list<std::size_t>{1, 15, 16, 17, 31, 33, 50, 64, 70}) {
        n = n % 40 + 1;  // all numbers of tokens come up, with one shape or another
        const GuardedBytes w = random_weights<Format>(rows, k, static_cast<std::uint32_t>(k + rows));
        ActivationRows x(random_floats(n * k, static_cast<std::uint32_t>(n)), k);
        round_rows(target, x);
        const Case c{w, w.size() / rows, k, x};
        const auto got = multiply(entry, c, 0, rows, 0, n);
        INFO("k " << k << " rows " << rows << " tokens " << n);
        // A weight whose last bit of float is another may round to the other side.
        REQUIRE(nmse(got, expected<Format>(c, rows, true)) < (kernels::is_float_format<Format> ? 1e-11 : 1e-8));
      }
    }
  });
}

TEST_CASE("rows rounded in pieces give the same bits, and nothing past their last value is read") {
  for_each_bf16([](const KernelTable& target, const KernelTable::PerFormat& entry, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 35, n = 21;
    const std::size_t k = Format::block_size > 300 ? Format::block_size : 300 / Format::block_size * Format::block_size;
    const GuardedBytes w = random_weights<Format>(rows, k, 3);
    ActivationRows x(random_floats(n * k, 4), k);
    const Case c{w, w.size() / rows, k, x};
    round_rows(target, x);
    const auto whole = multiply(entry, c, 0, rows, 0, n);
    std::fill(x.q16.begin(), x.q16.end(), std::int16_t{0x7fc0});  // NaN
    for (const std::size_t begin : {std::size_t{96}, std::size_t{224}, std::size_t{0}}) {
      const std::size_t end = std::min(k, begin == 0 ? std::size_t{96} : begin == 96 ? std::size_t{224} : k);
      for (std::size_t t = 0; t < n; ++t) {
        std::vector<float> piece(x.f32.begin() + static_cast<std::ptrdiff_t>(t * x.k_padded + begin),
                                 x.f32.begin() + static_cast<std::ptrdiff_t>(t * x.k_padded + end));
        target.round_bf16({.values = piece.data(),
                           .begin = begin,
                           .end = end,
                           .k_padded = x.k_padded,
                           .q16 = x.q16.data(),
                           .t = t,
                           .n_tokens = n});
      }
    }
    REQUIRE(same_bits(multiply(entry, c, 0, rows, 0, n), whole));
  });
}

TEST_CASE("panels of bfloat16 are as close to floats as their bits allow") {
  for_each_bf16([](const KernelTable& target, const KernelTable::PerFormat& entry, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 64, k = 1024, n = 6;
    const GuardedBytes w = random_weights<Format>(rows, k, 5);
    for (const bool spiked : {false, true}) {
      ActivationRows x(spiked ? spiked_floats(n * k, 6) : random_floats(n * k, 6), k);
      round_rows(target, x);
      const Case c{w, w.size() / rows, k, x};
      REQUIRE(nmse(multiply(entry, c, 0, rows, 0, n), expected<Format>(c, rows, false)) < 1e-5);
    }
  });
}

TEST_CASE("panels of bfloat16 give a token the same bits whatever rows and tokens are beside it") {
  for_each_bf16([](const KernelTable& target, const KernelTable::PerFormat& entry, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 71, n = 37;
    for (const std::size_t k : {std::size_t{256}, std::size_t{2336} / Format::block_size * Format::block_size}) {
      const GuardedBytes w = random_weights<Format>(rows, k, 7);
      ActivationRows x(random_floats(n * k, 8), k);
      round_rows(target, x);
      const Case c{w, w.size() / rows, k, x};
      const auto all = multiply(entry, c, 0, rows, 0, n);
      for (std::size_t t = 0; t < n; t += 3) {
        round_rows(target, x, t, 1);
        for (std::size_t r = 0; r < rows; r += 7) {
          REQUIRE(same_bits(multiply(entry, c, r, r + 1, t, 1), {all[t * rows + r]}));
        }
      }
      round_rows(target, x, 2, 30);
      const auto part = multiply(entry, c, 5, 40, 2, 30);
      for (std::size_t t = 0; t < 30; ++t) {
        for (std::size_t r = 0; r < 35; ++r) REQUIRE(same_bits({part[t * 35 + r]}, {all[(t + 2) * rows + r + 5]}));
      }
    }
  });
}

TEST_CASE("panels of bfloat16 show non-finite weights and activations") {
  for_each_bf16([](const KernelTable& target, const KernelTable::PerFormat& entry, auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t rows = 33, k = 1024;
    const std::size_t row_bytes = k / Format::block_size * sizeof(typename Format::Block);
    std::mt19937 engine(11);
    GuardedBytes memory(rows * row_bytes);
    for (std::size_t i = 0; i < memory.size(); ++i) memory.data()[i] = static_cast<std::byte>(engine());
    ActivationRows x(random_floats(k, 12), k);
    round_rows(target, x);
    const auto got = multiply(entry, {memory, row_bytes, k, x}, 0, rows, 0, 1);
    std::vector<float> values(k);
    for (std::size_t r = 0; r < rows; ++r) {
      kernels::ReferenceKernels::dequantize<Format>(memory.data() + r * row_bytes, k, values.data());
      const bool finite = std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
      if (!finite) REQUIRE(!std::isfinite(got[r]));
    }
    const GuardedBytes w = random_weights<Format>(rows, k, 3);
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      constexpr std::size_t n = 19, sick = 17;
      ActivationRows y(random_floats(n * k, 13), k);
      y.f32[sick * y.k_padded + 700] = bad;
      round_rows(target, y);
      const auto out = multiply(entry, {w, w.size() / rows, k, y}, 0, rows, 0, n);
      for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(std::isfinite(out[i]) == (i / rows != sick));
    }
  });
}

TEST_CASE("split bfloat16 is about as exact as floats, and leaves a token its bits whatever is beside it") {
  std::size_t n_kernels = 0;
  for_each_case([&](const KernelTable& target, auto format) {
    using Format = typename decltype(format)::type;
    const KernelTable::PerFormat& entry = *target.find(Format::type_id);
    if (entry.matmul_split == nullptr) return;
    ++n_kernels;
    REQUIRE(entry.method(false) == kernels::Method::Split);
    REQUIRE(entry.method(true) == kernels::Method::Bf16);
    REQUIRE(!entry.split_kernel.empty());
    constexpr std::size_t rows = 71, n = 37;
    for (const std::size_t k : {std::size_t{256}, std::size_t{2336}}) {
      const GuardedBytes w = random_weights<Format>(rows, k, 7);
      for (const bool spiked : {false, true}) {
        ActivationRows x(spiked ? spiked_floats(n * k, 8) : random_floats(n * k, 8), k);
        round_rows(target, x, 0, n, true);
        const Case c{w, w.size() / rows, k, x};
        const auto all = multiply(entry, c, 0, rows, 0, n, true);
        REQUIRE(nmse(all, expected<Format>(c, rows, false)) < 1e-9);
        // What needs no more than bfloat16 finds it in the same place.
        const auto rounded = multiply_bf16_of_split(entry, c, rows, n);
        REQUIRE(nmse(rounded, expected<Format>(c, rows, true)) < 1e-11);
        for (std::size_t t = 0; t < n; t += 5) {
          round_rows(target, x, t, 1, true);
          const auto alone = multiply(entry, c, 5, 40, t, 1, true);
          for (std::size_t r = 5; r < 40; ++r) REQUIRE(same_bits({alone[r - 5]}, {all[t * rows + r]}));
        }
      }
      ActivationRows y(random_floats(n * k, 9), k);
      y.f32[17 * y.k_padded + 200] = NAN;
      round_rows(target, y, 0, n, true);
      const auto out = multiply(entry, {w, w.size() / rows, k, y}, 0, rows, 0, n, true);
      for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(std::isfinite(out[i]) == (i / rows != 17));
    }
  });
  const auto targets = simd_targets();
  const bool has_tiles =
      std::any_of(targets.begin(), targets.end(), [](const auto* t) { return t->target.starts_with("avx512-amx"); });
  REQUIRE((n_kernels != 0) == has_tiles);
}

TEST_CASE("activations are rounded to the nearest bfloat16, ties to even") {
  for (const KernelTable* target : simd_targets()) {
    if (target->round_bf16 == nullptr) continue;
    std::vector<float> values = random_floats(512, 3);
    const float special[] = {0.0f,           -0.0f,       INFINITY,    -INFINITY,    NAN,  3.3895314e38f,
                             -3.4028235e38f, 1.00390625f, 1.01171875f, 1.003906369f, 1.5f, -257.0f};
    std::copy(std::begin(special), std::end(special), values.begin() + 20);
    ActivationRows x(values, values.size());
    round_rows(*target, x);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto got = std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<std::uint16_t>(x.q16[i])) << 16);
      INFO(target->target << " " << values[i]);
      if (std::isnan(values[i])) {
        REQUIRE(std::isnan(got));
      } else {
        REQUIRE(same_bits({got}, {to_bf16(values[i])}));
      }
    }
  }
}

TEST_CASE("tiles of the hardware give the bits that are emulated") {
  const auto targets = simd_targets();
  const auto named = [&](std::string_view name) {
    const auto at = std::find_if(targets.begin(), targets.end(), [&](const auto* t) { return t->target == name; });
    return at == targets.end() ? nullptr : *at;
  };
  const KernelTable *hardware = named("avx512-amx"), *emulated = named("avx512-amx-emulated");
  if (hardware == nullptr || emulated == nullptr) return;
  for_each_type(quant::Formats{}, [&](auto format) {
    using Format = typename decltype(format)::type;
    const KernelTable::PerFormat &a = *hardware->find(Format::type_id), &b = *emulated->find(Format::type_id);
    REQUIRE((a.matmul_bf16 == nullptr) == (b.matmul_bf16 == nullptr));
    REQUIRE(a.bf16_always == b.bf16_always);
    if (a.matmul_bf16 == nullptr) return;
    constexpr std::size_t rows = 50, n = 39;
    const std::size_t k = std::size_t{2336} / Format::block_size * Format::block_size;
    const GuardedBytes w = random_weights<Format>(rows, k, 1);
    ActivationRows x(random_floats(n * k, 2), k);
    round_rows(*hardware, x);
    const Case c{w, w.size() / rows, k, x};
    REQUIRE(same_bits(multiply(a, c, 0, rows, 0, n), multiply(b, c, 0, rows, 0, n)));
    REQUIRE((a.matmul_split == nullptr) == (b.matmul_split == nullptr));
    if (a.matmul_split == nullptr) return;
    round_rows(*hardware, x, 0, n, true);
    REQUIRE(same_bits(multiply(a, c, 0, rows, 0, n, true), multiply(b, c, 0, rows, 0, n, true)));
  });
}
