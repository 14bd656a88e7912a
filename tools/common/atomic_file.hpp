// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A tool's output file: a regular file is there whole or not at all; "-", pipes and devices are written to directly.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "lamina/core/mapped_file.hpp"
#include "lamina/gguf/atomic_file.hpp"

namespace lamina {

class AtomicFile {
 public:
  // "-" is standard output.
  static Expected<AtomicFile> create(const std::string& path) {
    AtomicFile out;
    out.path_ = path;
    struct stat status {};
    const bool is_stdout = path == "-";
    if (is_stdout || (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))) {
      out.direct_ = is_stdout ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (out.direct_ < 0) return fail(os_error(path, "cannot open for writing", errno));
      return out;
    }
    auto file = gguf::AtomicFile::create(path);
    if (!file) return fail(std::move(file.error()));
    out.file_.emplace(std::move(*file));
    return out;
  }

  AtomicFile(AtomicFile&& other) noexcept
      : path_(std::move(other.path_)), file_(std::move(other.file_)), direct_(std::exchange(other.direct_, -1)) {}
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile() {
    if (direct_ >= 0) ::close(direct_);
  }

  Expected<void> write(std::span<const std::byte> bytes) {
    if (file_) return file_->write(bytes);
    while (!bytes.empty()) {
      const ::ssize_t n = ::write(direct_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(os_error(path_, "cannot write", errno));
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }

  // Little-endian float32.
  Expected<void> write_floats(std::span<const float> values) {
    if constexpr (std::endian::native == std::endian::little) return write(std::as_bytes(values));
    for (const float value : values) {
      auto bytes = std::bit_cast<std::array<std::byte, sizeof value>>(value);
      std::ranges::reverse(bytes);
      if (auto ok = write(bytes); !ok) return ok;
    }
    return {};
  }

  // Puts a regular file in its place. To be called once, after the last write.
  Expected<void> commit() { return file_ ? file_->commit() : Expected<void>{}; }

 private:
  AtomicFile() = default;

  std::string path_;
  std::optional<gguf::AtomicFile> file_;  // empty: written to directly
  int direct_ = -1;
};

}  // namespace lamina
