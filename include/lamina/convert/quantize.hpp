// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes a GGUF file anew with its weights in other formats. Weights stream through small buffers, so that a model of
// any size takes a few MiB; the result is there whole or not at all, and the same with any number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/convert/plan.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/team.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/quant/encoder.hpp"
#include "lamina/quant/format.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::convert {

// What became of a tensor.
struct TensorResult {
  double rmse = 0;  // root of the mean squared error of its weights against the source's; 0 for a copy
  double rms = 0;   // root of the mean square of the source's weights; 0 for a copy, which is not looked at
};

// Called after each tensor, in the order of the plan; false stops, and nothing is written.
using QuantizeProgress = std::function<bool(std::size_t i, const TensorPlan& plan, const TensorResult& result)>;

namespace detail {

// Rows pass in units of at most this many weights, a multiple of every block.
inline constexpr std::size_t unit_weights = 4096;
inline constexpr std::size_t units_at_once = 1024;

// What errors cost: each input's importance (null: all the same) times the root of the mean square of the 256 weights
// around plus the weight's own. Few bits make weights too small on average, the large ones most; where those count
// more, models of two bits and less come out far better, at a little more squared error. llama.cpp weighs so too.
inline void weigh(const float* weights, std::size_t n, const float* importance, float* cost /* [n] */) {
  constexpr std::size_t around = 256;
  for (std::size_t begin = 0; begin < n; begin += around) {
    const std::size_t end = std::min(n, begin + around);
    double squares = 0;
    for (std::size_t i = begin; i < end; ++i) squares += static_cast<double>(weights[i]) * weights[i];
    const double mean = squares / static_cast<double>(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const double relative = mean > 0 ? std::sqrt(1 + static_cast<double>(weights[i]) * weights[i] / mean) : 1;
      const double all = relative * (importance != nullptr ? importance[i] : 1.0f);
      cost[i] = static_cast<float>(std::min<double>(all, std::numeric_limits<float>::max()));
    }
  }
}

struct UnitError {
  double squares = 0, errors = 0;     // sums over the unit
  std::optional<std::size_t> bad_at;  // the first weight that is no number, or does not fit the format
  bool bad_source = false;            // it is none in the source already
};

// From one format into another, unit by unit.
class TensorConverter {
 public:
  TensorConverter(const gguf::File& file, const TensorPlan& plan, Team& team)
      : file_(file), plan_(plan), team_(team), from_(plan.source->type_id), to_(plan.type_id) {
    const gguf::TensorInfo& t = *plan.source;
    columns_ = static_cast<std::size_t>(t.dims[0]);
    per_row_ = (columns_ + unit_weights - 1) / unit_weights;
    n_units_ = static_cast<std::size_t>(t.n_elements() / t.dims[0]) * per_row_;
    swapped_ = file.byte_order() != std::endian::native;
    buffers_.resize(team.size());
  }

  Expected<TensorResult> run(const gguf::Writer::Sink& sink) {
    std::vector<UnitError> errors(std::min(n_units_, units_at_once));
    std::vector<std::byte> out;
    double squares = 0, wrong = 0;
    for (std::size_t first = 0; first < n_units_; first += units_at_once) {
      const std::size_t n = std::min(units_at_once, n_units_ - first);
      const std::size_t begin = bytes_before(to_, first), end = bytes_before(to_, first + n);
      out.resize(end - begin);
      auto job = [&](Worker& worker) {
        worker.share(n, [&](std::size_t u) {
          errors[u] = convert(first + u, out.data() + (bytes_before(to_, first + u) - begin), buffers_[worker.index()]);
        });
      };
      team_.run(job);
      for (std::size_t u = 0; u < n; ++u) {
        if (errors[u].bad_at) return fail(bad_weight(first + u, errors[u]));
        squares += errors[u].squares;
        wrong += errors[u].errors;
      }
      if (auto ok = sink(out); !ok) return fail(std::move(ok.error()));
    }
    const auto mean = [&](double sum) { return std::sqrt(sum / static_cast<double>(plan_.source->n_elements())); };
    return TensorResult{mean(wrong), mean(squares)};
  }

 private:
  struct Buffers {
    float weights[unit_weights], cost[unit_weights], back[unit_weights];
    std::byte block[unit_weights * sizeof(double)];
  };

  // Weights before the unit, in units of the format's bytes.
  std::size_t bytes_before(std::uint32_t type_id, std::size_t unit) const {
    const gguf::TensorType& type = *gguf::tensor_type(type_id);
    return weights_before(unit) / type.block_size * type.block_bytes;
  }
  std::size_t weights_before(std::size_t unit) const { return unit / per_row_ * columns_ + begin_of(unit); }
  std::size_t begin_of(std::size_t unit) const { return unit % per_row_ * unit_weights; }  // in its row

  UnitError convert(std::size_t unit, std::byte* out, std::unique_ptr<Buffers>& buffers) const {
    if (!buffers) buffers.reset(new (std::nothrow) Buffers);
    UnitError result;
    if (!buffers) {
      result.bad_at = unit_weights;
      return result;
    }
    const std::size_t begin = begin_of(unit), n = std::min(unit_weights, columns_ - begin);
    float* const weights = buffers->weights;
    const std::byte* from = file_.data(*plan_.source).data() + bytes_before(from_, unit);
    quant::visit_format<quant::AllFormats>(from_, [&](auto format) {
      using Format = typename decltype(format)::type;
      if (swapped_) {
        std::memcpy(buffers->block, from, *quant::bytes_per_row<Format>(n));
        quant::byteswap_row<Format>(buffers->block, n);
        from = buffers->block;
      }
      quant::dequantize_row<Format>(from, n, weights);
    });
    const float* const not_finite = std::find_if_not(weights, weights + n, [](float w) { return std::isfinite(w); });
    if (not_finite != weights + n) {
      result.bad_at = static_cast<std::size_t>(not_finite - weights);
      result.bad_source = true;
      return result;
    }
    const float* importance = nullptr;
    if (!plan_.cost.empty()) {
      const std::size_t matrix = unit / per_row_ / static_cast<std::size_t>(plan_.source->dims[1]);
      importance = plan_.cost.data() + matrix * columns_ + begin;
    }
    weigh(weights, n, importance, buffers->cost);
    quant::visit_format(to_, [&](auto format) {
      using Format = typename decltype(format)::type;
      // Where signs are all that a weight has, the large ones would pull all others up with them.
      constexpr bool only_signs = 8.0 * sizeof(typename Format::Block) < 1.5 * Format::block_size;
      quant::Encoder<quant::AllFormats>::quantize_row(to_, weights, n, out, only_signs ? importance : buffers->cost);
      quant::dequantize_row<Format>(out, n, buffers->back);
    });
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isfinite(buffers->back[i])) {
        result.bad_at = i;
        return result;
      }
      const double error = static_cast<double>(buffers->back[i]) - weights[i];
      result.squares += static_cast<double>(weights[i]) * weights[i];
      result.errors += error * error;
    }
    return result;
  }

  Error bad_weight(std::size_t unit, const UnitError& found) const {
    if (*found.bad_at == unit_weights) return Error(ErrorCode::OutOfMemory, {});
    const std::string format(gguf::tensor_type(to_)->name);
    return Error(ErrorCode::NumericError, found.bad_source ? "the tensor holds weights that are no numbers"
                                                           : "a weight is too large for the format " + format)
        .in(file_.parts()[plan_.source->part])
        .about(plan_.source->name)
        .found("near weight " + std::to_string(weights_before(unit) + *found.bad_at));
  }

  const gguf::File& file_;
  const TensorPlan& plan_;
  Team& team_;
  std::uint32_t from_, to_;
  std::size_t columns_, per_row_, n_units_;
  bool swapped_;
  std::vector<std::unique_ptr<Buffers>> buffers_;  // [workers]
};

// As it is, in this machine's byte order.
inline Expected<void> copy_tensor(const gguf::File& file, const gguf::TensorInfo& tensor,
                                  const gguf::Writer::Sink& sink) {
  const auto bytes = file.data(tensor);
  if (file.byte_order() == std::endian::native) return sink(bytes);
  std::vector<std::byte> piece;
  Expected<void> ok;
  quant::visit_format<quant::AllFormats>(tensor.type_id, [&](auto format) {
    using Format = typename decltype(format)::type;
    constexpr std::size_t block = sizeof(typename Format::Block), most = block * unit_weights;
    for (std::size_t at = 0; ok && at < bytes.size(); at += most) {
      const auto part = bytes.subspan(at, std::min(most, bytes.size() - at));
      piece.assign(part.begin(), part.end());
      quant::byteswap_row<Format>(piece.data(), piece.size() / block * Format::block_size);
      ok = sink(piece);
    }
  });
  return ok;
}

// Everything the source says, but for what is no longer true.
inline void copy_metadata(const gguf::File& file, const QuantizeOptions& options, gguf::Writer& out) {
  constexpr std::string_view type_key = "general.file_type", version_key = "general.quantization_version";
  const auto type_number = static_cast<std::uint32_t>(options.type->id);
  constexpr std::uint32_t version = 2;  // of the formats, as llama.cpp counts
  bool type_written = false, version_written = false;
  for (const auto& [key, value] : file.metadata().entries()) {
    if (key == gguf::alignment_key || key.starts_with("split.") || key.starts_with("quantize.imatrix.")) continue;
    if (key == type_key) {
      out.add(key, type_number);
      type_written = true;
    } else if (key == version_key) {
      out.add(key, version);
      version_written = true;
    } else {
      out.add(key, value);
    }
  }
  if (!version_written) out.add(version_key, version);
  if (!type_written) out.add(type_key, type_number);
  if (options.importance == nullptr) return;
  const ImportanceMatrix& matrix = *options.importance;
  out.add("quantize.imatrix.file", matrix.path());
  if (!matrix.data_set().empty()) out.add("quantize.imatrix.dataset", matrix.data_set());
  out.add("quantize.imatrix.entries_count", static_cast<std::uint32_t>(matrix.size()));
  if (matrix.n_chunks() > 0) out.add("quantize.imatrix.chunks_count", static_cast<std::uint32_t>(matrix.n_chunks()));
}

}  // namespace detail

// Writes what the plan says to `path`. Errors: those of writing a file; NumericError for weights that are no numbers or
// do not fit their format; FileChanged when the source was written to meanwhile; Cancelled; BadArgument; OutOfMemory.
inline Expected<void> quantize(const gguf::File& file, std::span<const TensorPlan> plan, const std::string& path,
                               const QuantizeOptions& options, const QuantizeProgress& progress = {}) {
  return guarded([&]() -> Expected<void> {
    auto team = Team::make(options.threads);
    if (!team) return fail(std::move(team.error()));
    gguf::Writer out(3, std::endian::native, file.alignment());
    detail::copy_metadata(file, options, out);
    for (const TensorPlan& each : plan) {
      out.add_tensor(each.source->name, std::span(each.source->dims).first(each.source->n_dims), each.type_id);
    }
    return out.write(path, [&](std::size_t i, const gguf::Writer::Sink& sink) -> Expected<void> {
      TensorResult result;
      if (plan[i].converted()) {
        auto converted = detail::TensorConverter(file, plan[i], **team).run(sink);
        if (!converted) return fail(std::move(converted.error()));
        result = *converted;
      } else if (auto ok = detail::copy_tensor(file, *plan[i].source, sink); !ok) {
        return ok;
      }
      if (progress && !progress(i, plan[i], result)) {
        return fail(ErrorCode::Cancelled, "the progress callback asked to stop");
      }
      return i + 1 == plan.size() ? file.unchanged() : Expected<void>{};
    });
  });
}

}  // namespace lamina::convert
