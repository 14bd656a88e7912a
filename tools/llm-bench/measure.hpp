// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// One model measured: random tokens are fed, many together (prefill) and one by one (decode); neither tokenising nor
// sampling is in the times. Between all repetitions the machine's read bandwidth is probed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/bandwidth.hpp"
#include "lamina/lamina.hpp"
#include "results.hpp"

namespace lamina::bench {

struct BenchOptions {
  std::size_t n_prompt = 512;  // tokens of the prefill test; 0: left out
  std::size_t n_gen = 128;     // tokens of the decode test; 0: left out
  std::size_t depth = 0;       // tokens in the context before a test starts
  std::size_t repetitions = 5;
  std::size_t threads = 0;  // 0: one per core
  std::size_t batch = 512;
  std::size_t context = 0;  // tokens; 0: as many as the tests need
  std::string target;
  CacheType cache_type = CacheType::F32;
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
  Bench(const BenchOptions& options, BandwidthProbe& probe, Progress progress)
      : options_(options), probe_(probe), progress_(std::move(progress)) {}

  // `load` gives the model; what it takes is the loading time. Errors: its own, and the session's.
  Expected<ModelResult> run(const std::string& name, const std::function<Expected<Model>()>& load) {
    ModelResult out;
    out.name = name;
    progress_(name + ": loading");
    double begin = seconds();
    auto model = load();
    if (!model) return fail(std::move(model.error()));
    out.load_seconds = seconds() - begin;
    describe(*model, out);

    SessionOptions so;
    so.threads = options_.threads;
    so.context =
        options_.context != 0 ? options_.context : options_.depth + std::max(options_.n_prompt, options_.n_gen);
    so.batch = options_.batch;
    so.cache_type = options_.cache_type;
    begin = seconds();
    auto session = model->session(so);
    if (!session) return fail(std::move(session.error()));
    out.session_seconds = seconds() - begin;
    out.threads = session->threads();
    out.batch = std::min(options_.batch, session->context());
    out.context = session->context();
    out.cache_type = to_string(options_.cache_type);
    const auto memory = model->memory(so);
    if (!memory) return fail(memory.error());
    out.cache_bytes_per_position = memory->cache / out.context;

    if (options_.depth > 0) {
      progress_(name + ": filling the context");
      if (auto ok = session->feed(random_tokens(options_.depth, model->n_vocab())); !ok) return fail(ok.error());
    }
    for (const bool decode : {false, true}) {
      if ((decode ? options_.n_gen : options_.n_prompt) == 0) continue;
      auto test = run_test(*session, out, decode);
      if (!test) return fail(std::move(test.error()));
      out.tests.push_back(std::move(*test));
    }
    return out;
  }

 private:
  static void describe(const Model& model, ModelResult& out) {
    out.file_bytes = model.file().size();
    for (const gguf::TensorInfo& t : model.file().tensors()) out.n_weights += t.n_elements();
    out.architecture = model.architecture();
    out.target = model.target();
    out.weight_bytes_per_token = model.plan().weight_bytes();
    for (const auto& step : model.plan().steps()) out.steps.push_back(step.info);
  }

  Expected<TestResult> run_test(Session& session, const ModelResult& about, bool decode) {
    TestResult test;
    test.decode = decode;
    test.n_tokens = decode ? options_.n_gen : options_.n_prompt;
    test.name = (decode ? "tg" : "pp") + std::to_string(test.n_tokens);
    if (options_.depth > 0) test.name += " @ d" + std::to_string(options_.depth);
    const auto weights = static_cast<double>(about.weight_bytes_per_token);
    const auto cache = static_cast<double>(about.cache_bytes_per_position);
    const auto n = static_cast<double>(test.n_tokens);
    if (decode) {
      // Token i reads the keys and values of all positions up to its own.
      test.bytes_per_token = weights + cache * (static_cast<double>(options_.depth) + (n + 1) / 2);
    } else {
      const std::size_t n_batches = ceil_div(test.n_tokens, about.batch);
      test.bytes_per_token = weights * static_cast<double>(n_batches) / n;
    }
    const std::vector<text::Token> tokens = random_tokens(test.n_tokens, session.model().n_vocab());
    // The warm-up of a decode test stops early: after a few tokens everything has been touched.
    const std::size_t warm_up = decode ? std::min<std::size_t>(test.n_tokens, 4) : test.n_tokens;
    progress_(about.name + ": " + test.name + ", warming up");
    if (auto ok = feed(session, std::span(tokens).first(warm_up), decode); !ok) return fail(ok.error());
    (void)probe_.measure();
    test.probes.push_back(probe_.measure());
    for (std::size_t r = 0; r < options_.repetitions; ++r) {
      progress_(about.name + ": " + test.name + ", " + std::to_string(r + 1) + " of " +
                std::to_string(options_.repetitions));
      const auto took = feed(session, tokens, decode);
      if (!took) return fail(took.error());
      test.rates.push_back(n / *took);
      test.probes.push_back(probe_.measure());
    }
    return test;
  }

  // Seconds; the context is then as it was.
  Expected<double> feed(Session& session, std::span<const text::Token> tokens, bool one_by_one) {
    const std::size_t step = one_by_one ? 1 : tokens.size();
    const double begin = seconds();
    for (std::size_t i = 0; i < tokens.size(); i += step) {
      if (auto ok = session.feed(tokens.subspan(i, step)); !ok) return fail(std::move(ok.error()));
    }
    const double took = seconds() - begin;
    if (auto ok = session.rewind(tokens.size()); !ok) return fail(std::move(ok.error()));
    return took;
  }

  const BenchOptions& options_;
  BandwidthProbe& probe_;
  Progress progress_;
};

}  // namespace lamina::bench
