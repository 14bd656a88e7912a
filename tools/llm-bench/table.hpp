// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A Markdown table whose columns line up as plain text too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lamina::bench {

class Table {
 public:
  // Text goes left, numbers right.
  Table& text(std::string head) { return column(std::move(head), false); }
  Table& number(std::string head) { return column(std::move(head), true); }

  // One cell per column.
  void row(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) columns_[i].width = std::max(columns_[i].width, width(cells[i]));
    rows_.push_back(std::move(cells));
  }

  std::string markdown() const {
    std::string out = "|", line = "|";
    for (const Column& c : columns_) {
      out += pad(c.head, c);
      line += c.right ? std::string(c.width + 1, '-') + ":|" : std::string(c.width + 2, '-') + "|";
    }
    out += "\n" + line + "\n";
    for (const auto& cells : rows_) {
      out += "|";
      for (std::size_t i = 0; i < cells.size(); ++i) out += pad(cells[i], columns_[i]);
      out += "\n";
    }
    return out;
  }

 private:
  struct Column {
    std::string head;
    bool right;
    std::size_t width;  // characters
  };

  Table& column(std::string head, bool right) {
    const std::size_t n = std::max<std::size_t>(width(head), 2);
    columns_.push_back({std::move(head), right, n});
    return *this;
  }

  // Characters, not bytes: UTF-8's later bytes are 10xxxxxx.
  static std::size_t width(std::string_view s) {
    return static_cast<std::size_t>(
        std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  }

  static std::string pad(const std::string& s, const Column& c) {
    const std::string space(c.width - width(s), ' ');
    return " " + (c.right ? space + s : s + space) + " |";
  }

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lamina::bench
