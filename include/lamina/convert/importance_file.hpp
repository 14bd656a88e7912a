// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Files of importance matrices, llama.cpp's: GGUF, and the older .dat, which keeps means of chunks instead of sums.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/convert/importance_data.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/mapped_file.hpp"
#include "lamina/gguf/atomic_file.hpp"
#include "lamina/gguf/byte_order.hpp"
#include "lamina/gguf/gguf.hpp"

namespace lamina::convert {

namespace detail {

inline constexpr std::string_view sums_end = ".in_sum2", counts_end = ".counts";

inline Expected<void> add_entry(ImportanceData& to, std::string_view name, ImportanceData::Entry entry) {
  if (to.entries.emplace(name, std::move(entry)).second) return {};
  return fail(Error(ErrorCode::BadKey, "the tensor is there twice").about(name));
}

inline Expected<std::vector<double>> read_floats(const gguf::File& file, const gguf::TensorInfo& tensor) {
  if (tensor.type_id != 0) {
    return fail(Error(ErrorCode::BadTensorType, {}).about(tensor.name).wanted("F32").found(tensor.type_name()));
  }
  const auto bytes = file.data(tensor);
  std::vector<double> out(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<double>(gguf::load<float>(bytes.data() + i * sizeof(float), file.byte_order()));
  }
  return out;
}

inline Expected<ImportanceData> read_importance_gguf(const std::string& path) {
  const auto file = gguf::File::open(path);
  if (!file) return fail(file.error());
  ImportanceData out;
  for (const gguf::TensorInfo& tensor : file->tensors()) {
    if (!tensor.name.ends_with(sums_end)) continue;
    const std::string_view name = tensor.name.substr(0, tensor.name.size() - sums_end.size());
    const gguf::TensorInfo* counts = file->find(std::string(name) + std::string(counts_end));
    if (counts == nullptr) {
      return fail(Error(ErrorCode::MissingTensor, "there are sums without counts").about(name));
    }
    auto sums = read_floats(*file, tensor), n = read_floats(*file, *counts);
    if (!sums) return fail(std::move(sums.error()));
    if (!n) return fail(std::move(n.error()));
    if (auto ok = add_entry(out, name, {std::move(*sums), std::move(*n)}); !ok) return fail(std::move(ok.error()));
  }
  if (out.entries.empty()) {
    return fail(Error(ErrorCode::MissingTensor, "the file holds no importance matrix").wanted("*.in_sum2"));
  }
  out.n_chunks = file->metadata().get<std::uint64_t>("imatrix.chunk_count").value_or(0);
  // Without a size the counts are tokens all the same.
  out.chunk_tokens = std::max<std::uint64_t>(1, file->metadata().get<std::uint64_t>("imatrix.chunk_size").value_or(1));
  const auto sets = file->metadata().get<std::vector<std::string_view>>("imatrix.datasets");
  if (sets) out.data_sets.assign(sets->begin(), sets->end());
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

inline Expected<ImportanceData> read_importance_dat(std::span<const std::byte> bytes, const std::string& path) {
  constexpr std::int32_t any = INT32_MAX;
  ImportanceData out;
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
    std::vector<double> sums(static_cast<std::size_t>(*n_values));
    for (std::size_t v = 0; v < sums.size(); ++v) {
      sums[v] = static_cast<double>(gguf::load<float>(values->data() + v * sizeof(float), std::endian::little));
    }
    // Without calls the values are used as they are, as in llama.cpp.
    const double calls = *n_calls > 0 ? static_cast<double>(*n_calls) : 1;
    if (auto ok = add_entry(out, gguf::as_text(*name), {std::move(sums), {calls}}); !ok) {
      return fail(std::move(ok.error()));
    }
  }
  if (out.entries.empty()) {
    return fail(Error(ErrorCode::BadCount, "the file holds no importance matrix").wanted("1 or more entries"));
  }
  if (in.at_end()) return out;  // the oldest files end here
  const auto chunks = in.count("the number of chunks", any);
  if (!chunks) return fail(chunks.error());
  out.n_chunks = *chunks;
  if (in.at_end()) return out;
  const auto length = in.count("the length of a file's name", any);
  if (!length) return fail(length.error());
  const auto name = in.take(*length, "a file's name");
  if (!name) return fail(name.error());
  if (!name->empty()) out.data_sets.emplace_back(gguf::as_text(*name));
  return out;
}

// Sums of squares of huge activations may be larger than a float.
inline float to_float(double x) {
  return static_cast<float>(std::min(x, static_cast<double>(std::numeric_limits<float>::max())));
}

}  // namespace detail

// Errors: those of gguf::File::open; Truncated, BadCount, BadArray, BadKey, MissingTensor, BadTensorType and
// NumericError for what such a file cannot hold.
inline Expected<ImportanceData> read_importance(const std::string& path) {
  return guarded([&]() -> Expected<ImportanceData> {
    const auto mapped = MappedFile::open(path);
    if (!mapped) return fail(mapped.error());
    const auto bytes = mapped->bytes();
    const bool is_gguf = bytes.size() >= 4 && gguf::as_text(bytes.first(4)) == "GGUF";
    auto data = is_gguf ? detail::read_importance_gguf(path) : detail::read_importance_dat(bytes, path);
    if (!data) return fail(std::move(data.error()).in(path));
    if (auto ok = data->check(); !ok) return fail(std::move(ok.error()).in(path));
    if (auto ok = mapped->unchanged(); !ok) return fail(std::move(ok.error()));
    return data;
  });
}

// The file is there whole or not at all. Errors: those of check() and of writing a file; BadTensor for names that are
// too long for a GGUF file.
inline Expected<void> write_importance(const ImportanceData& data, const std::string& path) {
  return guarded([&]() -> Expected<void> {
    if (auto ok = data.check(); !ok) return fail(std::move(ok.error()).in(path));
    gguf::Writer out;
    out.add("general.type", "imatrix");
    out.add("imatrix.datasets", data.data_sets);
    out.add("imatrix.chunk_count", static_cast<std::uint32_t>(std::min<std::uint64_t>(data.n_chunks, UINT32_MAX)));
    out.add("imatrix.chunk_size", static_cast<std::uint32_t>(std::min<std::uint64_t>(data.chunk_tokens, UINT32_MAX)));
    std::vector<const std::vector<double>*> values;
    for (const auto& [name, entry] : data.entries) {
      const std::uint64_t sums[] = {entry.columns(), entry.counts.size()}, counts[] = {1, entry.counts.size()};
      out.add_tensor(name + std::string(detail::sums_end), sums, 0);
      out.add_tensor(name + std::string(detail::counts_end), counts, 0);
      values.push_back(&entry.sums);
      values.push_back(&entry.counts);
    }
    return out.write(path, [&](std::size_t i, const gguf::Writer::Sink& sink) {
      std::vector<float> floats(values[i]->size());
      std::transform(values[i]->begin(), values[i]->end(), floats.begin(), detail::to_float);
      return sink(std::as_bytes(std::span(floats)));
    });
  });
}

// The older file, for older programs. It keeps one count for all experts, so each gets its mean times that; matrices
// that no token has met are left out.
inline Expected<void> write_importance_dat(const ImportanceData& data, const std::string& path) {
  return guarded([&]() -> Expected<void> {
    if (auto ok = data.check(); !ok) return fail(std::move(ok.error()).in(path));
    std::vector<std::byte> bytes;
    bool fits = true;
    const auto raw = [&](const void* from, std::size_t n) {
      const auto* first = static_cast<const std::byte*>(from);
      bytes.insert(bytes.end(), first, first + n);
    };
    const auto number = [&](auto value) {
      const auto little = std::endian::native == std::endian::little ? value : gguf::byte_swapped(value);
      raw(&little, sizeof little);
    };
    const auto count = [&](std::uint64_t n) {
      fits = fits && n <= INT32_MAX;
      number(static_cast<std::int32_t>(n));
    };
    const auto text = [&](std::string_view s) {
      count(s.size());
      raw(s.data(), s.size());
    };
    count(static_cast<std::uint64_t>(
        std::count_if(data.entries.begin(), data.entries.end(), [](const auto& each) { return each.second.seen(); })));
    const auto chunk = static_cast<double>(std::max<std::uint64_t>(1, data.chunk_tokens));
    for (const auto& [name, entry] : data.entries) {
      if (!entry.seen()) continue;
      const double calls = std::ceil(*std::max_element(entry.counts.begin(), entry.counts.end()) / chunk);
      text(name);
      count(calls < INT32_MAX ? static_cast<std::uint64_t>(calls) : INT32_MAX);
      count(entry.sums.size());
      for (std::size_t i = 0; i < entry.sums.size(); ++i) {
        const double n = entry.count(i);
        number(detail::to_float(calls * (n > 0 ? entry.sums[i] / n : 1)));
      }
    }
    count(data.n_chunks);
    text(data.data_sets.empty() ? std::string_view() : data.data_sets.back());
    if (!fits) {
      return fail(Error(ErrorCode::BadCount, "a number does not fit the older file; write GGUF").in(path));
    }
    auto file = gguf::AtomicFile::create(path);
    if (!file) return fail(std::move(file.error()));
    if (auto ok = file->write(bytes); !ok) return ok;
    return file->commit();
  });
}

}  // namespace lamina::convert
