// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What makes a set of files one model (llama.cpp's gguf-split): keys that number the parts, and names that end in
// -00001-of-0000N.gguf. Parts are looked for beside the one that was opened; no file names another.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "lamina/core/error.hpp"
#include "lamina/gguf/metadata.hpp"

namespace lamina::gguf {

inline constexpr std::string_view split_no_key = "split.no";
inline constexpr std::string_view split_count_key = "split.count";
inline constexpr std::string_view split_tensors_key = "split.tensors.count";

struct Split {
  std::uint64_t no = 0;                    // of this part, from 0
  std::uint64_t count = 1;                 // parts
  std::optional<std::uint64_t> n_tensors;  // in all parts together
};

// A file that says nothing of parts is part 0 of 1.
inline Expected<Split> read_split(const Metadata& metadata, const std::string& file) {
  Split split;
  const auto number = [&](std::string_view key, std::uint64_t most, std::uint64_t& out) -> Expected<void> {
    const Value* value = metadata.find(key);
    const auto found = value ? value->unsigned_integer() : std::nullopt;
    if (found && *found <= most) {
      out = *found;
      return {};
    }
    Error error(ErrorCode::BadSplit, value ? "impossible number" : "a part of a split file lacks this key");
    if (value) error.offset = value->offset();
    return fail(std::move(error)
                    .in(file)
                    .about(key)
                    .wanted("an integer from 0 to " + std::to_string(most))
                    .found(value ? detail::describe(*value) : "nothing"));
  };
  if (metadata.find(split_count_key) == nullptr) return split;
  if (auto ok = number(split_count_key, 65535, split.count); !ok) return fail(std::move(ok.error()));
  if (split.count <= 1) return Split{};
  if (auto ok = number(split_no_key, split.count - 1, split.no); !ok) return fail(std::move(ok.error()));
  if (metadata.find(split_tensors_key) != nullptr) {
    std::uint64_t n_tensors = 0;
    if (auto ok = number(split_tensors_key, NameIndex::max_names, n_tensors); !ok) return fail(std::move(ok.error()));
    split.n_tensors = n_tensors;
  }
  return split;
}

// "-00002-of-00003.gguf" for no = 1, count = 3.
inline std::string split_suffix(std::uint64_t no, std::uint64_t count) {
  char text[64];
  std::snprintf(text, sizeof text, "-%05llu-of-%05llu.gguf", static_cast<unsigned long long>(no) + 1,
                static_cast<unsigned long long>(count));
  return text;
}

// What the paths of all parts begin with, from the path of one.
inline Expected<std::string> split_prefix(const std::string& path, const Split& split) {
  const std::string suffix = split_suffix(split.no, split.count);
  if (path.size() > suffix.size() && path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  return fail(Error(ErrorCode::BadSplit, "the name of a split file's part does not say which part it is")
                  .in(path)
                  .about(split_no_key)
                  .wanted("a name that ends in " + suffix)
                  .found(printable(path.substr(path.find_last_of('/') + 1))));
}

}  // namespace lamina::gguf
