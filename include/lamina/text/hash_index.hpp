// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A keyed hash of text, and a table of positions under such hashes. The key is drawn once per process, so that no file
// can be made whose tokens collide; a slot keeps 32 bits of the hash, so that a miss rarely touches the text itself.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace lamina::text {

namespace detail {

struct HashKey {
  std::uint64_t a, b, c;
};

inline const HashKey& hash_key() {
  static const HashKey drawn = [] {
    std::random_device random;
    const auto word = [&] { return (std::uint64_t{random()} << 32 | random()) | 1u; };
    return HashKey{word(), word(), word()};
  }();
  return drawn;
}

// High and low half of the 128-bit product, folded together.
inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
#ifdef __SIZEOF_INT128__
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  const std::uint64_t al = a & 0xffffffffu, ah = a >> 32, bl = b & 0xffffffffu, bh = b >> 32;
  const std::uint64_t low = al * bl, mid1 = ah * bl + (low >> 32), mid2 = al * bh + (mid1 & 0xffffffffu);
  return (a * b) ^ (ah * bh + (mid1 >> 32) + (mid2 >> 32));
#endif
}

inline std::uint64_t load_word(const char* from, std::size_t n_bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, n_bytes);
  return word;
}

}  // namespace detail

inline std::uint64_t hash_text(std::string_view text) {
  const detail::HashKey& key = detail::hash_key();
  std::uint64_t state = key.a ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) {
    state = detail::fold_multiply(detail::load_word(at, 8) ^ key.b, detail::load_word(at + 8, 8) ^ state);
  }
  const std::size_t first = left < 8 ? left : 8;
  const std::uint64_t low = first == 0 ? 0 : detail::load_word(at, first);
  const std::uint64_t high = left > 8 ? detail::load_word(at + 8, left - 8) : 0;
  return detail::fold_multiply(low ^ key.b, detail::fold_multiply(high ^ key.c, state));
}

// The hash of an ordered pair of texts, from theirs.
inline std::uint64_t hash_pair(std::uint64_t left, std::uint64_t right) {
  const detail::HashKey& key = detail::hash_key();
  return detail::fold_multiply(left ^ key.c, std::rotl(right, 32) ^ key.a);
}

// Positions in a list held elsewhere, found by hash. `same(position)` says whether the entry there is the one meant.
class HashIndex {
 public:
  HashIndex() = default;
  // For at most n entries, n < 2^31.
  explicit HashIndex(std::size_t n) : slots_(n == 0 ? 0 : std::bit_ceil(n + n / 2 + 1)) {}

  // The position that is there already, if any; otherwise adds `position`.
  template <class Same>
  std::optional<std::uint32_t> insert(std::uint64_t hash, std::uint32_t position, Same&& same) {
    std::size_t slot = first_slot(hash);
    for (; slots_[slot].next_position != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].tag == tag_of(hash) && same(slots_[slot].next_position - 1)) return slots_[slot].next_position - 1;
    }
    slots_[slot] = {tag_of(hash), position + 1};
    return std::nullopt;
  }

  template <class Same>
  std::optional<std::uint32_t> find(std::uint64_t hash, Same&& same) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t slot = first_slot(hash); slots_[slot].next_position != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].tag == tag_of(hash) && same(slots_[slot].next_position - 1)) return slots_[slot].next_position - 1;
    }
    return std::nullopt;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t next_position = 0;  // position + 1; 0 is empty
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::size_t first_slot(std::uint64_t hash) const { return static_cast<std::size_t>(hash) & (slots_.size() - 1); }

  std::vector<Slot> slots_;  // a power of two, never full
};

}  // namespace lamina::text
