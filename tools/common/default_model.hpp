// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the model that ships with Lamina is: ../share/lamina beside the program's own folder, in the build folder as in
// the installed tree.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "lamina/core/error.hpp"

namespace lamina {

inline constexpr const char* default_model_name = "storyteller-Q4_K_M.gguf";

// Errors: IoError with the place where it should be.
inline Expected<std::string> default_model() {
  return guarded([]() -> Expected<std::string> {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return fail(ErrorCode::IoError, "cannot find this program's own folder: " + error.message());
    const auto prefix = program.parent_path().parent_path();
    const std::string path = (prefix / "share" / "lamina" / default_model_name).string();
    if (!std::filesystem::exists(path, error)) {
      return fail(
          Error(ErrorCode::IoError, "the model that ships with Lamina is not there; name one with -m").in(path));
    }
    return path;
  });
}

}  // namespace lamina
