// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A family's list as a value, for what looks at structure instead of running it: drawings, checks of a file's tensors,
// synthetic models. It is made from the types that binding and lowering use; its tensors are theirs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/core/typelist.hpp"
#include "lamina/nn/parts.hpp"
#include "lamina/runtime/conditions.hpp"
#include "lamina/runtime/layer_text.hpp"
#include "lamina/runtime/tensor_finder.hpp"

namespace lamina {

// A layer, or a policy inside of one.
struct LayerNode {
  enum class Kind : std::uint8_t {
    Layer,
    List,    // its parts, one after the other
    Repeat,  // its part, once for each layer of the file
    Choice,  // parts[0] where `holds`, parts[1] elsewhere
  };
  using Condition = Expected<bool> (*)(const runtime::HparamReader&, std::size_t layer);

  Kind kind = Kind::Layer;
  std::string text;                           // for people
  std::span<const nn::TensorSpec> tensors{};  // that it asks a file for
  std::vector<LayerNode> parts{};
  Condition holds = nullptr;  // of a choice
};

namespace runtime {

template <class Layer>
struct NodeKind {
  static constexpr LayerNode::Kind value = LayerNode::Kind::Layer;
};
template <class... Layers>
struct NodeKind<nn::Sequence<Layers...>> {
  static constexpr LayerNode::Kind value = LayerNode::Kind::List;
};
template <class Block>
struct NodeKind<nn::Repeat<Block>> {
  static constexpr LayerNode::Kind value = LayerNode::Kind::Repeat;
};
template <class Condition, class Then, class Else>
struct NodeKind<nn::If<Condition, Then, Else>> {
  static constexpr LayerNode::Kind value = LayerNode::Kind::Choice;
};

template <class Layer>
inline constexpr LayerNode::Condition condition_of = nullptr;
template <class Condition, class Then, class Else>
inline constexpr LayerNode::Condition condition_of<nn::If<Condition, Then, Else>> = &Holds<Condition>::in_layer;

template <class Layer>
LayerNode structure_of() {
  LayerNode out{.kind = NodeKind<Layer>::value, .text = words(Type<Layer>{})};
  out.holds = condition_of<Layer>;
  if constexpr (requires { Layer::tensors; }) out.tensors = Layer::tensors;
  for_each_type(nn::Parts<Layer>{},
                [&](auto part) { out.parts.push_back(structure_of<typename decltype(part)::type>()); });
  return out;
}

// Calls f(node, layer) for every node that a file's model has, in the list's order, and with it as often as there are
// layers. Errors: of conditions; what f returns.
template <class F>
Expected<void> walk(const LayerNode& node, const HparamReader& in, std::size_t n_layers, F&& f,
                    std::size_t layer = no_layer) {
  if (auto ok = f(node, layer); !ok) return ok;
  if (node.kind == LayerNode::Kind::Choice) {
    const auto holds = node.holds(in, layer);
    if (!holds) return fail(holds.error());
    return walk(node.parts[*holds ? 0 : 1], in, n_layers, f, layer);
  }
  const bool repeat = node.kind == LayerNode::Kind::Repeat;
  for (std::size_t i = 0; i < (repeat ? n_layers : 1); ++i) {
    for (const LayerNode& part : node.parts) {
      if (auto ok = walk(part, in, n_layers, f, repeat ? i : layer); !ok) return ok;
    }
  }
  return {};
}

}  // namespace runtime

// Different blocks that a family's choices can make of one layer: 1 where nothing is chosen.
inline std::size_t count_forms(const LayerNode& node) {
  if (node.kind == LayerNode::Kind::Choice) return count_forms(node.parts[0]) + count_forms(node.parts[1]);
  std::size_t n = 1;
  for (const LayerNode& part : node.parts) n *= count_forms(part);
  return n;
}

}  // namespace lamina
