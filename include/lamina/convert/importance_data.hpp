// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// An importance matrix as it is computed and kept in files: for every matrix of a model the squares of each input,
// summed, and over how many tokens. Several runs add up.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"

namespace lamina::convert {

struct ImportanceData {
  struct Entry {
    std::vector<double> sums;    // [matrices][columns], one matrix or as many as there are experts
    std::vector<double> counts;  // [matrices], or one for all: tokens that were summed

    std::size_t columns() const { return counts.empty() ? 0 : sums.size() / counts.size(); }
    bool goes_with(const Entry& other) const {
      const std::size_t n = counts.size(), m = other.counts.size();
      return sums.size() == other.sums.size() && (n == m || n == 1 || m == 1);
    }
    double count(std::size_t i) const { return counts[i / columns()]; }  // of sums[i]
    bool seen() const {
      return std::any_of(counts.begin(), counts.end(), [](double n) { return n > 0; });
    }
  };

  std::map<std::string, Entry, std::less<>> entries;
  std::vector<std::string> data_sets;  // the names of the texts
  std::uint64_t n_chunks = 0;          // windows of text that were run
  std::uint64_t chunk_tokens = 0;      // in each; 0: not said, and counts are chunks

  // Adds what another run has found, with chunks as long as these. Errors: ShapeMismatch, and then nothing has changed.
  Expected<void> merge(const ImportanceData& other) {
    for (const auto& [name, entry] : other.entries) {
      const auto at = entries.find(name);
      if (at == entries.end() || at->second.goes_with(entry)) continue;
      return fail(Error(ErrorCode::ShapeMismatch, "the importance matrices are of different models")
                      .about(name)
                      .wanted(std::to_string(at->second.sums.size()) + " values")
                      .found(std::to_string(entry.sums.size())));
    }
    // Files that count chunks have to count tokens before they can be added to those that do.
    if (chunk_tokens == 0 && other.chunk_tokens != 0) count_tokens(other.chunk_tokens);
    const double unit = other.chunk_tokens == 0 && chunk_tokens != 0 ? static_cast<double>(chunk_tokens) : 1;
    for (const auto& [name, entry] : other.entries) {
      Entry& to = entries[name];
      if (to.sums.empty()) to = {std::vector<double>(entry.sums.size()), std::vector<double>(entry.counts.size())};
      if (to.counts.size() < entry.counts.size()) to.counts.assign(entry.counts.size(), to.counts.front());
      for (std::size_t i = 0; i < entry.sums.size(); ++i) to.sums[i] += unit * entry.sums[i];
      const std::size_t each = to.counts.size() / entry.counts.size();
      for (std::size_t i = 0; i < to.counts.size(); ++i) to.counts[i] += unit * entry.counts[i / each];
    }
    data_sets.insert(data_sets.end(), other.data_sets.begin(), other.data_sets.end());
    n_chunks += other.n_chunks;
    return {};
  }

  // Errors: NumericError for what cannot be a sum of squares, BadArray for sums that no counts go with.
  Expected<void> check() const {
    for (const auto& [name, entry] : entries) {
      const std::size_t n = entry.counts.size();
      if (n == 0 || entry.sums.empty() || entry.sums.size() % n != 0) {
        return fail(Error(ErrorCode::BadArray, "sums and counts do not go together").about(name));
      }
      const auto good = [](double x) { return x >= 0 && std::isfinite(x); };
      if (std::all_of(entry.sums.begin(), entry.sums.end(), good) &&
          std::all_of(entry.counts.begin(), entry.counts.end(), good)) {
        continue;
      }
      return fail(Error(ErrorCode::NumericError, "an importance is no finite number of at least 0").about(name));
    }
    return {};
  }

 private:
  void count_tokens(std::uint64_t n) {
    chunk_tokens = n;
    for (auto& [name, entry] : entries) {
      for (double& sum : entry.sums) sum *= static_cast<double>(n);
      for (double& count : entry.counts) count *= static_cast<double>(n);
    }
  }
};

}  // namespace lamina::convert
