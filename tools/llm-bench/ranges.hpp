// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Lists of numbers on a command line, in llama-bench's notation: "1,2,4", "1-16", "100-600+100", "64-512*2". A factor
// may have a fraction: each value is the exact one rounded down, and always larger than the one before.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"

namespace lamina::bench {

inline constexpr std::size_t most_values = 1000;  // in one list

class RangeParser {
 public:
  RangeParser(std::size_t low, std::size_t high) : low_(low), high_(high) {}

  // Errors: BadArgument, which names the item.
  Expected<std::vector<std::size_t>> parse(std::string_view text) const {
    std::vector<std::size_t> out;
    for (;;) {
      const std::size_t comma = text.find(',');
      if (auto ok = item(text.substr(0, comma), out); !ok) return fail(std::move(ok.error()));
      if (comma == std::string_view::npos) return out;
      text.remove_prefix(comma + 1);
    }
  }

 private:
  static Error wrong(std::string_view item, std::string what) {
    return Error(ErrorCode::BadArgument, std::move(what)).about("'" + printable(item) + "'");
  }

  // Takes a number off the front; false when none is there or it is too large for its type.
  template <class T>
  static bool take(std::string_view& text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
  }

  Expected<void> item(std::string_view item, std::vector<std::size_t>& out) const {
    std::string_view rest = item;
    std::size_t first = 0, step = 1;
    double factor = 0;  // 0: steps instead
    const Error form = wrong(item, "write N, FIRST-LAST, FIRST-LAST+STEP or FIRST-LAST*FACTOR, several with commas");
    if (!take(rest, first)) return fail(form);
    std::size_t last = first;
    if (rest.starts_with('-')) {
      rest.remove_prefix(1);
      if (!take(rest, last)) return fail(form);
      const char sign = rest.empty() ? '\0' : rest.front();
      if (sign == '+' || sign == '*') {
        rest.remove_prefix(1);
        if (!(sign == '+' ? take(rest, step) : take(rest, factor))) return fail(form);
        if (sign == '+' && step == 0) return fail(wrong(item, "a step is at least 1"));
        if (sign == '*' && !(factor > 1)) return fail(wrong(item, "a factor is larger than 1"));
      }
    }
    if (!rest.empty()) return fail(form);
    if (last < first) return fail(wrong(item, "a range goes from the smaller to the larger number"));
    if (first < low_ || last > high_) {
      return fail(wrong(item, "out of bounds").wanted(std::to_string(low_) + " to " + std::to_string(high_)));
    }
    if (factor > 0 && first == 0) return fail(wrong(item, "a factor leads nowhere from 0"));
    double exact = static_cast<double>(first);
    for (std::size_t value = first;;) {
      if (out.size() == most_values) {
        return fail(wrong(item, "that makes more than " + std::to_string(most_values) + " values"));
      }
      out.push_back(value);
      exact *= factor;
      // Doubles hold all whole numbers up to 2^53; bounds lie far below.
      const double next = factor > 0 ? std::max(std::floor(exact), static_cast<double>(value + 1)) : 0;
      if (factor > 0 ? next > static_cast<double>(last) : step > last - value) return {};
      value = factor > 0 ? static_cast<std::size_t>(next) : value + step;
    }
  }

  std::size_t low_, high_;
};

}  // namespace lamina::bench
