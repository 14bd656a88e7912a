// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Checked arithmetic against 128-bit arithmetic, error texts, aligned memory, type lists.
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/core/typelist.hpp"

using namespace lamina;

TEST_CASE("checked arithmetic is empty exactly when 64 bits do not hold the result") {
  using Wide = unsigned __int128;
  std::vector<std::uint64_t> values = {0, 1, 2, 3, 255, 256, 4294967295u, 4294967296u};
  for (int shift = 30; shift < 64; ++shift) {
    for (int off = -1; off <= 1; ++off) values.push_back((std::uint64_t{1} << shift) + static_cast<std::uint64_t>(off));
  }
  values.push_back(std::numeric_limits<std::uint64_t>::max());
  const auto same = [](std::optional<std::uint64_t> got, Wide want) {
    return got ? Wide{*got} == want : want > std::numeric_limits<std::uint64_t>::max();
  };
  for (const std::uint64_t a : values) {
    for (const std::uint64_t b : values) {
      if (!same(checked_add(a, b), Wide{a} + b)) FAIL(a << " + " << b);
      if (!same(checked_mul(a, b), Wide{a} * b)) FAIL(a << " * " << b);
      if (b > 0 && !same(checked_round_up(a, b), (Wide{a} + b - 1) / b * b)) FAIL(a << " rounded to " << b);
    }
  }
  CHECK(!checked_product(std::uint64_t{1} << 32, std::uint64_t{1} << 32, std::uint64_t{1}));
  CHECK(checked_product(std::uint64_t{3}, std::uint64_t{5}, std::uint64_t{7}) == 105u);
}

TEST_CASE("an error says code, file, subject, offset, message, expected and got") {
  const Error error = Error(ErrorCode::BadTensor, "dimension is zero")
                          .in("m.gguf")
                          .about("blk.0\n")
                          .at(123)
                          .wanted("at least 1")
                          .found("0");
  CHECK(error.to_string() ==
        "BadTensor: m.gguf: blk.0\\x0a: at byte 123: dimension is zero (expected at least 1, got 0)");
  CHECK(Error(ErrorCode::OutOfMemory, {}).to_string() == "OutOfMemory");
}

TEST_CASE("names from files are printable and bounded") {
  CHECK(printable("a\x1b[31m\xff\\") == "a\\x1b[31m\\xff\\x5c");
  CHECK(printable(std::string(1000, 'x')).size() == 83);
}

TEST_CASE("what the standard library throws becomes a typed error") {
  const auto no_memory = guarded([]() -> Expected<int> { throw std::bad_alloc(); });
  REQUIRE(!no_memory);
  CHECK(no_memory.error().code == ErrorCode::OutOfMemory);
  const auto other = guarded([]() -> Expected<int> { throw 1; });
  REQUIRE(!other);
  CHECK(other.error().code == ErrorCode::Internal);
}

TEST_CASE("aligned memory is aligned, zero, and refuses what cannot be") {
  for (const std::size_t n : {std::size_t{1}, std::size_t{1000}, std::size_t{3} << 20}) {
    auto buffer = AlignedBuffer<float>::make(n);
    REQUIRE(buffer);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer->data()) % AlignedBuffer<float>::alignment == 0);
    if (n * sizeof(float) >= AlignedBuffer<float>::mapped_from) {
      CHECK(reinterpret_cast<std::uintptr_t>(buffer->data()) % AlignedBuffer<float>::huge_page == 0);
    }
    CHECK(buffer->size() == n);
    for (std::size_t i = 0; i < n; i += 997) REQUIRE((*buffer)[i] == 0.0f);
    (*buffer)[n - 1] = 1;
    AlignedBuffer<float> moved = std::move(*buffer);
    CHECK(moved[n - 1] == 1.0f);
  }
  CHECK(AlignedBuffer<float>::make(0)->data() == nullptr);
  for (const std::size_t n :
       {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() / 4, std::size_t{1} << 58}) {
    const auto refused = AlignedBuffer<float>::make(n);
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::OutOfMemory);
  }
}

TEST_CASE("type lists are visited in order, and the first match wins") {
  std::string order;
  for_each_type(TypeList<char, int, double>{},
                [&](auto t) { order += sizeof(typename decltype(t)::type) == 1 ? 'c' : 'o'; });
  CHECK(order == "coo");
  int visits = 0;
  CHECK(visit_first(
      TypeList<int, int>{}, [](auto) { return true; }, [&](auto) { ++visits; }));
  CHECK(visits == 1);
  CHECK(!visit_first(
      TypeList<int>{}, [](auto) { return false; }, [](auto) {}));
  STATIC_REQUIRE(Contains<int, TypeList<char, int>>::value);
  STATIC_REQUIRE(IndexOf<int, TypeList<char, int>>::value == 1);
}
