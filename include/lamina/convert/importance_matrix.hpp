// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Importance matrices as quantising uses them: for every matrix of a model the mean square of each input, which is what
// an error in that column of weights costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/convert/importance_data.hpp"
#include "lamina/convert/importance_file.hpp"
#include "lamina/core/error.hpp"

namespace lamina::convert {

class ImportanceMatrix {
 public:
  // Errors: those of read_importance.
  static Expected<ImportanceMatrix> open(const std::string& path) {
    return guarded([&]() -> Expected<ImportanceMatrix> {
      auto data = read_importance(path);
      if (!data) return fail(std::move(data.error()));
      ImportanceMatrix out;
      out.path_ = path;
      out.n_chunks_ = data->n_chunks;
      if (!data->data_sets.empty()) out.data_set_ = data->data_sets.front();
      for (const auto& [name, entry] : data->entries) {
        std::vector<float>& costs = out.entries_[name];
        costs.resize(entry.sums.size());
        for (std::size_t i = 0; i < costs.size(); ++i) {  // 1 where no token was
          costs[i] = entry.count(i) > 0 ? detail::to_float(entry.sums[i] / entry.count(i)) : 1;
        }
      }
      return out;
    });
  }

  // The costs [matrices][columns] for a tensor, as many matrices (experts) as it has; empty when it has none.
  std::span<const float> find(std::string_view tensor) const {
    const auto at = entries_.find(tensor);
    return at == entries_.end() ? std::span<const float>() : std::span<const float>(at->second);
  }

  std::size_t size() const { return entries_.size(); }       // tensors
  std::uint64_t n_chunks() const { return n_chunks_; }       // of text it was computed on; 0: not said
  const std::string& data_set() const { return data_set_; }  // the text's file; empty: not said
  const std::string& path() const { return path_; }

 private:
  std::map<std::string, std::vector<float>, std::less<>> entries_;
  std::uint64_t n_chunks_ = 0;
  std::string data_set_, path_;
};

}  // namespace lamina::convert
