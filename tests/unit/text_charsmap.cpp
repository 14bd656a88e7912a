// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SentencePiece's charsmap: what it replaces, and every way in which it can be malformed.
#include "text_charsmap.hpp"

#include <span>

#include "lamina/text/charsmap.hpp"
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

Expected<text::Charsmap> make(const std::vector<std::uint8_t>& bytes) {
  return text::Charsmap::make(std::as_bytes(std::span(bytes)));
}

std::string normalised(const text::Charsmap& map, std::string_view text) {
  std::string out;
  REQUIRE(map.normalise(text, out));
  return out;
}

}  // namespace

TEST_CASE("a charsmap replaces the longest keys", "[text]") {
  const auto map = make(small_charsmap().bytes());
  if (!map) FAIL(map.error().to_string());
  CHECK(normalised(*map, "x\xef\xbc\xa1 \xef\xac\x81") == "xA fi");
  CHECK(normalised(*map, "e\xcc\x81 e \xcc\x81") == "\xc3\xa9 e \xcc\x81");
  CHECK(normalised(*map, "a\xe3\x80\x80\xc2\xad!") == "a !");
  CHECK(normalised(*map, "\xef\xbc") == "\xef\xbf\xbd\xef\xbf\xbd");  // the start of a key, and no UTF-8
  CHECK(normalised(*map, {"\0", 1}) == std::string(1, '\0'));
  CHECK(normalised(*map, "").empty());
  CHECK(map->longest("e\xcc\x81")->length == 3);
  CHECK(map->shortest("e\xcc\x81")->length == 1);
  CHECK(map->shortest("e\xcc\x81")->text == "e");
  CHECK_FALSE(map->longest("x"));
  CHECK(normalised(text::Charsmap(), "e\xcc\x81 \xff") == "e\xcc\x81 \xef\xbf\xbd");
}

TEST_CASE("nodes of a charsmap may share their children", "[text]") {
  CharsmapBuilder map;
  map.add("ab", "1");
  const std::size_t a = map.node("a"), c = map.node("c");
  map.units[c] = (map.units[c] & 0xffu) | static_cast<std::uint32_t>(CharsmapBuilder::place(a, map.units[a]) ^ c) << 10;
  const auto made = make(map.bytes());
  if (!made) FAIL(made.error().to_string());
  CHECK(normalised(*made, "ab cb ac") == "1 1 ac");
}

TEST_CASE("a malformed charsmap names the byte that is wrong", "[text]") {
  const CharsmapBuilder good = small_charsmap();
  const auto error_of = [](const std::vector<std::uint8_t>& bytes) {
    const auto made = make(bytes);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::BadTokenizer);
    CHECK(made.error().subject == "precompiled_charsmap");
    return made.error().message;
  };
  // Every length that cuts it inside the trie, or takes the texts.
  const auto bytes = good.bytes();
  for (std::size_t n = 0; n < bytes.size() - good.texts.size(); n += n < 8 ? 1 : 61) {
    error_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)});
  }
  CHECK(error_of({1, 2, 3}).starts_with("element 3: the size"));
  for (const std::uint8_t size : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
    CHECK(error_of({size, 0, 0, 0, 1, 2, 3, 4, 5, 0}).starts_with("element 0: impossible size"));
  }

  CharsmapBuilder map = good;
  map.texts.back() = 'x';
  CHECK(error_of(map.bytes()).find("replacement lies outside") != std::string::npos);

  map = good;
  map.units[0] = 0x1fffffu << 10;
  CHECK(error_of(map.bytes()).starts_with("element 4: the root's children"));

  map = good;
  const std::size_t e = map.node("e");
  map.units[e] = (map.units[e] & 0x1ffu) | 0x1ffe00u << 10;
  CHECK(error_of(map.bytes()).starts_with("element " + std::to_string(4 + 4 * e) + ": the node's children"));

  map = good;
  const std::size_t inner = map.node("e\xcc");
  map.units[inner] = 0xccu | static_cast<std::uint32_t>(CharsmapBuilder::place(0, map.units[0]) ^ inner) << 10;
  CHECK(error_of(map.bytes()).starts_with("element " + std::to_string(4 + 4 * inner) + ": the node is its own"));

  map = good;
  map.add(std::string(text::Charsmap::longest_key + 1, 'k'), "k");
  CHECK(error_of(map.bytes()).find("key is too long") != std::string::npos);
  map = good;
  map.add(std::string(text::Charsmap::longest_key, 'k'), "k");
  CHECK(make(map.bytes()));
}

TEST_CASE("a charsmap cannot make texts grow without bound", "[text]") {
  CharsmapBuilder map;
  map.add("a", std::string(1000, 'b'));
  const auto made = make(map.bytes());
  REQUIRE(made);
  std::string out;
  CHECK(made->normalise("a", out));
  const auto grown = made->normalise(std::string(100'000, 'a'), out);
  REQUIRE_FALSE(grown);
  CHECK(grown.error().code == ErrorCode::BadTokenizer);
  CHECK(out.size() < 20 * 100'000);
}

TEST_CASE("any change to a charsmap is refused or harmless", "[text]") {
  const auto bytes = small_charsmap().bytes();
  std::uint32_t state = 7;
  const auto random = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
  for (int round = 0; round < 3000; ++round) {
    auto changed = bytes;
    for (int i = 0; i < 4; ++i) changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    if (const auto made = make(changed)) {
      std::string out;
      (void)made->normalise("e\xcc\x81\xef\xbc\xa1\xef\xac\x81 \xe3\x80\x80 abc\xff", out);
    }
  }
}
