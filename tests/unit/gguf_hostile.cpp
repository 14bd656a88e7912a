// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Files cut at every byte, with every field set to every awkward value, and with very many entries. Meant to be run
// under AddressSanitizer and UndefinedBehaviorSanitizer too.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "gguf_temp.hpp"
#include "gguf_walk.hpp"

using namespace lamina;
using gguf::File;

namespace {

std::vector<std::byte> small_file(std::uint32_t version, std::endian order) {
  gguf::Writer writer(version, order);
  writer.add("general.alignment", 32u);
  writer.add("flag", true);
  writer.add("text", "abc");
  writer.add("texts", std::vector<std::string>{"a", "bc"});
  writer.add("nested", std::vector<std::vector<std::uint16_t>>{{1}, {2, 3}});
  const std::vector<std::byte> a(64), b(34);
  writer.add_tensor("a", std::vector<std::uint64_t>{4, 4}, 0, a);
  writer.add_tensor("b", std::vector<std::uint64_t>{32}, 8, b);
  return writer.to_bytes().value();
}

bool plausible(const Error& error) {
  return error.code != ErrorCode::Internal && error.code != ErrorCode::OutOfMemory && !error.file.empty() &&
         !error.message.empty();
}

std::size_t data_end(const std::vector<std::byte>& bytes) {
  const auto file = File::from_memory(bytes);
  const auto& last = file->tensors().back();
  return static_cast<std::size_t>(last.offset + last.n_bytes);
}

}  // namespace

TEST_CASE("a file cut at any byte is refused, from memory and through a callback", "[gguf]") {
  for (const std::uint32_t version : {1u, 3u}) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      const auto whole = small_file(version, order);
      const std::size_t end = data_end(whole);
      std::size_t n_wrong = 0;
      for (std::size_t size = 0; size < end; ++size) {
        const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto memory = File::from_bytes(cut, "cut");
        // In small pieces, so that the callback's own loop is walked too.
        const auto callback = File::from_reader(
            [&](std::uint64_t offset, std::span<std::byte> out) -> Expected<std::size_t> {
              const std::size_t n = std::min<std::size_t>({out.size(), 7, cut.size() - offset});
              std::copy_n(cut.begin() + static_cast<std::ptrdiff_t>(offset), n, out.begin());
              return n;
            },
            cut.size(), "cut");
        const bool right = !memory && !callback && plausible(memory.error()) &&
                           memory.error().to_string() == callback.error().to_string() &&
                           (memory.error().code == ErrorCode::Truncated || memory.error().code == ErrorCode::BadCount ||
                            memory.error().code == ErrorCode::BadArray) &&
                           memory.error().offset.has_value();
        n_wrong += !right;
      }
      CHECK(n_wrong == 0);
      CHECK(File::from_bytes({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(end)}, "whole"));
    }
  }
}

TEST_CASE("a file cut at any byte is refused, mapped and copied from a path", "[gguf]") {
  const test::TempDir dir;
  const auto whole = small_file(3, std::endian::little);
  const std::string path = dir.file("cut.gguf", whole);
  gguf::OpenOptions copy;
  copy.copy = true;
  REQUIRE(File::open(path));
  REQUIRE(File::open(path, copy));
  std::size_t n_wrong = 0;
  for (std::size_t size = data_end(whole); size-- > 0;) {
    REQUIRE(::truncate(path.c_str(), static_cast<::off_t>(size)) == 0);
    const auto mapped = File::open(path), copied = File::open(path, copy);
    const bool right = !mapped && !copied && plausible(mapped.error()) && mapped.error().file == path &&
                       mapped.error().to_string() == copied.error().to_string();
    n_wrong += !right;
  }
  CHECK(n_wrong == 0);
}

TEST_CASE("any number at any place is refused or harmless", "[gguf]") {
  std::uint64_t n_opened = 0, n_wrong = 0, sum = 0;
  const auto attempt = [&](const std::vector<std::byte>& bytes) {
    const auto file = File::from_bytes(bytes, "mutant");
    if (file) {
      ++n_opened;
      sum += test::walk(*file);
    } else {
      n_wrong += !plausible(file.error());
    }
  };
  for (const std::uint32_t version : {1u, 3u}) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      const auto whole = small_file(version, order);
      const std::size_t end = whole.size() - 128;  // the data is of no interest
      for (std::size_t at = 0; at < end; ++at) {
        const std::uint64_t left = whole.size() - at;
        for (const std::uint64_t value :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 31, (std::uint64_t{1} << 32) - 1,
              std::uint64_t{1} << 62, std::uint64_t{1} << 63, ~std::uint64_t{0}, left - 8, left - 7, left - 9}) {
          auto bytes = whole;
          const auto wide = order == std::endian::native ? value : gguf::byte_swapped(value);
          std::memcpy(bytes.data() + at, &wide, sizeof wide);
          attempt(bytes);
          bytes = whole;
          const auto low = static_cast<std::uint32_t>(value);
          const auto narrow = order == std::endian::native ? low : gguf::byte_swapped(low);
          std::memcpy(bytes.data() + at, &narrow, sizeof narrow);
          attempt(bytes);
        }
        for (int bit = 0; bit < 8; ++bit) {
          auto bytes = whole;
          bytes[at] ^= std::byte{1} << bit;
          attempt(bytes);
        }
      }
    }
  }
  CHECK(n_wrong == 0);
  CHECK(n_opened > 0);
  CHECK(sum > 0);
}

TEST_CASE("values stay inside their bytes when a file is rewritten after it was checked", "[gguf]") {
  const auto whole = small_file(3, std::endian::little);
  std::uint64_t sum = 0;
  for (const int filler : {0x00, 0x01, 0x08, 0x09, 0x7f, 0xff}) {
    for (std::size_t at = 24; at < whole.size() - 128; ++at) {
      auto bytes = whole;  // stands for a mapping of a file that somebody writes to
      const auto file = File::from_memory(bytes);
      REQUIRE(file);
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 8, static_cast<std::byte>(filler));
      sum += test::walk(*file);
    }
  }
  CHECK(sum > 0);
}

TEST_CASE("a million keys and a hundred thousand tensors take a moment", "[gguf]") {
  gguf::Encoder raw({std::endian::native, 8});
  raw.raw(std::as_bytes(std::span("GGUF", 4)));
  raw.number(std::uint32_t{3});
  raw.length(100000);
  raw.length(1000000);
  for (int i = 0; i < 1000000; ++i) {
    raw.string(std::to_string(i));
    raw.number(std::uint32_t{0});
    raw.number(static_cast<std::uint8_t>(i));
  }
  for (std::uint64_t i = 0; i < 100000; ++i) {  // int8, one element each
    raw.string("t" + std::to_string(i));
    raw.number(std::uint32_t{1});
    raw.length(1);
    raw.number(std::uint32_t{24});
    raw.number(32 * i);
  }
  raw.fill(32 * 100000 + 32);
  const auto& bytes = raw.bytes();
  const auto start = std::chrono::steady_clock::now();
  const auto file = File::from_memory(bytes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  REQUIRE(file);
  CHECK(file->metadata().entries().size() == 1000000);
  CHECK(file->metadata().get<std::uint8_t>("999999").value() == static_cast<std::uint8_t>(999999));
  CHECK(file->find("t99999")->offset == file->tensors().back().offset);
  // Seconds: far above what it takes (0.6 s, or a few under sanitizers), far below what quadratic work would.
  CHECK(took.count() < 120.0);
}
