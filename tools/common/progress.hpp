// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of long work on standard error: one line that is written over, on a terminal only.
#pragma once

#include <cstdio>
#include <string>

#include "common/cli.hpp"

namespace lamina::cli {

class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void show(const std::string& text) {
    if (!on_) return;
    std::fprintf(stderr, "\r\x1b[K%s", printable(text).c_str());
    shown_ = true;
  }
  void clear() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
  }

 private:
  bool on_ = is_terminal(stderr);
  bool shown_ = false;
};

}  // namespace lamina::cli
