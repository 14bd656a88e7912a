// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Charsmaps made by hand: a double array in which every node has 256 places of its own for its children.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lamina::test {

struct CharsmapBuilder {
  std::vector<std::uint32_t> units = std::vector<std::uint32_t>(512);  // the root's children lie from 256 on
  std::string texts;

  CharsmapBuilder() { units[0] = 256u << 10; }

  static std::size_t place(std::size_t node, std::uint32_t unit) {
    return node ^ (unit >> 10 << ((unit & 0x200u) >> 6));
  }

  // The index of the node that `key` leads to; made when it is not there.
  std::size_t node(const std::string& key) {
    std::size_t at = 0;
    for (const char c : key) {
      const auto byte = static_cast<unsigned char>(c);
      const std::size_t child = place(at, units[at]) ^ byte;
      if ((units[child] & 0xffu) != byte) {
        const std::size_t children = units.size();
        units.resize(children + 256);
        units[child] = static_cast<std::uint32_t>(children ^ child) << 10 | byte;
      }
      at = child;
    }
    return at;
  }

  void add(const std::string& key, const std::string& replacement) {
    const std::size_t end = node(key);
    units[end] |= 0x100u;
    units[place(end, units[end])] = 0x80000000u | static_cast<std::uint32_t>(texts.size());
    texts += replacement;
    texts += '\0';
  }

  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> out;
    const auto word = [&](std::size_t value) {
      for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    };
    word(4 * units.size());
    for (const std::uint32_t unit : units) word(unit);
    out.insert(out.end(), texts.begin(), texts.end());
    return out;
  }
};

// Fullwidth letters, ligatures, a decomposed letter, and a space that is not U+0020; the soft hyphen goes away.
inline CharsmapBuilder small_charsmap() {
  CharsmapBuilder map;
  map.add("\xef\xbc\xa1", "A");
  map.add("\xef\xac\x81", "fi");
  map.add("e", "e");
  map.add("e\xcc\x81", "\xc3\xa9");
  map.add("\xe3\x80\x80", " ");
  map.add("\xc2\xad", "");
  return map;
}

}  // namespace lamina::test
