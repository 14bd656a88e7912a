// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads the header, the metadata and the tensor infos of one GGUF file (specification: docs/gguf.md of ggml). Every
// number is compared with what the rest of the file can hold before anything is allocated or skipped by it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/metadata.hpp"
#include "lamina/gguf/part.hpp"
#include "lamina/gguf/tensor_info.hpp"
#include "lamina/gguf/utf8.hpp"

namespace lamina::gguf {

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  Expected<Part> read() && {
    if (fits() && read_header() && read_metadata() && read_alignment() && read_tensor_infos()) return std::move(out_);
    return fail(std::move(error_));
  }

 private:
  std::uint64_t left() const { return bytes_.size() - at_; }

  bool refuse(Error error) {
    error_ = std::move(error).in(name_);
    return false;
  }
  bool refuse(Error error, std::string_view subject) { return refuse(std::move(error).about(subject)); }

  bool need(std::uint64_t n_bytes, std::string_view what, std::string_view subject = {}) {
    return n_bytes <= left() || refuse(truncated(what, at_, n_bytes, left()), subject);
  }

  template <class T>
  bool number(T& out, std::string_view what, std::string_view subject = {}) {
    if (!need(sizeof(T), what, subject)) return false;
    out = load<T>(bytes_.data() + at_, out_.encoding.order);
    at_ += sizeof(T);
    return true;
  }

  bool length(std::uint64_t& out, std::string_view what, std::string_view subject = {}) {
    if (!need(out_.encoding.length_bytes, what, subject)) return false;
    out = load_length(bytes_.data() + at_, out_.encoding);
    at_ += out_.encoding.length_bytes;
    return true;
  }

  bool text(std::uint64_t n_bytes, std::string_view& out, std::string_view what) {
    if (!need(n_bytes, what)) return false;
    out = as_text(bytes_.subspan(at_, n_bytes));
    at_ += n_bytes;
    return true;
  }

  bool fits() {
    if (bytes_.size() <= max_file) return true;
    return refuse(Error(ErrorCode::BadArgument, "the file is larger than any model")
                      .wanted("at most " + std::to_string(max_file) + " bytes")
                      .found(std::to_string(bytes_.size())));
  }

  bool read_header() {
    const std::string_view magic = as_text(bytes_.first(std::min<std::size_t>(bytes_.size(), 4)));
    if (magic != std::string_view("GGUF").substr(0, magic.size())) {
      return refuse(
          Error(ErrorCode::BadMagic, "not a GGUF file").at(0).wanted("GGUF").found("\"" + printable(magic) + "\""));
    }
    if (!need(4, "the magic")) return false;
    at_ = 4;
    // Byte order shows in the version only: its writers use the same magic for both (llama.cpp issue 3957).
    out_.encoding.order = std::endian::little;
    if (!number(out_.version, "the version")) return false;
    if (out_.version != 0 && (out_.version & 0xffffu) == 0) {
      out_.encoding.order = std::endian::big;
      out_.version = byte_swapped(out_.version);
    }
    if (out_.version < 1 || out_.version > 3) {
      return refuse(Error(ErrorCode::BadVersion, "no such GGUF version")
                        .at(4)
                        .wanted("1, 2 or 3")
                        .found(std::to_string(out_.version)));
    }
    out_.encoding.length_bytes = out_.version == 1 ? 4 : 8;
    return count(n_tensors_, "tensors", min_info_bytes()) && count(n_entries_, "key-value pairs", min_entry_bytes());
  }

  // Key length, a key of one byte, value type, a value of one byte.
  std::uint64_t min_entry_bytes() const { return out_.encoding.length_bytes + 1u + 4u + 1u; }
  // Name length, a name of one byte, number of dimensions, one dimension, type, offset.
  std::uint64_t min_info_bytes() const { return 2u * out_.encoding.length_bytes + 1u + 4u + 4u + 8u; }

  bool count(std::uint64_t& out, std::string_view what, std::uint64_t min_bytes) {
    if (!length(out, "the count of " + std::string(what))) return false;
    const std::uint64_t most = std::min(left() / min_bytes, NameIndex::max_names);
    if (out <= most) return true;
    return refuse(Error(ErrorCode::BadCount, "the rest of the file cannot hold so many " + std::string(what))
                      .at(at_ - out_.encoding.length_bytes)
                      .wanted("at most " + std::to_string(most))
                      .found(std::to_string(out)));
  }

  bool read_metadata() {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(n_entries_));
    NameIndex index(static_cast<std::size_t>(n_entries_));
    for (std::uint32_t i = 0; i < n_entries_; ++i) {
      std::string_view key;
      const std::uint64_t key_at = at_;
      if (!read_key(key)) return false;
      if (const auto earlier = index.insert(key, i, [&](std::uint32_t j) { return values[j].key(); })) {
        const ErrorCode code = key == alignment_key ? ErrorCode::BadAlignment : ErrorCode::BadKey;
        return refuse(Error(code, "the key is there twice")
                          .at(key_at)
                          .wanted("one")
                          .found("a second, after entry " + std::to_string(*earlier)),
                      key);
      }
      const std::optional<Value> value = read_value(key);
      if (!value) return false;
      values.push_back(*value);
    }
    out_.metadata = Metadata(std::move(values), std::move(index), name_);
    return true;
  }

  bool read_key(std::string_view& key) {
    const std::uint64_t length_at = at_;
    std::uint64_t n_bytes = 0;
    if (!length(n_bytes, "a key's length")) return false;
    if (n_bytes == 0 || n_bytes > max_key) {
      return refuse(Error(ErrorCode::BadKey, "a key of impossible length")
                        .at(length_at)
                        .wanted("1 to " + std::to_string(max_key) + " bytes")
                        .found(std::to_string(n_bytes)));
    }
    if (!text(n_bytes, key, "a key")) return false;
    const std::uint64_t bad = first_not_text(key);
    if (bad == key.size()) return true;
    return refuse(Error(ErrorCode::BadKey, "the key is not text")
                      .at(at_ - n_bytes + bad)
                      .wanted("UTF-8 without NUL")
                      .found("byte " + std::to_string(static_cast<unsigned char>(key[bad]))),
                  key);
  }

  std::optional<Value> read_value(std::string_view key) {
    const std::uint64_t type_at = at_;
    std::uint32_t id = 0;
    if (!number(id, "a value's type", key)) return std::nullopt;
    if (id >= n_value_types) {
      refuse(bad_value_type(type_at, id), key);
      return std::nullopt;
    }
    const auto type = static_cast<ValueType>(id);
    const std::uint64_t start = at_;
    if (type == ValueType::Array) {
      const auto end = walk_array(bytes_, at_, out_.encoding, IgnoreElements{});
      if (!end) {
        refuse(end.error(), key);
        return std::nullopt;
      }
      at_ = *end;
    } else if (type == ValueType::String) {
      std::uint64_t n_bytes = 0;
      if (!length(n_bytes, "a string's length", key) || !need(n_bytes, "a string", key)) return std::nullopt;
      at_ += n_bytes;
    } else {
      if (!need(scalar_bytes(type), "a value", key)) return std::nullopt;
      if (type == ValueType::Bool && std::to_integer<unsigned>(bytes_[at_]) > 1) {
        refuse(bad_bool(at_, bytes_[at_]), key);
        return std::nullopt;
      }
      at_ += scalar_bytes(type);
    }
    return Value(bytes_.subspan(start, at_ - start), start, type, out_.encoding, key.size());
  }

  bool read_alignment() {
    const Value* value = out_.metadata.find(alignment_key);
    if (value == nullptr) return true;
    const auto bytes = value->unsigned_integer();
    if (value->type() != ValueType::U32 || !bytes || !std::has_single_bit(*bytes) || *bytes > max_alignment) {
      return refuse(Error(ErrorCode::BadAlignment, "no alignment that tensor data can have")
                        .at(value->offset())
                        .wanted("uint32, a power of two of at most " + std::to_string(max_alignment))
                        .found(detail::describe(*value)),
                    alignment_key);
    }
    out_.alignment = *bytes;
    return true;
  }

  bool read_tensor_infos() {
    out_.tensors.reserve(static_cast<std::size_t>(n_tensors_));
    for (std::uint64_t i = 0; i < n_tensors_; ++i) {
      TensorInfo info;
      if (!read_tensor_info(info)) return false;
      out_.tensors.push_back(info);
    }
    out_.infos_end = at_;
    return true;
  }

  bool read_tensor_info(TensorInfo& info) {
    const std::uint64_t name_at = at_;
    std::uint64_t n_bytes = 0;
    if (!length(n_bytes, "a tensor name's length")) return false;
    if (n_bytes == 0 || n_bytes > max_tensor_name) {
      return refuse(Error(ErrorCode::BadTensor, "a tensor name of impossible length")
                        .at(name_at)
                        .wanted("1 to " + std::to_string(max_tensor_name) + " bytes")
                        .found(std::to_string(n_bytes)));
    }
    if (!text(n_bytes, info.name, "a tensor name")) return false;
    if (const auto nul = info.name.find('\0'); nul != std::string_view::npos) {
      return refuse(Error(ErrorCode::BadTensor, "NUL in a tensor name").at(at_ - n_bytes + nul), info.name);
    }
    std::uint32_t n_dims = 0;
    if (!number(n_dims, "the number of dimensions", info.name)) return false;
    if (n_dims == 0 || n_dims > max_dims) {
      return refuse(Error(ErrorCode::BadTensor, "impossible number of dimensions")
                        .at(at_ - 4)
                        .wanted("1 to " + std::to_string(max_dims))
                        .found(std::to_string(n_dims)),
                    info.name);
    }
    info.n_dims = static_cast<std::uint8_t>(n_dims);
    const std::uint64_t dims_at = at_;
    for (std::uint32_t d = 0; d < info.n_dims; ++d) {
      if (!length(info.dims[d], "a dimension", info.name)) return false;
      if (info.dims[d] == 0) {
        return refuse(Error(ErrorCode::BadTensor, "a dimension is zero")
                          .at(at_ - out_.encoding.length_bytes)
                          .wanted("at least 1")
                          .found("0"),
                      info.name);
      }
    }
    if (!number(info.type_id, "a tensor's type", info.name)) return false;
    if (!number(info.offset, "a tensor's offset", info.name)) return false;
    return measure(info, dims_at);
  }

  // Sets n_bytes, and refuses sizes that no memory can hold.
  bool measure(TensorInfo& info, std::uint64_t dims_at) {
    constexpr auto most = static_cast<std::uint64_t>(PTRDIFF_MAX);
    const auto elements = checked_product(info.dims[0], info.dims[1], info.dims[2], info.dims[3]);
    const TensorType* type = tensor_type(info.type_id);
    info.known = type != nullptr;
    bool fits = elements && *elements <= most;
    if (fits && type != nullptr) {
      if (info.dims[0] % type->block_size != 0) {
        return refuse(Error(ErrorCode::BadTensorType, "a row is not a whole number of blocks")
                          .at(dims_at)
                          .wanted("a multiple of " + std::to_string(type->block_size) + " for " + info.type_name())
                          .found(std::to_string(info.dims[0])),
                      info.name);
      }
      const auto n_bytes = checked_mul<std::uint64_t>(*elements / type->block_size, type->block_bytes);
      const auto padded = n_bytes ? checked_round_up(*n_bytes, out_.alignment) : std::nullopt;
      fits = padded && *padded <= most;
      if (fits) info.n_bytes = *n_bytes;
    }
    if (fits) return true;
    return refuse(Error(ErrorCode::BadTensor, "the tensor's size does not fit an address space")
                      .at(dims_at)
                      .wanted("at most " + std::to_string(most) + " elements and bytes")
                      .found(shape_text(info) + " of " + info.type_name()),
                  info.name);
  }

  static std::string shape_text(const TensorInfo& info) {
    std::string out = std::to_string(info.dims[0]);
    for (std::uint32_t d = 1; d < info.n_dims; ++d) out += " x " + std::to_string(info.dims[d]);
    return out;
  }

  std::span<const std::byte> bytes_;
  std::string name_;
  std::uint64_t at_ = 0;  // bytes from the start of the file, <= bytes_.size()
  std::uint64_t n_tensors_ = 0, n_entries_ = 0;
  Part out_;
  Error error_;
};

}  // namespace lamina::gguf
