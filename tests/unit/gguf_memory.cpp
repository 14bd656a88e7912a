// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What opening a file and reading its vocabulary allocates, against the bytes it has.
#include <catch2/catch.hpp>
#include <chrono>

#include "allocations.hpp"
#include "gguf_walk.hpp"
#include "text_vocab.hpp"

using namespace lamina;
using gguf::File;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// The n-th of the shortest names that differ.
std::string short_name(std::size_t n) {
  std::string name;
  do name += static_cast<char>('0' + n % 64);
  while ((n /= 64) > 0);
  return name;
}

// A file of the smallest entries and tensors that the version can have, without the tensors' data.
gguf::Encoder dense_header(std::uint32_t version, std::size_t n_entries, std::size_t n_tensors) {
  gguf::Encoder raw({std::endian::native, static_cast<std::uint8_t>(version == 1 ? 4 : 8)});
  raw.raw(std::as_bytes(std::span("GGUF", 4)));
  raw.number(version);
  raw.length(n_tensors);
  raw.length(n_entries + 1);
  raw.string("general.alignment");
  raw.number(std::uint32_t{4});
  raw.number(std::uint32_t{1});
  for (std::size_t i = 0; i < n_entries; ++i) {
    raw.string(short_name(i));
    raw.number(std::uint32_t{0});
    raw.number(std::uint8_t{0});
  }
  for (std::size_t i = 0; i < n_tensors; ++i) {  // int8, one element each
    raw.string(short_name(i));
    raw.number(std::uint32_t{1});
    raw.length(1);
    raw.number(std::uint32_t{24});
    raw.number(std::uint64_t{i});
  }
  return raw;
}

}  // namespace

TEST_CASE("opening a file allocates at most three times its metadata", "[gguf]") {
  struct Shape {
    std::size_t n_entries, n_tensors;
  };
  for (const std::uint32_t version : {1u, 2u, 3u}) {
    for (const Shape shape : {Shape{250000, 0}, Shape{0, 250000}, Shape{120000, 120000}}) {
      gguf::Encoder file = dense_header(version, shape.n_entries, shape.n_tensors);
      const std::size_t n_bytes = file.bytes().size();  // of metadata
      file.fill(shape.n_tensors);
      bool opened = false;
      const std::size_t peak = test::peak_of([&] { opened = File::from_memory(file.bytes()).has_value(); });
      CHECK(opened);
      INFO("version " << version << ": " << shape.n_entries << " entries and " << shape.n_tensors << " tensors in "
                      << n_bytes << " bytes take " << peak);
      CHECK(peak <= 3 * n_bytes + mebibyte);  // a mapped file's own pages are the fourth
    }
  }
}

TEST_CASE("counts that the file does not keep allocate no more", "[gguf]") {
  for (const std::uint32_t version : {1u, 2u, 3u}) {
    const std::size_t length_bytes = version == 1 ? 4 : 8;
    for (const bool tensors : {true, false}) {
      gguf::Encoder file({std::endian::native, static_cast<std::uint8_t>(length_bytes)});
      file.raw(std::as_bytes(std::span("GGUF", 4)));
      file.number(version);
      constexpr std::size_t n_bytes = 4 * mebibyte;
      const std::size_t most = (n_bytes - 16 - length_bytes) / (tensors ? 2 * length_bytes + 17 : length_bytes + 6);
      file.length(tensors ? most : 0);
      file.length(tensors ? 0 : most);
      file.fill(n_bytes - file.bytes().size());
      Expected<File> opened = fail(Error());
      const std::size_t peak = test::peak_of([&] { opened = File::from_memory(file.bytes()); });
      REQUIRE_FALSE(opened);
      CHECK(opened.error().code == (tensors ? ErrorCode::BadTensor : ErrorCode::BadKey));
      CHECK(peak <= 4 * n_bytes + mebibyte);
    }
  }
}

TEST_CASE("a vocabulary allocates at most four times the file's bytes", "[gguf][text]") {
  // Tokens of three bytes, as many as leave the index of texts at its emptiest.
  constexpr std::size_t n = 180000;
  struct Kind {
    const char* what;
    std::int32_t type;
    bool empty;
  };
  for (const Kind kind : {Kind{"normal tokens", 1, false}, Kind{"control tokens", 3, false}, Kind{"empty", 1, true}}) {
    gguf::Writer writer;
    std::vector<std::string> tokens(n);
    for (std::size_t i = 0; i < n && !kind.empty; ++i) tokens[i] = short_name(i + 4096);
    writer.add("tokenizer.ggml.model", "llama");
    writer.add("tokenizer.ggml.tokens", tokens);
    writer.add("tokenizer.ggml.scores", std::vector<float>(n));
    writer.add("tokenizer.ggml.token_type", std::vector<std::int32_t>(n, kind.type));
    writer.add("tokenizer.ggml.add_bos_token", false);
    const auto bytes = writer.to_bytes().value();
    const auto file = File::from_memory(bytes);
    REQUIRE(file);
    bool made = false;
    const std::size_t peak = test::peak_of([&] { made = text::make_tokenizer(*file).has_value(); });
    INFO(kind.what << ": " << bytes.size() << " bytes take " << peak);
    CHECK(made);
    CHECK(peak <= 4 * bytes.size() + mebibyte);
  }
}

TEST_CASE("a hundred megabytes of metadata open in a moment", "[gguf]") {
  gguf::Writer writer;
  writer.add("long", std::string(25 * mebibyte, 'x'));
  writer.add("numbers", std::vector<std::uint32_t>(6 * mebibyte));
  writer.add("flags", std::vector<bool>(25 * mebibyte));
  writer.add("texts", std::vector<std::string>(3 * mebibyte));
  const auto bytes = writer.to_bytes().value();
  REQUIRE(bytes.size() >= 98 * mebibyte);
  const auto start = std::chrono::steady_clock::now();
  bool opened = false;
  const std::size_t peak = test::peak_of([&] { opened = File::from_memory(bytes).has_value(); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(opened);
  CHECK(peak < mebibyte);
  CHECK(took.count() < 20.0);  // seconds; it takes a tenth of one, and many times that under sanitizers
}
