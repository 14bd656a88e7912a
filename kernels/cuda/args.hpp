// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What kernels are given: pointers to device memory and sizes, by value. Nothing in it changes from one decoded token
// to the next; what does (token, position, angles) is read from device memory, so that a recorded graph of launches
// serves every token.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/kernels/kernel_set.hpp"

namespace lamina::gpu {

using kernels::ActivationKind;
using kernels::CacheType;

enum class NormKind : std::uint8_t { None, Rms, Layer };

struct Norm {
  NormKind kind = NormKind::None;
  const float* weight = nullptr;  // [n]
  const float* bias = nullptr;    // [n], or null
  float eps = 0;
};

// Rows of activations: row r, k values, at x + r · stride. The norm is applied on the way.
struct Rows {
  const float* x = nullptr;
  std::size_t stride = 0;  // values
  Norm norm;
};

// [rows][row_bytes] in the file's blocks, with a bias [rows] or none. Experts lie one after the other.
struct Matrix {
  const std::byte* blocks = nullptr;
  std::size_t row_bytes = 0;
  const float* bias = nullptr;
  std::uint32_t rows = 0;
};

// What becomes of a product y = W x + bias: y ← ± clamp, y ← scale · y, y ← cap · tanh(y / cap), y ← sigmoid(y), each
// only where it is asked for; then it is multiplied by weight[token] and stored, or added to what is there.
struct End {
  float* out = nullptr;    // row r at out + r · stride
  std::size_t stride = 0;  // values
  float clamp = 0;         // 0: none
  float scale = 1;
  float cap = 0;  // 0: none
  bool sigmoid = false;
  bool add = false;
  const float* weight = nullptr;  // [rows of activations], or null
};

struct Product {
  Matrix w;
  End end;
};

// Several matrices of one format that read the same rows.
inline constexpr std::uint32_t max_products = 3;
struct MatvecArgs {
  Rows in;
  std::uint32_t k = 0;       // values in a row
  std::uint32_t n_rows = 0;  // of activations that come out
  std::uint32_t n_products = 0;
  Product product[max_products];
  // With experts: row r of the output is of expert chosen[r] and reads input row r / share.
  const std::uint32_t* chosen = nullptr;
  std::uint32_t share = 1;
};

// Rows as bfloat16 for the tensor cores, two values a word: high, and in low what that leaves, or null. Rows of
// k_padded values, a multiple of 64, zeros past k.
struct PackArgs {
  Rows in;
  std::uint32_t k = 0, k_padded = 0, n_rows = 0;
  std::uint32_t* high = nullptr;
  std::uint32_t* low = nullptr;
};

// The same as MatvecArgs for many rows, which are packed.
struct GemmArgs {
  const std::uint32_t* high = nullptr;
  const std::uint32_t* low = nullptr;  // or null: operands are single bfloat16
  std::uint32_t k = 0, k_padded = 0, n_rows = 0;
  std::uint32_t n_products = 0;
  Product product[max_products];
};

// out[r] = activation(gate x) · (up x), or activation(up x) without a gate; divided by `scales` where there are any.
struct GateUpArgs {
  Rows in;
  std::uint32_t k = 0;
  std::uint32_t n_rows = 0;
  Matrix gate, up;  // gate.blocks may be null
  ActivationKind activation = ActivationKind::Silu;
  const float* scales = nullptr;  // [up.rows], or null
  float* out = nullptr;
  std::size_t stride = 0;  // values
  const std::uint32_t* chosen = nullptr;
  std::uint32_t share = 1;
};

// out[t] = scale · table[tokens[t]] + positions[position + t]
struct EmbedArgs {
  const std::int32_t* tokens = nullptr;     // [n_tokens]
  const std::uint32_t* position = nullptr;  // of token 0
  Matrix table;                             // [n_vocab][n]
  std::uint32_t n = 0;                      // values
  std::uint32_t n_tokens = 0;
  float scale = 1;
  bool by_position = false;  // the row is position + t instead of a token, and is added
  float* out = nullptr;      // [n_tokens][n]
};

// x[t] ← norm(x[t]), or activation(norm(x[t])); then scaled, and stored or added.
struct RowsArgs {
  Rows in;
  std::uint32_t n = 0;  // values
  std::uint32_t n_rows = 0;
  bool activate = false;
  ActivationKind activation = ActivationKind::Silu;
  float* out = nullptr;
  std::size_t stride = 0;
  float scale = 1;
  bool add = false;
};

// hidden = activation(gate) · up over n_rows rows of n values, for gate and up of different formats.
struct GateArgs {
  const float* gate = nullptr;  // or null
  const float* up = nullptr;
  float* out = nullptr;  // rows of all three follow each other
  std::uint32_t n = 0;
  std::uint32_t n_rows = 0;
  ActivationKind activation = ActivationKind::Silu;
  const float* scales = nullptr;  // [n], or null
};

// Where a layer's cache lies (kernels/kv_layout.hpp): key and value tiles of KV head h at keys + h · head_bytes.
struct Cache {
  std::byte* keys = nullptr;
  std::byte* values = nullptr;
  std::size_t head_bytes = 0;
  std::size_t block_stride = 0;
  CacheType type = CacheType::F32;
};

// Heads of queries and keys normed and rotated, keys and values put into the cache.
struct HeadsArgs {
  const float* q = nullptr;  // [n_tokens][n_head][key_dim], as projected
  const float* k = nullptr;  // [n_tokens][n_head_kv][key_dim]
  const float* v = nullptr;  // [n_tokens][n_head_kv][value_dim]
  float* queries = nullptr;  // [n_tokens][n_head][key_dim]
  std::uint32_t n_head = 0, n_head_kv = 0, key_dim = 0, value_dim = 0, n_tokens = 0;
  Norm q_norm, k_norm;
  std::uint32_t step = 0;  // values from a head's norm weights to the next
  bool whole = false;      // one norm over all heads
  std::uint32_t n_rot = 0;
  const float* turns = nullptr;  // [n_tokens][n_rot / 2][2]
  bool adjacent = true;
  const std::uint32_t* position = nullptr;  // of token 0
  Cache cache;
};

struct AttendArgs {
  const float* queries = nullptr;           // [n_tokens][n_head][key_dim]
  const std::uint32_t* position = nullptr;  // of token 0
  Cache cache;
  std::uint32_t n_head = 0, n_head_kv = 0, key_dim = 0, value_dim = 0, n_tokens = 0;
  float scale = 1;
  std::uint32_t window = 0;  // 0: none
  float cap = 0;
  const float* slopes = nullptr;  // [n_head], or null
  const float* sinks = nullptr;   // [n_head], or null
  // Blocks of keys are dealt to `splits` parts, which fold theirs in order; parts are then folded by `merge`.
  std::uint32_t splits = 1;
  bool many = false;          // on tensor cores where heads are small enough; in one part
  float* partials = nullptr;  // [n_tokens][n_head][splits][value_dim + 2], for more than one part
  float* out = nullptr;       // [n_tokens][n_head][value_dim]
};

struct ChooseArgs {
  const float* scores = nullptr;  // [n_tokens][n_expert]
  std::uint32_t n_expert = 0, n_used = 0, n_tokens = 0;
  enum class Gating : std::uint8_t { Softmax, SoftmaxNormalized, SoftmaxOfChosen } gating = Gating::Softmax;
  float scale = 1;
  std::uint32_t* chosen = nullptr;  // [n_tokens][n_used], ascending
  float* weight = nullptr;          // [n_tokens][n_used]
};

// x[t] += scale · Σ_e weight[t][e] · y[t][e], or stored
struct CombineArgs {
  const float* y = nullptr;       // [n_tokens][n_used][n]
  const float* weight = nullptr;  // [n_tokens][n_used]
  std::uint32_t n = 0, n_used = 0, n_tokens = 0;
  float scale = 1;
  float* out = nullptr;  // [n_tokens][n]
  bool add = true;
};

}  // namespace lamina::gpu
