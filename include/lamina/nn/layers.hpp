// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The layer vocabulary: types that describe a model family. They hold names, shapes and structure and do no arithmetic;
// runtime/lower.hpp turns each into phases of a plan. A layer lists its tensors in `tensors`, and the enum beside it
// names their positions. Here: structure, the ends of a model, norms. The rest is in the files included below.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "lamina/core/fixed_string.hpp"
#include "lamina/nn/attention.hpp"
#include "lamina/nn/conditions.hpp"
#include "lamina/nn/feed_forward.hpp"
#include "lamina/nn/role.hpp"
#include "lamina/nn/tensor_spec.hpp"

namespace lamina::nn {

// ---- structure

template <class... Layers>
struct Sequence {
  static constexpr Role role = Role::List;
};

struct Plain {};  // the branch is added as it is

// x ← x + Post(Body(Norm(x))). Post is a norm, a Scaled factor, or nothing.
template <class Norm, class Body, class Post = Plain>
struct Residual {
  static constexpr Role role = Role::Residual;
};

template <class Post>
inline constexpr bool is_norm = false;
template <class Post>
requires requires { Post::role; }
inline constexpr bool is_norm<Post> = Post::role == Role::Norm;

template <class Post>
inline constexpr bool is_scaled = !is_norm<Post> && !std::is_same_v<Post, Plain>;

// x ← x + A(x) + B(x) + …, where each residual's branch sees x as it was.
template <class... Residuals>
struct Parallel {
  static constexpr Role role = Role::Residual;
};

// y = A(x) + B(x) + …: bodies that share one input.
template <class... Bodies>
struct Together {
  static constexpr Role role = Role::Body;
};

// Block, once per layer of the file (block_count); tensors inside are named "blk.N.…".
template <class Block>
struct Repeat {
  static constexpr Role role = Role::Repeat;
};

// ---- factors that a file gives, and what they are when it does not

struct Sizes {
  std::size_t n_embd = 0;
  std::size_t n_layers = 0;
};

using SizeFunction = double (*)(const Sizes&);

inline double one(const Sizes&) { return 1; }

// Key "" is for factors that no file gives.
template <FixedString Key, SizeFunction Otherwise = &one>
struct Factor {};

// y = factor · x, or x / factor
template <class F>
struct Scaled {
  using factor = F;
};
template <class F>
struct Divided {
  using factor = F;
};

// ---- ends of the model

struct TokenEmbedding {
  static constexpr Role role = Role::Embedding;
  enum Tensor : std::size_t { Table };
  static constexpr std::array tensors = {
      TensorSpec{.name = "token_embd.weight", .columns = Size::Embedding, .rows = Size::Vocabulary}};
};

// x ← x + row of a table, one row a position
struct LearnedPositions {
  static constexpr Role role = Role::OnEmbedding;
  enum Tensor : std::size_t { Table };
  static constexpr std::array tensors = {
      TensorSpec{.name = "position_embd.weight", .columns = Size::Embedding, .rows = Size::Context}};
};

// x ← factor · x, or norm(x), before the first block
template <class How>
struct OnEmbedding {
  static constexpr Role role = Role::OnEmbedding;
};

// y = cap · tanh(x / cap), where the cap is a factor and 0 means none
template <class F>
struct SoftCap {};

// logits = Option(W x + b); without a matrix of its own the embedding's serves (tied embeddings).
template <class... Options>
struct Head {
  static constexpr Role role = Role::Head;
  enum Tensor : std::size_t { Output, Bias };
  static constexpr std::array tensors = {
      TensorSpec{.name = "output.weight",
                 .columns = Size::Embedding,
                 .rows = Size::Vocabulary,
                 .tied_to = "token_embd.weight"},
      TensorSpec{.name = "output.bias", .columns = Size::Vocabulary, .presence = Presence::Optional}};
};
using LmHead = Head<>;

// ---- norms

namespace detail {
template <FixedString Stem, FixedString Suffix>
inline constexpr auto joined = [] {
  std::array<char, Stem.view().size() + Suffix.view().size()> out{};
  std::copy_n(Stem.text, Stem.view().size(), out.data());
  std::copy_n(Suffix.text, Suffix.view().size(), out.data() + Stem.view().size());
  return out;
}();
template <FixedString Stem, FixedString Suffix>
inline constexpr std::string_view joined_view{joined<Stem, Suffix>.data(), joined<Stem, Suffix>.size()};
}  // namespace detail

// y = x / sqrt(mean(x²) + ε) · w          Zhang & Sennrich 2019, arXiv:1910.07467
template <FixedString Name>
struct RmsNorm {
  static constexpr Role role = Role::Norm;
  using kind = Rms;
  enum Tensor : std::size_t { Weight };
  static constexpr std::array tensors = {
      TensorSpec{.name = detail::joined_view<Name, ".weight">, .columns = Size::Embedding}};
};

// y = (x − mean(x)) / sqrt(var(x) + ε) · w + b, b where the file has one          Ba et al. 2016, arXiv:1607.06450
template <FixedString Name>
struct LayerNorm {
  static constexpr Role role = Role::Norm;
  using kind = MeanAndVariance;
  enum Tensor : std::size_t { Weight, Bias };
  static constexpr std::array tensors = {
      TensorSpec{.name = detail::joined_view<Name, ".weight">, .columns = Size::Embedding},
      TensorSpec{
          .name = detail::joined_view<Name, ".bias">, .columns = Size::Embedding, .presence = Presence::Optional}};
};

// The body sees x itself: families that norm after the body.
struct NoNorm {
  static constexpr Role role = Role::Norm;
};

}  // namespace lamina::nn
