// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// An opened GGUF model: one file or a whole split set, checked throughout and immutable from then on. Copies share the
// bytes; whatever a File hands out stays valid for as long as one copy lives.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/metadata.hpp"
#include "lamina/gguf/part.hpp"
#include "lamina/gguf/read_part.hpp"
#include "lamina/gguf/source.hpp"
#include "lamina/gguf/split.hpp"
#include "lamina/gguf/tensor_info.hpp"

namespace lamina::gguf {

struct OpenOptions {
  bool copy = false;         // read the file into memory instead of mapping it: later changes do not reach the model
  bool follow_split = true;  // open all parts of a split file; otherwise only the part named
};

class File {
 public:
  static Expected<File> open(const std::string& path, const OpenOptions& options = {}) {
    return guarded([&]() -> Expected<File> {
      auto first = load_path(path, options);
      if (!first) return fail(std::move(first.error()));
      auto split = read_split(first->part.metadata, path);
      if (!split) return fail(std::move(split.error()));
      if (split->count == 1 || !options.follow_split) return from_one(std::move(*first));
      return open_set(std::move(*first), *split, options);
    });
  }

  // Of memory that the caller keeps alive and unchanged.
  static Expected<File> from_memory(std::span<const std::byte> bytes, std::string name = "memory",
                                    const OpenOptions& options = {}) {
    return guarded([&] { return from_source(Source::borrow(bytes, std::move(name)), options); });
  }

  static Expected<File> from_bytes(std::vector<std::byte> bytes, std::string name = "memory",
                                   const OpenOptions& options = {}) {
    return guarded([&] { return from_source(Source::own(std::move(bytes), std::move(name)), options); });
  }

  // Reads all `size` bytes, front to back.
  static Expected<File> from_reader(const ReadCallback& callback, std::uint64_t size, std::string name = "callback",
                                    const OpenOptions& options = {}) {
    return guarded([&]() -> Expected<File> {
      auto source = Source::read(callback, size, std::move(name));
      if (!source) return fail(std::move(source.error()));
      return from_source(std::move(*source), options);
    });
  }

  // Of the file, or the first part of a set.
  const std::string& name() const { return state_->names.front(); }
  std::uint32_t version() const { return state_->version; }
  std::endian byte_order() const { return state_->byte_order; }
  std::uint64_t alignment() const { return state_->alignment; }
  const Metadata& metadata() const { return state_->metadata; }

  std::uint64_t size() const { return state_->size; }  // bytes, all parts
  std::span<const std::string> parts() const { return state_->names; }
  std::span<const std::string> warnings() const { return state_->warnings; }

  // In file order, part after part.
  std::span<const TensorInfo> tensors() const { return state_->tensors; }

  // Null when there is no such tensor.
  const TensorInfo* find(std::string_view tensor) const {
    const auto at = state_->index.find(tensor, [&](std::uint32_t i) { return state_->tensors[i].name; });
    return at ? &state_->tensors[*at] : nullptr;
  }

  // A tensor's bytes, in the file's byte order; none for a type that is not known.
  std::span<const std::byte> data(const TensorInfo& tensor) const {
    if (!tensor.known || tensor.part >= state_->sources.size()) return {};
    const auto bytes = state_->sources[tensor.part].bytes();
    if (tensor.offset > bytes.size() || tensor.n_bytes > bytes.size() - tensor.offset) return {};
    return bytes.subspan(tensor.offset, tensor.n_bytes);
  }

  // Brings the tensor's bytes [begin, begin + n) into this process's page tables; nothing where they are memory
  // already. Errors: FileChanged, IoError.
  Expected<void> populate(const TensorInfo& tensor, std::uint64_t begin, std::uint64_t n) const {
    return guarded([&]() -> Expected<void> {
      const auto bytes = data(tensor);
      if (begin > bytes.size()) return {};
      return state_->sources[tensor.part].populate(
          bytes.subspan(begin, std::min<std::uint64_t>(n, bytes.size() - begin)));
    });
  }
  // Whether any part is a mapped file.
  bool mapped() const {
    return std::any_of(state_->sources.begin(), state_->sources.end(), [](const Source& s) { return s.mapped(); });
  }

  // FileChanged when a mapped file was written to since it was opened.
  Expected<void> unchanged() const {
    return guarded([&]() -> Expected<void> {
      for (const Source& source : state_->sources) {
        if (auto ok = source.unchanged(); !ok) return ok;
      }
      return {};
    });
  }

 private:
  struct Loaded {
    Source source;
    Part part;
    std::vector<std::string> warnings;
  };

  struct State {
    std::vector<Source> sources;     // per part
    std::vector<std::string> names;  // per part
    std::uint32_t version = 0;
    std::endian byte_order = std::endian::native;
    std::uint64_t alignment = 0, size = 0;  // bytes
    Metadata metadata;
    std::vector<TensorInfo> tensors;
    NameIndex index;  // of tensors
    std::vector<std::string> warnings;
  };

  explicit File(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  static Expected<Loaded> load(Source source) {
    std::vector<std::string> warnings;
    auto part = read_part(source.bytes(), source.name(), warnings);
    if (!part) return fail(std::move(part.error()));
    return Loaded{std::move(source), std::move(*part), std::move(warnings)};
  }

  static Expected<Loaded> load_path(const std::string& path, const OpenOptions& options) {
    auto source = options.copy ? Source::copy(path) : Source::map(path);
    if (!source) return fail(std::move(source.error()));
    return load(std::move(*source));
  }

  static Expected<File> from_source(Source source, const OpenOptions& options) {
    auto loaded = load(std::move(source));
    if (!loaded) return fail(std::move(loaded.error()));
    const std::string& name = loaded->source.name();
    const auto split = read_split(loaded->part.metadata, name);
    if (!split) return fail(split.error());
    if (split->count != 1 && options.follow_split) {
      return fail(Error(ErrorCode::BadSplit, "the other parts of a split file can only be found by its path")
                      .in(name)
                      .about(split_count_key)
                      .wanted("1")
                      .found(std::to_string(split->count)));
    }
    return from_one(std::move(*loaded));
  }

  static Expected<File> from_one(Loaded loaded) {
    State state;
    append(state, std::move(loaded));
    return finish(std::move(state));
  }

  // All parts of the set to which `opened` belongs.
  static Expected<File> open_set(Loaded opened, const Split& split, const OpenOptions& options) {
    const auto prefix = split_prefix(opened.source.name(), split);
    if (!prefix) return fail(prefix.error());
    const std::endian order = opened.part.encoding.order;
    State state;
    for (std::uint64_t i = 0; i < split.count; ++i) {
      if (i == split.no) {
        append(state, std::move(opened));  // NOLINT(bugprone-use-after-move): i meets split.no once
        continue;
      }
      const std::string path = *prefix + split_suffix(i, split.count);
      auto part = load_path(path, options);
      if (!part) return fail(part_error(std::move(part.error()), path));
      if (auto same = check_part(part->part, path, i, split, order); !same) return fail(std::move(same.error()));
      append(state, std::move(*part));
    }
    if (split.n_tensors && *split.n_tensors != state.tensors.size()) {
      return fail(Error(ErrorCode::BadSplit, "the parts do not hold as many tensors as they say")
                      .in(state.names.front())
                      .about(split_tensors_key)
                      .wanted(std::to_string(*split.n_tensors))
                      .found(std::to_string(state.tensors.size())));
    }
    return finish(std::move(state));
  }

  // A part that is not there makes the set bad; any other failure speaks for itself.
  static Error part_error(Error error, const std::string& path) {
    if (error.code != ErrorCode::IoError || ::access(path.c_str(), F_OK) == 0) return error;
    return Error(ErrorCode::BadSplit, "a part of a split file is missing: " + error.message).in(path);
  }

  static Expected<void> check_part(const Part& part, const std::string& path, std::uint64_t no, const Split& set,
                                   std::endian order) {
    if (part.encoding.order != order) {
      return fail(Error(ErrorCode::BadSplit, "the parts have different byte orders").in(path).at(4));
    }
    const auto found = read_split(part.metadata, path);
    if (!found) return fail(found.error());
    const auto differs = [&](std::string_view key, std::uint64_t wanted, std::uint64_t got) {
      Error error(ErrorCode::BadSplit, "the part does not belong to this set");
      if (const Value* value = part.metadata.find(key)) error.offset = value->offset();
      return fail(std::move(error).in(path).about(key).wanted(std::to_string(wanted)).found(std::to_string(got)));
    };
    if (found->count != set.count) return differs(split_count_key, set.count, found->count);
    if (found->no != no) return differs(split_no_key, no, found->no);
    if (found->n_tensors && set.n_tensors && *found->n_tensors != *set.n_tensors) {
      return differs(split_tensors_key, *set.n_tensors, *found->n_tensors);
    }
    return {};
  }

  static void append(State& state, Loaded loaded) {
    const auto no = static_cast<std::uint16_t>(state.sources.size());
    for (TensorInfo& tensor : loaded.part.tensors) tensor.part = no;
    if (no == 0) {
      state.version = loaded.part.version;
      state.byte_order = loaded.part.encoding.order;
      state.alignment = loaded.part.alignment;
      state.metadata = std::move(loaded.part.metadata);
      state.tensors = std::move(loaded.part.tensors);
    } else {
      state.tensors.insert(state.tensors.end(), loaded.part.tensors.begin(), loaded.part.tensors.end());
    }
    state.size += loaded.source.bytes().size();
    state.names.push_back(loaded.source.name());
    state.warnings.insert(state.warnings.end(), loaded.warnings.begin(), loaded.warnings.end());
    state.sources.push_back(std::move(loaded.source));
  }

  static Expected<File> finish(State state) {
    state.index = NameIndex(state.tensors.size());
    const auto name_of = [&](std::uint32_t i) { return state.tensors[i].name; };
    for (std::uint32_t i = 0; i < state.tensors.size(); ++i) {
      const TensorInfo& tensor = state.tensors[i];
      const auto earlier = state.index.insert(tensor.name, i, name_of);
      if (!earlier) continue;
      const bool same_part = state.tensors[*earlier].part == tensor.part;
      const auto* file = state.sources[tensor.part].bytes().data();
      const auto at = reinterpret_cast<const std::byte*>(tensor.name.data()) - file;
      return fail(Error(same_part ? ErrorCode::BadTensor : ErrorCode::BadSplit, "the tensor is there twice")
                      .in(state.names[tensor.part])
                      .about(tensor.name)
                      .at(static_cast<std::uint64_t>(at))
                      .wanted("one")
                      .found("a second, after one in " + printable(state.names[state.tensors[*earlier].part])));
    }
    return File(std::make_shared<const State>(std::move(state)));
  }

  std::shared_ptr<const State> state_;
};

}  // namespace lamina::gguf
