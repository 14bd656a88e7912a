// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a file's bytes come from: a mapping, the caller's memory, or a buffer of our own. After this file the
// difference is gone, except that a mapping can tell whether it is still what it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/core/mapped_file.hpp"

namespace lamina::gguf {

// Fills (part of) `out` with the bytes at `offset`, and says how many; 0 only at the end.
using ReadCallback = std::function<Expected<std::size_t>(std::uint64_t offset, std::span<std::byte> out)>;

class Source {
 public:
  static Expected<Source> map(const std::string& path) {
    auto mapped = MappedFile::open(path);
    if (!mapped) return fail(std::move(mapped.error()));
    auto owner = std::make_shared<const MappedFile>(std::move(*mapped));
    Source source(path, owner->bytes());
    source.mapping_ = std::move(owner);
    return source;
  }

  // A copy in memory, which later changes of the file do not reach.
  static Expected<Source> copy(const std::string& path) {
    auto file = RegularFile::open(path);
    if (!file) return fail(std::move(file.error()));
    return read([&](std::uint64_t offset, std::span<std::byte> out) { return file->read_at(offset, out); },
                file->size(), path);
  }

  static Source borrow(std::span<const std::byte> bytes, std::string name) { return Source(std::move(name), bytes); }

  static Source own(std::vector<std::byte> bytes, std::string name) {
    auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    Source source(std::move(name), *owner);
    source.memory_ = std::move(owner);
    return source;
  }

  static Expected<Source> read(const ReadCallback& callback, std::uint64_t size, std::string name) {
    if (size > static_cast<std::uint64_t>(PTRDIFF_MAX)) {
      return fail(Error(ErrorCode::BadArgument, "the size does not fit the address space")
                      .in(name)
                      .wanted("at most " + std::to_string(PTRDIFF_MAX) + " bytes")
                      .found(std::to_string(size)));
    }
    const auto n_bytes = static_cast<std::size_t>(size);
    // Not a vector, which would write every byte twice.
    const std::shared_ptr<std::byte> buffer(static_cast<std::byte*>(::operator new(n_bytes, alignment)),
                                            [](std::byte* p) { ::operator delete(p, alignment); });
    for (std::size_t done = 0; done < n_bytes;) {
      const std::span<std::byte> rest(buffer.get() + done, n_bytes - done);
      const auto n = callback(done, rest);
      if (!n) {
        Error error = n.error();
        if (error.file.empty()) error.file = name;
        return fail(std::move(error));
      }
      if (*n == 0 || *n > rest.size()) {
        const ErrorCode code = *n == 0 ? ErrorCode::Truncated : ErrorCode::BadArgument;
        return fail(Error(code, *n == 0 ? "reading ended before the size that was promised"
                                        : "the callback says that it read more than was asked for")
                        .in(name)
                        .at(done)
                        .wanted(std::to_string(rest.size()) + " bytes")
                        .found(std::to_string(*n)));
      }
      done += *n;
    }
    Source source(std::move(name), {buffer.get(), n_bytes});
    source.memory_ = buffer;
    return source;
  }

  const std::string& name() const { return name_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  // Memory does not change by itself.
  Expected<void> unchanged() const { return mapping_ ? mapping_->unchanged() : Expected<void>(); }

  bool mapped() const { return mapping_ != nullptr; }
  // See MappedFile; `part` lies in bytes(). Nothing for what is memory already.
  Expected<void> populate(std::span<const std::byte> part) const {
    return mapping_ ? mapping_->populate(part) : Expected<void>();
  }

 private:
  static constexpr std::align_val_t alignment{64};  // bytes: a cache line, the widest vector

  Source(std::string name, std::span<const std::byte> bytes) : name_(std::move(name)), bytes_(bytes) {}

  std::string name_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const MappedFile> mapping_;
  std::shared_ptr<const void> memory_;
};

}  // namespace lamina::gguf
