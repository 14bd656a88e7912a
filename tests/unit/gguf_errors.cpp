// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every way in which one file can be wrong has its error code, its subject and its place: all three are asserted.
#include <catch2/catch.hpp>
#include <functional>

#include "gguf_walk.hpp"

using namespace lamina;
using gguf::File;

namespace {

// A file put together field by field, so that each can be wrong.
struct Raw : gguf::Encoder {
  explicit Raw(std::uint64_t n_tensors = 0, std::uint64_t n_entries = 0, std::uint32_t version = 3,
               std::string_view magic = "GGUF")
      : Encoder({std::endian::little, 8}) {
    raw(std::as_bytes(std::span(magic)));
    number(version);
    number(n_tensors);
    number(n_entries);
  }
  Raw& type(std::uint32_t id) { return number(id), *this; }
  Raw& u64(std::uint64_t n) { return number(n), *this; }
  Raw& u32(std::uint32_t n) { return number(n), *this; }
  Raw& text(std::string_view s) { return string(s), *this; }
  Raw& zeros(std::uint64_t n) { return fill(n), *this; }
  Raw& entry(std::string_view key, std::uint32_t value) { return text(key).type(4).u32(value); }
  Raw& tensor(std::string_view name, const std::vector<std::uint64_t>& dims, std::uint32_t type_id,
              std::uint64_t offset) {
    text(name).u32(static_cast<std::uint32_t>(dims.size()));
    for (const auto d : dims) u64(d);
    return u32(type_id).u64(offset);
  }
  Raw& pad(std::uint64_t unit = 32) { return zeros((unit - bytes().size() % unit) % unit); }
};

void refused(const std::string& what, const Raw& raw, ErrorCode code, std::optional<std::uint64_t> offset,
             const std::string& subject = {}) {
  INFO(what);
  const auto file = File::from_bytes(raw.bytes(), "case");
  REQUIRE_FALSE(file);
  const Error& e = file.error();
  INFO(e.to_string());
  CHECK(to_string(e.code) == to_string(code));
  CHECK(e.offset == offset);
  CHECK(e.subject == subject);
  CHECK(e.file == "case");
  CHECK_FALSE(e.message.empty());
}

}  // namespace

// The header takes 24 bytes; a one-byte key then lies at 32, its value's type at 33 and its value at 37.
TEST_CASE("a wrong header is named", "[gguf]") {
  refused("magic", Raw(0, 0, 3, "GGML"), ErrorCode::BadMagic, 0);
  refused("magic of a proposal that was not taken up", Raw(0, 0, 3, "FUGG"), ErrorCode::BadMagic, 0);
  refused("version 0", Raw(0, 0, 0), ErrorCode::BadVersion, 4);
  refused("version 4", Raw(0, 0, 4), ErrorCode::BadVersion, 4);
  refused("version 4, big-endian", Raw(0, 0, 4u << 24), ErrorCode::BadVersion, 4);
  refused("tensors", Raw(1, 0), ErrorCode::BadCount, 8);
  refused("entries", Raw(0, 1), ErrorCode::BadCount, 16);
  for (const std::uint64_t n : {std::uint64_t{3}, std::uint64_t{1} << 31, ~std::uint64_t{0} / 80, ~std::uint64_t{0}}) {
    refused("tensors that the rest cannot hold", Raw(n, 0).zeros(32), ErrorCode::BadCount, 8);
    refused("entries that the rest cannot hold", Raw(0, n).zeros(32), ErrorCode::BadCount, 16);
  }
}

TEST_CASE("a wrong key is named", "[gguf]") {
  refused("empty", Raw(0, 1).text("").zeros(32), ErrorCode::BadKey, 24);
  refused("too long", Raw(0, 1).text(std::string(65536, 'k')).zeros(8), ErrorCode::BadKey, 24);
  refused("length of all ones", Raw(0, 1).u64(~std::uint64_t{0}).zeros(8), ErrorCode::BadKey, 24);
  refused("past the end", Raw(0, 1).u64(9).zeros(8), ErrorCode::Truncated, 32);
  refused("NUL", Raw(0, 1).text(std::string_view("a\0b", 3)).type(4).u32(1), ErrorCode::BadKey, 33, "a\\x00b");
  refused("not UTF-8", Raw(0, 1).text("ab\xff").type(4).u32(1), ErrorCode::BadKey, 34, "ab\\xff");
  refused("surrogate", Raw(0, 1).text("\xed\xa0\x80").type(4).u32(1), ErrorCode::BadKey, 32, "\\xed\\xa0\\x80");
  refused("overlong", Raw(0, 1).text("\xc0\x80").type(4).u32(1), ErrorCode::BadKey, 32, "\\xc0\\x80");
  refused("twice", Raw(0, 2).entry("k", 1).entry("k", 2), ErrorCode::BadKey, 41, "k");
  CHECK(File::from_bytes(Raw(0, 1).entry("\xe2\x82\xac \xf0\x9f\x98\x80", 1).bytes(), "a key may be any text"));
}

TEST_CASE("a wrong value is named", "[gguf]") {
  const auto key = [](std::uint64_t n = 1) { return Raw(0, n).text("k"); };
  refused("type 13", key().type(13).zeros(8), ErrorCode::BadType, 33, "k");
  refused("type of all ones", key().type(~0u).zeros(8), ErrorCode::BadType, 33, "k");
  refused("cut number", key().type(4).zeros(2), ErrorCode::Truncated, 37, "k");
  refused("cut type", Raw(0, 1).text("key").zeros(3), ErrorCode::Truncated, 35, "key");
  refused("bool", key().type(7).type(2), ErrorCode::BadType, 37, "k");
  refused("string", key().type(8).u64(9).zeros(8), ErrorCode::Truncated, 45, "k");
  refused("string of 2^64 - 1", key().type(8).u64(~std::uint64_t{0}).zeros(8), ErrorCode::Truncated, 45, "k");
  refused("cut string length", key().type(8).zeros(7), ErrorCode::Truncated, 37, "k");
  refused("element type", key().type(9).type(13).u64(0), ErrorCode::BadType, 37, "k");
  refused("cut array", key().type(9).type(4), ErrorCode::Truncated, 37, "k");
  refused("array of one too many", key().type(9).type(4).u64(3).zeros(11), ErrorCode::BadArray, 41, "k");
  refused("array whose bytes wrap", key().type(9).type(4).u64(std::uint64_t{1} << 62).zeros(8), ErrorCode::BadArray, 41,
          "k");
  refused("array of too many strings", key().type(9).type(8).u64(3).zeros(23), ErrorCode::BadArray, 41, "k");
  refused("string in an array", key().type(9).type(8).u64(2).text("a").u64(5).zeros(4), ErrorCode::Truncated, 58, "k");
  refused("bool in an array", key().type(9).type(7).u64(4).type(0x00030100), ErrorCode::BadType, 51, "k");
  refused("array of too many arrays", key().type(9).type(9).u64(2).zeros(12), ErrorCode::BadArray, 41, "k");
  Raw deep = key();
  deep.type(9);
  for (int level = 0; level < 4; ++level) deep.type(9).u64(1);
  refused("depth 5", deep.type(0).u64(0), ErrorCode::BadArray, 37 + 4 * 12, "k");
}

TEST_CASE("a wrong alignment is named", "[gguf]") {
  const std::string name = "general.alignment";
  for (const std::uint32_t n : {0u, 13u, 48u, 131072u, 1u << 31, ~0u}) {
    refused("value", Raw(0, 1).entry(name, n), ErrorCode::BadAlignment, 53, name);
  }
  refused("not uint32", Raw(0, 1).text(name).type(10).u64(32), ErrorCode::BadAlignment, 53, name);
  refused("twice", Raw(0, 2).entry(name, 32).entry(name, 32), ErrorCode::BadAlignment, 57, name);
  for (std::uint32_t n = 1; n <= 65536; n *= 2) {
    const auto file = File::from_bytes(Raw(0, 1).entry(name, n).bytes(), "good");
    REQUIRE(file);
    CHECK(file->alignment() == n);
  }
}

// A tensor named "t" starts at 24; its number of dimensions stands at 33 and its first dimension at 37.
TEST_CASE("a wrong tensor is named", "[gguf]") {
  const auto one = [](const std::vector<std::uint64_t>& dims, std::uint32_t type, std::uint64_t offset = 0) {
    Raw raw(1);
    return raw.tensor("t", dims, type, offset).pad().zeros(64);
  };
  const auto huge = std::uint64_t{1} << 62;
  refused("no name", Raw(1).tensor("", {1}, 0, 0).zeros(64), ErrorCode::BadTensor, 24);
  refused("long name", Raw(1).tensor(std::string(64, 'n'), {1}, 0, 0).zeros(64), ErrorCode::BadTensor, 24);
  refused("NUL in name", Raw(1).tensor(std::string_view("a\0", 2), {1}, 0, 0).zeros(64), ErrorCode::BadTensor, 33,
          "a\\x00");
  refused("twice", Raw(2).tensor("t", {1}, 0, 0).tensor("t", {1}, 0, 32).pad().zeros(64), ErrorCode::BadTensor, 65,
          "t");
  refused("no dimensions", one({}, 0), ErrorCode::BadTensor, 33, "t");
  refused("5 dimensions", one({1, 1, 1, 1, 1}, 0), ErrorCode::BadTensor, 33, "t");
  refused("dimension 0", one({4, 0}, 0), ErrorCode::BadTensor, 45, "t");
  refused("negative dimension", one({~std::uint64_t{0}}, 0), ErrorCode::BadTensor, 37, "t");
  refused("elements wrap", one({huge, 4}, 0), ErrorCode::BadTensor, 37, "t");
  refused("elements wrap to a small number", one({huge, 4, 1, 1}, 24), ErrorCode::BadTensor, 37, "t");
  refused("bytes wrap", one({huge - 1}, 0), ErrorCode::BadTensor, 37, "t");
  refused("padding wraps", one({(std::uint64_t{1} << 63) - 1}, 24), ErrorCode::BadTensor, 37, "t");
  refused("unknown type, elements wrap", one({huge, 4}, 99), ErrorCode::BadTensor, 37, "t");
  refused("part of a block", one({33}, 2), ErrorCode::BadTensorType, 37, "t");
  refused("row of part of a block", one({16, 2}, 8), ErrorCode::BadTensorType, 37, "t");
}

TEST_CASE("wrong tensor data is named", "[gguf]") {
  // Infos of 33 bytes after a header of 24: the data starts at 64, or 96 for two tensors.
  const auto one = [](std::uint64_t n, std::uint32_t type, std::uint64_t offset) {
    Raw raw(1);
    return raw.tensor("t", {n}, type, offset).pad().zeros(64);
  };
  const auto two = [](std::uint64_t n, std::uint64_t a, std::uint64_t b) {
    Raw raw(2);
    return raw.tensor("a", {n}, 24, a).tensor("b", {n}, 24, b).pad().zeros(64);
  };
  refused("not aligned", one(4, 0, 4), ErrorCode::BadOffset, 68, "t");
  refused("outside", one(4, 0, 64), ErrorCode::BadOffset, 128, "t");
  refused("far outside", one(4, 0, std::uint64_t{1} << 63), ErrorCode::BadOffset, std::nullopt, "t");
  refused("offset wraps", one(4, 0, ~std::uint64_t{31}), ErrorCode::BadOffset, std::nullopt, "t");
  refused("cut", one(65, 24, 0), ErrorCode::Truncated, 64, "t");
  refused("second cut", two(33, 0, 64), ErrorCode::Truncated, 160, "b");
  refused("overlap", two(33, 0, 32), ErrorCode::BadOffset, 128, "b");
  refused("the same place", two(8, 0, 0), ErrorCode::BadOffset, 96, "b");
  refused("overlap out of order", two(33, 32, 0), ErrorCode::BadOffset, 128, "a");
  Raw fine(1, 1);
  fine.entry("general.alignment", 1).tensor("t", {2}, 0, 1);
  // Data starts at 90 here, so that this float lies at 91.
  refused("a float at an odd address", fine.zeros(16), ErrorCode::BadOffset, 91, "t");

  Raw raw(1);
  raw.tensor("t", {4}, 0, 0).pad().zeros(64);
  std::vector<std::byte> shifted(raw.bytes().size() + 1);
  std::ranges::copy(raw.bytes(), shifted.begin() + 1);
  const auto file = File::from_memory(std::span<const std::byte>(shifted).subspan(1), "case");
  REQUIRE_FALSE(file);
  CHECK(file.error().code == ErrorCode::BadArgument);
  CHECK(file.error().subject == "t");
}

TEST_CASE("what is odd but harmless opens, with a warning", "[gguf]") {
  const auto warnings = [](const Raw& raw) {
    const auto file = File::from_bytes(raw.bytes(), "odd");
    REQUIRE(file);
    test::walk(*file);
    return std::vector<std::string>(file->warnings().begin(), file->warnings().end());
  };
  using List = std::vector<std::string>;
  CHECK(warnings(Raw()).empty());
  CHECK(warnings(Raw(1).tensor("t", {4}, 0, 0).pad().zeros(16)).empty());  // the last padding may be missing
  CHECK(warnings(Raw(1).tensor("t", {4}, 0, 0).pad().zeros(40)) ==
        List{"odd: 8 bytes follow the last tensor, at byte 96"});
  CHECK(warnings(Raw(1).tensor("t", {4}, 0, 32).pad().zeros(48)) ==
        List{"odd: 1 gaps between tensors hold 32 bytes of nothing"});
  CHECK(warnings(Raw(1).tensor("t", {32}, 31, 0).pad().zeros(18)) ==
        List{"odd: 1 tensors have types that are retired"});
  const Raw unknown = Raw(2).tensor("u", {4}, 99, 0).tensor("t", {4}, 0, 64).pad().zeros(80);
  CHECK(warnings(unknown) == List{"odd: 1 tensors have types that are not known"});
  const auto file = File::from_bytes(unknown.bytes(), "odd");
  CHECK(file->find("u")->type_name() == "type 99");
  CHECK_FALSE(file->find("u")->known);
  CHECK(file->data(*file->find("u")).empty());
  CHECK(file->data(*file->find("t")).size() == 16);
}
