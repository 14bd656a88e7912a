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
    "Models that need no file: synth:SHAPE:FORMAT has random weights, synth:SHAPE/LAYERS:FORMAT fewer layers of them.\n"
    "--list-synth lists shapes and formats.\n"
    "\n"
    "LIST: numbers and ranges, N, FIRST-LAST, FIRST-LAST+STEP or FIRST-LAST*FACTOR, with commas between them. Every\n"
    "combination of -t, -b and -d with each -p and each -n is a row.\n"
    "\n"
    "Examples:\n"
    "  llm-bench                                              the model that ships with Lamina\n"
    "  llm-bench -m a.gguf -m b.gguf -p 512 -n 128 -r 5       two models beside each other\n"
    "  llm-bench -m synth:llama-1.1b:Q4_0 -t 1,2 -o json      every sample and the plan, as JSON\n"
    "  llm-bench -m synth:gpt-oss-20b/2:MXFP4_MOE             two layers of a large model\n"
    "  llm-bench -m a.gguf -p 0 -n 64 -d 0-4096+1024          decode only, at growing depth\n"
    "  llm-bench -m a.gguf -n 64 -d 2048 --cache-type f16     a smaller KV cache\n"
    "  llm-bench -m a.gguf -p 1-16,24,32-600*1.5 -n 0         from one token to many fed together\n"
    "  llm-bench -m a.gguf -p 2048 -n 0 -b 64-2048*2          the same prompt in smaller and larger batches\n"
    "  llm-bench -m a.gguf --latency                          time to the first token, and of each decoded one\n"
    "  llm-bench -m a.gguf --profile                          where the time goes, phase by phase\n"
    "  llm-bench -m a.gguf --profile=layers -p 0 -n 32        the same for every step of every layer\n"
    "  llm-bench -m synth:llama-1.1b:Q4_0 --keep m.gguf       also write the model, for other engines\n"
    "  llm-bench -m a.gguf --strict                           what the same bits for every batch cost\n"
    "  llm-bench -m a.gguf --profile -o csv                   a line for each phase of each test\n"
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
    "step. Below the table are the kernels that ran, and tensors that have no fast one on the target, that prefill\n"
    "meets by the kernel of one token, or whose rows are largely copied before they become panels.\n";

// "LABEL: name name …", in lines of at most 110 characters.
std::string wrapped(std::string line, const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) {
    if (line.size() + 1 + name.size() > 110) {
      out += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(name);
  }
  return out + line + "\n";
}

// What synth: understands, from the registries.
std::string synth_help() {
  std::vector<std::string_view> shapes, formats, mixes;
  for (const SynthShape& shape : synth_shapes) shapes.push_back(shape.name);
  for_each_type(quant::Formats{}, [&](auto format) { formats.push_back(decltype(format)::type::name); });
  for (const quant::FileType& type : quant::file_types) {
    if (gguf::tensor_type(type.name) == nullptr) mixes.push_back(type.name);
  }
  return "Models that need no file: synth:SHAPE:FORMAT has random weights.\n" + wrapped("SHAPE:", shapes) +
         wrapped("FORMAT:", formats) + wrapped("or a mix of formats:", mixes) + "\n";
}

struct Arguments {
  std::vector<std::string> models;
  std::string output = "md";
  std::string keep;
  cli::PlaceArgs place;
  std::string profile;  // empty, "phases" or "layers"
  bool latency = false, list_synth = false;
  std::size_t probe_mib = 0;
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
  app.add_option("-m,--model", a.models, "GGUF file, synth:SHAPE:FORMAT or synth:SHAPE/LAYERS:FORMAT; may be repeated")
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
  app.add_option(
         "--prefill-bits", a.bench.prefill_bits,
         "bits of activations in prefill; 8 is faster where the target multiplies bytes or bfloat16, 16 more exact")
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
  app.add_option("-o,--output", a.output,
                 "md: a table; json: all samples; csv: a line per test, or per row of its profile")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"md", "json", "csv"}))
      ->capture_default_str();
  app.add_option(
         "--probe-size", a.probe_mib,
         "MiB that the bandwidth probe reads, at most a quarter of the memory; 0: four times the last cache. Less "
         "starts sooner, and measures a cache if it fits one")
      ->type_name("MIB")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_flag("--list-synth", a.list_synth, "list what SHAPE and FORMAT of synthetic models may be, and stop");
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
  auto result = bench.run(name, [&] { return load(synth->file, options); });
  if (result) result->note = synth->note;
  return result;
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

void print_synth_list() {
  std::printf("SHAPE          family      layers  sizes of\n");
  for (const SynthShape& s : synth_shapes) {
    const std::string layers =
        (s.n_made == s.n_layers ? "" : std::to_string(s.n_made) + "/") + std::to_string(s.n_layers);
    std::printf("%-14s %-10s %7s  %s\n", std::string(s.name).c_str(), std::string(s.family).c_str(), layers.c_str(),
                std::string(s.about).c_str());
  }
  std::string formats, mixes;
  for_each_type(quant::Formats{}, [&](auto type) { formats += " " + std::string(decltype(type)::type::name); });
  for (const quant::FileType& type : quant::file_types) {
    if (gguf::tensor_type(type.name) == nullptr) mixes += " " + std::string(type.name);
  }
  std::printf(
      "\nMade with all layers, or with as many as stand before the slash, so that 24 GiB of memory hold them in most\n"
      "formats; SHAPE/N has N layers. Rows that a format's blocks do not divide are stored as llama.cpp would store\n"
      "them, and the results say so.\n\n"
      "FORMAT, for all matrices but the output:%s\n"
      "FORMAT, a mix as llama.cpp makes it:%s\n",
      formats.c_str(), mixes.c_str());
}

Expected<int> run(Arguments& a) {
  if (a.list_synth) {
    print_synth_list();
    return cli::exit_ok;
  }
  const auto nothing = [](const std::vector<std::size_t>& list) {
    return *std::max_element(list.begin(), list.end()) == 0;
  };
  if (nothing(a.bench.n_prompt) && nothing(a.bench.n_gen)) return usage("-p 0 and -n 0 leave nothing to measure");
  if (!a.profile.empty()) {
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
  auto probe = MachineProbe::make(n_threads, a.probe_mib << 20);
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
  app.footer(lamina::bench::synth_help() + std::string(lamina::bench::examples) + std::string(lamina::cli::exit_codes));
  lamina::bench::Arguments arguments;
  lamina::bench::add_options(app, arguments);
  return lamina::cli::run(app, "llm-bench", argc, argv, [&] { return lamina::bench::run(arguments); });
}
