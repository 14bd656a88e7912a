// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// From a family's layer list and a file: every tensor found, its shape checked, and the kernel for its format chosen.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/nn/layers.hpp"
#include "lamina/quant/format.hpp"
#include "lamina/quant/registry.hpp"
#include "lamina/runtime/hparams.hpp"
#include "lamina/runtime/tensor_finder.hpp"

namespace lamina::runtime {

// A tensor as the plan uses it: a matrix in the file's blocks, or a vector of floats. Absent optional tensors have
// neither.
struct Bound {
  std::string name;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t matrices = 1;   // experts
  std::size_t first_row = 0;  // in the file's tensor, of which this may be a part
  std::uint32_t type_id = 0;
  const std::byte* blocks = nullptr;  // matrix: [rows][row_bytes]; experts lie one after the other
  std::size_t row_bytes = 0;
  const kernels::KernelTable::PerFormat* kernel = nullptr;  // matrix
  std::span<const float> values;                            // vector: [rows][columns]

  bool present() const { return blocks != nullptr || !values.empty(); }
  std::size_t n_bytes() const { return rows * row_bytes; }
};

template <class Layer>
using BoundLayer = std::array<Bound, Layer::tensors.size()>;

// Keeps what bound tensors point into: the mapped file, small vectors as floats, and matrices whose bytes had to be
// swapped because the file has the other byte order.
struct WeightStore {
  gguf::File file;
  std::deque<std::vector<float>> vectors;
  std::deque<AlignedBuffer<std::byte>> swapped;
  std::size_t copied_bytes = 0;                       // weights not used where the file has them
  std::unordered_set<const gguf::TensorInfo*> bound;  // what the family's layers asked for
};

class Binder {
 public:
  Binder(WeightStore& store, const Hparams& hparams, const kernels::KernelTable& kernels)
      : store_(store), hparams_(hparams), kernels_(kernels) {}

  template <class Layer>
  Expected<BoundLayer<Layer>> bind(std::size_t layer_index) {
    BoundLayer<Layer> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      auto bound = find(Layer::tensors[i], layer_index);
      if (!bound) return fail(std::move(bound.error()));
      out[i] = std::move(*bound);
    }
    return out;
  }

 private:
  Expected<Bound> find(const nn::TensorSpec& spec, std::size_t layer_index) {
    const auto at = TensorFinder(store_.file, hparams_).find(spec, layer_index);
    if (!at) return fail(at.error());
    const gguf::TensorInfo* info = at->info;
    if (info == nullptr) return Bound{};
    store_.bound.insert(info);
    Bound bound;
    bound.name = info->name;
    bound.rows = hparams_.size(spec.rows) * hparams_.size(spec.depth);
    bound.columns = hparams_.size(spec.columns);
    bound.matrices = hparams_.size(spec.depth);
    bound.first_row = at->begin;
    bound.type_id = info->type_id;
    const bool floats = spec.rows == nn::Size::One ? spec.use != nn::Use::Matrix : spec.use == nn::Use::Floats;
    if (floats) return bind_vector(*info, std::move(bound), at->begin);
    return bind_matrix(*info, std::move(bound), info->dims[1] * info->dims[2], at->begin);
  }

  // Of the tensor in the file, which has n_rows rows; this one's begin with row `begin`.
  Expected<Bound> bind_matrix(const gguf::TensorInfo& info, Bound bound, std::size_t n_rows, std::size_t begin) {
    bound.kernel = kernels_.find(info.type_id);
    if (bound.kernel == nullptr) return fail(no_kernel(info));
    const std::span<const std::byte> all = store_.file.data(info);
    bound.row_bytes = all.size() / n_rows;
    const std::span<const std::byte> data = all.subspan(begin * bound.row_bytes, bound.rows * bound.row_bytes);
    bound.blocks = data.data();
    if (store_.file.byte_order() != std::endian::native) {
      auto copy = AlignedBuffer<std::byte>::make(data.size());
      if (!copy) return fail(std::move(copy.error()));
      std::memcpy(copy->data(), data.data(), data.size());
      quant::visit_format(info.type_id, [&](auto format) {
        using Format = typename decltype(format)::type;
        for (std::size_t r = 0; r < bound.rows; ++r) {
          quant::byteswap_row<Format>(copy->data() + r * bound.row_bytes, bound.columns);
        }
      });
      store_.copied_bytes += data.size();
      bound.blocks = copy->data();
      store_.swapped.push_back(std::move(*copy));
    }
    return bound;
  }

  // Norms, biases and factors: small, so always floats of our own, whatever the file's format, order and alignment.
  Expected<Bound> bind_vector(const gguf::TensorInfo& info, Bound bound, std::size_t begin) {
    const std::span<const std::byte> data = store_.file.data(info);
    std::vector<std::byte> bytes(data.begin(), data.end());
    const std::size_t columns = static_cast<std::size_t>(info.dims[0]), rows = static_cast<std::size_t>(info.dims[1]);
    std::vector<float> values(columns * rows);
    const std::size_t row_bytes = bytes.size() / rows;
    const bool known = quant::visit_format(info.type_id, [&](auto format) {
      using Format = typename decltype(format)::type;
      for (std::size_t r = 0; r < rows; ++r) {
        std::byte* row = bytes.data() + r * row_bytes;
        if (store_.file.byte_order() != std::endian::native) quant::byteswap_row<Format>(row, columns);
        quant::dequantize_row<Format>(row, columns, values.data() + r * columns);
      }
    });
    if (!known) return fail(no_kernel(info));
    store_.vectors.push_back(std::move(values));
    bound.values = std::span<const float>(store_.vectors.back()).subspan(begin, bound.columns * bound.rows);
    return bound;
  }

  Error no_kernel(const gguf::TensorInfo& info) const {
    if (const gguf::TensorType* type = gguf::tensor_type(info.type_id); type != nullptr && !type->replaced_by.empty()) {
      return Error(ErrorCode::UnsupportedFormat, "this weight format is retired; make the file anew in its replacement")
          .in(store_.file.name())
          .about(info.name)
          .at(info.offset)
          .wanted(std::string(type->replaced_by))
          .found(info.type_name());
    }
    std::string formats;
    for (const auto& f : kernels_.formats) formats += (formats.empty() ? "" : ", ") + std::string(f.name);
    return Error(ErrorCode::UnsupportedFormat, "no kernel of target " + std::string(kernels_.target) +
                                                   " runs this format; requantise the file to a supported one")
        .in(store_.file.name())
        .about(info.name)
        .at(info.offset)
        .wanted(formats)
        .found(info.type_name());
  }

  WeightStore& store_;
  const Hparams& hparams_;
  const kernels::KernelTable& kernels_;
};

}  // namespace lamina::runtime
