// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm-bench: tokens per second of models, beside what the machine could read in the same moments.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/bandwidth.hpp"
#include "common/cache_type.hpp"
#include "common/cli.hpp"
#include "common/default_model.hpp"
#include "common/synth.hpp"
#include "measure.hpp"
#include "output.hpp"

namespace lamina::bench {
namespace {

constexpr const char* description =
    "Measures models: prefill (a prompt's tokens together) and decode (one by one), in tokens per second,\n"
    "with the spread, the bytes moved, and the machine's read bandwidth probed between the repetitions.\n"
    "Random tokens are fed; tokenising and sampling are not measured.";

constexpr const char* examples =
    "Models that need no file: synth:SHAPE:FORMAT has random weights. SHAPE: tiny, llama-160m, llama-1.1b, llama-8b.\n"
    "FORMAT: F32 F16 BF16 Q4_0 Q4_1 Q8_0 Q4_K Q5_K Q6_K, or a mix, Q4_K_S Q4_K_M Q5_K_S Q5_K_M.\n"
    "\n"
    "Examples:\n"
    "  llm-bench                                              the model that ships with Lamina\n"
    "  llm-bench -m a.gguf -m b.gguf -p 512 -n 128 -r 5       two models beside each other\n"
    "  llm-bench -m synth:llama-1.1b:Q4_0 -t 2 -o json        every sample and the plan, as JSON\n"
    "  llm-bench -m a.gguf -p 0 -n 64 -d 2048                 decode only, with 2048 tokens in the context\n"
    "  llm-bench -m a.gguf -n 64 -d 2048 --cache-type f16     a smaller KV cache\n"
    "  llm-bench -m synth:llama-1.1b:Q4_0 --keep m.gguf       also write the model, for other engines\n"
    "  llm-bench -m a.gguf --target reference -p 8 -n 4       another instruction set\n"
    "\n"
    "A decoded token reads every weight once: \"of it\" near 100% means that memory, not the program, is the limit.\n"
    "A tensor that has no fast kernel on the target is named below the table.\n";

struct Arguments {
  std::vector<std::string> models;
  std::string output = "md";
  std::string keep;
  BenchOptions bench;
};

void add_options(CLI::App& app, Arguments& a) {
  app.add_option("-m,--model", a.models, "GGUF file, or synth:SHAPE:FORMAT; may be given again")
      ->type_name("MODEL")
      ->allow_extra_args(false);
  app.add_option("-p,--prompt", a.bench.n_prompt, "tokens of the prefill test; 0: none")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-n,--gen", a.bench.n_gen, "tokens of the decode test; 0: none")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-d,--depth", a.bench.depth, "tokens in the context before each test")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-r,--repetitions", a.bench.repetitions, "how often each test is measured, after a warm-up")
      ->type_name("N")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("-t,--threads", a.bench.threads, "threads; 0: one per core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("-b,--batch", a.bench.batch, "tokens computed together in the prefill test")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-c,--ctx", a.bench.context, "context in tokens; 0: as many as the tests need")
      ->type_name("N")
      ->capture_default_str();
  cli::add_cache_type(app, a.bench.cache_type);
  app.add_option("--target", a.bench.target, "instruction set to run on; otherwise LAMINA_TARGET or the best there is")
      ->type_name("NAME");
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
  LoadOptions options;
  options.target = a.bench.target;
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
  if (a.output == "csv") return write_csv(stdout, results);
  write_markdown(stdout, setting, results);
}

int usage(const char* what) {
  std::fprintf(stderr, "llm-bench: %s (try --help)\n", what);
  return cli::exit_usage;
}

Expected<int> run(Arguments& a) {
  constexpr std::size_t most = std::size_t{1} << 30;  // tokens, the library's largest context
  if (std::max({a.bench.n_prompt, a.bench.n_gen, a.bench.depth}) > most)
    return usage("-p, -n and -d take 0 to 1073741824");
  if (a.bench.n_prompt == 0 && a.bench.n_gen == 0) return usage("-p 0 and -n 0 leave nothing to measure");
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
  progress("preparing the bandwidth probe");
  const std::size_t n_threads = a.bench.threads != 0 ? a.bench.threads : setting.cores;
  auto probe = BandwidthProbe::make(n_threads);
  if (!probe) return fail(std::move(probe.error()));
  setting.probe_bytes = probe->bytes();
  setting.probe_threads = probe->threads();
  setting.probe_loop = probe->loop_name();

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
