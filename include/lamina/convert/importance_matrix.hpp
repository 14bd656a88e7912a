// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Importance matrices of llama.cpp (llama-imatrix): for every matrix of a model, the mean square of each input, which
// is what an error in that column of weights costs. Both of its files are read: the older one (.dat) and GGUF.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/core/mapped_file.hpp"
#include "lamina/gguf/byte_order.hpp"
#include "lamina/gguf/gguf.hpp"

namespace lamina::convert {

class ImportanceMatrix {
 public:
  // Errors: those of gguf::File::open; Truncated, BadCount, BadArray and NumericError for what such a file cannot hold.
  static Expected<ImportanceMatrix> open(const std::string& path) {
    return guarded([&]() -> Expected<ImportanceMatrix> {
      const auto mapped = MappedFile::open(path);
      if (!mapped) return fail(mapped.error());
      const auto bytes = mapped->bytes();
      const bool is_gguf = bytes.size() >= 4 && gguf::as_text(bytes.first(4)) == "GGUF";
      auto matrix = is_gguf ? from_gguf(path) : from_dat(bytes, path);
      if (!matrix) return matrix;
      matrix->path_ = path;
      if (auto ok = mapped->unchanged(); !ok) return fail(std::move(ok.error()));
      return matrix;
    });
  }

  // The costs [matrices][columns] for a tensor, as many matrices (experts) as it has; empty when it has none.
  std::span<const float> find(std::string_view tensor) const {
    const auto at = entries_.find(tensor);
    return at == entries_.end() ? std::span<const float>() : std::span<const float>(at->second);
  }

  std::size_t size() const { return entries_.size(); }       // tensors
  std::uint64_t n_chunks() const { return n_chunks_; }       // of text it was computed on; 0: not said
  const std::string& data_set() const { return data_set_; }  // the text's file; empty: not said
  const std::string& path() const { return path_; }

 private:
  using Entries = std::map<std::string, std::vector<float>, std::less<>>;

  // Adds sums [n] that were taken over `counts[i / (n / counts.size())]` inputs; 1 where there was none.
  Expected<void> add(std::string_view name, std::vector<float> sums, std::span<const float> counts,
                     const std::string& file) {
    const auto refuse = [&](ErrorCode code, const char* what) { return fail(Error(code, what).in(file).about(name)); };
    if (counts.empty() || sums.empty() || sums.size() % counts.size() != 0) {
      return refuse(ErrorCode::BadArray, "sums and counts do not go together");
    }
    const std::size_t columns = sums.size() / counts.size();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const float count = counts[i / columns];
      const float cost = count > 0 ? sums[i] / count : 1;
      if (!std::isfinite(count) || !std::isfinite(cost) || cost < 0) {
        return refuse(ErrorCode::NumericError, "an importance is no finite number of at least 0");
      }
      sums[i] = cost;
    }
    if (!entries_.emplace(name, std::move(sums)).second) return refuse(ErrorCode::BadKey, "the tensor is there twice");
    return {};
  }

  static Expected<ImportanceMatrix> from_gguf(const std::string& path) {
    const auto file = gguf::File::open(path);
    if (!file) return fail(file.error());
    constexpr std::string_view sums_end = ".in_sum2", counts_end = ".counts";
    ImportanceMatrix out;
    for (const gguf::TensorInfo& tensor : file->tensors()) {
      if (!tensor.name.ends_with(sums_end)) continue;
      const std::string_view name = tensor.name.substr(0, tensor.name.size() - sums_end.size());
      const gguf::TensorInfo* counts = file->find(std::string(name) + std::string(counts_end));
      if (counts == nullptr) {
        return fail(Error(ErrorCode::MissingTensor, "there are sums without counts").in(path).about(name));
      }
      const auto sums = floats(*file, tensor), n = floats(*file, *counts);
      if (!sums) return fail(sums.error());
      if (!n) return fail(n.error());
      if (auto ok = out.add(name, *sums, *n, path); !ok) return fail(std::move(ok.error()));
    }
    if (out.entries_.empty()) {
      return fail(Error(ErrorCode::MissingTensor, "the file holds no importance matrix").in(path).wanted("*.in_sum2"));
    }
    if (const auto chunks = file->metadata().get<std::uint64_t>("imatrix.chunk_count")) out.n_chunks_ = *chunks;
    const auto sets = file->metadata().get<std::vector<std::string_view>>("imatrix.datasets");
    if (sets && !sets->empty()) out.data_set_ = sets->front();
    return out;
  }

  static Expected<std::vector<float>> floats(const gguf::File& file, const gguf::TensorInfo& tensor) {
    if (tensor.type_id != 0) {
      return fail(Error(ErrorCode::BadTensorType, {})
                      .in(file.name())
                      .about(tensor.name)
                      .wanted("F32")
                      .found(tensor.type_name()));
    }
    const auto bytes = file.data(tensor);
    std::vector<float> out(bytes.size() / sizeof(float));
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = gguf::load<float>(bytes.data() + i * sizeof(float), file.byte_order());
    }
    return out;
  }

  // All little-endian: the number of entries; for each the length of its name, the name, over how many chunks its
  // values were summed, the number of values, the values; then the number of chunks, and the name of the text's file.
  class DatReader {
   public:
    DatReader(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

    bool at_end() const { return at_ == bytes_.size(); }

    Expected<std::span<const std::byte>> take(std::uint64_t n, std::string_view what) {
      const std::uint64_t left = bytes_.size() - at_;
      if (n > left) return fail(gguf::truncated(what, at_, n, left).in(file_));
      const auto out = bytes_.subspan(at_, static_cast<std::size_t>(n));
      at_ += static_cast<std::size_t>(n);
      return out;
    }

    // A number of at least 0 and at most `most`.
    Expected<std::uint64_t> count(std::string_view what, std::int32_t most) {
      const std::size_t where = at_;
      const auto bytes = take(sizeof(std::int32_t), what);
      if (!bytes) return fail(bytes.error());
      const auto n = gguf::load<std::int32_t>(bytes->data(), std::endian::little);
      if (n >= 0 && n <= most) return static_cast<std::uint64_t>(n);
      return fail(Error(ErrorCode::BadCount, "this is no importance matrix, neither .dat nor GGUF")
                      .in(file_)
                      .about(what)
                      .at(where)
                      .wanted("0 to " + std::to_string(most))
                      .found(std::to_string(n)));
    }

   private:
    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::size_t at_ = 0;
  };

  static Expected<ImportanceMatrix> from_dat(std::span<const std::byte> bytes, const std::string& path) {
    constexpr std::int32_t any = INT32_MAX;
    ImportanceMatrix out;
    DatReader in(bytes, path);
    const auto n_entries = in.count("the number of entries", 1 << 24);
    if (!n_entries) return fail(n_entries.error());
    for (std::uint64_t i = 0; i < *n_entries; ++i) {
      const auto name_bytes = in.count("the length of a name", 1 << 10);
      if (!name_bytes) return fail(name_bytes.error());
      const auto name = in.take(*name_bytes, "a name");
      if (!name) return fail(name.error());
      const auto n_calls = in.count("a number of chunks", any);
      if (!n_calls) return fail(n_calls.error());
      const auto n_values = in.count("a number of values", any);
      if (!n_values) return fail(n_values.error());
      const auto values = in.take(*n_values * sizeof(float), "an importance matrix");
      if (!values) return fail(values.error());
      std::vector<float> sums(static_cast<std::size_t>(*n_values));
      for (std::size_t v = 0; v < sums.size(); ++v) {
        sums[v] = gguf::load<float>(values->data() + v * sizeof(float), std::endian::little);
      }
      // Without calls the values are used as they are, as in llama.cpp.
      const float calls = *n_calls > 0 ? static_cast<float>(*n_calls) : 1;
      if (auto ok = out.add(gguf::as_text(*name), std::move(sums), std::span(&calls, 1), path); !ok) {
        return fail(std::move(ok.error()));
      }
    }
    if (out.entries_.empty()) {
      return fail(
          Error(ErrorCode::BadCount, "the file holds no importance matrix").in(path).wanted("1 or more entries"));
    }
    if (in.at_end()) return out;  // the oldest files end here
    const auto chunks = in.count("the number of chunks", any);
    if (!chunks) return fail(chunks.error());
    out.n_chunks_ = *chunks;
    if (in.at_end()) return out;
    const auto length = in.count("the length of a file's name", any);
    if (!length) return fail(length.error());
    const auto name = in.take(*length, "a file's name");
    if (!name) return fail(name.error());
    out.data_set_ = gguf::as_text(*name);
    return out;
  }

  Entries entries_;
  std::uint64_t n_chunks_ = 0;
  std::string data_set_, path_;
};

}  // namespace lamina::convert
