// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Finds a name's position in a list that is held elsewhere: a hash table of positions, eight bytes a name. The hash is
// SipHash-1-3 (Aumasson and Bernstein, 2012) under a key drawn once per process, so that no file can be made whose
// names collide.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace lamina::gguf {

class NameIndex {
 public:
  static constexpr std::uint64_t max_names = 0x7fffffffu;

  NameIndex() = default;
  // For at most n_names names.
  explicit NameIndex(std::size_t n_names) : slots_(n_names == 0 ? 0 : 2 * n_names, 0) {}

  // Adds `name`, which name_of(position) will return from now on; the earlier position if the name is there already.
  template <class NameOf>
  std::optional<std::uint32_t> insert(std::string_view name, std::uint32_t position, NameOf&& name_of) {
    std::size_t slot = first_slot(name);
    for (; slots_[slot] != 0; slot = next_slot(slot)) {
      if (name_of(slots_[slot] - 1) == name) return slots_[slot] - 1;
    }
    slots_[slot] = position + 1;
    return std::nullopt;
  }

  template <class NameOf>
  std::optional<std::uint32_t> find(std::string_view name, NameOf&& name_of) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t slot = first_slot(name); slots_[slot] != 0; slot = next_slot(slot)) {
      if (name_of(slots_[slot] - 1) == name) return slots_[slot] - 1;
    }
    return std::nullopt;
  }

 private:
  struct Key {
    std::uint64_t k0, k1;
  };

  static const Key& key() {
    static const Key drawn = [] {
      std::random_device random;
      const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
      return Key{word(), word()};
    }();
    return drawn;
  }

  static std::uint64_t hash(std::string_view text) {
    std::uint64_t v0 = key().k0 ^ 0x736f6d6570736575u, v1 = key().k1 ^ 0x646f72616e646f6du;
    std::uint64_t v2 = key().k0 ^ 0x6c7967656e657261u, v3 = key().k1 ^ 0x7465646279746573u;
    const auto round = [&] {
      v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
      v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    };
    const auto mix = [&](std::uint64_t word) { v3 ^= word, round(), v0 ^= word; };
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + i, 8);
      mix(word);
    }
    std::uint64_t rest = 0;
    if (i < text.size()) std::memcpy(&rest, text.data() + i, text.size() - i);
    mix(rest ^ std::uint64_t{text.size()} << 56);
    v2 ^= 0xff;
    round(), round(), round();
    return v0 ^ v1 ^ v2 ^ v3;
  }

  // The top bits of the hash, scaled to the table's size.
  std::size_t first_slot(std::string_view name) const {
    return static_cast<std::size_t>((hash(name) >> 32) * slots_.size() >> 32);
  }
  std::size_t next_slot(std::size_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }

  std::vector<std::uint32_t> slots_;  // position + 1; 0 is empty
};

}  // namespace lamina::gguf
