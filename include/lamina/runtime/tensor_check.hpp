// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a family's layers find in a file: every tensor that is there, absent, missing or of another shape, and those
// that nothing asks for. Loading stops at the first fault; this lists all of them, without reading a weight.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/runtime/families.hpp"
#include "lamina/runtime/hparams.hpp"
#include "lamina/runtime/structure.hpp"
#include "lamina/runtime/tensor_finder.hpp"

namespace lamina {

struct TensorCheck {
  // One tensor of a layer, in every layer that has it.
  struct Use {
    std::size_t layer;  // runtime::no_layer outside of the repeated block
    runtime::TensorFinder::Place place;
    std::optional<Error> error;  // MissingTensor or ShapeMismatch
  };
  struct Node {
    std::vector<std::size_t> layers;     // where the file's model has it
    std::vector<std::vector<Use>> uses;  // of each of its tensors
  };

  Hparams hparams;
  std::map<const LayerNode*, Node> nodes;      // those that the model has
  std::vector<const gguf::TensorInfo*> extra;  // in the file's order
  std::size_t n_missing = 0, n_misshapen = 0;  // tensors

  const Node* find(const LayerNode& node) const {
    const auto at = nodes.find(&node);
    return at == nodes.end() ? nullptr : &at->second;
  }
};

// `layers` is the family's, and must outlive the result. Errors: those of the family's hyperparameters and conditions.
inline Expected<TensorCheck> check_tensors(const gguf::File& file, const FamilyInfo& family, const LayerNode& layers) {
  return guarded([&]() -> Expected<TensorCheck> {
    TensorCheck out;
    auto hparams = family.hparams(file, 0);
    if (!hparams) return fail(std::move(hparams.error()));
    out.hparams = std::move(*hparams);
    const runtime::HparamReader in(file, family.name);
    const runtime::TensorFinder finder(file, out.hparams);
    std::unordered_set<const gguf::TensorInfo*> used, misshapen;
    const auto each = [&](const LayerNode& node, std::size_t layer) -> Expected<void> {
      TensorCheck::Node& here = out.nodes[&node];
      here.layers.push_back(layer);
      here.uses.resize(node.tensors.size());
      for (std::size_t i = 0; i < node.tensors.size(); ++i) {
        const nn::TensorSpec& spec = node.tensors[i];
        // One for all layers is looked at once.
        if (spec.scope == nn::Scope::Model && !here.uses[i].empty()) continue;
        auto found = finder.find(spec, layer);
        if (found) {
          used.insert(found->info);
          here.uses[i].push_back({layer, *found, {}});
          continue;
        }
        const auto place = finder.look_up(spec, layer);
        out.n_missing += place.info == nullptr;
        if (place.info != nullptr) out.n_misshapen += misshapen.insert(place.info).second;  // several parts, one tensor
        used.insert(place.info);
        here.uses[i].push_back({layer, place, std::move(found.error())});
      }
      return {};
    };
    if (auto ok = runtime::walk(layers, in, out.hparams.n_layers, each); !ok) return fail(std::move(ok.error()));
    for (const gguf::TensorInfo& tensor : file.tensors()) {
      if (!used.contains(&tensor)) out.extra.push_back(&tensor);
    }
    return out;
  });
}

}  // namespace lamina
