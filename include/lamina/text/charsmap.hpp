// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SentencePiece's precompiled_charsmap: what to put for which characters before a text is cut. The format, all little
// endian: the size of the trie in bytes (32 bits), the trie, and texts that each end in a zero byte.
//
// The trie is a double array as darts-clone writes it. A unit of 32 bits is a node, seen from its parent: bits 0 to 7
// are the byte that leads to it, bits 9 to 31 an offset to where its own children lie, bit 8 says that a key ends
// there. The children of a node at index i with offset o lie at (i ^ o) ^ byte; at (i ^ o) itself lies, where a key
// ends, a unit with bit 31 set and in the others the place of the replacement among the texts. Nodes may share
// children, so this is a graph; it is checked once, whole, so that looking up need not be.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

class Charsmap {
 public:
  static constexpr std::size_t longest_key = 256;  // bytes; real ones stay below 20
  static constexpr std::size_t most_growth = 16;   // times; U+FDFA, the worst of NFKC, grows 11 times

  Charsmap() = default;  // replaces nothing

  // Copies the bytes. Errors: BadTokenizer, whose message names the first byte that is wrong as an element.
  static Expected<Charsmap> make(std::span<const std::byte> bytes) {
    if (bytes.size() < 4) return fail(wrong(bytes.size(), "the size of the trie is missing"));
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint32_t>(bytes[at + i]);
      return value;
    };
    const std::uint32_t n_bytes = word(0);
    if (n_bytes == 0 || n_bytes % 4 != 0 || n_bytes >= bytes.size() - 4) {
      return fail(wrong(0, "impossible size of the trie")
                      .wanted("a multiple of 4, less than " + std::to_string(bytes.size() - 4))
                      .found(std::to_string(n_bytes)));
    }
    Charsmap map;
    map.units_.resize(n_bytes / 4);
    for (std::size_t i = 0; i < map.units_.size(); ++i) map.units_[i] = word(4 + 4 * i);
    const auto texts = bytes.subspan(4 + std::size_t{n_bytes});
    map.texts_.assign(reinterpret_cast<const char*>(texts.data()), texts.size());
    if (auto ok = map.check(); !ok) return fail(std::move(ok.error()));
    return map;
  }

  bool empty() const { return units_.empty(); }

  struct Replacement {
    std::size_t length;     // bytes at the start of the text
    std::string_view text;  // what takes their place
  };

  // For the longest key that `text` begins with, as SentencePiece looks them up.
  std::optional<Replacement> longest(std::string_view text) const {
    std::optional<Found> found;
    for_each_key(text, [&](const Found& key) {
      found = key;
      return true;
    });
    return replacement(found);
  }
  // For the shortest, as Hugging Face's library does.
  std::optional<Replacement> shortest(std::string_view text) const {
    std::optional<Found> found;
    for_each_key(text, [&](const Found& key) {
      found = key;
      return false;
    });
    return replacement(found);
  }

  // Appends `text` with everything replaced, longest keys first. Bytes that are no UTF-8 become U+FFFD.
  // Errors: BadTokenizer when a text grows beyond all measure.
  Expected<void> normalise(std::string_view text, std::string& out) const {
    const std::size_t most = out.size() + growth_limit(text.size());
    while (!text.empty()) {
      text.remove_prefix(normalise_first(text, out));
      if (out.size() > most) return fail(too_much());
    }
    return {};
  }

  // The same for what stands at the start of `text` (not empty); returns the bytes that are done with.
  std::size_t normalise_first(std::string_view text, std::string& out) const {
    if (const auto found = longest(text)) {
      out += found->text;
      return found->length;
    }
    const Utf8Step step = utf8_step(text);
    if (step.valid && step.complete) {
      out += text.substr(0, step.length);
      return step.length;
    }
    out += "\xef\xbf\xbd";
    return 1;
  }

  // How long a text of n bytes may get.
  static std::size_t growth_limit(std::size_t n) { return most_growth * n + 1024; }
  static Error too_much() {
    return {ErrorCode::BadTokenizer, "the charsmap makes the text more than " + std::to_string(most_growth) +
                                         " times as long, which no real one does"};
  }

 private:
  static std::uint32_t offset(std::uint32_t unit) { return unit >> 10 << ((unit & 0x200u) >> 6); }
  static std::uint32_t label(std::uint32_t unit) { return unit & 0x800000ffu; }  // more than 255: no node
  static bool ends_key(std::uint32_t unit) { return (unit & 0x100u) != 0; }
  static std::uint32_t value(std::uint32_t unit) { return unit & 0x7fffffffu; }

  static Error wrong(std::size_t byte, std::string_view what) {
    return Error(ErrorCode::BadTokenizer, "element " + std::to_string(byte) + ": " + std::string(what))
        .about("precompiled_charsmap");
  }
  static std::size_t byte_of(std::size_t unit) { return 4 + 4 * unit; }

  struct Found {
    std::size_t length;   // bytes of the key
    std::uint32_t value;  // where its replacement begins among the texts
  };
  std::optional<Replacement> replacement(const std::optional<Found>& key) const {
    if (!key) return std::nullopt;
    return Replacement{key->length, texts_.c_str() + key->value};
  }

  // Calls f(Found) for each key that `text` begins with, shortest first, until it says no.
  template <class F>
  void for_each_key(std::string_view text, F&& f) const {
    if (units_.empty()) return;
    std::size_t at = offset(units_[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const std::size_t child = at ^ byte;
      if (byte == 0 || child >= units_.size() || label(units_[child]) != byte) return;
      at = child ^ offset(units_[child]);
      if (ends_key(units_[child]) && !f(Found{i + 1, value(units_[at])})) return;
    }
  }

  // Every node that can be reached has its children and its replacement inside the arrays, none is its own descendant,
  // and no key is too long. Linear, without recursion.
  Expected<void> check() {
    const std::size_t n = units_.size();
    const std::size_t last_zero = texts_.rfind('\0');
    const std::size_t n_terminated = last_zero == std::string::npos ? 0 : last_zero + 1;
    if (offset(units_[0]) >= n) return fail(wrong(byte_of(0), "the root's children lie outside the trie"));

    // Units by the place (i ^ o) that their parents would have.
    static constexpr std::uint32_t none = 0xffffffffu;
    std::vector<std::uint32_t> first(n, none), next(n, none);
    for (std::size_t i = n; i-- > 0;) {
      const std::uint32_t byte = label(units_[i]);
      const std::size_t parent = i ^ byte;
      if (byte == 0 || byte > 255 || parent >= n) continue;
      next[i] = first[parent];
      first[parent] = static_cast<std::uint32_t>(i);
    }

    // Depth first over those places; height: bytes of the longest key below, once all of that is known.
    static constexpr std::uint32_t unseen = 0xffffffffu, open = 0xfffffffeu;
    std::vector<std::uint32_t> height(n, unseen);
    struct Step {
      std::uint32_t place, child, highest;
    };
    std::vector<Step> path{{offset(units_[0]), first[offset(units_[0])], 0}};
    height[path[0].place] = open;
    while (!path.empty()) {
      Step& here = path.back();
      if (here.child == none) {
        const Step done = here;
        height[done.place] = done.highest;
        path.pop_back();
        if (!path.empty()) path.back().highest = std::max(path.back().highest, done.highest + 1);
        continue;
      }
      const std::uint32_t unit = here.child;
      here.child = next[unit];
      const std::size_t place = unit ^ offset(units_[unit]);
      if (place >= n) return fail(wrong(byte_of(unit), "the node's children lie outside the trie"));
      if (ends_key(units_[unit]) && value(units_[place]) >= n_terminated) {
        return fail(wrong(byte_of(place), "the replacement lies outside the texts, or does not end in them"));
      }
      if (height[place] == open) return fail(wrong(byte_of(unit), "the node is its own descendant"));
      if (height[place] != unseen) {
        here.highest = std::max(here.highest, height[place] + 1);
        continue;
      }
      height[place] = open;
      path.push_back({static_cast<std::uint32_t>(place), first[place], 0});
    }
    if (height[offset(units_[0])] > longest_key) {
      return fail(wrong(byte_of(0), "a key is too long").wanted("at most " + std::to_string(longest_key) + " bytes"));
    }
    return {};
  }

  std::vector<std::uint32_t> units_;
  std::string texts_;
};

}  // namespace lamina::text
