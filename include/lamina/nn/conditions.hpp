// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Choices between layers, made when a model is loaded: what a file says decides, layer by layer, and nothing is left of
// the choice in the plan.
#pragma once

#include <cstddef>

#include "lamina/core/fixed_string.hpp"
#include "lamina/nn/role.hpp"

namespace lamina::nn {

// Then where Condition holds, Else elsewhere. Both take the same place in a list.
template <class Condition, class Then, class Else>
struct If {
  static_assert(Then::role == Else::role || Then::role == Role::Nothing || Else::role == Role::Nothing,
                "nn::If needs two layers that take the same place in a list");
  static constexpr Role role = Then::role == Role::Nothing ? Else::role : Then::role;
};

// No layer: for the side of an If that has none.
struct Nothing {
  static constexpr Role role = Role::Nothing;
};

// Keys are without the family's name; tensors without "blk.N.", and looked for in the layer.
template <FixedString Key>
struct HasKey {};
template <FixedString Key>
struct Positive {};  // a whole number above 0
template <FixedString Key, bool Otherwise>
struct Flag {};
template <FixedString Name>
struct HasTensor {};
template <FixedString Name>
struct HasModelTensor {};  // one for all layers
template <std::size_t N>
struct LayerCount {};  // the model has N layers
template <std::size_t N>
struct EveryNth {};  // layers N − 1, 2N − 1, …
template <FixedString Key>
struct Leading {};  // the first layers, as many as the key says
template <class A, class B>
struct Either {};
struct HasSections {};  // rope.dimension_sections deals rotary pairs to sections

// The layer slides: attention.sliding_window is above 0, and attention.sliding_window_pattern, a yes or no for each
// layer or a number N, does not except it. With N all layers but every N-th slide.
template <std::size_t N>
struct Slides {};

}  // namespace lamina::nn
