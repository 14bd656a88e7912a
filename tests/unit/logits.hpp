// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a model computes from tokens.
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/lamina.hpp"

namespace lamina::test {

using Ids = std::vector<text::Token>;

inline Session open(const Model& model, SessionOptions options) {
  auto session = model.session(options);
  if (!session) FAIL(session.error().to_string());
  return std::move(*session);
}

// All rows of logits, [n][n_vocab].
inline std::vector<float> all_logits(const Model& model, const Ids& ids, SessionOptions options) {
  Session session = open(model, options);
  std::vector<float> rows;
  const auto ok = session.feed(ids, [&](std::size_t, std::span<const float> row) {
    rows.insert(rows.end(), row.begin(), row.end());
    return Feedback::Continue;
  });
  if (!ok) FAIL(ok.error().to_string());
  return rows;
}

// The same of a file.
inline std::vector<float> logits_of(const gguf::File& file, const Ids& ids, SessionOptions options = {},
                                    std::string_view target = {}) {
  const auto model = load(file, {.target = std::string(target)});
  if (!model) FAIL(model.error().to_string());
  return all_logits(*model, ids, options);
}

}  // namespace lamina::test
