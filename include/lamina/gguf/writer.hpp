// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Makes GGUF files of any version, byte order and alignment. What was added wrongly is remembered, and returned by
// to_bytes() or write(): so a long list of add() calls needs no checks of its own.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/atomic_file.hpp"
#include "lamina/gguf/encoder.hpp"
#include "lamina/gguf/part.hpp"
#include "lamina/gguf/tensor_type.hpp"
#include "lamina/gguf/utf8.hpp"

namespace lamina::gguf {

class Writer {
 public:
  using Sink = std::function<Expected<void>(std::span<const std::byte>)>;

  explicit Writer(std::uint32_t version = 3, std::endian order = std::endian::native,
                  std::uint64_t alignment = default_alignment)
      : version_(version),
        encoding_{order, static_cast<std::uint8_t>(version == 1 ? 4 : 8)},
        alignment_(alignment),
        entries_(encoding_) {
    if (version < 1 || version > 3) {
      refuse(Error(ErrorCode::BadVersion, "no such GGUF version").wanted("1, 2 or 3").found(std::to_string(version)));
    } else if (!std::has_single_bit(alignment) || alignment > max_alignment) {
      refuse(Error(ErrorCode::BadAlignment, "no alignment that tensor data can have")
                 .wanted("a power of two of at most " + std::to_string(max_alignment))
                 .found(std::to_string(alignment)));
    }
  }

  // Numbers and bools become the GGUF type of the same size; strings, ranges of all these and ranges of ranges work
  // too, and so does a Value of another file. general.alignment is written by itself: adding it again must agree.
  template <Encodable T>
  void add(std::string_view key, const T& value) {
    attempt([&]() -> Expected<void> {
      const std::size_t bad = first_not_text(key);
      if (key.empty() || key.size() > max_key || bad != key.size()) {
        return fail(Error(ErrorCode::BadKey, "impossible key")
                        .about(key)
                        .wanted("1 to " + std::to_string(max_key) + " bytes of UTF-8 without NUL")
                        .found(std::to_string(key.size()) + " bytes"));
      }
      if (!keys_.emplace(key).second) return fail(Error(ErrorCode::BadKey, "the key is there twice").about(key));
      Encoder encoded(encoding_);
      encoded.string(key);
      encoded.number(static_cast<std::uint32_t>(Encoder::type_of(value)));
      encoded.payload(value);
      if (encoded.overflowed()) {
        return fail(Error(ErrorCode::BadArgument, "a length does not fit the 32 bits of version 1").about(key));
      }
      if (key == alignment_key && !std::ranges::equal(encoded.bytes(), alignment_entry().bytes())) {
        return fail(Error(ErrorCode::BadAlignment, "not the alignment this Writer was made with")
                        .about(key)
                        .wanted("uint32 " + std::to_string(alignment_)));
      }
      entries_.raw(encoded.bytes());
      return {};
    });
  }

  // dims[0] is the row's length in weights. `data` holds the bytes to be stored, in the file's byte order, and has to
  // live until the file is written.
  void add_tensor(std::string_view name, std::span<const std::uint64_t> dims, std::uint32_t type_id,
                  std::span<const std::byte> data) {
    append(name, dims, type_id, data);
  }

  // The same for bytes that are made when the file is written: see write(path, make). The type has to be a known one.
  void add_tensor(std::string_view name, std::span<const std::uint64_t> dims, std::uint32_t type_id) {
    append(name, dims, type_id, std::nullopt);
  }

  Expected<std::vector<std::byte>> to_bytes() const {
    return guarded([&]() -> Expected<std::vector<std::byte>> {
      std::vector<std::byte> out;
      auto ok = emit(
          [&](std::span<const std::byte> bytes) -> Expected<void> {
            out.insert(out.end(), bytes.begin(), bytes.end());
            return {};
          },
          [](std::size_t, const Sink&) { return no_data(); });
      if (!ok) return fail(std::move(ok.error()));
      return out;
    });
  }

  // The file appears whole or not at all; an older one of that name stays until then.
  Expected<void> write(const std::string& path) const {
    return write(path, [](std::size_t, const Sink&) { return no_data(); });
  }

  // make(i, sink) hands the sink, in any number of pieces, all bytes of the i-th tensor that was added, if that was
  // without data. So a file is written that is larger than memory. An error of `make` is returned, and nothing is
  // written.
  template <class Make>
  Expected<void> write(const std::string& path, Make&& make) const {
    return guarded([&]() -> Expected<void> {
      if (error_) return fail(Error(*error_).in(path));
      auto file = AtomicFile::create(path);
      if (!file) return fail(std::move(file.error()));
      auto ok = emit([&](std::span<const std::byte> bytes) { return file->write(bytes); }, make);
      return ok ? file->commit() : ok;
    });
  }

 private:
  struct Tensor {
    std::string name;
    std::array<std::uint64_t, max_dims> dims;
    std::uint32_t n_dims, type_id;
    std::uint64_t n_bytes;
    std::optional<std::span<const std::byte>> data;  // empty: made when the file is written
  };

  void refuse(Error error) {
    if (!error_) error_ = std::move(error);
  }

  template <class F>
  void attempt(F&& f) {
    if (auto ok = guarded(std::forward<F>(f)); !ok) refuse(std::move(ok.error()));
  }

  void append(std::string_view name, std::span<const std::uint64_t> dims, std::uint32_t type_id,
              std::optional<std::span<const std::byte>> data) {
    attempt([&]() -> Expected<void> {
      const auto bad = [&](ErrorCode code, std::string what) { return fail(Error(code, std::move(what)).about(name)); };
      if (name.empty() || name.size() > max_tensor_name || name.find('\0') != std::string_view::npos) {
        return bad(ErrorCode::BadTensor, "a tensor name has 1 to 63 bytes and no NUL");
      }
      if (!names_.emplace(name).second) return bad(ErrorCode::BadTensor, "the tensor is there twice");
      if (dims.empty() || dims.size() > max_dims) return bad(ErrorCode::BadTensor, "a tensor has 1 to 4 dimensions");
      Tensor tensor{std::string(name), {1, 1, 1, 1}, static_cast<std::uint32_t>(dims.size()), type_id, 0, data};
      std::ranges::copy(dims, tensor.dims.begin());
      const auto n = checked_product(tensor.dims[0], tensor.dims[1], tensor.dims[2], tensor.dims[3]);
      if (!n || *n == 0) return bad(ErrorCode::BadTensor, "the dimensions are zero or do not fit 64 bits");
      if (version_ == 1 && std::ranges::any_of(dims, [](std::uint64_t d) { return d >> 32 != 0; })) {
        return bad(ErrorCode::BadTensor, "a dimension does not fit the 32 bits of version 1");
      }
      if (const TensorType* type = tensor_type(type_id)) {
        if (dims[0] % type->block_size != 0)
          return bad(ErrorCode::BadTensorType, "a row is not a whole number of blocks");
        const auto n_bytes = checked_mul<std::uint64_t>(*n / type->block_size, type->block_bytes);
        if (!n_bytes || (data && *n_bytes != data->size())) {
          return fail(Error(ErrorCode::BadTensor, "the data is not of the tensor's size")
                          .about(name)
                          .wanted(n_bytes ? std::to_string(*n_bytes) + " bytes" : "what fits 64 bits")
                          .found(data ? std::to_string(data->size()) + " bytes" : "more"));
        }
        tensor.n_bytes = *n_bytes;
      } else if (data) {
        tensor.n_bytes = data->size();
      } else {
        return bad(ErrorCode::BadTensorType, "the size of a tensor of unknown type cannot be told");
      }
      tensors_.push_back(std::move(tensor));
      return {};
    });
  }

  Encoder alignment_entry() const {
    Encoder entry(encoding_);
    entry.string(alignment_key);
    entry.number(static_cast<std::uint32_t>(ValueType::U32));
    entry.number(static_cast<std::uint32_t>(alignment_));
    return entry;
  }

  std::uint64_t padding(std::uint64_t n_bytes) const { return (alignment_ - n_bytes % alignment_) % alignment_; }

  // Everything before the data, padded.
  Encoder header() const {
    Encoder out(encoding_);
    const bool own_entry = alignment_ != default_alignment && !keys_.contains(std::string(alignment_key));
    out.raw(std::as_bytes(std::span("GGUF", 4)));
    out.number(version_);
    out.length(tensors_.size());
    out.length(keys_.size() + own_entry);
    if (own_entry) out.raw(alignment_entry().bytes());
    out.raw(entries_.bytes());
    std::uint64_t offset = 0;
    for (const Tensor& tensor : tensors_) {
      out.string(tensor.name);
      out.number(tensor.n_dims);
      for (std::uint32_t d = 0; d < tensor.n_dims; ++d) out.length(tensor.dims[d]);
      out.number(tensor.type_id);
      out.number(offset);
      offset += tensor.n_bytes + padding(tensor.n_bytes);
    }
    if (!tensors_.empty()) out.fill(padding(out.bytes().size()));
    return out;
  }

  static Expected<void> no_data() {
    return fail(Error(ErrorCode::BadArgument, "a tensor was added without data, and nothing makes it"));
  }

  // Hands the file to `sink`, piece by piece.
  template <class Make>
  Expected<void> emit(const Sink& sink, Make&& make) const {
    if (error_) return fail(*error_);
    if (auto ok = sink(std::span<const std::byte>(header().bytes())); !ok) return ok;
    const std::vector<std::byte> zeros(static_cast<std::size_t>(alignment_));
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const Tensor& tensor = tensors_[i];
      auto ok = tensor.data ? sink(*tensor.data) : emit_made(i, sink, make);
      if (!ok) return ok;
      const auto gap = static_cast<std::size_t>(padding(tensor.n_bytes));
      if (ok = sink(std::span(zeros).first(gap)); !ok) return ok;
    }
    return {};
  }

  template <class Make>
  Expected<void> emit_made(std::size_t i, const Sink& sink, Make&& make) const {
    std::uint64_t made = 0;  // bytes
    auto ok = make(i, Sink([&](std::span<const std::byte> bytes) {
                     made += bytes.size();
                     return sink(bytes);
                   }));
    if (!ok || made == tensors_[i].n_bytes) return ok;
    return fail(Error(ErrorCode::BadTensor, "the data that was made is not of the tensor's size")
                    .about(tensors_[i].name)
                    .wanted(std::to_string(tensors_[i].n_bytes) + " bytes")
                    .found(std::to_string(made) + " bytes"));
  }

  std::uint32_t version_;
  Encoding encoding_;
  std::uint64_t alignment_;  // bytes
  Encoder entries_;
  std::vector<Tensor> tensors_;
  std::unordered_set<std::string> keys_, names_;
  std::optional<Error> error_;  // the first
};

}  // namespace lamina::gguf
