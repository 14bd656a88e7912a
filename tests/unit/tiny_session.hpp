// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Sessions of tiny models, and comparing what they compute.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "lamina/lamina.hpp"
#include "numbers.hpp"
#include "tiny_model.hpp"
#include "unit/logits.hpp"

namespace lamina::test {

inline Model load_tiny(const TinyModel& tiny, const std::string& target = {}) {
  auto file = tiny.file();
  if (!file) FAIL(file.error().to_string());
  auto model = load(*file, {.target = target});
  if (!model) FAIL(model.error().to_string());
  return *model;
}

inline Ids some_ids(std::size_t n) {
  Ids ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<text::Token>((i * 37 + 11) % 262);
  return ids;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Of the tokens' own errors: with eight bits or bfloat16 a router may choose another expert for a few, whose logits
// then differ.
inline double median_nmse(const std::vector<float>& a, const std::vector<float>& b, std::size_t n_tokens) {
  const auto n_vocab = static_cast<std::ptrdiff_t>(b.size() / n_tokens);
  std::vector<double> errors;
  for (std::size_t t = 0; t < n_tokens; ++t) {
    const auto row = [&](const std::vector<float>& all) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(t) * n_vocab;
      return std::vector<float>(begin, begin + n_vocab);
    };
    errors.push_back(nmse(row(a), row(b)));
  }
  std::nth_element(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2), errors.end());
  return errors[errors.size() / 2];
}

// What the order of sums alone makes of logits, at most (NMSE): it moves levels of activations, too.
inline constexpr double order_of_sums = 3e-10;
// Whether a format's panels differ from its rows by more than that: they round activations differently.
inline bool panels_round(const kernels::KernelTable& table, const kernels::KernelTable::PerFormat& format,
                         std::size_t bits = 16) {
  return format.bf16_always || (bits == 8 && format.matmul_panel8 != nullptr) ||
         (format.matmul_panel != nullptr && table.panel_layout == kernels::ActivationLayout::Panel);
}

// Every target of this machine, and those that only tests use.
inline std::vector<const kernels::KernelTable*> all_targets() {
  std::vector<const kernels::KernelTable*> out;
  for (const auto* table : kernels::available_targets()) out.push_back(table);
  for (const auto* table : kernels::test_targets()) out.push_back(table);
  return out;
}

}  // namespace lamina::test
