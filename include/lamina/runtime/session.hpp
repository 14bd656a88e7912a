// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A session: one sequence of tokens, its context and its threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/core/team.hpp"
#include "lamina/runtime/frame.hpp"
#include "lamina/runtime/gpu_session.hpp"
#include "lamina/runtime/model.hpp"
#include "lamina/runtime/sampler.hpp"

namespace lamina {

class Generation;

// Why a generation ended.
enum class StopReason : std::uint8_t { MaxTokens, EndOfText, Halted, ContextFull };

constexpr std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::MaxTokens: return "max-tokens";
    case StopReason::EndOfText: return "end-of-text";
    case StopReason::Halted: return "halted";
    case StopReason::ContextFull: return "context-full";
  }
  return "?";
}

struct GenerateOptions {
  std::size_t max_tokens = 256;
  SamplerOptions sampler;
  bool parse_special = false;  // special tokens written out in the prompt become control tokens
  bool ignore_end = false;     // go on after an end-of-text token
};

// Not for use by two threads at once: the second gets Busy. Several sessions of one model run side by side.
class Session {
 public:
  using Token = text::Token;
  // Called with the logits [n_vocab] of each token, in order; index counts from the first token fed.
  using LogitsCallback = std::function<Feedback(std::size_t index, std::span<const float> logits)>;

  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) noexcept = default;
  ~Session() = default;

  // Appends tokens to the context; the logits after the last are then ready. All or nothing up to the checks: on
  // BadToken, ContextFull, BadArgument and Busy nothing has changed.
  Expected<void> feed(std::span<const Token> tokens) { return feed_batches(tokens, nullptr); }

  // The same, and every token's logits go to the callback. Cancelled when it halts; the context then ends with the
  // batch that was being computed.
  Expected<void> feed(std::span<const Token> tokens, const LogitsCallback& each) { return feed_batches(tokens, &each); }

  // After the last token fed, [n_vocab]; empty before any and after rewind().
  std::span<const float> logits() const { return logits_; }

  // Forgets the last n tokens. Errors: BadArgument when there are not so many.
  Expected<void> rewind(std::size_t n) {
    if (n > position_) {
      return fail(Error(ErrorCode::BadArgument, "the session has fewer tokens than that")
                      .about("rewind")
                      .wanted("at most " + std::to_string(position_))
                      .found(std::to_string(n)));
    }
    position_ -= n;
    tokens_.resize(position_);
    if (n > 0) logits_ = {};
    return {};
  }

  // For profilers: from now on what step i of the plan takes is added to times[i]. The memory, one entry for each of
  // model().plan().steps(), must live as long as the session or until another call; an empty span switches it off.
  // Errors: BadArgument when the number of entries is another.
  Expected<void> time_steps(std::span<StepTime> times) {
    const std::size_t n_steps = model_.plan().steps().size();
    if (!times.empty() && times.size() != n_steps) {
      return fail(Error(ErrorCode::BadArgument, "there has to be one entry for each step of the plan")
                      .about("time_steps")
                      .wanted(std::to_string(n_steps))
                      .found(std::to_string(times.size())));
    }
    step_times_ = times.data();
    return {};
  }

  // For tools: from now on the observer is told what every matrix is multiplied with (observe.hpp). It must live as
  // long as the session or until another call; null switches it off. Errors: TargetUnavailable when a GPU has layers,
  // whose inputs nobody sees.
  Expected<void> observe_inputs(const InputObserver* observer) {
    if (observer != nullptr && gpu_ != nullptr) {
      return fail(Error(ErrorCode::TargetUnavailable, "inputs of matrices can be watched on the CPU alone")
                      .about("observe_inputs")
                      .wanted("a model without layers on a GPU")
                      .found(std::to_string(model_.gpu()->n_layers) + " there"));
    }
    for (runtime::WorkerScratch& worker : frame_->workers) worker.observer = observer;
    return {};
  }

  // Text generated from a prompt, as a range of pieces; stops at an end-of-text token, at max_tokens and when the
  // context is full. The session must outlive the range. See Generation for its errors.
  Generation generate(std::string_view prompt, const GenerateOptions& options = {});

  std::size_t position() const { return position_; }   // tokens in the context
  std::size_t context() const { return size_.n_ctx; }  // tokens it can hold
  std::size_t threads() const { return team_->size(); }
  std::span<const Token> tokens() const { return tokens_; }  // that are in the context
  const Model& model() const { return model_; }

  // Resolves defaults and checks bounds. Errors: BadArgument.
  static Expected<runtime::FrameSize> size_of(const Model& model, const SessionOptions& options) {
    runtime::FrameSize size;
    const Hparams& h = model.hparams();
    size.n_ctx = options.context != 0 ? options.context : std::min(h.n_ctx, default_context);
    size.n_threads = options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
    const auto bounded = [](std::string_view name, std::size_t value, std::size_t high) -> Expected<void> {
      if (value >= 1 && value <= high) return {};
      return fail(Error(ErrorCode::BadArgument, {})
                      .about(name)
                      .wanted("1 to " + std::to_string(high))
                      .found(std::to_string(value)));
    };
    if (auto ok = bounded("context", size.n_ctx, std::size_t{1} << 30); !ok) return fail(std::move(ok.error()));
    if (h.n_learned > 0 && size.n_ctx > h.n_learned) {
      return fail(Error(ErrorCode::BadArgument, "this model's positions are learned, and there are no more of them")
                      .about("context")
                      .wanted("1 to " + std::to_string(h.n_learned))
                      .found(std::to_string(size.n_ctx)));
    }
    if (auto ok = bounded("batch", options.batch, 1 << 16); !ok) return fail(std::move(ok.error()));
    if (auto ok = bounded("threads", size.n_threads, 1024); !ok) return fail(std::move(ok.error()));
    for (const std::size_t dim : {h.key_dim, h.value_dim}) {
      if (kernels::cache_takes(options.cache_type, dim)) continue;
      return fail(Error(ErrorCode::BadArgument, "this model's heads do not divide into groups of that type; use f16")
                      .about("cache_type")
                      .wanted("a head size that is a multiple of " + std::to_string(kernels::kv_group))
                      .found(std::to_string(dim)));
    }
    size.cache_type = options.cache_type;
    size.batch = std::min(options.batch, size.n_ctx);
    if (model.gpu() != nullptr) size.batch = std::min(size.batch, runtime::gpu_batch);
    if (options.prefill_bits != 8 && options.prefill_bits != 16) {
      return fail(Error(ErrorCode::BadArgument, {})
                      .about("prefill_bits")
                      .wanted("8 or 16")
                      .found(std::to_string(options.prefill_bits)));
    }
    size.strict = options.strict;
    size.eight_bits = options.prefill_bits == 8;
    size.bf16_attention = model.state_->kernels->attention_bf16 != nullptr;
    size.head_rows = std::min<std::size_t>(size.batch, 16);
    return size;
  }

  // Of the model's sizes, those of what the CPU has: its cache holds the first layers alone.
  static Hparams on_host(const Model& model) {
    Hparams out = model.hparams();
    if (model.gpu() != nullptr) out.n_layers = model.gpu()->first_layer;
    return out;
  }

 private:
  friend class Model;
  using Frame = runtime::Frame;

  explicit Session(Model model) : model_(std::move(model)) {}

  static Expected<Session> make(const Model& model, const SessionOptions& options) {
    auto size = size_of(model, options);
    if (!size) return fail(std::move(size.error()));
    Session session(model);
    session.size_ = *size;
    session.frame_ = std::make_unique<Frame>();
    session.busy_ = std::make_unique<std::atomic<bool>>(false);
    if (auto ok = runtime::allocate(*session.frame_, on_host(model), *size); !ok) {
      return fail(std::move(ok.error()));
    }
    if (model.gpu() != nullptr) {
      auto gpu = runtime::GpuSession::make(model.state_->gpu, model.hparams(), *size);
      if (!gpu) return fail(std::move(gpu.error()));
      session.gpu_ = std::move(*gpu);
    }
    auto team = Team::make(size->n_threads);
    if (!team) return fail(std::move(team.error()));
    session.team_ = std::move(*team);
    return session;
  }

  Expected<void> feed_batches(std::span<const Token> tokens, const LogitsCallback* each) {
    if (busy_->exchange(true, std::memory_order_acquire)) {
      return fail(ErrorCode::Busy, "another thread is using this session");
    }
    struct Release {
      std::atomic<bool>& flag;
      ~Release() { flag.store(false, std::memory_order_release); }
    } release{*busy_};
    return guarded([&] { return feed_checked(tokens, each); });
  }

  Expected<void> feed_checked(std::span<const Token> tokens, const LogitsCallback* each) {
    if (tokens.empty()) return fail(Error(ErrorCode::BadArgument, "nothing to feed").about("tokens"));
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i] < 0 || static_cast<std::size_t>(tokens[i]) >= model_.n_vocab()) {
        return fail(Error(ErrorCode::BadToken, "not an id of this model's vocabulary")
                        .about("token " + std::to_string(i))
                        .wanted("0 to " + std::to_string(model_.n_vocab() - 1))
                        .found(std::to_string(tokens[i])));
      }
    }
    if (tokens.size() > size_.n_ctx - position_) {
      return fail(Error(ErrorCode::ContextFull, "the tokens do not fit; use a larger context or rewind")
                      .about("context")
                      .wanted("at most " + std::to_string(size_.n_ctx - position_) + " tokens")
                      .found(std::to_string(tokens.size())));
    }
    tokens_.reserve(position_ + tokens.size());
    for (std::size_t done = 0; done < tokens.size();) {
      const std::size_t n = std::min(size_.batch, tokens.size() - done);
      const bool last = done + n == tokens.size();
      Frame& f = *frame_;
      f.tokens = tokens.subspan(done, n);
      f.position = position_;
      if (auto ok = run_body(); !ok) return ok;
      tokens_.insert(tokens_.end(), f.tokens.begin(), f.tokens.end());
      position_ += n;
      logits_ = {};
      if (each != nullptr) {
        for (std::size_t row = 0; row < n; row += size_.head_rows) {
          if (auto ok = head(row, std::min(size_.head_rows, n - row)); !ok) return ok;
          for (std::size_t r = 0; r < f.head_count; ++r) {
            if ((*each)(done + row + r, row_logits(r)) == Feedback::Halt) {
              return fail(ErrorCode::Cancelled, "the callback asked to stop");
            }
          }
        }
      } else if (last) {
        if (auto ok = head(n - 1, 1); !ok) return ok;
      }
      if (last) logits_ = row_logits(f.head_count - 1);
      done += n;
    }
    return {};
  }

  // The CPU's steps of the batch, then the GPU's.
  Expected<void> run_body() {
    const std::span<const runtime::Step> body = model_.plan().body();
    if (gpu_ == nullptr) {
      walk(body);
      return {};
    }
    const std::size_t first = model_.gpu()->first_step;
    if (first > 0) walk(body.first(first));
    const auto* embedding = first == 0 ? body.front().as<runtime::EmbeddingPhase>() : nullptr;
    return gpu_->body(*frame_, embedding, body.size(), step_times_);
  }

  Expected<void> head(std::size_t begin, std::size_t count) {
    frame_->head_begin = begin;
    frame_->head_count = count;
    if (gpu_ != nullptr) return gpu_->head(begin, count, model_.plan().body().size(), step_times_);
    walk(model_.plan().head());
    return {};
  }

  std::span<const float> row_logits(std::size_t row) const {
    const float* const logits = gpu_ != nullptr ? gpu_->logits() : frame_->logits.data();
    return {logits + row * model_.n_vocab(), model_.n_vocab()};
  }

  // All workers walk the steps together; a barrier ends each.
  void walk(std::span<const runtime::Step> steps) {
    using Clock = std::chrono::steady_clock;
    const runtime::Step* const first = model_.plan().steps().data();
    Clock::time_point begin = step_times_ != nullptr ? Clock::now() : Clock::time_point{};
    auto job = [&](Worker& worker) {
      StepTime* const times = worker.index() == 0 ? step_times_ : nullptr;
      for (const runtime::Step& step : steps) {
        step.run(step.phase.get(), *frame_, worker);
        worker.barrier();
        if (times == nullptr) continue;
        const Clock::time_point end = Clock::now();
        StepTime& time = times[&step - first];
        time.seconds += std::chrono::duration<double>(end - begin).count();
        ++time.calls;
        begin = end;
      }
    };
    team_->run(job);
  }

  Model model_;
  runtime::FrameSize size_;
  std::unique_ptr<Frame> frame_;
  std::unique_ptr<Team> team_;
  std::unique_ptr<runtime::GpuSession> gpu_;  // or null
  std::unique_ptr<std::atomic<bool>> busy_;
  std::vector<Token> tokens_;
  std::span<const float> logits_;
  std::size_t position_ = 0;
  StepTime* step_times_ = nullptr;  // [steps of the plan], or null: nobody asks
};

inline Expected<Session> Model::session(const SessionOptions& options) const {
  return guarded([&] { return Session::make(*this, options); });
}

inline Expected<MemoryEstimate> Model::memory(const SessionOptions& options) const {
  const auto size = Session::size_of(*this, options);
  if (!size) return fail(size.error());
  MemoryEstimate out;
  for (const gguf::TensorInfo& t : file().tensors()) out.weights += t.n_bytes;
  out.copies = state_->store.copied_bytes;
  const Hparams on_host = Session::on_host(*this);
  const auto cache = size->cache_bytes(on_host);
  const auto scratch = size->scratch_bytes(on_host);
  if (!cache || !scratch) return fail(ErrorCode::OutOfMemory, "a context of that size needs more than 2^64 bytes");
  out.cache = *cache;
  out.scratch = *scratch;
  if (gpu() == nullptr) return out;
  const runtime::GpuFrameSize on_gpu{*size, gpu()->n_layers};
  const auto gpu_cache = on_gpu.cache_bytes(hparams());
  if (!gpu_cache) return fail(ErrorCode::OutOfMemory, "a context of that size needs more than 2^64 bytes");
  out.gpu_weights = gpu()->weights.size();
  out.gpu_cache = *gpu_cache;
  out.gpu_scratch = on_gpu.scratch_bytes(hparams());
  return out;
}

}  // namespace lamina
