// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Sixteen-bit floats against arithmetic that cannot be wrong: every pattern, and every rounding boundary.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "lamina/core/half.hpp"

using lamina::bfloat16;
using lamina::half;

TEST_CASE("every half has the value its fields say") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float got = half{static_cast<std::uint16_t>(bits)};
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const int mantissa = static_cast<int>(bits & 1023);
    const double sign = bits & 0x8000 ? -1 : 1;
    if (exponent == 31) {
      CHECK((mantissa == 0 ? std::isinf(got) && std::signbit(got) == (sign < 0) : std::isnan(got)));
      continue;
    }
    const double want =
        exponent == 0 ? sign * std::ldexp(mantissa, -24) : sign * std::ldexp(1024 + mantissa, exponent - 25);
    if (got != want) FAIL("half " << bits << " is " << got << ", not " << want);
  }
}

TEST_CASE("rounding to half goes to the nearest, ties to even") {
  for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const double low = half{static_cast<std::uint16_t>(bits)};
    const double high = bits + 1 == 0x7c00 ? 65536.0 : half{static_cast<std::uint16_t>(bits + 1)};
    const auto middle = static_cast<float>((low + high) / 2);  // exact: one bit more than a half has
    const std::uint32_t even = bits % 2 == 0 ? bits : bits + 1;
    if (half::from_float(static_cast<float>(low)).bits != bits) FAIL("not itself: " << bits);
    if (half::from_float(middle).bits != even) FAIL("tie above " << bits);
    if (half::from_float(std::nextafter(middle, 0.0f)).bits != bits) FAIL("below the tie above " << bits);
    if (half::from_float(std::nextafter(middle, 1e9f)).bits != bits + 1) FAIL("above the tie above " << bits);
    if (half::from_float(-middle).bits != (even | 0x8000)) FAIL("negative tie above " << bits);
  }
  CHECK(half::from_float(1e30f).bits == 0x7c00);
  CHECK(half::from_float(1e-30f).bits == 0);
  CHECK(std::isnan(static_cast<float>(half::from_float(std::nanf("")))));
}

TEST_CASE("bfloat16 is the rounded upper half of a float") {
  for (std::uint32_t bits = 0; bits < 0x7f80; ++bits) {
    const float low = bfloat16{static_cast<std::uint16_t>(bits)};
    if (bfloat16::from_float(low).bits != bits) FAIL("not itself: " << bits);
    const float tie = std::bit_cast<float>(bits << 16 | 0x8000);
    if (bfloat16::from_float(tie).bits != bits + bits % 2) FAIL("tie above " << bits);
    if (bfloat16::from_float(std::bit_cast<float>(bits << 16 | 0x8001)).bits != bits + 1)
      FAIL("above the tie " << bits);
  }
  CHECK(std::isnan(static_cast<float>(bfloat16::from_float(std::bit_cast<float>(0x7f800001u)))));
}
