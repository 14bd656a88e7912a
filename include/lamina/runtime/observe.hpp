// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What somebody who watches a session sees: the inputs of its matrices. Nobody watching costs one comparison a task.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace lamina {

// Tokens that a matrix is about to be multiplied with. Valid during the call.
struct MatmulInput {
  std::string_view tensor;      // the matrix's name in the file
  std::size_t matrix = 0;       // which of the tensor's: an expert
  std::size_t n_tokens = 0;     // a few of the batch
  std::size_t n_columns = 0;    // of the matrix
  const float* rows = nullptr;  // [n_tokens][stride], of which the first n_columns count, before they are quantised
  std::size_t stride = 0;       // values from a token to the next
};

// Called by the workers, several at once, but for one matrix by one at a time and in the order of the tokens: sums over
// tokens need no lock, and are the same for any number of threads. Must not throw.
using InputObserver = std::function<void(const MatmulInput&)>;

}  // namespace lamina
