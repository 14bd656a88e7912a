// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Google Benchmark's console output and, at its end, a table for each kind of test with a column for each target: names
// are TEST/TARGET/WHAT.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/cli.hpp"
#include "llm-bench/table.hpp"

namespace lamina::bench {

class TargetTables : public benchmark::ConsoleReporter {
 public:
  explicit TargetTables(bool tabular)
      : ConsoleReporter(static_cast<OutputOptions>((cli::is_terminal(stdout) ? OO_Color : OO_None) |
                                                   (tabular ? OO_Tabular : OO_None))) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      // Of repetitions the median counts; a single run has no aggregates.
      const bool median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
      if (failed(run) || (run.run_type == Run::RT_Aggregate && !median)) continue;
      const std::string& name = run.run_name.function_name;
      const std::size_t target = name.find('/');
      const std::size_t what = target == std::string::npos ? target : name.find('/', target + 1);
      if (what == std::string::npos) continue;
      Test& test = test_of(name.substr(0, target));
      test.cell(name.substr(what + 1), name.substr(target + 1, what - target - 1)) = text_of(run);
    }
  }

  void Finalize() override {
    ConsoleReporter::Finalize();
    bool any = false;
    for (const Test& test : tests_) {
      if (test.rows.size() * test.targets.size() < 2) continue;
      std::printf("\n%s\n%s", test.name.c_str(), test.table().c_str());
      any = true;
    }
    if (any) {
      std::printf(
          "\nEach cell: what is nearer to its limit, bytes to the read bandwidth or operations to the machine's "
          "fastest arithmetic, and how near.\n");
    }
  }

 private:
  struct Test {
    std::string name;
    std::vector<std::string> targets;                                              // in order of appearance
    std::vector<std::pair<std::string, std::map<std::string, std::string>>> rows;  // what: target → cell

    std::string& cell(const std::string& what, const std::string& target) {
      if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(target);
      auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == what; });
      if (row == rows.end()) row = rows.insert(rows.end(), {what, {}});
      return row->second[target];
    }
    std::string table() const {
      Table out;
      out.text("");
      for (const std::string& target : targets) out.number(target);
      for (const auto& [what, cells] : rows) {
        std::vector<std::string> line = {what};
        for (const std::string& target : targets) line.push_back(cells.contains(target) ? cells.at(target) : "–");
        out.row(std::move(line));
      }
      return out.markdown();
    }
  };

  // Named anew in Google Benchmark 1.8.
  template <class AnyRun>
  static bool failed(const AnyRun& run) {
    if constexpr (requires { run.error_occurred; }) {
      return run.error_occurred;
    } else {
      return run.skipped != decltype(run.skipped){};
    }
  }

  Test& test_of(const std::string& name) {
    const auto at = std::find_if(tests_.begin(), tests_.end(), [&](const Test& t) { return t.name == name; });
    return at != tests_.end() ? *at : tests_.emplace_back(Test{name, {}, {}});
  }

  // The fastest kind of arithmetic is the one of whose peak the share is least.
  static std::string text_of(const Run& run) {
    double bytes = 0, operations = 0, read = 0, arithmetic = 1e300;
    for (const auto& [name, counter] : run.counters) {
      if (name == "bytes/s") bytes = counter.value;
      if (name == "op/s") operations = counter.value;
      if (name == "read%") read = counter.value;
      if (name.ends_with('%') && name != "read%") arithmetic = std::min<double>(arithmetic, counter.value);
    }
    if (arithmetic == 1e300) arithmetic = 0;
    const bool by_bytes = read >= arithmetic;
    char text[64];
    std::snprintf(text, sizeof text, "%.1f %s %3.0f%%", (by_bytes ? bytes : operations) / 1e9,
                  by_bytes ? "GB/s" : "Gop/s", by_bytes ? read : arithmetic);
    return text;
  }

  std::vector<Test> tests_;
};

}  // namespace lamina::bench
