// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How a GGUF file writes its numbers: in which byte order, and how wide the lengths are.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace lamina::gguf {

// The same for a whole file. Lengths, counts and dimensions have 32 bits in version 1 and 64 bits since version 2.
struct Encoding {
  std::endian order = std::endian::native;
  std::uint8_t length_bytes = 8;  // 4 or 8
};

template <class T>
T byte_swapped(T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::byte bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  for (std::size_t i = 0; i < sizeof(T) / 2; ++i) {
    const std::byte low = bytes[i];
    bytes[i] = bytes[sizeof(T) - 1 - i];
    bytes[sizeof(T) - 1 - i] = low;
  }
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

// Reads a T from bytes of any alignment; the caller has checked that sizeof(T) bytes are there.
template <class T>
T load(const std::byte* from, std::endian order) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return order == std::endian::native ? value : byte_swapped(value);
}

inline std::uint64_t load_length(const std::byte* from, Encoding encoding) {
  return encoding.length_bytes == 4 ? load<std::uint32_t>(from, encoding.order)
                                    : load<std::uint64_t>(from, encoding.order);
}

}  // namespace lamina::gguf
