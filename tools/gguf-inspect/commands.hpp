// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What gguf-inspect can do with a file, one function each.
#pragma once

#include <string>

#include "common/place_args.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"

namespace lamina::inspect {

Expected<void> print_summary(const gguf::File& file);
Expected<void> print_tensors(const gguf::File& file);
Expected<void> print_all_json(const gguf::File& file);
Expected<void> print_value(const gguf::File& file, const std::string& key, bool json);
Expected<void> print_plan(const gguf::File& file, const cli::PlaceArgs& place, bool json);

// The layers of a family, by its name, or of a file's, with what it has of their tensors. Errors: UnknownArchitecture,
// those of files and hyperparameters; MissingTensor or ShapeMismatch, after everything is printed, for a file that its
// family cannot run.
Expected<void> print_arch(const std::string& name_or_file, bool json);

// Writes the tensor as little-endian float32 to `out`, whole or not at all; "-" is standard output.
Expected<void> dequantize(const gguf::File& file, const std::string& tensor, const std::string& out);

}  // namespace lamina::inspect
