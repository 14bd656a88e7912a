// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The team: every task once, barriers that hold, many runs; nobody is no team.
#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

#include "lamina/core/team.hpp"

using namespace lamina;

TEST_CASE("a team does every task exactly once, run after run, with barriers between") {
  for (const std::size_t n_threads : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}}) {
    auto team = Team::make(n_threads);
    REQUIRE(team);
    constexpr std::size_t n_tasks = 100;
    std::vector<int> first(n_tasks), second(n_tasks);
    std::atomic<int> too_early = 0;
    auto job = [&](Worker& worker) {
      worker.share(n_tasks, [&](std::size_t i) { ++first[i]; });
      worker.barrier();
      worker.share(n_tasks, [&](std::size_t i) {
        if (first[n_tasks - 1 - i] != second[i] + 1) ++too_early;
        ++second[i];
      });
      worker.barrier();
    };
    constexpr int n_runs = 300;
    for (int run = 0; run < n_runs; ++run) (*team)->run(job);
    CHECK(too_early == 0);
    for (std::size_t i = 0; i < n_tasks; ++i) {
      REQUIRE(first[i] == n_runs);
      REQUIRE(second[i] == n_runs);
    }
  }
}

TEST_CASE("a team of nobody is refused") {
  const auto team = Team::make(0);
  REQUIRE(!team);
  CHECK(team.error().code == ErrorCode::BadArgument);
}
