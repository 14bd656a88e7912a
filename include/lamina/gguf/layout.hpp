// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Places the tensors of one file: makes their offsets absolute and checks that every one is aligned, inside the file,
// and shares no byte with another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/reader.hpp"

namespace lamina::gguf {

namespace detail {

// A kernel reads data through pointers to floats and to blocks, which begin with one.
inline std::uint64_t pointer_alignment(const TensorType& type) { return type.block_size == 1 ? type.block_bytes : 4; }

inline Expected<void> check_start(const TensorInfo& tensor, const Part& part, std::span<const std::byte> bytes,
                                  std::string_view file) {
  if (tensor.offset % part.alignment != 0) {
    return fail(Error(ErrorCode::BadOffset, "tensor data is not aligned")
                    .in(file)
                    .about(tensor.name)
                    .at(tensor.offset)
                    .wanted("a multiple of " + std::to_string(part.alignment))
                    .found(std::to_string(tensor.offset)));
  }
  if (!tensor.known) return {};
  const std::uint64_t needed = pointer_alignment(*tensor_type(tensor.type_id));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % needed != 0) {
    return fail(Error(ErrorCode::BadArgument, "the memory that holds the file is not aligned")
                    .in(file)
                    .about(tensor.name)
                    .wanted("a multiple of " + std::to_string(needed) + " bytes")
                    .found("an address that is none"));
  }
  if (tensor.offset % needed != 0) {
    return fail(Error(ErrorCode::BadOffset, "tensor data is not aligned for its type")
                    .in(file)
                    .about(tensor.name)
                    .at(tensor.offset)
                    .wanted("a multiple of " + std::to_string(needed) + " for " + tensor.type_name())
                    .found(std::to_string(tensor.offset)));
  }
  return {};
}

}  // namespace detail

// Adds to `warnings` what is odd but harmless: gaps, bytes after the end, and types that no kernel will run.
inline Expected<void> place_tensors(Part& part, std::span<const std::byte> bytes, const std::string& file,
                                    std::vector<std::string>& warnings) {
  const std::uint64_t size = bytes.size();
  const auto warn = [&](const std::string& what) { warnings.push_back(printable(file, 4096) + ": " + what); };

  // Only the padding before the first tensor may be missing, where there is none.
  const std::uint64_t start = *checked_round_up(part.infos_end, part.alignment);
  for (TensorInfo& tensor : part.tensors) {
    const auto absolute = checked_add(start, tensor.offset);
    const auto end = absolute ? checked_add(*absolute, tensor.n_bytes) : std::nullopt;
    if (!end || *end > static_cast<std::uint64_t>(PTRDIFF_MAX)) {
      return fail(Error(ErrorCode::BadOffset, "tensor data ends outside of any address space")
                      .in(file)
                      .about(tensor.name)
                      .wanted("at most " + std::to_string(size) + " bytes")
                      .found("offset " + std::to_string(tensor.offset)));
    }
    tensor.offset = *absolute;
    if (auto aligned = detail::check_start(tensor, part, bytes, file); !aligned) return aligned;
  }

  std::vector<std::uint32_t> order(part.tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto by_offset = [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(part.tensors[a].offset, a) < std::pair(part.tensors[b].offset, b);
  };
  if (!std::is_sorted(order.begin(), order.end(), by_offset)) std::sort(order.begin(), order.end(), by_offset);

  std::uint64_t end = start;  // of the data so far, bytes
  bool end_known = true;      // false after a tensor of unknown size
  std::uint64_t n_gaps = 0, gap_bytes = 0;
  const TensorInfo* previous = nullptr;
  for (const std::uint32_t i : order) {
    const TensorInfo& tensor = part.tensors[i];
    if (tensor.offset < end) {
      return fail(Error(ErrorCode::BadOffset, "tensor data overlaps that of " + printable(previous->name))
                      .in(file)
                      .about(tensor.name)
                      .at(tensor.offset)
                      .wanted("at least " + std::to_string(end))
                      .found(std::to_string(tensor.offset)));
    }
    const std::uint64_t next = *checked_round_up(end, part.alignment);  // where a file without gaps goes on
    const bool gap = end_known && tensor.offset > next;
    if (tensor.offset > size || tensor.n_bytes > size - tensor.offset) {
      const std::uint64_t left = tensor.offset > size ? 0 : size - tensor.offset;
      if (!gap) return fail(truncated("tensor data", tensor.offset, tensor.n_bytes, left).in(file).about(tensor.name));
      return fail(Error(ErrorCode::BadOffset, "tensor data lies outside the file")
                      .in(file)
                      .about(tensor.name)
                      .at(tensor.offset)
                      .wanted("at most " + std::to_string(size - std::min(size, tensor.n_bytes)))
                      .found(std::to_string(tensor.offset)));
    }
    if (gap) {
      ++n_gaps;
      gap_bytes += tensor.offset - next;
    }
    end = tensor.offset + std::max<std::uint64_t>(tensor.n_bytes, 1);
    end_known = tensor.known;
    previous = &tensor;
  }

  if (n_gaps != 0) {
    warn(std::to_string(n_gaps) + " gaps between tensors hold " + std::to_string(gap_bytes) + " bytes of nothing");
  }
  const std::uint64_t padded_end = *checked_round_up(end, part.alignment);
  if (end_known && size > padded_end) {
    warn(std::to_string(size - padded_end) + " bytes follow the last tensor, at byte " + std::to_string(padded_end));
  }
  std::uint64_t n_unknown = 0, n_retired = 0;
  for (const TensorInfo& tensor : part.tensors) {
    n_unknown += !tensor.known;
    n_retired += tensor.known && !tensor_type(tensor.type_id)->replaced_by.empty();
  }
  if (n_unknown != 0) warn(std::to_string(n_unknown) + " tensors have types that are not known");
  if (n_retired != 0) warn(std::to_string(n_retired) + " tensors have types that are retired");
  return {};
}

// Header, metadata and tensors, with every tensor in its place.
inline Expected<Part> read_placed(std::span<const std::byte> bytes, const std::string& name,
                                  std::vector<std::string>& warnings) {
  auto part = Reader(bytes, name).read();
  if (!part) return part;
  if (auto placed = place_tensors(*part, bytes, name, warnings); !placed) return fail(std::move(placed.error()));
  return part;
}

}  // namespace lamina::gguf
