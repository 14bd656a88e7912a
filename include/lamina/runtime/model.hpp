// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A loaded model: immutable, shared by any number of sessions on any threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/gguf/gguf.hpp"
#include "lamina/kernels/kernel_set.hpp"
#include "lamina/runtime/bind.hpp"
#include "lamina/runtime/frame.hpp"
#include "lamina/runtime/hparams.hpp"
#include "lamina/runtime/plan.hpp"
#include "lamina/text/tokenizer_interface.hpp"

namespace lamina {

class Session;
namespace runtime {
struct GpuModel;
}

// What a callback wants.
enum class Feedback : std::uint8_t { Continue, Halt };

struct SessionOptions {
  std::size_t context = 0;  // tokens; 0: what the model was trained for, at most default_context
  std::size_t batch = 512;  // tokens computed together when feeding
  std::size_t threads = 0;  // 0: one per core
  // Bits of activations in prefill, 16 or 8. With 8 it is faster, and about as exact as engines that always have 8
  // (NMSE of the logits some 5e-4 on small models, 1e-8 with 16). Decode always has 16, since memory is its limit.
  // Files of F16 and BF16 meet bfloat16 instead of 8 bits where the processor multiplies it, and floats otherwise, or
  // on AMX bfloat16 in two parts, which is as exact (1e-10); on AMX, files of small integers meet bfloat16 either way
  // (some 1e-4). Without byte dot products (targets avx2, avx512, sse4, neon) small integers always meet 16 bits.
  std::size_t prefill_bits = 16;
  // The same bits of results whether a token is fed alone or with others, at the price of a slower prefill, which then
  // runs on the kernels of decode. Without it a batch of several tokens is summed in another order. The number of
  // threads never changes a bit.
  bool strict = false;
  // Format of cached keys and values. Smaller ones take less memory and less time deep in the context, and round; Q8_0
  // needs head sizes that are multiples of 32.
  CacheType cache_type = CacheType::F32;
};

inline constexpr std::size_t default_context = 4096;  // tokens

// Bytes that a model and one session need.
struct MemoryEstimate {
  std::uint64_t weights = 0;  // in the file, used in place
  std::uint64_t copies = 0;   // weights converted to this machine's byte order
  std::uint64_t cache = 0;    // keys and values
  std::uint64_t scratch = 0;  // activations and logits
  // on a GPU, beside these
  std::uint64_t gpu_weights = 0;
  std::uint64_t gpu_cache = 0;
  std::uint64_t gpu_scratch = 0;

  std::uint64_t total() const { return weights + copies + cache + scratch; }
  std::uint64_t gpu_total() const { return gpu_weights + gpu_cache + gpu_scratch; }
};

class Model {
 public:
  // A new session with its own context and threads. Errors: BadArgument, OutOfMemory.
  Expected<Session> session(const SessionOptions& options = {}) const;

  // Null when the file's vocabulary is of a kind Lamina does not know; token ids still work. tokenizer_error() says
  // why.
  const text::Tokenizer* tokenizer() const { return state_->tokenizer.get(); }
  std::shared_ptr<const text::Tokenizer> shared_tokenizer() const { return state_->tokenizer; }
  const std::optional<Error>& tokenizer_error() const { return state_->tokenizer_error; }

  const gguf::File& file() const { return state_->store.file; }
  const Hparams& hparams() const { return state_->hparams; }
  std::string_view architecture() const { return state_->hparams.architecture; }
  // "avx2"; "cuda"; or "cuda+avx2" when both have layers.
  std::string_view target() const { return state_->target; }
  // What the GPU has of it, or null.
  const runtime::GpuModel* gpu() const { return state_->gpu.get(); }
  // Why a better target that the processor has is not there; or empty.
  std::string_view target_note() const { return state_->kernels->note; }
  const Plan& plan() const { return state_->plan; }
  std::size_t n_vocab() const { return state_->hparams.n_vocab; }

  // Whether a layer of the family asked for this tensor of file(). Tensors that nothing asked for change no result.
  bool uses(const gguf::TensorInfo& tensor) const { return state_->store.bound.contains(&tensor); }

  // What a session with these options would take, computed from sizes alone. Errors: BadArgument, OutOfMemory when the
  // sum does not fit 64 bits.
  Expected<MemoryEstimate> memory(const SessionOptions& options = {}) const;

  struct State {
    explicit State(gguf::File file) : store{.file = std::move(file), .vectors = {}, .swapped = {}, .bound = {}} {}

    runtime::WeightStore store;
    Hparams hparams;
    const kernels::KernelTable* kernels = nullptr;
    std::string target;
    Plan plan;
    std::shared_ptr<const runtime::GpuModel> gpu;
    std::shared_ptr<const text::Tokenizer> tokenizer;
    std::optional<Error> tokenizer_error;
  };
  explicit Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  friend class Session;
  std::shared_ptr<const State> state_;
};

}  // namespace lamina
