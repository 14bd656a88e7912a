// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Sessions of tiny models, and comparing what they compute.
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lamina/lamina.hpp"
#include "tiny_model.hpp"

namespace lamina::test {

using Ids = std::vector<text::Token>;

inline Model load_tiny(const TinyModel& tiny, const std::string& target = {}) {
  auto file = tiny.file();
  if (!file) FAIL(file.error().to_string());
  auto model = load(*file, {.target = target});
  if (!model) FAIL(model.error().to_string());
  return *model;
}

inline Session open(const Model& model, SessionOptions options) {
  auto session = model.session(options);
  if (!session) FAIL(session.error().to_string());
  return std::move(*session);
}

inline Ids some_ids(std::size_t n) {
  Ids ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<text::Token>((i * 37 + 11) % 262);
  return ids;
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

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline double nmse(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, power = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    power += b[i] * b[i];
  }
  return difference / power;
}

// Every target of this machine, and those that only tests use.
inline std::vector<const kernels::KernelTable*> all_targets() {
  std::vector<const kernels::KernelTable*> out;
  for (const auto* table : kernels::available_targets()) out.push_back(table);
  for (const auto* table : kernels::test_targets()) out.push_back(table);
  return out;
}

}  // namespace lamina::test
