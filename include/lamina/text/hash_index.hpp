// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A keyed hash of text, and a table of positions under such hashes. The key is drawn once per process, so that no file
// can be made whose tokens collide; a slot keeps 32 bits of the hash, so that a miss rarely touches the text itself.
#pragma once

#include <algorithm>
#include <array>
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
    const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
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

template <class Word>
std::uint64_t load_word(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Up to 16 bytes as two words; overlapping loads instead of a loop.
struct WordPair {
  std::uint64_t low, high;
};
inline WordPair load_pair(const char* from, std::size_t n_bytes) {
  if (n_bytes >= 8) return {load_word<std::uint64_t>(from), load_word<std::uint64_t>(from + n_bytes - 8)};
  if (n_bytes >= 4) return {load_word<std::uint32_t>(from), load_word<std::uint32_t>(from + n_bytes - 4)};
  if (n_bytes == 0) return {0, 0};
  const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(from[i])}; };
  return {byte(0) << 16 | byte(n_bytes / 2) << 8 | byte(n_bytes - 1), 0};
}

}  // namespace detail

inline std::uint64_t hash_text(std::string_view text) {
  const detail::HashKey& key = detail::hash_key();
  std::uint64_t state = key.a ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) {
    state = detail::fold_multiply(detail::load_word<std::uint64_t>(at) ^ key.b,
                                  detail::load_word<std::uint64_t>(at + 8) ^ state);
  }
  const detail::WordPair rest = detail::load_pair(at, left);
  return detail::fold_multiply(rest.low ^ key.b, detail::fold_multiply(rest.high ^ key.c, state));
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
      if (slots_[slot].tag == tag_of(hash) && same(slots_[slot].next_position - 1))
        return slots_[slot].next_position - 1;
    }
    slots_[slot] = {tag_of(hash), position + 1};
    return std::nullopt;
  }

  // insert() of the n positions from 0 on, whose hashes hash_of(position) gives; repeated(position) hears of those that
  // were there already. Slots are fetched ahead: a large table is far from the processor.
  template <class HashOf, class Same, class Repeated>
  void insert_all(std::uint32_t n, HashOf&& hash_of, Same&& same, Repeated&& repeated) {
    static constexpr std::uint32_t batch = 32;
    std::array<std::uint64_t, batch> hashes;
    for (std::uint32_t begin = 0; begin < n; begin += batch) {
      const std::uint32_t count = std::min(batch, n - begin);
      for (std::uint32_t i = 0; i < count; ++i) {
        hashes[i] = hash_of(begin + i);
        __builtin_prefetch(&slots_[first_slot(hashes[i])], 1);
      }
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t position = begin + i;
        if (insert(hashes[i], position, [&](std::uint32_t other) { return same(other, position); })) repeated(position);
      }
    }
  }

  template <class Same>
  std::optional<std::uint32_t> find(std::uint64_t hash, Same&& same) const {
    if (slots_.empty()) return std::nullopt;
    for (std::size_t slot = first_slot(hash); slots_[slot].next_position != 0;
         slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].tag == tag_of(hash) && same(slots_[slot].next_position - 1))
        return slots_[slot].next_position - 1;
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
