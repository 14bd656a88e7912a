// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a user names as input: a file, or "-" for standard input.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "lamina/core/error.hpp"

namespace lamina::cli {

// All bytes of it. Errors: IoError.
inline Expected<std::string> read_input(const std::string& path) {
  const auto close = [](std::FILE* f) {
    if (f != stdin) std::fclose(f);
  };
  const std::unique_ptr<std::FILE, decltype(close)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close);
  if (!file) return fail(Error(ErrorCode::IoError, std::strerror(errno)).in(path));
  std::string out;
  char chunk[1 << 16];
  for (std::size_t n; (n = std::fread(chunk, 1, sizeof chunk, file.get())) > 0;) out.append(chunk, n);
  if (std::ferror(file.get())) return fail(Error(ErrorCode::IoError, std::strerror(errno)).in(path));
  return out;
}

}  // namespace lamina::cli
