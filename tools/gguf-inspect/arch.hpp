// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What both writings of a family's layers, for people (arch_text.cpp) and as JSON (arch_json.cpp), draw.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/lamina.hpp"

namespace lamina::inspect {

struct ArchPicture {
  const FamilyInfo& family;
  const LayerNode& layers;             // the check knows nodes by their address
  const gguf::File* file = nullptr;    // null: the family alone, sizes are symbols
  const TensorCheck* check = nullptr;  // with a file
};

void print_arch_text(const ArchPicture& picture);
void print_arch_json(const ArchPicture& picture);

// "blk.N.attn_q.weight" inside of the repeated block.
inline std::string tensor_name(const nn::TensorSpec& spec, std::string_view name, bool repeated) {
  return (repeated && spec.scope == nn::Scope::Layer ? "blk.N." : "") + std::string(name);
}

// A tensor's dimensions, fastest first.
inline std::vector<nn::Size> dimensions(const nn::TensorSpec& spec) {
  std::vector<nn::Size> out = {spec.columns};
  if (spec.rows != nn::Size::One || spec.depth != nn::Size::One) out.push_back(spec.rows);
  if (spec.depth != nn::Size::One) out.push_back(spec.depth);
  return out;
}

}  // namespace lamina::inspect
