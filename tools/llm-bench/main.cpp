// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm-bench: tokens per second of models, beside what the machine could do in the same moments.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/cache_type.hpp"
#include "common/cli.hpp"
#include "common/default_model.hpp"
#include "common/machine.hpp"
#include "common/place_args.hpp"
#include "common/synth.hpp"
#include "measure.hpp"
#include "output.hpp"
#include "ranges.hpp"

namespace lamina::bench {
namespace {

constexpr const char* description =
    "Measures models: prefill (a prompt's tokens together) and decode (one by one), in tokens per second,\n"
    "with the spread, and beside what the machine can do: its read bandwidth and its arithmetic peaks are\n"
    "probed between the repetitions. Random tokens are fed; tokenising and sampling are not measured.";

constexpr const char* examples =
    "Models that need no file: synth:SHAPE:FORMAT has random weights. SHAPE: tiny, llama-160m, llama-1.1b, llama-8b.\n"
    "FORMAT: F32 F16 BF16 Q4_0 Q4_1 Q8_0 Q4_K Q5_K Q6_K, or a mix, Q4_K_S Q4_K_M Q5_K_S Q5_K_M.\n"
    "\n"
    "LIST: numbers and ranges, N, FIRST-LAST, FIRST-LAST+STEP or FIRST-LAST*FACTOR, with commas between them. Every\n"
    "combination of -t, -b and -d with each -p and each -n is a row.\n"
    "\n"
    "Examples:\n"
    "  llm-bench                                              the model that ships with Lamina\n"
    "  llm-bench -m a.gguf -m b.gguf -p 512 -n 128 -r 5       two models beside each other\n"
    "  llm-bench -m synth:llama-1.1b:Q4_0 -t 1,2 -o json      every sample and the plan, as JSON\n"
    "  llm-bench -m a.gguf -p 0 -n 64 -d 0-4096+1024          decode only, at growing depth\n"
    "  llm-bench -m a.gguf -n 64 -d 2048 --cache-type f16     a smaller KV cache\n"
    "  llm-bench -m a.gguf -p 1-16,24,32-600*1.5 -n 0         from one token to many fed together\n"
    "  llm-bench -m a.gguf -p 2048 -n 0 -b 64-2048*2          the same prompt in smaller and larger batches\n"
    "  llm-bench -m a.gguf --latency                          time to the first token, and of each decoded one\n"
    "  llm-bench -m a.gguf --profile                          where the time goes, phase by phase\n"
    "  llm-bench -m a.gguf --profile=layers -p 0 -n 32        the same for every step of every layer\n"
    "  llm-bench -m synth:llama-1.1b:Q4_0 --keep m.gguf       also write the model, for other engines\n"
    "  llm-bench -m a.gguf --target reference -p 8 -n 4       another instruction set\n"
    "\n"
    "Reading the table. A decoded token reads every weight once: \"of memory\" near 100% means that memory, not the\n"
    "program, is the limit. A prompt's tokens share one reading of the weights, and arithmetic is the limit: \"of "
    "int8\"\n"
    "and \"of float\" compare the operations of the matrices (a multiply-add is two; the embedding and attention are "
    "not\n"
    "counted, the head once per prompt) with the fastest instruction for whole numbers and for floats that this "
    "machine\n"
    "has; below the table, all are named. A test shorter than 0.1 s is fed several times in a repetition. In a "
    "profile,\n"
    "bytes are weights and cache, attention counts its own operations, and worker 0 takes the time at the end of each\n"
    "step. A tensor that has no fast kernel on the target is named below the table.\n";

struct Arguments {
  std::vector<std::string> models;
  std::string output = "md";
  std::string keep;
  cli::PlaceArgs place;
  std::string profile;  // empty, "phases" or "layers"
  bool latency = false;
  BenchOptions bench;
};

// An option that takes a list of numbers from low to high; given twice, both lists count.
void add_list(CLI::App& app, const std::string& names, std::vector<std::size_t>& into, std::size_t low,
              std::size_t high, const std::string& help) {
  const auto parse = [&into, names, low, high](const std::string& text) {
    auto list = RangeParser(low, high).parse(text);
    if (!list) throw CLI::ValidationError(names, list.error().to_string());
    into = std::move(*list);
  };
  app.add_option_function<std::string>(names, parse, help)
      ->type_name("LIST")
      ->join(',')
      ->default_str(std::to_string(into.front()));
}

void add_options(CLI::App& app, Arguments& a) {
  constexpr std::size_t most = std::size_t{1} << 30;  // tokens, the library's largest context
  app.add_option("-m,--model", a.models, "GGUF file, or synth:SHAPE:FORMAT; may be given again")
      ->type_name("MODEL")
      ->allow_extra_args(false);
  add_list(app, "-p,--prompt", a.bench.n_prompt, 0, most, "tokens of the prefill tests; 0: none");
  add_list(app, "-n,--gen", a.bench.n_gen, 0, most, "tokens of the decode tests; 0: none");
  add_list(app, "-d,--depth", a.bench.depth, 0, most, "tokens in the context before each test");
  add_list(app, "-b,--batch", a.bench.batch, 1, 65536, "tokens computed together at most; longer prompts are split");
  add_list(app, "-t,--threads", a.bench.threads, 0, 1024, "threads; 0: one per core");
  app.add_option("-r,--repetitions", a.bench.repetitions, "how often each test is measured, after a warm-up")
      ->type_name("N")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("-c,--ctx", a.bench.context, "context in tokens; 0: as many as the tests need")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--prefill-bits", a.bench.prefill_bits,
                 "bits of activations in prefill; 8 is faster (F16 and BF16 files then run in bfloat16), 16 more exact")
      ->type_name("8|16")
      ->check(CLI::IsMember({8, 16}))
      ->capture_default_str();
  app.add_flag("--strict", a.bench.strict, "prefill on the kernels of decode, whose bits no batch changes");
  cli::add_cache_type(app, a.bench.cache_type);
  a.place.add(app);
  app.add_flag("--latency", a.latency,
               "columns for the time to the first token and of each token; json and csv always have them");
  app.add_flag("--profile{phases}", a.profile,
               "also time every phase of each test, or with --profile=layers every step of every layer")
      ->check(CLI::IsMember({"phases", "layers"}));
  app.add_option("-o,--output", a.output, "md: a table; json: all samples; csv: a line per test")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"md", "json", "csv"}))
      ->capture_default_str();
  app.add_option("--keep", a.keep, "write the synthetic model there as well")->type_name("FILE");
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t at = line.find(": ");
    if (at != std::string::npos) return printable(line.substr(at + 2));
  }
  return "unknown CPU";
}

// On a terminal only: the state of things, in one line that is written over.
class TerminalProgress {
 public:
  void operator()(const std::string& text) const {
    if (on_) std::fprintf(stderr, "\r\x1b[K%s", printable(text).c_str());
  }
  void clear() const {
    if (on_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  bool on_ = cli::is_terminal(stderr);
};

Expected<ModelResult> measure(const std::string& name, const Arguments& a, Bench& bench, std::size_t n_threads,
                              const TerminalProgress& progress) {
  const LoadOptions options = a.place.options();
  if (!is_synth(name)) return bench.run(name, [&] { return load(name, options); });
  progress(name + ": making");
  auto synth = make_synth(name, n_threads);
  if (!synth) return fail(std::move(synth.error()));
  if (!a.keep.empty()) {
    progress(name + ": writing " + a.keep);
    if (auto ok = synth->write(a.keep); !ok) return fail(std::move(ok.error()));
  }
  return bench.run(name, [&] { return load(synth->file, options); });
}

void write(const Arguments& a, const Setting& setting, const std::vector<ModelResult>& results) {
  if (a.output == "json") return write_json(stdout, setting, results);
  if (a.output == "csv") return write_csv(stdout, setting, results);
  write_markdown(stdout, setting, results, a.latency);
}

int usage(const char* what) {
  std::fprintf(stderr, "llm-bench: %s (try --help)\n", what);
  return cli::exit_usage;
}

Expected<int> run(Arguments& a) {
  const auto nothing = [](const std::vector<std::size_t>& list) {
    return *std::max_element(list.begin(), list.end()) == 0;
  };
  if (nothing(a.bench.n_prompt) && nothing(a.bench.n_gen)) return usage("-p 0 and -n 0 leave nothing to measure");
  if (!a.profile.empty()) {
    if (a.output == "csv") return usage("csv has one line per test and no place for --profile; take md or json");
    a.bench.profile = a.profile == "layers" ? ProfileDetail::Layers : ProfileDetail::Phases;
  }
  if (!a.keep.empty() && (a.models.size() != 1 || !is_synth(a.models[0]))) {
    return usage("--keep needs exactly one model, a synth: one");
  }
  if (a.models.empty()) {
    auto bundled = default_model();
    if (!bundled) return fail(std::move(bundled.error()));
    std::fprintf(stderr, "llm-bench: no -m given; using the model that ships with Lamina, %s\n", bundled->c_str());
    a.models.push_back(std::move(*bundled));
  }
  Setting setting;
  setting.cpu = cpu_name();
  setting.cores = std::max(1u, std::thread::hardware_concurrency());
  const TerminalProgress progress;
  progress("preparing the probes");
  const std::size_t n_threads = a.bench.threads[0] != 0 ? a.bench.threads[0] : setting.cores;
  auto probe = MachineProbe::make(n_threads);
  if (!probe) return fail(std::move(probe.error()));
  setting.probe_bytes = probe->bandwidth().bytes();
  setting.read_loop = probe->bandwidth().loop_name();
  setting.kinds = probe->kinds();

  Bench bench(a.bench, *probe, progress);
  std::vector<ModelResult> results;
  for (const std::string& name : a.models) {
    auto result = measure(name, a, bench, n_threads, progress);
    progress.clear();
    if (!result) {
      if (!results.empty()) write(a, setting, results);  // what was measured before is not lost
      return fail(std::move(result.error()));
    }
    results.push_back(std::move(*result));
  }
  write(a, setting, results);
  return cli::exit_ok;
}

}  // namespace
}  // namespace lamina::bench

int main(int argc, char** argv) {
  CLI::App app{lamina::bench::description, "llm-bench"};
  app.footer(std::string(lamina::bench::examples) + std::string(lamina::cli::exit_codes));
  lamina::bench::Arguments arguments;
  lamina::bench::add_options(app, arguments);
  return lamina::cli::run(app, "llm-bench", argc, argv, [&] { return lamina::bench::run(arguments); });
}
