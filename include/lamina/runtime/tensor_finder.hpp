// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a layer's tensor lies in a file: under its own name, as a part of a fused one, or in one that stands in for it;
// and whether it has the shape that the layer needs. Binding and `gguf-inspect arch` both ask here.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/nn/tensor_spec.hpp"
#include "lamina/runtime/hparams.hpp"

namespace lamina::runtime {

// The layer of what lies outside of the repeated block.
inline constexpr std::size_t no_layer = static_cast<std::size_t>(-1);

inline std::string full_name(const nn::TensorSpec& spec, std::string_view name, std::size_t layer) {
  if (spec.scope != nn::Scope::Layer || layer == no_layer) return std::string(name);
  return "blk." + std::to_string(layer) + "." + std::string(name);
}

class TensorFinder {
 public:
  // Both must outlive the finder.
  TensorFinder(const gguf::File& file, const Hparams& hparams) : file_(file), hparams_(hparams) {}

  struct Place {
    const gguf::TensorInfo* info = nullptr;  // null: an optional tensor that the file does not have
    std::size_t begin = 0;                   // of a part of a fused tensor: its first row (of a vector: value)
    bool part = false;
  };

  // Errors: MissingTensor, ShapeMismatch.
  Expected<Place> find(const nn::TensorSpec& spec, std::size_t layer) const {
    const Place at = look_up(spec, layer);
    if (at.info == nullptr) {
      if (spec.presence == nn::Presence::Optional) return at;
      return fail(Error(ErrorCode::MissingTensor, "the model's family needs this tensor")
                      .in(file_.name())
                      .about(full_name(spec, spec.name, layer))
                      .wanted(shape_text(spec, false)));
    }
    const std::array<std::size_t, 3> wanted = shape(spec, at.part);
    const auto& dims = at.info->dims;
    if (dims[0] == wanted[0] && dims[1] == wanted[1] && dims[2] == wanted[2] && dims[3] == 1) return at;
    return fail(Error(ErrorCode::ShapeMismatch, {})
                    .in(file_.name())
                    .about(at.info->name)
                    .at(at.info->offset)
                    .wanted(shape_text(spec, at.part))
                    .found("[" + std::to_string(dims[0]) + ", " + std::to_string(dims[1]) + ", " +
                           std::to_string(dims[2]) + ", " + std::to_string(dims[3]) + "]"));
  }

  // As find, whatever the shape.
  Place look_up(const nn::TensorSpec& spec, std::size_t layer) const {
    Place out{file_.find(full_name(spec, spec.name, layer))};
    if (!spec.fused.name.empty() && (out.info == nullptr || spec.fused.name == spec.name)) {
      const gguf::TensorInfo* fused = file_.find(full_name(spec, spec.fused.name, layer));
      const std::size_t direction = spec.rows == nn::Size::One ? 0 : 1;
      // A tensor of this one's size is another that is stored alone.
      if (fused != nullptr && fused->dims[direction] != hparams_.size(direction == 0 ? spec.columns : spec.rows)) {
        return {fused, hparams_.size(spec.fused.begin), true};
      }
    }
    if (out.info == nullptr && !spec.tied_to.empty()) out.info = file_.find(spec.tied_to);
    return out;
  }

 private:
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

  const gguf::File& file_;
  const Hparams& hparams_;
};

}  // namespace lamina::runtime
