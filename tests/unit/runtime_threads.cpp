// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// One model, many threads, several sessions on each: everybody gets the tokens that a session alone gets. Meant to be
// run under ThreadSanitizer too.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lamina/lamina.hpp"
#include "tiny_model.hpp"

using namespace lamina;
using Ids = std::vector<text::Token>;

namespace {

constexpr std::size_t n_threads = 8, n_sessions = 4, n_rounds = 2, n_tokens = 12;

Ids prompt_of(std::size_t i) {
  Ids ids(3 + i % 5);
  for (std::size_t j = 0; j < ids.size(); ++j) ids[j] = static_cast<text::Token>((i * 31 + j * 17 + 3) % 262);
  return ids;
}

text::Token most_likely(std::span<const float> logits) {
  return static_cast<text::Token>(std::ranges::max_element(logits) - logits.begin());
}

// What n_sessions sessions, stepped in turn, make of their prompts, which are those from `first` on. Empty when
// anything fails. The sessions differ in threads and batch, which must not show.
std::vector<Ids> generate_in_turn(const Model& model, std::size_t first) {
  std::vector<Session> sessions;
  std::vector<Ids> out;
  for (std::size_t i = 0; i < n_sessions; ++i) {
    auto session = model.session({.context = 32, .batch = 1 + i, .threads = 1 + i % 2});
    if (!session || !session->feed(prompt_of(first + i))) return {};
    sessions.push_back(std::move(*session));
    out.push_back({most_likely(sessions.back().logits())});
  }
  for (std::size_t step = 1; step < n_tokens; ++step) {
    for (std::size_t i = 0; i < n_sessions; ++i) {
      if (!sessions[i].feed(std::span(&out[i].back(), 1))) return {};
      out[i].push_back(most_likely(sessions[i].logits()));
    }
  }
  return out;
}

Model load_tiny() {
  const auto file = test::TinyModel{}.file();
  if (!file) FAIL(file.error().to_string());
  auto model = load(*file);
  if (!model) FAIL(model.error().to_string());
  return *model;
}

}  // namespace

TEST_CASE("many sessions on many threads tell what one alone tells") {
  const Model model = load_tiny();
  std::vector<std::vector<Ids>> alone;
  for (std::size_t i = 0; i < n_threads; ++i) alone.push_back(generate_in_turn(model, i * n_sessions));
  REQUIRE(std::ranges::none_of(alone, [](const auto& ids) { return ids.empty(); }));
  CHECK(alone[0] != alone[1]);

  std::vector<std::vector<std::vector<Ids>>> together(n_threads);
  std::vector<std::thread> threads;
  threads.reserve(n_threads);
  for (std::size_t i = 0; i < n_threads; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t round = 0; round < n_rounds; ++round) {
        together[i].push_back(generate_in_turn(model, i * n_sessions));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < n_threads; ++i) {
    INFO("thread " << i);
    CHECK(together[i] == std::vector<std::vector<Ids>>(n_rounds, alone[i]));
  }
}

TEST_CASE("a model may go before its sessions, and on another thread") {
  auto model = std::make_unique<Model>(load_tiny());
  const Ids prompt = prompt_of(1);
  auto expected = model->session({.threads = 1});
  REQUIRE(expected);
  REQUIRE(expected->feed(prompt));
  const text::Token token = most_likely(expected->logits());
  std::array<std::optional<Session>, 4> sessions;
  for (auto& session : sessions) session.emplace(model->session({.threads = 2}).value());
  std::thread([&] { model.reset(); }).join();
  std::array<text::Token, 4> tokens{};
  std::vector<std::thread> threads;
  threads.reserve(sessions.size());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    threads.emplace_back([&, i] {
      if (sessions[i]->feed(prompt)) tokens[i] = most_likely(sessions[i]->logits());
      sessions[i].reset();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(tokens == std::array{token, token, token, token});
}
