// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// One model measured: random tokens are fed, many together (prefill) and one by one (decode); neither tokenising nor
// sampling is in the times. Between all repetitions the machine's limits are probed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/machine.hpp"
#include "common/target_note.hpp"
#include "lamina/lamina.hpp"
#include "profile.hpp"
#include "results.hpp"
#include "work.hpp"

namespace lamina::bench {

// Every combination of the lists is a test.
struct BenchOptions {
  std::vector<std::size_t> n_prompt = {512};  // tokens of a prefill test; 0: left out
  std::vector<std::size_t> n_gen = {128};     // tokens of a decode test; 0: left out
  std::vector<std::size_t> depth = {0};       // tokens in the context before a test starts
  std::vector<std::size_t> batch = {512};     // tokens computed together at most
  std::vector<std::size_t> threads = {0};     // 0: one per core
  std::size_t repetitions = 5;
  std::size_t context = 0;  // tokens; 0: as many as the tests need
  std::size_t prefill_bits = 16;
  bool strict = false;
  CacheType cache_type = CacheType::F32;
  ProfileDetail profile = ProfileDetail::None;
};

using Progress = std::function<void(const std::string&)>;

inline std::vector<text::Token> random_tokens(std::size_t n, std::size_t n_vocab) {
  Random random(n);
  std::vector<text::Token> out(n);
  for (text::Token& t : out) t = static_cast<text::Token>(random.below(n_vocab));
  return out;
}

class Bench {
 public:
  Bench(const BenchOptions& options, MachineProbe& probe, Progress progress)
      : options_(options), probe_(probe), progress_(std::move(progress)) {}

  // `load` gives the model; what it takes is the loading time. Errors: its own, the probe's and the session's.
  Expected<ModelResult> run(const std::string& name, const std::function<Expected<Model>()>& load) {
    ModelResult out;
    out.name = name;
    progress_(name + ": loading");
    const double begin = seconds();
    auto model = load();
    if (!model) return fail(std::move(model.error()));
    out.load_seconds = seconds() - begin;
    cli::print_target_note("llm-bench", model->target());
    describe(*model, out);
    out.prefill_bits = options_.prefill_bits;
    out.strict = options_.strict;
    for (const std::size_t threads : options_.threads) {
      const std::size_t n = threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
      if (auto ok = probe_.use_threads(n); !ok) return fail(std::move(ok.error()));
      for (const std::size_t batch : options_.batch) {
        if (auto ok = run_session(*model, n, batch, out); !ok) return fail(std::move(ok.error()));
      }
    }
    return out;
  }

 private:
  static constexpr double least_seconds = 0.1;  // that a repetition lasts; shorter tests are fed several times in it

  // A session that is being measured, and what is known of its tests.
  struct Subject {
    Session session;
    WorkCounter counter;
    const std::string& name;
    std::size_t batch;
  };
  struct Repetition {
    double seconds = 0;
    std::size_t passes = 0;
  };

  static void describe(const Model& model, ModelResult& out) {
    out.file_bytes = model.file().size();
    for (const gguf::TensorInfo& t : model.file().tensors()) out.n_weights += t.n_elements();
    out.architecture = model.architecture();
    out.target = model.target();
    out.target_note = model.gpu() == nullptr ? std::string(model.target_note())
                                             : "shares are of the host's limits, which say nothing of a GPU's layers";
    out.weight_bytes_per_token = model.plan().weight_bytes();
    for (const auto& step : model.plan().steps()) out.steps.push_back(step.info);
  }

  Expected<void> run_session(const Model& model, std::size_t threads, std::size_t batch, ModelResult& out) {
    const auto most = [](const std::vector<std::size_t>& list) { return *std::max_element(list.begin(), list.end()); };
    SessionOptions so;
    so.threads = threads;
    so.batch = batch;
    so.prefill_bits = options_.prefill_bits;
    so.strict = options_.strict;
    so.cache_type = options_.cache_type;
    so.context = options_.context != 0 ? options_.context
                                       : most(options_.depth) + std::max(most(options_.n_prompt), most(options_.n_gen));
    const double begin = seconds();
    auto session = model.session(so);
    if (!session) return fail(std::move(session.error()));
    if (out.session_seconds == 0) out.session_seconds = seconds() - begin;
    out.cache_type = to_string(options_.cache_type);
    out.cache_bytes_per_position = runtime::KvCache::position_bytes(model.hparams(), options_.cache_type);
    Subject subject{std::move(*session), WorkCounter(model, out.cache_bytes_per_position), out.name, batch};
    for (const std::size_t depth : options_.depth) {
      if (auto ok = go_to(subject, depth); !ok) return ok;
      for (const bool decode : {false, true}) {
        for (const std::size_t n : decode ? options_.n_gen : options_.n_prompt) {
          if (n == 0) continue;
          auto test = run_test(subject, {.depth = depth, .n_tokens = n, .batch = batch, .one_by_one = decode});
          if (!test) return fail(std::move(test.error()));
          out.tests.push_back(std::move(*test));
        }
      }
    }
    return {};
  }

  // The context then has that many tokens.
  Expected<void> go_to(Subject& subject, std::size_t depth) {
    Session& session = subject.session;
    const std::size_t now = session.position();
    if (depth <= now) return session.rewind(now - depth);
    progress_(subject.name + ": filling the context");
    return session.feed(random_tokens(depth - now, session.model().n_vocab()));
  }

  Expected<TestResult> run_test(Subject& subject, const Feeding& feeding) {
    TestResult test;
    test.decode = feeding.one_by_one;
    test.n_tokens = feeding.n_tokens;
    test.depth = feeding.depth;
    test.batch = subject.batch;
    test.threads = subject.session.threads();
    test.context = subject.session.context();
    const auto n = static_cast<double>(feeding.n_tokens);
    const Work work = subject.counter.of(feeding);
    test.bytes_per_token = work.bytes / n;
    test.operations_per_token = work.operations / n;

    const auto tokens = random_tokens(feeding.n_tokens, subject.session.model().n_vocab());
    const std::string what = subject.name + ": " + test.name();
    // The warm-up of a decode test stops early: after a few tokens everything has been touched.
    const std::size_t warm_up = test.decode ? std::min<std::size_t>(test.n_tokens, 4) : test.n_tokens;
    progress_(what + ", warming up");
    std::vector<double> unused;
    if (auto ok = feed(subject.session, std::span(tokens).first(warm_up), test.decode, unused); !ok) {
      return fail(std::move(ok.error()));
    }
    (void)probe_.measure();
    test.machine.push_back(probe_.measure());
    for (std::size_t r = 0; r < options_.repetitions; ++r) {
      progress_(what + ", " + std::to_string(r + 1) + " of " + std::to_string(options_.repetitions));
      const auto took = repeat(subject.session, tokens, test.decode, test.latencies);
      if (!took) return fail(took.error());
      test.rates.push_back(n * static_cast<double>(took->passes) / took->seconds);
      test.machine.push_back(probe_.measure());
    }
    if (options_.profile != ProfileDetail::None) {
      progress_(what + ", profile");
      auto profile = run_profile(subject, feeding, tokens);
      if (!profile) return fail(std::move(profile.error()));
      test.profile = std::move(*profile);
    }
    return test;
  }

  // As many repetitions again, with the steps timed; the one of median speed is told, so that its rows add up.
  Expected<Profile> run_profile(Subject& subject, const Feeding& feeding, std::span<const text::Token> tokens) {
    Session& session = subject.session;
    std::vector<Profile> all;
    MachineSample before = probe_.measure();
    for (std::size_t r = 0; r < options_.repetitions; ++r) {
      std::vector<StepTime> times(session.model().plan().steps().size());
      std::vector<double> unused;
      if (auto ok = session.time_steps(times); !ok) return fail(std::move(ok.error()));
      const auto took = repeat(session, tokens, feeding.one_by_one, unused);
      if (auto ok = session.time_steps({}); !ok) return fail(std::move(ok.error()));
      if (!took) return fail(took.error());
      MachineSample after = probe_.measure();
      all.push_back(
          {.n_tokens = took->passes * feeding.n_tokens,
           .seconds = took->seconds,
           .before = std::move(before),
           .after = after,
           .rows = profile_rows(session.model(), subject.counter, feeding, took->passes, times, took->seconds,
                                ModelResult::feed_kind(options_.strict, options_.prefill_bits), options_.profile)});
      before = std::move(after);
    }
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end(), [](const Profile& a, const Profile& b) {
      return a.seconds / static_cast<double>(a.n_tokens) < b.seconds / static_cast<double>(b.n_tokens);
    });
    return std::move(*middle);
  }

  // Feeds the tokens once or more; the latency of each feeding is appended.
  Expected<Repetition> repeat(Session& session, std::span<const text::Token> tokens, bool one_by_one,
                              std::vector<double>& latencies) {
    Repetition out;
    do {
      const auto took = feed(session, tokens, one_by_one, latencies);
      if (!took) return fail(took.error());
      out.seconds += *took;
      ++out.passes;
    } while (out.seconds < least_seconds);
    return out;
  }

  // Seconds; the context is then as it was.
  Expected<double> feed(Session& session, std::span<const text::Token> tokens, bool one_by_one,
                        std::vector<double>& latencies) {
    const std::size_t step = one_by_one ? 1 : tokens.size();
    const double begin = seconds();
    double last = begin;
    for (std::size_t i = 0; i < tokens.size(); i += step) {
      if (auto ok = session.feed(tokens.subspan(i, step)); !ok) return fail(std::move(ok.error()));
      const double now = seconds();
      latencies.push_back(now - last);
      last = now;
    }
    if (auto ok = session.rewind(tokens.size()); !ok) return fail(std::move(ok.error()));
    return last - begin;
  }

  const BenchOptions& options_;
  MachineProbe& probe_;
  Progress progress_;
};

}  // namespace lamina::bench
