// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Chooses the next token from logits: penalties, top-k, top-p, min-p, temperature, draw, in llama.cpp's default order.
// The same seed, options and logits give the same tokens.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/runtime/sampler_random.hpp"
#include "lamina/runtime/sampler_steps.hpp"

namespace lamina {

struct SamplerOptions {
  float temperature = 0.8f;         // 0: always the likeliest token, ties to the lowest id
  std::size_t top_k = 40;           // 0: off
  float top_p = 0.95f;              // 1: off
  float min_p = 0.05f;              // 0: off
  float repetition_penalty = 1.0f;  // 1: off
  float frequency_penalty = 0;      // 0: off
  float presence_penalty = 0;       // 0: off
  std::size_t penalty_last_n = 64;  // tokens that the penalties look back on; 0: no penalties
  std::uint64_t seed = 0;
};

class Sampler {
 public:
  static constexpr std::size_t max_penalty_last_n = std::size_t{1} << 24;  // tokens; longer than any context

  // Errors: BadArgument naming the option, OutOfMemory.
  static Expected<Sampler> make(const SamplerOptions& options) {
    return guarded([&]() -> Expected<Sampler> {
      if (auto ok = check(options); !ok) return fail(std::move(ok.error()));
      return Sampler(options);
    });
  }

  // The next token. Allocates only when there are more logits than ever before. Errors: NumericError when a logit is
  // NaN or plus infinity, or when all are minus infinity, which is how a single token is forbidden.
  Expected<std::int32_t> sample(std::span<const float> logits) {
    return guarded([&]() -> Expected<std::int32_t> {
      if (options_.temperature == 0 && n_recent_ == 0) {
        const auto id = sampling::likeliest(logits);
        if (!id) return fail(not_finite(logits));
        return *id;
      }
      if (!sampling::fill(logits, candidates_)) return fail(not_finite(logits));
      if (n_recent_ > 0) {
        sorted_.assign(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(n_recent_));
        std::sort(sorted_.begin(), sorted_.end());
        sampling::penalize(candidates_, sorted_, options_.repetition_penalty, options_.frequency_penalty,
                           options_.presence_penalty);
      }
      if (options_.temperature == 0) {
        candidates_.sort(1);
        return candidates_.items.front().id;
      }
      sampling::top_k(candidates_, options_.top_k);
      sampling::top_p(candidates_, options_.top_p);
      sampling::min_p(candidates_, options_.min_p);
      sampling::temperature(candidates_, options_.temperature);
      return sampling::draw(candidates_, random_.uniform());
    });
  }

  // Tells the penalties that a token is part of the text now. Never allocates.
  void accept(std::int32_t token) noexcept {
    if (recent_.empty()) return;
    recent_[next_] = token;
    next_ = (next_ + 1) % recent_.size();
    n_recent_ = std::min(n_recent_ + 1, recent_.size());
  }

  // As freshly made: no token seen, the seed's first number next.
  void reset() noexcept {
    n_recent_ = 0;
    next_ = 0;
    random_ = Random(options_.seed);
  }

  const SamplerOptions& options() const { return options_; }

  // Whether make() would take these options.
  static Expected<void> check(const SamplerOptions& o) {
    const auto range = [](std::string_view name, float value, bool ok, const char* wanted) -> Expected<void> {
      if (ok && std::isfinite(value)) return {};
      return fail(Error(ErrorCode::BadArgument, "sampler option out of range")
                      .about(name)
                      .wanted(wanted)
                      .found(std::to_string(value)));
    };
    Expected<void> r = range("temperature", o.temperature, o.temperature >= 0, "0 or more");
    if (r) r = range("top_p", o.top_p, o.top_p > 0 && o.top_p <= 1, "more than 0, at most 1");
    if (r) r = range("min_p", o.min_p, o.min_p >= 0 && o.min_p <= 1, "0 to 1");
    if (r) r = range("repetition_penalty", o.repetition_penalty, o.repetition_penalty > 0, "more than 0");
    if (r) r = range("frequency_penalty", o.frequency_penalty, std::abs(o.frequency_penalty) <= 1000, "-1000 to 1000");
    if (r) r = range("presence_penalty", o.presence_penalty, std::abs(o.presence_penalty) <= 1000, "-1000 to 1000");
    if (!r || o.penalty_last_n <= max_penalty_last_n) return r;
    return fail(Error(ErrorCode::BadArgument, "sampler option out of range")
                    .about("penalty_last_n")
                    .wanted("at most " + std::to_string(max_penalty_last_n))
                    .found(std::to_string(o.penalty_last_n)));
  }

 private:
  explicit Sampler(const SamplerOptions& options) : options_(options), random_(options.seed) {
    const bool penalizes =
        options.repetition_penalty != 1 || options.frequency_penalty != 0 || options.presence_penalty != 0;
    if (penalizes) {
      recent_.resize(options.penalty_last_n);
      sorted_.reserve(options.penalty_last_n);
    }
  }

  static Error not_finite(std::span<const float> logits) {
    Error error(ErrorCode::NumericError, "no token can be chosen from these logits");
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (logits[i] <= std::numeric_limits<float>::max()) continue;
      return std::move(error)
          .about("logit " + std::to_string(i))
          .wanted("a finite number")
          .found(std::isnan(logits[i]) ? "NaN" : "infinity");
    }
    return std::move(error).wanted("one finite logit").found(logits.empty() ? "no logits" : "all forbidden");
  }

  SamplerOptions options_;
  Random random_;
  sampling::Candidates candidates_;
  std::vector<std::int32_t> recent_;  // [penalty_last_n] a ring of the last tokens; empty without penalties
  std::vector<std::int32_t> sorted_;  // those of them that are filled, sorted
  std::size_t n_recent_ = 0;
  std::size_t next_ = 0;  // place in the ring
};

}  // namespace lamina
