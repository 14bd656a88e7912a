// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of perplexity and divergence, on distributions whose values are known.
#include "llm/perplexity_stats.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace lamina::llm;

namespace {

std::vector<std::uint16_t> packed(const std::vector<float>& logits) {
  std::vector<std::uint16_t> out(PackedRow::words(logits.size()));
  PackedRow::pack(logits, out);
  return out;
}

}  // namespace

TEST_CASE("perplexity is the number of tokens that a model wavers between", "[perplexity]") {
  PerplexityStats stats;
  const std::vector<float> even(8, 3.0f);
  for (std::size_t i = 0; i < 8; ++i) stats.add(even, i);
  CHECK(stats.perplexity().value == Approx(8));
  CHECK(stats.perplexity().error == Approx(0).margin(1e-6));
  // Probabilities 1/2 and 1/8: the mean of the logarithms is that of 1/4.
  PerplexityStats two;
  two.add(std::vector<float>{0, 0}, 0);
  two.add(even, 0);
  CHECK(two.perplexity().value == Approx(4));
  CHECK(two.perplexity().error == Approx(4 * std::log(2.0)));
  PerplexityStats large;  // beyond what exp() of a float can hold
  large.add(std::vector<float>{1000, 0}, 0);
  CHECK(large.perplexity().value == Approx(1));
}

TEST_CASE("log-probabilities survive packing within a step", "[perplexity]") {
  std::vector<float> logits(101);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = 7 * std::sin(static_cast<float>(i)) + 100;
  logits[50] = -1e30f;  // cut off 16 below the largest
  const double norm = log_sum_exp(logits);
  const auto words = packed(logits);
  REQUIRE(words.size() == 4 + 102);
  const PackedRow row(words, logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (i == 50) continue;
    CHECK(row[i] == Approx(logits[i] - norm).margin(16.0 / 65535));
  }
  CHECK(row[50] == Approx(*std::max_element(logits.begin(), logits.end()) - 16 - norm).margin(1e-4));
  const std::vector<float> flat(3, 1.0f);
  const auto flat_words = packed(flat);
  CHECK(PackedRow(flat_words, 3)[2] == Approx(-std::log(3.0)));
}

TEST_CASE("divergence is that of the two distributions", "[perplexity]") {
  const std::vector<float> base = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  const std::vector<float> model = {std::log(0.2f), std::log(0.3f), std::log(0.5f)};
  const auto words = packed(base);
  const PackedRow row(words, 3);
  DivergenceStats apart, same;
  apart.add(model, row, 0);
  same.add(base, row, 0);
  CHECK(apart.divergence().value == Approx(0.5 * std::log(0.5 / 0.2) + 0.2 * std::log(0.2 / 0.5)).epsilon(1e-4));
  CHECK(apart.same_top().value == 0);
  CHECK(apart.perplexity_ratio().value == Approx(2.5).epsilon(1e-4));
  CHECK(apart.base_perplexity().value == Approx(2).epsilon(1e-4));
  CHECK(apart.probability_rms() == Approx(0.3).epsilon(1e-4));
  CHECK(same.divergence().value == Approx(0).margin(1e-4));
  CHECK(same.same_top().value == 1);
  CHECK(apart.quantile(0.5) == Approx(apart.divergence().value));
  same.add(model, row, 0);
  CHECK(same.quantile(1) == Approx(apart.divergence().value));
  CHECK(same.quantile(0.5) == Approx(apart.divergence().value / 2).margin(1e-4));
}
