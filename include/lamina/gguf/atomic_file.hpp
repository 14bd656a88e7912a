// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes a file so that whoever looks sees the old one or the whole new one: a temporary file in the same directory,
// flushed to disk, then renamed. If anything fails, the old file is untouched and the temporary one is removed.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include "lamina/core/error.hpp"
#include "lamina/core/mapped_file.hpp"

namespace lamina::gguf {

class AtomicFile {
 public:
  static Expected<AtomicFile> create(const std::string& path) {
    static std::atomic<std::uint64_t> counter{0};
    if (path.empty() || path.find('\0') != std::string::npos) {
      return fail(Error(ErrorCode::BadArgument, "no path to write to").in(path));
    }
    AtomicFile file;
    file.path_ = path;
    const auto slash = path.find_last_of('/');
    file.directory_ = slash == std::string::npos ? "./" : path.substr(0, slash + 1);
    do {  // until a name is free: leftovers of a killed process with our number may be there
      file.temporary_ =
          file.directory_ + ".lamina-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
      file.fd_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file.fd_ < 0 && (errno == EEXIST || errno == EINTR));
    if (file.fd_ < 0) return fail(os_error(path, "cannot create a file beside it", errno));
    return file;
  }

  AtomicFile(AtomicFile&& other) noexcept
      : path_(std::move(other.path_)),
        directory_(std::move(other.directory_)),
        temporary_(std::move(other.temporary_)),
        fd_(std::exchange(other.fd_, -1)) {}
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(temporary_.c_str());
  }

  Expected<void> write(std::span<const std::byte> bytes) {
    constexpr std::size_t most = std::size_t{1} << 30;  // Linux moves at most 2 GiB a call
    while (!bytes.empty()) {
      const ::ssize_t n = ::write(fd_, bytes.data(), std::min(bytes.size(), most));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(os_error(path_, "cannot write", errno));
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }

  // Puts the file in its place. To be called once, after the last write.
  Expected<void> commit() {
    if (::fsync(fd_) != 0) return fail(os_error(path_, "cannot flush", errno));
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return fail(os_error(path_, "cannot rename to it", errno));
    ::close(std::exchange(fd_, -1));
    const int directory = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return fail(os_error(path_, "cannot open its directory", errno));
    const int failed = ::fsync(directory) == 0 ? 0 : errno;
    ::close(directory);
    // Some file systems cannot flush a directory and say so with EINVAL; the file is in place all the same.
    if (failed != 0 && failed != EINVAL) return fail(os_error(path_, "cannot flush its directory", failed));
    return {};
  }

 private:
  AtomicFile() = default;

  std::string path_, directory_, temporary_;
  int fd_ = -1;
};

}  // namespace lamina::gguf
