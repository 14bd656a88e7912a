// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Whether a condition of nn::If holds in a layer of a file.
#pragma once

#include <cstddef>
#include <string>

#include "lamina/nn/conditions.hpp"
#include "lamina/runtime/hparams_reader.hpp"

namespace lamina::runtime {

template <class Condition>
struct Holds;

template <FixedString Key>
struct Holds<nn::HasKey<Key>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t) { return in.has(Key.view()); }
};
template <FixedString Key>
struct Holds<nn::Positive<Key>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t) {
    const auto n = in.count_or(Key.view(), 0, 0, max_width);
    if (!n) return fail(n.error());
    return *n > 0;
  }
};
template <FixedString Key, bool Otherwise>
struct Holds<nn::Flag<Key, Otherwise>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t) { return in.flag_or(Key.view(), Otherwise); }
};
template <FixedString Name>
struct Holds<nn::HasTensor<Name>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t layer) {
    return in.file().find("blk." + std::to_string(layer) + "." + std::string(Name.view())) != nullptr;
  }
};
template <FixedString Name>
struct Holds<nn::HasModelTensor<Name>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t) {
    return in.file().find(std::string(Name.view())) != nullptr;
  }
};
template <std::size_t N>
struct Holds<nn::LayerCount<N>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t) {
    const auto n = in.count("block_count", 1, max_layers);
    if (!n) return fail(n.error());
    return *n == N;
  }
};
template <std::size_t N>
struct Holds<nn::EveryNth<N>> {
  static Expected<bool> in_layer(const HparamReader&, std::size_t layer) { return layer % N == N - 1; }
};
template <FixedString Key>
struct Holds<nn::Leading<Key>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t layer) {
    const auto n = in.count_or(Key.view(), 0, 0, max_layers);
    if (!n) return fail(n.error());
    return layer < *n;
  }
};
template <class A, class B>
struct Holds<nn::Either<A, B>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t layer) {
    const auto a = Holds<A>::in_layer(in, layer);
    if (!a || *a) return a;
    return Holds<B>::in_layer(in, layer);
  }
};
template <std::size_t N>
struct Holds<nn::Slides<N>> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t layer) {
    const auto window = in.count_or("attention.sliding_window", 0, 0, max_context);
    if (!window) return fail(window.error());
    if (*window == 0) return false;
    return in.in_pattern("attention.sliding_window_pattern", N, layer);
  }
};
template <>
struct Holds<nn::HasSections> {
  static Expected<bool> in_layer(const HparamReader& in, std::size_t) {
    const auto sections = in.four("rope.dimension_sections", max_head_dim);
    if (!sections) return fail(sections.error());
    return (*sections)[0] > 0 && (*sections)[1] > 0;
  }
};

}  // namespace lamina::runtime
