// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Says at compile time, in one line, what is wrong with a list of layers.
#pragma once

#include <cstddef>
#include <type_traits>

#include "lamina/nn/layers.hpp"

namespace lamina::nn {

template <class L>
concept Layer = requires {
  { L::role } -> std::convertible_to<Role>;
};

namespace detail {

template <class L, Role R>
constexpr bool has_role() {
  if constexpr (Layer<L>) {
    return L::role == R;
  } else {
    return false;
  }
}

template <class T>
inline constexpr bool is_position = false;
template <class P, class F>
inline constexpr bool is_position<Rope<P, F>> = std::is_same_v<P, Adjacent> || std::is_same_v<P, Halves>;
template <int Bias>
inline constexpr bool is_position<Alibi<Bias>> = true;
template <>
inline constexpr bool is_position<NoPosition> = true;

template <class T>
inline constexpr bool is_mask = std::is_same_v<T, Causal> || std::is_same_v<T, Window>;

template <class T>
inline constexpr bool is_activation =
    std::is_same_v<T, Silu> || std::is_same_v<T, Gelu> || std::is_same_v<T, GeluErf> || std::is_same_v<T, Relu> ||
    std::is_same_v<T, ReluSquared> || std::is_same_v<T, SwigluOai>;

template <class T>
inline constexpr bool is_post = std::is_same_v<T, Plain> || has_role<T, Role::Norm>();
template <class F>
inline constexpr bool is_post<Scaled<F>> = true;

template <class L>
struct CheckBody {
  static_assert(has_role<L, Role::Body>() || has_role<L, Role::Nothing>(),
                "the body of nn::Residual must be nn::Attention, a feed-forward layer, or nn::Together of such");
  static constexpr bool value = true;
};

template <class Position, class Mask, class... Options>
struct CheckBody<Attention<Position, Mask, Options...>> {
  static_assert(is_position<Position>,
                "nn::Attention needs positions first: nn::Rope<nn::Adjacent>, nn::Rope<nn::Halves>, nn::Alibi or "
                "nn::NoPosition");
  static_assert(is_mask<Mask>, "nn::Attention needs a mask second: nn::Causal or nn::Window");
  static constexpr bool value = true;
};

template <class Activation, class... Options>
struct CheckBody<GatedMlp<Activation, Options...>> {
  static_assert(is_activation<Activation>, "nn::GatedMlp needs an activation: nn::Silu, nn::Gelu or another");
  static constexpr bool value = true;
};
template <class Activation>
struct CheckBody<Mlp<Activation>> {
  static_assert(is_activation<Activation>, "nn::Mlp needs an activation: nn::Silu, nn::Gelu or another");
  static constexpr bool value = true;
};
template <class... Bodies>
struct CheckBody<Together<Bodies...>> {
  static constexpr bool value = (CheckBody<Bodies>::value && ...);
};
template <class Condition, class Then, class Else>
struct CheckBody<If<Condition, Then, Else>> {
  static constexpr bool value = CheckBody<Then>::value && CheckBody<Else>::value;
};

template <class L>
struct CheckInBlock {
  static_assert(has_role<L, Role::Residual>(), "the block of nn::Repeat must be made of nn::Residual<Norm, Body>");
  static constexpr bool value = true;
};
template <class Norm, class Body, class Post>
struct CheckInBlock<Residual<Norm, Body, Post>> {
  static_assert(has_role<Norm, Role::Norm>(), "nn::Residual needs a norm first: nn::RmsNorm<\"name\">");
  static_assert(is_post<Post>, "nn::Residual takes a norm or nn::Scaled third");
  static constexpr bool value = CheckBody<Body>::value;
};
template <class... Residuals>
struct CheckInBlock<Parallel<Residuals...>> {
  static constexpr bool value = (CheckInBlock<Residuals>::value && ...);
};
template <class Condition, class Then, class Else>
struct CheckInBlock<If<Condition, Then, Else>> {
  static constexpr bool value = CheckInBlock<Then>::value && CheckInBlock<Else>::value;
};

template <class Block>
struct CheckBlock {
  static_assert(has_role<Block, Role::List>(), "nn::Repeat takes one nn::Sequence of layers");
  static constexpr bool value = true;
};
template <class... Ls>
struct CheckBlock<Sequence<Ls...>> {
  static_assert(sizeof...(Ls) > 0, "the block of nn::Repeat is empty");
  static constexpr bool value = (CheckInBlock<Ls>::value && ...);
};
template <class Condition, class Then, class Else>
struct CheckBlock<If<Condition, Then, Else>> {
  static constexpr bool value = CheckBlock<Then>::value && CheckBlock<Else>::value;
};

template <class L>
struct CheckTop {
  static_assert(Layer<L>, "a layer list holds something that is not a layer of namespace lamina::nn");
  static constexpr bool value = true;
};
template <class Block>
struct CheckTop<Repeat<Block>> {
  static constexpr bool value = CheckBlock<Block>::value;
};

template <class... Ls>
struct Ends {
  static constexpr bool ok = false;
};
template <class First, class... Rest>
struct Ends<First, Rest...> {
  template <class... Ts>
  struct Last;
  template <class T>
  struct Last<T> {
    using type = T;
  };
  template <class T, class U, class... Us>
  struct Last<T, U, Us...> : Last<U, Us...> {};
  static constexpr bool first_is_embedding = has_role<First, Role::Embedding>();
  static constexpr bool last_is_head = has_role<typename Last<First, Rest...>::type, Role::Head>();
};

template <class List>
struct CheckLayers {
  static_assert(has_role<List, Role::List>(), "a family's Layers must be an nn::Sequence");
  static constexpr bool value = true;
};
template <class... Ls>
struct CheckLayers<Sequence<Ls...>> {
  static_assert(sizeof...(Ls) > 0, "a family's Layers are empty");
  static_assert((Layer<Ls> && ...), "a layer list holds something that is not a layer of namespace lamina::nn");
  static_assert(Ends<Ls...>::first_is_embedding, "a family's Layers must begin with nn::TokenEmbedding");
  static_assert(Ends<Ls...>::last_is_head, "a family's Layers must end with nn::LmHead");
  static_assert((std::size_t{0} + ... + std::size_t{has_role<Ls, Role::Repeat>()}) == 1,
                "a family's Layers must hold nn::Repeat<Block> exactly once");
  static constexpr bool value = (CheckTop<Ls>::value && ...);
};

}  // namespace detail

// A model family: a name (GGUF's general.architecture) and a list of layers. static_assert(well_formed<Layers>) names
// the fault of an ill-formed list; a concept would only say that it is one.
template <class Layers>
constexpr bool well_formed = detail::CheckLayers<Layers>::value;

}  // namespace lamina::nn
