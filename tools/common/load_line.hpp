// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How far loading is, on a terminal, once it has lasted a second.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "common/progress.hpp"
#include "lamina/runtime/engine.hpp"

namespace lamina::cli {

class LoadLine {
 public:
  explicit LoadLine(std::string name) : name_(std::move(name)) {}

  // Of LoadOptions; used while this lives.
  std::function<Feedback(const LoadProgress&)> callback() {
    return [this](const LoadProgress& now) {
      const auto time = Clock::now();
      if (time - begin_ > std::chrono::seconds(1) && time - shown_ > std::chrono::milliseconds(100)) {
        shown_ = time;
        line_.show("loading " + name_ + ": " + std::to_string(static_cast<int>(100 * now.fraction)) + "%, " +
                   std::string(to_string(now.stage)));
      }
      return Feedback::Continue;
    };
  }
  void clear() { line_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  std::string name_;
  Progress line_;
  Clock::time_point begin_ = Clock::now(), shown_ = begin_;
};

}  // namespace lamina::cli
