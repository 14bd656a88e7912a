// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Read-only access to regular files: by reading at an offset, or by mapping the whole file. Both keep the descriptor,
// so that they can tell later whether the file has been written to or cut since it was opened.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "lamina/core/error.hpp"

namespace lamina {

// What the operating system said about the last call.
inline Error os_error(std::string_view path, std::string_view doing, int number) {
  return Error(ErrorCode::IoError, std::string(doing) + ": " + std::generic_category().message(number)).in(path);
}

class RegularFile {
 public:
  // Directories, FIFOs, sockets and devices are refused, and opening one never blocks.
  static Expected<RegularFile> open(const std::string& path) {
    return guarded([&]() -> Expected<RegularFile> {
      if (path.find('\0') != std::string::npos) {
        return fail(Error(ErrorCode::BadArgument, "a path cannot hold a NUL byte").in(path));
      }
      RegularFile file;
      file.path_ = path;
      do {
        file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
      } while (file.fd_ < 0 && errno == EINTR);
      if (file.fd_ < 0) {
        // A socket, or a device without a driver, is refused here already.
        if (errno == ENXIO || errno == ENODEV) return fail(not_regular(path));
        return fail(os_error(path, "cannot open", errno));
      }
      struct stat status {};
      if (::fstat(file.fd_, &status) != 0) return fail(os_error(path, "cannot stat", errno));
      if (!S_ISREG(status.st_mode)) return fail(not_regular(path));
      file.state_ = State(status);
      return file;
    });
  }

  RegularFile(RegularFile&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), state_(other.state_) {}
  RegularFile& operator=(RegularFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    std::swap(state_, other.state_);
    return *this;
  }
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;
  ~RegularFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return state_.size; }  // bytes, when it was opened
  int descriptor() const { return fd_; }

  // Reads at most out.size() bytes at `offset`; 0 at the end of the file.
  Expected<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const {
    constexpr std::size_t most = std::size_t{1} << 30;  // Linux moves at most 2 GiB a call
    for (;;) {
      const ::ssize_t n = ::pread(fd_, out.data(), std::min(out.size(), most), static_cast<::off_t>(offset));
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return fail(os_error(path_, "cannot read", errno).at(offset));
    }
  }

  // FileChanged when the file's size or time of modification is not what it was. A new file renamed over this one is no
  // change: the old one stays as it was for those who have it open.
  Expected<void> unchanged() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return fail(os_error(path_, "cannot stat", errno));
    const State now(status);
    if (now == state_) return {};
    return fail(
        Error(ErrorCode::FileChanged, "the file was written to while it was in use")
            .in(path_)
            .wanted(std::to_string(state_.size) + " bytes, unmodified")
            .found(std::to_string(now.size) + " bytes" +
                   (now.seconds != state_.seconds || now.nanoseconds != state_.nanoseconds ? ", modified" : "")));
  }

 private:
  struct State {
    std::uint64_t size = 0;  // bytes
    std::int64_t seconds = 0, nanoseconds = 0;

    State() = default;
    explicit State(const struct stat& s)
        : size(static_cast<std::uint64_t>(s.st_size)), seconds(s.st_mtim.tv_sec), nanoseconds(s.st_mtim.tv_nsec) {}
    bool operator==(const State&) const = default;
  };

  static Error not_regular(const std::string& path) {
    return Error(ErrorCode::NotRegularFile, "not a regular file").in(path);
  }

  RegularFile() = default;

  std::string path_;
  int fd_ = -1;
  State state_;
};

class MappedFile {
 public:
  static Expected<MappedFile> open(const std::string& path) {
    return guarded([&]() -> Expected<MappedFile> {
      auto file = RegularFile::open(path);
      if (!file) return fail(std::move(file.error()));
      MappedFile mapped(std::move(*file));
      const std::uint64_t size = mapped.file_.size();
      if (size == 0) return mapped;  // nothing to map
      if (size > static_cast<std::uint64_t>(PTRDIFF_MAX)) {
        return fail(Error(ErrorCode::OutOfMemory, "the file does not fit the address space").in(path));
      }
      void* address =
          ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, mapped.file_.descriptor(), 0);
      if (address == MAP_FAILED) return fail(os_error(path, "cannot map", errno));
      mapped.bytes_ = {static_cast<const std::byte*>(address), static_cast<std::size_t>(size)};
      return mapped;
    });
  }

  MappedFile(MappedFile&& other) noexcept : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }

  const std::string& path() const { return file_.path(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  Expected<void> unchanged() const { return file_.unchanged(); }

  // Brings the pages of `part`, which lies in bytes(), into this process's page tables, from the disk where they are
  // not in memory. Where the system cannot (Linux before 5.14), touching them later does. Errors: FileChanged, and
  // IoError for bytes whose touch would end the process.
  Expected<void> populate(std::span<const std::byte> part) const {
#if defined(__linux__)
    constexpr int populate_read = 22;  // MADV_POPULATE_READ, which older headers lack
    const auto address = reinterpret_cast<std::uintptr_t>(part.data());
    const std::uintptr_t begin = address - address % static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    if (part.empty()) return {};
    const std::size_t n_bytes = address - begin + part.size();
    if (::madvise(reinterpret_cast<void*>(begin), n_bytes, populate_read) == 0) return {};
    const int number = errno;
    if (number != EFAULT && number != EHWPOISON) return {};
    if (auto ok = unchanged(); !ok) return ok;
    return fail(os_error(path(), "cannot read", number).at(static_cast<std::uint64_t>(part.data() - bytes_.data())));
#else
    (void)part;
    return {};
#endif
  }

 private:
  explicit MappedFile(RegularFile file) : file_(std::move(file)) {}

  RegularFile file_;
  std::span<const std::byte> bytes_;
};

}  // namespace lamina
