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
#include <tuple>
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
  std::size_t copied_bytes = 0;  // weights not used where the file has them
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
  // Where a tensor lies: its own, another's that stands in, or a part of a fused one, from row (of a vector: value)
  // `begin` on.
  struct Place {
    const gguf::TensorInfo* info = nullptr;
    std::size_t begin = 0;
    bool part = false;
  };

  std::string full_name(const nn::TensorSpec& spec, std::string_view name, std::size_t layer_index) const {
    if (spec.scope != nn::Scope::Layer || layer_index == no_layer) return std::string(name);
    return "blk." + std::to_string(layer_index) + "." + std::string(name);
  }

  Place place(const nn::TensorSpec& spec, std::size_t layer_index) const {
    Place out{store_.file.find(full_name(spec, spec.name, layer_index))};
    if (!spec.fused.name.empty() && (out.info == nullptr || spec.fused.name == spec.name)) {
      const gguf::TensorInfo* fused = store_.file.find(full_name(spec, spec.fused.name, layer_index));
      const std::size_t direction = spec.rows == nn::Size::One ? 0 : 1;
      // A tensor of this one's size is another that is stored alone.
      if (fused != nullptr && fused->dims[direction] != hparams_.size(direction == 0 ? spec.columns : spec.rows)) {
        return {fused, hparams_.size(spec.fused.begin), true};
      }
    }
    if (out.info == nullptr && !spec.tied_to.empty()) out.info = store_.file.find(spec.tied_to);
    return out;
  }

  Expected<Bound> find(const nn::TensorSpec& spec, std::size_t layer_index) {
    const Place at = place(spec, layer_index);
    const gguf::TensorInfo* info = at.info;
    if (info == nullptr) {
      if (spec.presence == nn::Presence::Optional) return Bound{};
      return fail(Error(ErrorCode::MissingTensor, "the model's family needs this tensor")
                      .in(store_.file.name())
                      .about(full_name(spec, spec.name, layer_index))
                      .wanted(shape_text(spec, false)));
    }
    const std::array<std::size_t, 3> shape = this->shape(spec, at.part);
    if (info->dims[0] != shape[0] || info->dims[1] != shape[1] || info->dims[2] != shape[2] || info->dims[3] != 1) {
      return fail(Error(ErrorCode::ShapeMismatch, {})
                      .in(store_.file.name())
                      .about(info->name)
                      .at(info->offset)
                      .wanted(shape_text(spec, at.part))
                      .found("[" + std::to_string(info->dims[0]) + ", " + std::to_string(info->dims[1]) + ", " +
                             std::to_string(info->dims[2]) + ", " + std::to_string(info->dims[3]) + "]"));
    }
    Bound bound;
    bound.name = info->name;
    bound.rows = hparams_.size(spec.rows) * hparams_.size(spec.depth);
    bound.columns = hparams_.size(spec.columns);
    bound.matrices = hparams_.size(spec.depth);
    bound.first_row = at.begin;
    bound.type_id = info->type_id;
    const bool floats = spec.rows == nn::Size::One ? spec.use != nn::Use::Matrix : spec.use == nn::Use::Floats;
    if (floats) return bind_vector(*info, std::move(bound), at.begin);
    return bind_matrix(*info, std::move(bound), shape[1] * shape[2], at.begin);
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

  // What the file's tensor must be; `part`: the fused one.
  std::array<std::size_t, 3> shape(const nn::TensorSpec& spec, bool part) const {
    const bool vector = spec.rows == nn::Size::One;
    return {hparams_.size(part && vector ? spec.fused.rows : spec.columns),
            hparams_.size(part && !vector ? spec.fused.rows : spec.rows), hparams_.size(spec.depth)};
  }
  std::string shape_text(const nn::TensorSpec& spec, bool part) const {
    const bool vector = spec.rows == nn::Size::One;
    const auto text = [&](nn::Size size) {
      return std::string(nn::to_string(size)) + " = " + std::to_string(hparams_.size(size));
    };
    std::string out = "[" + text(part && vector ? spec.fused.rows : spec.columns);
    if (!vector) out += ", " + text(part ? spec.fused.rows : spec.rows);
    if (spec.depth != nn::Size::One) out += ", " + text(spec.depth);
    return out + "]";
  }

 public:
  static constexpr std::size_t no_layer = static_cast<std::size_t>(-1);

 private:
  WeightStore& store_;
  const Hparams& hparams_;
  const kernels::KernelTable& kernels_;
};

}  // namespace lamina::runtime
