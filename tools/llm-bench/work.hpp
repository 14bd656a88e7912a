// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes and operations, counted step by step. Of a matrix every weight is read once per batch and multiplied and added
// once per token, which is two operations; the head's only for tokens whose logits are wanted, the last of what is fed
// together. Of the embedding a token reads one row. Attention reads the keys and values of all positions once per
// batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lamina/lamina.hpp"

namespace lamina::bench {

// How tokens go in: n_tokens after `depth` others, one by one or together, then in batches.
struct Feeding {
  std::size_t depth = 0, n_tokens = 0, batch = 0;
  bool one_by_one = false;

  std::size_t n_feeds() const { return one_by_one ? n_tokens : 1; }
  std::size_t n_batches() const { return one_by_one ? n_tokens : ceil_div(n_tokens, batch); }
};

struct Work {
  double bytes = 0;
  double operations = 0;

  Work& operator+=(const Work& other) {
    bytes += other.bytes;
    operations += other.operations;
    return *this;
  }
};

enum class StepKind : std::uint8_t { Embedding, Matrices, Attention, Head };

inline StepKind kind_of(const Plan& plan, std::size_t step) {
  const StepInfo& info = plan.steps()[step].info;
  if (step >= plan.body().size()) return StepKind::Head;
  if (info.tensors.empty()) return StepKind::Attention;
  return info.phase == "embedding" ? StepKind::Embedding : StepKind::Matrices;
}

// "blk.3 norm+gate*up" → "norm+gate*up"
inline std::string_view phase_of(const StepInfo& info) {
  const std::string_view phase = info.phase;
  const std::size_t space = phase.find(' ');
  return phase.starts_with("blk.") && space != std::string_view::npos ? phase.substr(space + 1) : phase;
}

class WorkCounter {
 public:
  // cache_bytes: of one position, in all layers.
  WorkCounter(const Model& model, std::uint64_t cache_bytes)
      : model_(model), layer_cache_bytes_(static_cast<double>(cache_bytes) / n_layers(model)) {}

  // Of a step, over a whole feeding.
  Work of_step(std::size_t step, const Feeding& f) const {
    const StepInfo& info = model_.plan().steps()[step].info;
    const auto bytes = static_cast<double>(info.weight_bytes);
    const auto n = static_cast<double>(f.n_tokens), n_feeds = static_cast<double>(f.n_feeds());
    switch (kind_of(model_.plan(), step)) {
      case StepKind::Embedding: return {bytes * n, 0};
      case StepKind::Head: return {bytes * n_feeds, 2 * weights(info) * n_feeds};
      case StepKind::Attention: return attention(f);
      case StepKind::Matrices: break;
    }
    return {bytes * static_cast<double>(f.n_batches()), 2 * weights(info) * n};
  }

  // Of all steps. Operations are those of the matrices: attention's are left out, as in everybody's figures.
  Work of(const Feeding& f) const {
    Work out;
    for (std::size_t i = 0; i < model_.plan().steps().size(); ++i) {
      Work work = of_step(i, f);
      if (kind_of(model_.plan(), i) == StepKind::Attention) work.operations = 0;
      out += work;
    }
    return out;
  }

 private:
  static double n_layers(const Model& model) {
    return static_cast<double>(std::max<std::size_t>(1, model.hparams().n_layers));
  }

  double weights(const StepInfo& info) const {
    double sum = 0;
    for (const TensorUse& use : info.tensors) {
      const gguf::TensorInfo* tensor = model_.file().find(use.name);
      if (tensor != nullptr) sum += static_cast<double>(tensor->n_elements());
    }
    return sum;
  }

  Work attention(const Feeding& f) const {
    const Hparams& h = model_.hparams();
    const auto n = static_cast<double>(f.n_tokens), depth = static_cast<double>(f.depth);
    const double keys = n * depth + n * (n + 1) / 2;  // that all tokens together look at
    const auto per_key = static_cast<double>(h.n_head * (h.key_dim + h.value_dim));
    double positions = 0;  // that all batches together read
    const std::size_t batch = f.one_by_one ? 1 : f.batch;
    for (std::size_t done = 0; done < f.n_tokens;) {
      done += std::min(batch, f.n_tokens - done);
      positions += depth + static_cast<double>(done);
    }
    return {positions * layer_cache_bytes_, 2 * per_key * keys};
  }

  const Model& model_;
  double layer_cache_bytes_;
};

}  // namespace lamina::bench
