// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The key-value pairs of a file, in file order and by key. get<T> is the way to read a setting: it checks the type and
// says precisely what was wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/name_index.hpp"
#include "lamina/gguf/value.hpp"

namespace lamina::gguf {

struct Entry {
  std::string_view key;
  const Value& value;
};

// The entries of a list of values, made as they are looked at: a value knows where its key is.
class Entries {
 public:
  class Iterator {
   public:
    explicit Iterator(const Value* at) : at_(at) {}
    Entry operator*() const { return {at_->key(), *at_}; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Value* at_;
  };

  explicit Entries(std::span<const Value> values) : values_(values) {}
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  Entry operator[](std::size_t i) const { return {values_[i].key(), values_[i]}; }
  Iterator begin() const { return Iterator(values_.data()); }
  Iterator end() const { return Iterator(values_.data() + values_.size()); }

 private:
  std::span<const Value> values_;
};

namespace detail {

template <class T>
struct VectorElement {};
template <class T>
struct VectorElement<std::vector<T>> {
  using type = T;
};
template <class T>
concept Vector = requires {
  typename VectorElement<T>::type;
};

template <class T>
std::optional<T> read_value(const Value& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.boolean();
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return value.string();
  } else if constexpr (std::is_same_v<T, std::string>) {
    const auto text = value.string();
    return text ? std::optional<T>(*text) : std::nullopt;
  } else if constexpr (std::is_same_v<T, std::vector<std::string_view>>) {
    return value.strings();
  } else if constexpr (Vector<T>) {
    return value.template numbers<typename VectorElement<T>::type>();
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto number = value.number();
    return number ? scalar_to<T>(*number) : std::nullopt;
  } else if constexpr (std::is_signed_v<T>) {
    const auto number = value.signed_integer();
    return number ? scalar_to<T>(*number) : std::nullopt;
  } else {
    static_assert(std::is_unsigned_v<T>, "no metadata value reads as this type");
    const auto number = value.unsigned_integer();
    return number ? scalar_to<T>(*number) : std::nullopt;
  }
}

template <class T>
std::string type_label() {
  if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>) {
    return "string";
  } else if constexpr (Vector<T>) {
    return "array of " + type_label<typename VectorElement<T>::type>();
  } else {
    return std::string(to_string(value_type_of<T>()));
  }
}

// "int32 -1", "array of 3 string", for messages.
inline std::string describe(const Value& value) {
  std::string out(to_string(value.type()));
  if (value.type() == ValueType::Array) {
    return out + " of " + std::to_string(value.size()) + " " + std::string(to_string(value.element_type()));
  }
  if (const auto text = value.string()) return out + " \"" + printable(*text, 40) + "\"";
  if (const auto flag = value.boolean()) return out + (*flag ? " true" : " false");
  if (const auto number = value.unsigned_integer()) return out + " " + std::to_string(*number);
  if (const auto number = value.signed_integer()) return out + " " + std::to_string(*number);
  if (const auto number = value.number()) return out + " " + std::to_string(*number);
  return out;
}

}  // namespace detail

class Metadata {
 public:
  Metadata() = default;
  // `index` finds every value's key; `file` names the file in errors.
  Metadata(std::vector<Value> values, NameIndex index, std::string file)
      : values_(std::move(values)), index_(std::move(index)), file_(std::move(file)) {}

  // In file order.
  Entries entries() const { return Entries(values_); }

  // Null when there is no such key.
  const Value* find(std::string_view key) const {
    const auto at = index_.find(key, [&](std::uint32_t i) { return values_[i].key(); });
    return at ? &values_[*at] : nullptr;
  }

  // T: bool, an integer, float, double, std::string_view, std::string, or a vector of one of those (not of
  // std::string). Any integer type of the file serves an integer T that holds the value, and any number a float.
  template <class T>
  Expected<T> get(std::string_view key) const {
    return guarded([&]() -> Expected<T> {
      const Value* value = find(key);
      if (value == nullptr) {
        return fail(Error(ErrorCode::MissingKey, "the file lacks this key")
                        .in(file_)
                        .about(key)
                        .wanted(detail::type_label<T>())
                        .found("nothing"));
      }
      std::optional<T> out = detail::read_value<T>(*value);
      if (!out) {
        return fail(Error(ErrorCode::BadType, "the value is not of the type needed, or does not fit it")
                        .in(file_)
                        .about(key)
                        .at(value->offset())
                        .wanted(detail::type_label<T>())
                        .found(detail::describe(*value)));
      }
      return std::move(*out);
    });
  }

  // The fallback stands in for an absent key only: a value of a wrong type is an error.
  template <class T>
  Expected<T> get_or(std::string_view key, T fallback) const {
    if (find(key) == nullptr) return fallback;
    return get<T>(key);
  }

 private:
  std::vector<Value> values_;
  NameIndex index_;
  std::string file_;
};

}  // namespace lamina::gguf
