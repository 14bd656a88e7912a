// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "value_printer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "lamina/gguf/array.hpp"
#include "lamina/gguf/utf8.hpp"

namespace lamina::inspect {

using gguf::Value;
using gguf::ValueType;

bool is_text(std::string_view bytes) { return gguf::first_not_text(bytes) == bytes.size(); }

std::string json_text(std::string_view bytes) {
  if (is_text(bytes)) return nlohmann::json(bytes).dump();
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) hex += {digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
  return "{\"hex\":\"" + hex + "\"}";
}

namespace {

// The shortest digits that read back as the same value.
template <class T>
std::string scalar_text(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value)) return "\"nan\"";
      if (std::isinf(value)) return value > 0 ? "\"inf\"" : "\"-inf\"";
    }
    std::array<char, 40> out;
    const auto end = std::to_chars(out.data(), out.data() + out.size(), value).ptr;
    return {out.data(), end};
  }
}

// Writes an array while gguf::walk_array goes through it. Of each array at most `limit` elements are shown.
template <class Put>
class ArrayPrinter {
 public:
  ArrayPrinter(bool json, std::uint64_t limit, std::size_t text_bytes, std::endian order, Put put)
      : json_(json), limit_(limit), text_bytes_(text_bytes), order_(order), put_(put) {}

  void header(ValueType type, std::uint64_t count) {
    const bool shown = depth_ == 0 || begin_element();
    levels_[depth_++] = {count, 0, shown};
    if (shown) put_("[");
    if (count == 0 && (type == ValueType::Array || type == ValueType::String)) end_array();
  }

  void scalars(ValueType type, std::span<const std::byte> bytes) {
    gguf::with_scalar(type, [&]<class T>(T) {
      const std::size_t size = gguf::scalar_bytes(type);
      for (std::size_t at = 0; at < bytes.size(); at += size) {
        if (begin_element()) put_(scalar_text(gguf::load<T>(bytes.data() + at, order_)));
        end_element();
      }
    });
    if (bytes.empty()) end_array();
  }

  void string(std::string_view text) {
    if (begin_element()) put_(json_ ? json_text(text) : "\"" + printable(text, text_bytes_) + "\"");
    end_element();
  }

 private:
  struct Level {
    std::uint64_t count, done;
    bool shown;
  };

  bool begin_element() {
    const Level& level = levels_[depth_ - 1];
    if (!level.shown || level.done >= limit_) return false;
    if (level.done > 0) put_(json_ ? "," : ", ");
    return true;
  }

  void end_element() {
    Level& level = levels_[depth_ - 1];
    if (++level.done == level.count) end_array();
  }

  // Ends this array, and with it those around it whose last element it was.
  void end_array() {
    for (;;) {
      const Level& level = levels_[--depth_];
      if (level.shown) {
        if (level.count > limit_) put_(", ... " + std::to_string(level.count) + " in all");
        put_("]");
      }
      if (depth_ == 0 || ++levels_[depth_ - 1].done < levels_[depth_ - 1].count) return;
    }
  }

  bool json_;
  std::uint64_t limit_;
  std::size_t text_bytes_;
  std::endian order_;
  Put put_;
  std::array<Level, gguf::max_array_depth> levels_;
  std::size_t depth_ = 0;
};

template <class Put>
void print(const Value& value, bool json, std::uint64_t limit, std::size_t text_bytes, Put put) {
  if (value.type() == ValueType::Array) {
    // The reader has checked the array; should the file have been rewritten since, what was printed stays incomplete.
    (void)gguf::walk_array(value.bytes(), 0, value.encoding(),
                           ArrayPrinter(json, limit, text_bytes, value.encoding().order, put));
  } else if (const auto text = value.string()) {
    put(json ? json_text(*text) : "\"" + printable(*text, text_bytes) + "\"");
  } else {
    gguf::with_scalar(value.type(), [&]<class T>(T) {
      put(scalar_text(gguf::load<T>(value.bytes().data(), value.encoding().order)));
    });
  }
}

}  // namespace

std::string json_number(double value) { return scalar_text(value); }

void print_json(std::FILE* out, const Value& value) {
  print(value, true, no_limit, 0, [&](std::string_view text) { std::fwrite(text.data(), 1, text.size(), out); });
}

std::string one_line(const Value& value, std::uint64_t elements, std::size_t bytes) {
  std::string line;
  print(value, false, elements, bytes, [&](std::string_view text) { line += text; });
  return line;
}

}  // namespace lamina::inspect
