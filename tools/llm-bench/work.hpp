// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes and operations, counted step by step. Of a matrix every weight is read once per batch and multiplied and added
// once per token, which is two operations; the head's only for tokens whose logits are wanted, the last of what is fed
// together. Of the embedding a token reads one row. Of experts a batch reads those that any of its tokens chose: as
// many as are expected if all are equally likely. Attention reads the keys and values of all positions that it sees
// once per batch.
#pragma once

#include <algorithm>
#include <cmath>
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

  // f(positions before it, its tokens)
  template <class F>
  void for_each_batch(F&& f) const {
    const std::size_t most = one_by_one ? 1 : batch;
    for (std::size_t done = 0; done < n_tokens;) {
      const std::size_t n = std::min(most, n_tokens - done);
      f(depth + done, n);
      done += n;
    }
  }
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

enum class StepKind : std::uint8_t { Embedding, Matrices, Attention, Head, Other };

inline StepKind kind_of(const Plan& plan, std::size_t step) {
  const StepInfo& info = plan.steps()[step].info;
  if (step >= plan.body().size()) return StepKind::Head;
  if (info.attends) return StepKind::Attention;
  if (info.tensors.empty()) return StepKind::Other;
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
    const auto weights = static_cast<double>(info.weights);
    const auto n = static_cast<double>(f.n_tokens), n_feeds = static_cast<double>(f.n_feeds());
    switch (kind_of(model_.plan(), step)) {
      case StepKind::Embedding: return {bytes * n, 0};
      case StepKind::Head: return {bytes * n_feeds, 2 * weights * n_feeds};
      case StepKind::Attention: return attention(f, info.window);
      case StepKind::Other: return {};
      case StepKind::Matrices: break;
    }
    double readings = 0;  // of weight_bytes
    f.for_each_batch([&](std::size_t, std::size_t n_batch) { readings += experts_read(info, n_batch); });
    return {bytes * readings, 2 * weights * n};
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

  // Of n_expert experts, those that any of n tokens chose, in units of those that one token chooses; 1 without experts.
  static double experts_read(const StepInfo& info, std::size_t n) {
    if (info.n_expert == 0) return 1;
    const double share = static_cast<double>(info.n_expert_used) / static_cast<double>(info.n_expert);
    return (1 - std::pow(1 - share, static_cast<double>(n))) / share;
  }

  Work attention(const Feeding& f, std::size_t window) const {
    const Hparams& h = model_.hparams();
    const auto seen = [&](std::size_t positions) {
      return static_cast<double>(window == 0 ? positions : std::min(positions, window));
    };
    const auto per_key = static_cast<double>(h.n_head * (h.key_dim + h.value_dim));
    double keys = 0, positions = 0;  // that all tokens look at; that all batches read
    f.for_each_batch([&](std::size_t before, std::size_t n) {
      for (std::size_t i = 1; i <= n; ++i) keys += seen(before + i);
      positions += std::min(static_cast<double>(before + n), seen(before + 1) + static_cast<double>(n - 1));
    });
    return {positions * layer_cache_bytes_, 2 * per_key * keys};
  }

  const Model& model_;
  double layer_cache_bytes_;
};

}  // namespace lamina::bench
