// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The one walk over an array value, nested or not: it checks everything, allocates nothing and keeps its own small
// stack. Validation, the extent of nested elements and the copying of values into new files are all this walk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lamina/core/error.hpp"
#include "lamina/gguf/byte_order.hpp"
#include "lamina/gguf/value_type.hpp"

namespace lamina::gguf {

inline constexpr std::size_t max_array_depth = 4;  // an array of numbers has depth 1

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Error truncated(std::string_view what, std::uint64_t at, std::uint64_t wanted, std::uint64_t left) {
  return Error(ErrorCode::Truncated, "the file ends inside " + std::string(what))
      .at(at)
      .wanted(std::to_string(wanted) + " bytes")
      .found(std::to_string(left) + " bytes left");
}

inline Error bad_value_type(std::uint64_t at, std::uint32_t id) {
  return Error(ErrorCode::BadType, "no such value type").at(at).wanted("0 to 12").found(std::to_string(id));
}

inline Error bad_bool(std::uint64_t at, std::byte got) {
  return Error(ErrorCode::BadType, "a bool is neither 0 nor 1")
      .at(at)
      .wanted("0 or 1")
      .found(std::to_string(std::to_integer<int>(got)));
}

// The fewest bytes that one element of an array can take.
constexpr std::uint64_t min_element_bytes(ValueType type, Encoding encoding) {
  if (type == ValueType::String) return encoding.length_bytes;
  if (type == ValueType::Array) return 4u + encoding.length_bytes;
  return scalar_bytes(type);
}

// Walks the array whose element type stands at byte `at` (<= bytes.size()), and returns where it ends. The visitor
// hears of everything in file order: header(element_type, count) for every array, scalars(type, bytes) for the elements
// of an array of scalars together, string(text) for each string.
template <class Visitor>
Expected<std::uint64_t> walk_array(std::span<const std::byte> bytes, std::uint64_t at, Encoding encoding,
                                   Visitor&& visitor) {
  std::array<std::uint64_t, max_array_depth> to_come{};  // arrays still to walk, per level
  std::size_t depth = 0;                                 // arrays around the one at `at`
  for (;;) {
    const std::uint64_t header_bytes = 4u + encoding.length_bytes;
    if (depth == max_array_depth) {
      return fail(Error(ErrorCode::BadArray, "arrays are nested too deep")
                      .at(at)
                      .wanted("at most " + std::to_string(max_array_depth) + " levels")
                      .found("more"));
    }
    if (bytes.size() - at < header_bytes) return fail(truncated("an array", at, header_bytes, bytes.size() - at));
    const auto id = load<std::uint32_t>(bytes.data() + at, encoding.order);
    if (id >= n_value_types) return fail(bad_value_type(at, id));
    const auto type = static_cast<ValueType>(id);
    const std::uint64_t count = load_length(bytes.data() + at + 4, encoding);
    const std::uint64_t room = bytes.size() - at - header_bytes;  // bytes
    const std::uint64_t most = room / min_element_bytes(type, encoding);
    if (count > most) {
      return fail(Error(ErrorCode::BadArray, "the rest of the file cannot hold the array")
                      .at(at + 4)
                      .wanted("at most " + std::to_string(most) + " elements of type " + std::string(to_string(type)))
                      .found(std::to_string(count)));
    }
    visitor.header(type, count);
    at += header_bytes;
    if (type == ValueType::Array) {
      to_come[depth++] = count;
    } else if (type == ValueType::String) {
      for (std::uint64_t i = 0; i < count; ++i) {
        if (bytes.size() - at < encoding.length_bytes) {
          return fail(truncated("a string's length", at, encoding.length_bytes, bytes.size() - at));
        }
        const std::uint64_t length = load_length(bytes.data() + at, encoding);
        const std::uint64_t left = bytes.size() - at - encoding.length_bytes;
        if (length > left) return fail(truncated("a string", at, length, left));
        at += encoding.length_bytes;
        visitor.string(as_text(bytes.subspan(at, length)));
        at += length;
      }
    } else {
      const auto scalars = bytes.subspan(at, count * scalar_bytes(type));  // fits: count <= most
      if (type == ValueType::Bool) {
        for (std::size_t i = 0; i < scalars.size(); ++i) {
          if (std::to_integer<unsigned>(scalars[i]) > 1) return fail(bad_bool(at + i, scalars[i]));
        }
      }
      visitor.scalars(type, scalars);
      at += scalars.size();
    }
    while (depth > 0 && to_come[depth - 1] == 0) --depth;
    if (depth == 0) return at;
    --to_come[depth - 1];
  }
}

struct IgnoreElements {
  void header(ValueType, std::uint64_t) {}
  void scalars(ValueType, std::span<const std::byte>) {}
  void string(std::string_view) {}
};

}  // namespace lamina::gguf
