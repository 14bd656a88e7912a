// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Weights on their way to a device: each matrix and vector gets a place in one piece of device memory, once, however
// many steps read it. The first pass over the steps only counts, so that a model that does not fit is refused before
// anything is uploaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "lamina/kernels/cuda/gpu.hpp"
#include "lamina/runtime/bind.hpp"
#include "lamina/runtime/gpu_frame.hpp"
#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

class GpuWeights {
 public:
  explicit GpuWeights(std::byte* memory) : carver_(memory) {}

  // Where n bytes at p, in host memory, will be.
  const std::byte* place(const std::byte* p, std::size_t n) {
    if (p == nullptr || n == 0) return nullptr;
    const auto [at, is_new] = places_.try_emplace({p, n}, nullptr);
    if (is_new) {
      at->second = carver_.take<std::byte>(n);
      pieces_.push_back({p, at->second, n});
    }
    return at->second;
  }
  const float* floats(const float* p, std::size_t n) {
    return reinterpret_cast<const float*>(place(reinterpret_cast<const std::byte*>(p), n * sizeof(float)));
  }
  const float* floats(std::span<const float> values) { return floats(values.data(), values.size()); }

  // rows: of one matrix, where there are several, one after the other.
  gpu::Matrix matrix(const Bound& w, const Bound& bias, std::size_t rows) {
    return {place(w.blocks, w.n_bytes()), w.row_bytes, floats(bias.values), static_cast<std::uint32_t>(rows)};
  }
  gpu::Matrix matrix(const Bound& w, const Bound& bias) { return matrix(w, bias, w.rows); }

  // n_weights: of the norm's weights and biases, where heads have some of their own.
  gpu::Norm norm(const BoundNorm& norm, std::size_t n_weights) {
    gpu::Norm out;
    if (norm.kind == BoundNorm::Kind::None) return out;
    out.kind = norm.kind == BoundNorm::Kind::Rms ? gpu::NormKind::Rms : gpu::NormKind::Layer;
    out.weight = floats(norm.weight, n_weights);
    out.bias = floats(norm.bias, n_weights);
    out.eps = norm.eps;
    return out;
  }
  gpu::Norm norm(const BoundNorm& n) { return norm(n, n.n); }

  std::size_t bytes() const { return carver_.used(); }

  Expected<void> upload(gpu::Gpu& gpu) const {
    for (const Piece& piece : pieces_) {
      if (auto ok = gpu.upload(piece.to, piece.from, piece.size); !ok) return ok;
    }
    return {};
  }

 private:
  struct Piece {
    const std::byte* from;
    std::byte* to;
    std::size_t size;
  };
  Carver carver_;
  std::map<std::pair<const std::byte*, std::size_t>, std::byte*> places_;
  std::vector<Piece> pieces_;
};

}  // namespace lamina::runtime
