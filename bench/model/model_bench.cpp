// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Whole models: prefill, decode at two depths, few tokens fed together, and the start. Google Benchmark repeats and
// compares (--benchmark_repetitions, compare.py); for one model in detail there is llm-bench.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/machine.hpp"
#include "common/synth.hpp"
#include "lamina/lamina.hpp"
#include "llm-bench/measure.hpp"
#include "llm-bench/work.hpp"
#include "suite.hpp"

namespace lamina::bench {
namespace {

constexpr std::size_t context = 2048;  // tokens
constexpr std::size_t batch = 512;     // tokens

// A model by name, made or loaded when the first benchmark needs it.
class Subject {
 public:
  explicit Subject(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  // The whole way from bytes to a model.
  Model load_anew(std::size_t n_threads) {
    if (!is_synth(name_)) return need(load(name_, {.populate = true, .threads = n_threads}));
    if (!synth_) synth_.emplace(need(make_synth(name_, n_threads)));
    return need(load(need(gguf::File::from_memory({synth_->bytes.data(), synth_->bytes.size()}, name_))));
  }
  const Model& model(std::size_t n_threads) {
    if (!model_) model_.emplace(load_anew(n_threads));
    return *model_;
  }

 private:
  std::string name_;
  std::optional<SynthModel> synth_;
  std::optional<Model> model_;
};

// Tokens fed together or one by one in each iteration, always at the same depth.
void feed(benchmark::State& state, MachineProbe& machine, Subject& subject, Feeding feeding) {
  const std::size_t n_threads = machine.team().size();
  const Model& model = subject.model(n_threads);
  const SessionOptions options{.context = context, .batch = batch, .threads = n_threads};
  Session session = need(model.session(options));
  const auto tokens = random_tokens(feeding.depth + feeding.n_tokens, model.n_vocab());
  const std::span<const text::Token> before = std::span(tokens).first(feeding.depth);
  if (!before.empty()) need(session.feed(before));
  const auto fed = std::span(tokens).subspan(feeding.depth);
  need(session.feed(fed));  // touches everything once
  need(session.rewind(fed.size()));
  const std::uint64_t cache = need(model.memory(options)).cache / session.context();
  const Work work = WorkCounter(model, cache).of(feeding);

  const Surroundings surroundings(machine);
  double took = 0;
  for (auto _ : state) {
    const double begin = seconds();
    need(session.feed(fed));
    took += seconds() - begin;
    need(session.rewind(fed.size()));
  }
  const auto calls = static_cast<double>(state.iterations());
  const auto n = static_cast<double>(feeding.n_tokens);
  state.counters["tokens/s"] = n * calls / took;
  state.counters["bytes/token"] = work.bytes / n;
  surroundings.count(state, took, work.bytes * calls, work.operations * calls);
  state.SetLabel(std::string(model.target()));
}

// From the file to the logits of the first token, everything but reading the file from a disk.
void start(benchmark::State& state, MachineProbe& machine, Subject& subject) {
  const std::size_t n_threads = machine.team().size();
  (void)subject.load_anew(n_threads);  // a synthetic model is made here, once
  const text::Token token[] = {1};
  for (auto _ : state) {
    const Model model = subject.load_anew(n_threads);
    Session session = need(model.session({.context = context, .batch = batch, .threads = n_threads}));
    need(session.feed(token));
    benchmark::DoNotOptimize(session.logits().data());
  }
}

void add_benchmarks(MachineProbe& machine, Subject& subject) {
  const auto add = [&](const std::string& what, const std::function<void(benchmark::State&)>& run) {
    const std::string name = what + "/" + subject.name();
    benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMillisecond);
  };
  const auto add_feed = [&](const std::string& what, std::size_t depth, std::size_t n) {
    const Feeding feeding{.depth = depth, .n_tokens = n, .batch = batch, .one_by_one = false};
    add(what, [&machine, &subject, feeding](benchmark::State& state) { feed(state, machine, subject, feeding); });
  };
  add_feed("prefill512", 0, 512);
  add_feed("decode/depth0", 0, 1);
  add_feed("decode/depth1024", 1024, 1);
  for (std::size_t n = 2; n <= 16; ++n) add_feed("together" + std::to_string(n), 0, n);
  add("start", [&machine, &subject](benchmark::State& state) { start(state, machine, subject); });
}

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  using namespace lamina::bench;
  auto names = take_option(argc, argv, "--model");
  if (names.empty()) names = {"synth:tiny:Q4_0", "synth:llama-160m:Q4_K_M"};
  std::vector<std::unique_ptr<Subject>> subjects;
  const char* more = ", and --model=NAME, a GGUF file or synth:SHAPE:FORMAT, which may be given again";
  return run_suite(argc, argv, "model_bench", more, [&](MachineProbe& machine) {
    for (const std::string& name : names) {
      subjects.push_back(std::make_unique<Subject>(name));
      add_benchmarks(machine, *subjects.back());
    }
  });
}
