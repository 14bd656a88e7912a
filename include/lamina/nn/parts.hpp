// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a layer is made of: one way down a family's list for everything that visits all of it.
#pragma once

#include "lamina/core/typelist.hpp"
#include "lamina/nn/layers.hpp"

namespace lamina::nn {

// A TypeList of the layers and policies directly inside of a layer, in their order.
template <class Layer>
struct PartsOf {
  using type = TypeList<>;
};
template <class Layer>
using Parts = typename PartsOf<Layer>::type;

template <class... Layers>
struct PartsOf<Sequence<Layers...>> {
  using type = TypeList<Layers...>;
};
template <class Block>
struct PartsOf<Repeat<Block>> {
  using type = TypeList<Block>;
};
template <class Norm, class Body, class Post>
struct PartsOf<Residual<Norm, Body, Post>> {
  using type = TypeList<Norm, Body, Post>;
};
template <class... Residuals>
struct PartsOf<Parallel<Residuals...>> {
  using type = TypeList<Residuals...>;
};
template <class... Bodies>
struct PartsOf<Together<Bodies...>> {
  using type = TypeList<Bodies...>;
};
template <class Condition, class Then, class Else>
struct PartsOf<If<Condition, Then, Else>> {
  using type = TypeList<Then, Else>;
};
template <class How>
struct PartsOf<OnEmbedding<How>> {
  using type = TypeList<How>;
};
template <class... Options>
struct PartsOf<Head<Options...>> {
  using type = TypeList<Options...>;
};
template <class Position, class Mask, class... Options>
struct PartsOf<Attention<Position, Mask, Options...>> {
  using type = TypeList<Position, Mask, Options...>;
};
template <class Activation, class... Options>
struct PartsOf<GatedMlp<Activation, Options...>> {
  using type = TypeList<Activation, Options...>;
};
template <class Activation>
struct PartsOf<Mlp<Activation>> {
  using type = TypeList<Activation>;
};
template <class Activation>
struct PartsOf<Activated<Activation>> {
  using type = TypeList<Activation>;
};
template <class Activation, class Gating>
struct PartsOf<Experts<Activation, Gating>> {
  using type = TypeList<Activation, Gating>;
};
template <class Activation>
struct PartsOf<SharedExperts<Activation>> {
  using type = TypeList<Activation>;
};

}  // namespace lamina::nn
