// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A plan: the flat list of steps that computes a batch, each a pointer to a function and its arguments, made once when
// a model is loaded. Running it decides nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/team.hpp"
#include "lamina/runtime/frame.hpp"

namespace lamina {

// How many tokens a kernel meets, and what the session asked for.
enum class FeedKind : std::uint8_t {
  Decode,        // few tokens; strict sessions always
  Prefill,       // many, prefill_bits 16
  PrefillEight,  // many, prefill_bits 8
};
inline constexpr std::array<FeedKind, 3> feed_kinds = {FeedKind::Decode, FeedKind::Prefill, FeedKind::PrefillEight};

// By FeedKind: "int16 avx2", "panel avx512-vnni", "bf16 panel avx512".
struct KernelNames {
  std::array<std::string, feed_kinds.size()> names;

  std::string& of(FeedKind kind) { return names[static_cast<std::size_t>(kind)]; }
  const std::string& of(FeedKind kind) const { return names[static_cast<std::size_t>(kind)]; }
};

// A tensor that a step reads, and what computes with it.
struct TensorUse {
  std::string name;
  KernelNames kernels;
  bool multiplied = true;  // else rows of it are looked up
  bool ragged = false;     // rows end within a chunk of weights, and for panels much of each is copied first

  // Many tokens run on the kernel of one.
  bool lacks_panels(FeedKind kind) const {
    return multiplied && kind != FeedKind::Decode && kernels.of(kind) == kernels.of(FeedKind::Decode);
  }
};

// What a step is, for people and tools.
struct StepInfo {
  std::string phase;               // "blk.3 norm+qkv+rope"
  KernelNames kernels;             // several in one phase are joined with "+"
  std::vector<TensorUse> tensors;  // weights it reads
  std::uint64_t weight_bytes = 0;  // bytes of weights read per batch; of experts, those that one token chooses
  std::uint64_t weights = 0;       // that each token is multiplied with
  std::size_t n_expert = 0, n_expert_used = 0;  // 0: not a step of experts
  bool attends = false;                         // reads the cache
  std::size_t window = 0;                       // tokens that it sees of it; 0: all
  bool slow = false;                            // no fast kernel on this target

  // One code for any number of tokens.
  void set_kernel(std::string_view name) { kernels.names.fill(std::string(name)); }
};

// What running a step has taken so far, until the last worker was done.
struct StepTime {
  double seconds = 0;
  std::uint64_t calls = 0;
};

namespace runtime {

// Its address tells phases apart, for backends that have phases of their own.
template <class Phase>
inline constexpr char phase_tag = 0;

struct Step {
  void (*run)(const void* phase, Frame& frame, Worker& worker) = nullptr;
  std::shared_ptr<const void> phase;
  StepInfo info;
  const char* tag = nullptr;

  // Null when the step is of another kind.
  template <class Phase>
  const Phase* as() const {
    return tag == &phase_tag<Phase> ? static_cast<const Phase*>(phase.get()) : nullptr;
  }
};

template <class Phase>
Step make_step(Phase phase) {
  StepInfo info = phase.info();
  return {[](const void* p, Frame& f, Worker& w) { static_cast<const Phase*>(p)->run(f, w); },
          std::make_shared<const Phase>(std::move(phase)), std::move(info), &phase_tag<Phase>};
}

}  // namespace runtime

class Plan {
 public:
  std::span<const runtime::Step> steps() const { return steps_; }
  // Steps for every token of a batch: embedding and layers …
  std::span<const runtime::Step> body() const { return std::span(steps_).first(n_body_); }
  // … and those only for rows whose logits are wanted.
  std::span<const runtime::Step> head() const { return std::span(steps_).subspan(n_body_); }

  // Bytes of weights that one decoded token reads.
  std::uint64_t weight_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& s : steps_) sum += s.info.weight_bytes;
    return sum;
  }

  void add_body(runtime::Step step) {
    steps_.push_back(std::move(step));
    n_body_ = steps_.size();
  }
  void add_head(runtime::Step step) { steps_.push_back(std::move(step)); }

  // What follows belongs to the next layer, until the head.
  void begin_layer() { layers_.push_back(steps_.size()); }
  // The first step of a layer.
  std::size_t first_of_layer(std::size_t layer) const { return layers_[layer]; }
  std::size_t n_layers() const { return layers_.size(); }

  // Another backend runs the step, with kernels of these names.
  void hand_over(std::size_t step, const std::string& kernel, const std::string& prefill_kernel) {
    StepInfo& info = steps_[step].info;
    const std::string& many = prefill_kernel.empty() ? kernel : prefill_kernel;
    const KernelNames names{{kernel, many, many}};
    info.kernels = names;
    for (TensorUse& tensor : info.tensors) tensor.kernels = names;
    info.slow = false;
  }

 private:
  std::vector<runtime::Step> steps_;
  std::size_t n_body_ = 0;
  std::vector<std::size_t> layers_;  // their first steps
};

}  // namespace lamina
