// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a file's tensors come to, in all and by weight format.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/gguf/gguf.hpp"

namespace lamina::inspect {

struct Total {
  std::string format;
  std::uint64_t n_tensors = 0, n_weights = 0, n_bytes = 0;

  void add(const gguf::TensorInfo& tensor) {
    const auto sum = [](std::uint64_t a, std::uint64_t b) {  // stays at the largest number when it does not fit
      return checked_add(a, b).value_or(std::numeric_limits<std::uint64_t>::max());
    };
    n_tensors += 1;
    n_weights = sum(n_weights, tensor.n_elements());
    n_bytes = sum(n_bytes, tensor.n_bytes);
  }
  double bits_per_weight() const {
    return n_weights == 0 ? 0.0 : 8.0 * static_cast<double>(n_bytes) / static_cast<double>(n_weights);
  }
};

inline Total total(const gguf::File& file) {
  Total sum;
  for (const auto& tensor : file.tensors()) sum.add(tensor);
  return sum;
}

// By format, the one with the most bytes first.
inline std::vector<Total> totals_by_format(const gguf::File& file) {
  std::map<std::uint32_t, Total> by_type;
  for (const auto& tensor : file.tensors()) by_type[tensor.type_id].add(tensor);
  std::vector<Total> out;
  for (auto& [type, sum] : by_type) {
    gguf::TensorInfo named;
    named.type_id = type;
    sum.format = named.type_name();
    out.push_back(std::move(sum));
  }
  std::ranges::stable_sort(out, std::ranges::greater{}, &Total::n_bytes);
  return out;
}

// [4096, 32000], fastest first, without the dimensions that are not used
inline std::string shape(const gguf::TensorInfo& tensor) {
  std::string out = "[";
  for (std::uint32_t i = 0; i < tensor.n_dims; ++i) out += (i ? ", " : "") + std::to_string(tensor.dims[i]);
  return out + "]";
}

}  // namespace lamina::inspect
