// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// C++ values as the bytes of GGUF metadata values, in any byte order and with either width of lengths.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lamina/gguf/array.hpp"
#include "lamina/gguf/byte_order.hpp"
#include "lamina/gguf/value.hpp"
#include "lamina/gguf/value_type.hpp"

namespace lamina::gguf {

template <class T>
concept ScalarValue = std::is_arithmetic_v<T>;
template <class T>
concept StringValue = std::convertible_to<const T&, std::string_view>;
template <class T>
concept ArrayValue = !StringValue<T> && std::ranges::sized_range<const T>;
template <class T>
concept Encodable = ScalarValue<T> || StringValue<T> || ArrayValue<T> || std::same_as<T, Value>;

class Encoder {
 public:
  explicit Encoder(Encoding encoding) : encoding_(encoding) {}

  const std::vector<std::byte>& bytes() const { return bytes_; }
  // A length did not fit the 32 bits that version 1 has.
  bool overflowed() const { return overflowed_; }

  template <ScalarValue T>
  void number(T value) {
    if constexpr (std::same_as<T, bool>) {
      bytes_.push_back(std::byte{value});
    } else {
      if (encoding_.order != std::endian::native) value = byte_swapped(value);
      raw(std::as_bytes(std::span(&value, 1)));
    }
  }

  void length(std::uint64_t n) {
    if (encoding_.length_bytes == 8) return number(n);
    overflowed_ |= n > std::numeric_limits<std::uint32_t>::max();
    number(static_cast<std::uint32_t>(n));
  }

  void string(std::string_view text) {
    length(text.size());
    raw(std::as_bytes(std::span(text)));
  }

  void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  void fill(std::uint64_t n_zeros) { bytes_.resize(bytes_.size() + static_cast<std::size_t>(n_zeros)); }

  template <Encodable T>
  static ValueType type_of(const T& value) {
    if constexpr (std::same_as<T, Value>) {
      return value.type();
    } else {
      return static_type_of<T>();
    }
  }

  // The value without its type.
  template <Encodable T>
  void payload(const T& value) {
    if constexpr (std::same_as<T, Value>) {
      copy(value);
    } else if constexpr (StringValue<T>) {
      string(value);
    } else if constexpr (ArrayValue<T>) {
      using Element = std::ranges::range_value_t<const T>;
      number(static_cast<std::uint32_t>(static_type_of<Element>()));
      length(std::ranges::size(value));
      for (const Element& element : value) payload(element);
    } else {
      number(value);
    }
  }

 private:
  template <Encodable T>
  static constexpr ValueType static_type_of() {
    static_assert(!std::same_as<T, Value>, "an array of Values has no one element type");
    if constexpr (StringValue<T>) {
      return ValueType::String;
    } else if constexpr (ArrayValue<T>) {
      return ValueType::Array;
    } else {
      return value_type_of<T>();
    }
  }

  template <class T>
  void scalars(std::span<const std::byte> from, std::endian order) {
    if constexpr (std::same_as<T, bool>) {
      raw(from);
    } else {
      for (std::size_t i = 0; i < from.size(); i += sizeof(T)) number(load<T>(from.data() + i, order));
    }
  }

  // A value of another file, which may have another encoding.
  void copy(const Value& value) {
    if (value.type() == ValueType::Array) {
      struct Copy {
        Encoder& to;
        std::endian order;
        void header(ValueType type, std::uint64_t count) {
          to.number(static_cast<std::uint32_t>(type));
          to.length(count);
        }
        void scalars(ValueType type, std::span<const std::byte> from) {
          with_scalar(type, [&]<class T>(T) { to.scalars<T>(from, order); });
        }
        void string(std::string_view text) { to.string(text); }
      };
      // Was checked when its file was opened.
      (void)walk_array(value.bytes(), 0, value.encoding(), Copy{*this, value.encoding().order});
    } else if (const auto text = value.string()) {
      string(*text);
    } else {
      with_scalar(value.type(), [&]<class T>(T) { scalars<T>(value.bytes(), value.encoding().order); });
    }
  }

  Encoding encoding_;
  std::vector<std::byte> bytes_;
  bool overflowed_ = false;
};

}  // namespace lamina::gguf
