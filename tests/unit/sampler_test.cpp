// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Samplers: what each step keeps, the distribution that is drawn from, reproducibility, and refusals.
#include "lamina/runtime/sampler.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using lamina::ErrorCode;
using lamina::Sampler;
using lamina::SamplerOptions;
namespace sampling = lamina::sampling;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

sampling::Candidates candidates(const std::vector<float>& logits) {
  sampling::Candidates c;
  REQUIRE(sampling::fill(logits, c));
  return c;
}

// Ids that are left, in order of likelihood.
std::vector<int> ids(sampling::Candidates c) {
  c.sort(c.size());
  std::vector<int> out;
  for (const auto& each : c.items) out.push_back(each.id);
  return out;
}

float logit_of(const sampling::Candidates& c, int id) {
  for (const auto& each : c.items) {
    if (each.id == id) return each.logit;
  }
  return not_a_number;
}

Sampler make(const SamplerOptions& options) {
  auto s = Sampler::make(options);
  REQUIRE(s.has_value());
  return std::move(*s);
}

// All steps off: draws from softmax(logits / temperature).
SamplerOptions plain(float temperature = 1) {
  SamplerOptions o;
  o.temperature = temperature;
  o.top_k = 0;
  o.top_p = 1;
  o.min_p = 0;
  return o;
}

// How often each of n tokens is drawn.
std::vector<double> frequencies(Sampler& s, const std::vector<float>& logits, int draws) {
  std::vector<double> out(logits.size(), 0.0);
  for (int i = 0; i < draws; ++i) out[static_cast<std::size_t>(s.sample(logits).value())] += 1.0 / draws;
  return out;
}

std::vector<float> log_of(std::vector<float> p) {
  for (float& each : p) each = std::log(each);
  return p;
}

}  // namespace

TEST_CASE("top-k keeps the k likeliest, ties to the lower id", "[sampler]") {
  auto c = candidates({1, 5, 3, 5, 2, 3});
  sampling::top_k(c, 3);
  CHECK(ids(c) == std::vector<int>{1, 3, 2});
  sampling::top_k(c, 0);
  CHECK(c.size() == 3);
  sampling::top_k(c, 100);
  CHECK(c.size() == 3);
}

TEST_CASE("top-p keeps the fewest tokens that reach p", "[sampler]") {
  const auto logits = log_of({0.1f, 0.4f, 0.2f, 0.3f});
  const auto kept = [&](float p) {
    auto c = candidates(logits);
    sampling::top_p(c, p);
    return ids(c);
  };
  CHECK(kept(0.05f) == std::vector<int>{1});
  CHECK(kept(0.39f) == std::vector<int>{1});
  CHECK(kept(0.41f) == std::vector<int>{1, 3});
  CHECK(kept(0.71f) == std::vector<int>{1, 3, 2});
  CHECK(kept(0.95f) == std::vector<int>{1, 3, 2, 0});
  CHECK(kept(1.0f).size() == 4);
}

TEST_CASE("top-p over a large flat vocabulary keeps its share", "[sampler]") {
  auto c = candidates(std::vector<float>(50000, 0.5f));
  sampling::top_p(c, 0.5f);
  CHECK(c.size() >= 24999);
  CHECK(c.size() <= 25001);
  CHECK(c.items.front().id == 0);
}

TEST_CASE("min-p keeps what is likely enough beside the likeliest", "[sampler]") {
  auto c = candidates(log_of({0.5f, 0.26f, 0.2f, 0.04f}));
  sampling::min_p(c, 0.5f);
  CHECK(ids(c) == std::vector<int>{0, 1});
  // After a step that has sorted, the order stays right.
  auto sorted = candidates(log_of({0.04f, 0.2f, 0.26f, 0.5f}));
  sorted.sort(4);
  sampling::min_p(sorted, 0.1f);
  CHECK(sorted.n_sorted == 3);
  CHECK(sorted.items.front().id == 3);
  CHECK(sorted.items.back().id == 1);
  sampling::min_p(sorted, 1.0f);
  CHECK(ids(sorted) == std::vector<int>{3});
}

TEST_CASE("penalties change exactly the tokens seen", "[sampler]") {
  auto c = candidates({4, -4, 4, -inf, 1});
  const std::vector<std::int32_t> seen = {0, 1, 1, 1, 3, 99};
  sampling::penalize(c, seen, 2.0f, 0.5f, 0.25f);
  CHECK(logit_of(c, 0) == 4 / 2.0f - 0.5f - 0.25f);
  CHECK(logit_of(c, 1) == -4 * 2.0f - 1.5f - 0.25f);
  CHECK(logit_of(c, 2) == 4);
  CHECK(std::isnan(logit_of(c, 3)));  // a forbidden token stays forbidden
  CHECK(logit_of(c, 4) == 1);
}

TEST_CASE("a draw follows softmax of the logits over the temperature", "[sampler]") {
  const std::vector<float> logits = log_of({0.1f, 0.2f, 0.3f, 0.4f});
  const int n = 200000;
  for (const float t : {0.5f, 1.0f, 2.0f}) {
    auto s = make(plain(t));
    const auto seen = frequencies(s, logits, n);
    double total = 0;
    for (const float l : logits) total += std::exp(l / t);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const double p = std::exp(logits[i] / t) / total;
      CHECK(std::abs(seen[i] - p) < 5 * std::sqrt(p * (1 - p) / n));  // five standard deviations
    }
  }
}

TEST_CASE("the whole chain keeps the order of llama.cpp: temperature after the cuts", "[sampler]") {
  // At temperature 1 top-p 0.5 keeps {0, 1}; had the temperature of 10 come first, it would keep more.
  SamplerOptions o = plain(10);
  o.top_p = 0.5f;
  auto s = make(o);
  const auto seen = frequencies(s, log_of({0.4f, 0.3f, 0.2f, 0.1f}), 2000);
  CHECK(seen[0] > 0);
  CHECK(seen[1] > 0);
  CHECK(seen[2] == 0);
  CHECK(seen[3] == 0);
}

TEST_CASE("the same seed gives the same tokens, another seed others", "[sampler]") {
  const std::vector<float> logits(100, 0.0f);
  const auto run = [&](std::uint64_t seed) {
    SamplerOptions o = plain();
    o.seed = seed;
    auto s = make(o);
    std::vector<int> out;
    out.reserve(50);
    for (int i = 0; i < 50; ++i) out.push_back(s.sample(logits).value());
    s.reset();
    CHECK(s.sample(logits).value() == out[0]);
    return out;
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
  // Pinned, so that a seed means the same on every machine and in every release.
  const auto pinned = run(0);
  CHECK(std::vector<int>(pinned.begin(), pinned.begin() + 4) == std::vector<int>{60, 74, 10, 41});
}

TEST_CASE("greedy takes the likeliest, ties to the lowest id", "[sampler]") {
  auto s = make(plain(0));
  CHECK(s.sample(std::vector<float>{1, 3, 3, 2}).value() == 1);
  CHECK(s.sample(std::vector<float>{-inf, -5, -inf}).value() == 1);
  SamplerOptions o = plain(0);
  o.repetition_penalty = 2;
  auto penalised = make(o);
  CHECK(penalised.sample(std::vector<float>{1, 3, 3, 2}).value() == 1);
  penalised.accept(1);
  CHECK(penalised.sample(std::vector<float>{1, 3, 3, 2}).value() == 2);
  penalised.accept(2);
  CHECK(penalised.sample(std::vector<float>{1, 3, 3, 2}).value() == 3);
}

TEST_CASE("penalties forget what is older than their window", "[sampler]") {
  SamplerOptions o = plain(0);
  o.presence_penalty = 10;
  o.penalty_last_n = 2;
  auto s = make(o);
  const std::vector<float> logits = {5, 4, 3};
  std::vector<int> out;
  for (int i = 0; i < 6; ++i) {
    out.push_back(s.sample(logits).value());
    s.accept(out.back());
  }
  CHECK(out == std::vector<int>{0, 1, 2, 0, 1, 2});
  auto copy = s;  // a copy goes on by itself
  copy.accept(0);
  CHECK(s.sample(logits).value() == 0);
  CHECK(copy.sample(logits).value() == 1);
}

TEST_CASE("forbidden tokens are never drawn", "[sampler]") {
  auto s = make(plain(100));
  for (int i = 0; i < 200; ++i) CHECK(s.sample(std::vector<float>{-inf, 0, -inf, 0}).value() % 2 == 1);
}

TEST_CASE("extreme logits and temperatures still give a token", "[sampler]") {
  constexpr float huge = std::numeric_limits<float>::max();
  for (const float t : {std::numeric_limits<float>::denorm_min(), 1.0f, huge}) {
    auto s = make(plain(t));
    for (int i = 0; i < 20; ++i) CHECK(s.sample(std::vector<float>{huge, -huge, 0}).value() < 3);
  }
  auto cold = make(plain(1e-30f));
  for (int i = 0; i < 20; ++i) CHECK(cold.sample(std::vector<float>{1, 2, 1.99f}).value() == 1);
  SamplerOptions o = plain();
  o.repetition_penalty = 1e-30f;
  auto s = make(o);
  s.accept(0);
  CHECK(s.sample(std::vector<float>{1e20f, 0}).value() == 0);
}

TEST_CASE("logits that are not finite are an error that says which", "[sampler]") {
  for (const float t : {0.0f, 1.0f}) {
    auto s = make(plain(t));
    for (const float bad : {not_a_number, inf}) {
      const auto r = s.sample(std::vector<float>{0, 1, bad, 2});
      REQUIRE(!r.has_value());
      CHECK(r.error().code == ErrorCode::NumericError);
      CHECK(r.error().subject == "logit 2");
    }
    for (const auto& none : {std::vector<float>{-inf, -inf}, std::vector<float>{}}) {
      const auto r = s.sample(none);
      REQUIRE(!r.has_value());
      CHECK(r.error().code == ErrorCode::NumericError);
    }
  }
}

TEST_CASE("options out of range are refused by name", "[sampler]") {
  const auto refused = [](auto&& change) {
    SamplerOptions o;
    change(o);
    const auto s = Sampler::make(o);
    REQUIRE(!s.has_value());
    CHECK(s.error().code == ErrorCode::BadArgument);
    return s.error().subject;
  };
  for (const float bad : {-1.0f, not_a_number, inf}) {
    CHECK(refused([&](auto& o) { o.temperature = bad; }) == "temperature");
    CHECK(refused([&](auto& o) { o.top_p = bad; }) == "top_p");
    CHECK(refused([&](auto& o) { o.min_p = bad; }) == "min_p");
    CHECK(refused([&](auto& o) { o.repetition_penalty = bad; }) == "repetition_penalty");
  }
  CHECK(refused([](auto& o) { o.top_p = 0; }) == "top_p");
  CHECK(refused([](auto& o) { o.top_p = 1.01f; }) == "top_p");
  CHECK(refused([](auto& o) { o.min_p = 1.01f; }) == "min_p");
  CHECK(refused([](auto& o) { o.repetition_penalty = 0; }) == "repetition_penalty");
  CHECK(refused([](auto& o) { o.frequency_penalty = not_a_number; }) == "frequency_penalty");
  CHECK(refused([](auto& o) { o.presence_penalty = inf; }) == "presence_penalty");
  CHECK(refused([](auto& o) { o.penalty_last_n = ~std::size_t{0}; }) == "penalty_last_n");
}
