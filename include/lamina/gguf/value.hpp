// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A metadata value where it lies in the file, behind its key: 24 bytes that point at both, so that a file of nothing
// but small entries takes little more memory than it has bytes. Accessors decode on demand and return empty when the
// value is of another kind; they stay inside the value's bytes whatever those hold by then, because a mapped file may
// be rewritten after it was checked.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lamina/gguf/array.hpp"
#include "lamina/gguf/byte_order.hpp"
#include "lamina/gguf/value_type.hpp"

namespace lamina::gguf {

inline constexpr std::uint64_t max_file = (std::uint64_t{1} << 48) - 1;  // bytes; a process can map half as much

class Value {
 public:
  // `bytes` is all of the value: a scalar; a string with its length; an array with its element type and count. It was
  // checked by the reader. `offset` is where that starts, in bytes from the start of the file. Before it stand its type
  // and, before that, `key_bytes` bytes of key: 0 for an element of an array, which has none.
  Value(std::span<const std::byte> bytes, std::uint64_t offset, ValueType type, Encoding encoding,
        std::uint64_t key_bytes = 0)
      : data_(bytes.data()),
        n_bytes_(bytes.size() & max_file),
        type_(as_number(type) & 0xfu),
        element_type_(as_number(ValueType::U8) & 0xfu),
        big_endian_(encoding.order == std::endian::big),
        wide_(encoding.length_bytes == 8),
        offset_(offset & max_file),
        key_bytes_(key_bytes & 0xffffu) {
    if (type != ValueType::Array) return;
    const auto id = load<std::uint32_t>(data_, encoding.order);
    if (id < n_value_types) element_type_ = id & 0xfu;
  }

  // Empty for an element of an array.
  std::string_view key() const {
    return key_bytes_ == 0 ? std::string_view() : as_text({data_ - 4 - key_bytes_, std::size_t{key_bytes_}});
  }

  ValueType type() const { return static_cast<ValueType>(type_); }
  // Of an array; a scalar's or string's is its own type.
  ValueType element_type() const { return type() == ValueType::Array ? static_cast<ValueType>(element_type_) : type(); }
  std::uint64_t offset() const { return offset_; }
  // All of the value, in the file's encoding.
  std::span<const std::byte> bytes() const { return {data_, n_bytes_}; }
  Encoding encoding() const {
    return {big_endian_ ? std::endian::big : std::endian::little, static_cast<std::uint8_t>(wide_ ? 8 : 4)};
  }

  // Elements of an array, 1 for anything else.
  std::uint64_t size() const {
    if (type() != ValueType::Array) return 1;
    const std::uint64_t most = payload().size() / min_element_bytes(element_type(), encoding());
    return std::min(load_length(data_ + 4, encoding()), most);
  }

  std::optional<std::string_view> string() const {
    if (type() != ValueType::String) return std::nullopt;
    return as_text(payload());
  }

  std::optional<bool> boolean() const { return type() == ValueType::Bool ? scalar<bool>() : std::nullopt; }
  // Of any integer type, when it is not negative.
  std::optional<std::uint64_t> unsigned_integer() const { return is_number() ? scalar<std::uint64_t>() : std::nullopt; }
  // Of any integer type, when it fits.
  std::optional<std::int64_t> signed_integer() const { return is_number() ? scalar<std::int64_t>() : std::nullopt; }
  // Of any integer or floating-point type.
  std::optional<double> number() const { return is_number() ? scalar<double>() : std::nullopt; }

  // An array of strings.
  std::optional<std::vector<std::string_view>> strings() const {
    if (type() != ValueType::Array || element_type() != ValueType::String) return std::nullopt;
    struct Collect : IgnoreElements {
      std::vector<std::string_view> found;
      void header(ValueType, std::uint64_t count) { found.reserve(static_cast<std::size_t>(count)); }
      void string(std::string_view text) { found.push_back(text); }
    } collect;
    if (!walk_array(bytes(), 0, encoding(), collect)) return std::nullopt;
    return std::move(collect.found);
  }

  // An array of numbers or bools, every element converted by scalar_to<T>; empty when one does not fit.
  template <class T>
  std::optional<std::vector<T>> numbers() const {
    if (type() != ValueType::Array) return std::nullopt;
    std::vector<T> out;
    bool fits = true;
    const bool scalars = with_scalar(element_type(), [&]<class From>(From) {
      const std::size_t count = static_cast<std::size_t>(size());
      const std::byte* from = payload().data();
      out.reserve(count);
      for (std::size_t i = 0; i < count && fits; ++i) {
        const std::optional<T> element = scalar_to<T>(load_scalar<From>(from + i * scalar_bytes(element_type())));
        fits = element.has_value();
        if (fits) out.push_back(*element);
      }
    });
    if (!scalars || !fits) return std::nullopt;
    return out;
  }

  // The arrays inside an array of arrays; nothing for any other value.
  std::vector<Value> elements() const {
    std::vector<Value> out;
    if (type() != ValueType::Array || element_type() != ValueType::Array) return out;
    const auto count = static_cast<std::size_t>(size());
    out.reserve(count);
    std::uint64_t at = 4u + encoding().length_bytes;
    for (std::size_t i = 0; i < count; ++i) {
      const auto end = walk_array(bytes(), at, encoding(), IgnoreElements{});
      if (!end) break;
      out.emplace_back(bytes().subspan(at, *end - at), offset_ + at, ValueType::Array, encoding());
      at = *end;
    }
    return out;
  }

 private:
  static std::uint64_t as_number(ValueType type) { return static_cast<std::uint64_t>(type); }

  bool is_number() const { return type() != ValueType::Bool && scalar_bytes(type()) != 0; }

  // What follows the length of a string, or the type and count of an array.
  std::span<const std::byte> payload() const {
    const std::size_t header = type() == ValueType::String  ? encoding().length_bytes
                               : type() == ValueType::Array ? 4u + encoding().length_bytes
                                                            : 0u;
    return bytes().subspan(header);
  }

  template <class From>
  From load_scalar(const std::byte* from) const {
    if constexpr (std::is_same_v<From, bool>) {
      return std::to_integer<unsigned>(*from) != 0;
    } else {
      return load<From>(from, encoding().order);
    }
  }

  template <class T>
  std::optional<T> scalar() const {
    std::optional<T> out;
    with_scalar(type(), [&]<class From>(From) { out = scalar_to<T>(load_scalar<From>(data_)); });
    return out;
  }

  const std::byte* data_;
  std::uint64_t n_bytes_ : 48, type_ : 4, element_type_ : 4, big_endian_ : 1, wide_ : 1;
  std::uint64_t offset_ : 48, key_bytes_ : 16;
};
static_assert(sizeof(Value) == 24);

}  // namespace lamina::gguf
