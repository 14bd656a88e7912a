// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm infer: streams the text a model makes of a prompt.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <random>
#include <string>

#include "commands.hpp"
#include "common/bandwidth.hpp"
#include "common/cli.hpp"
#include "common/input.hpp"
#include "model_args.hpp"

namespace lamina::llm {
namespace {

volatile std::sig_atomic_t interrupted = 0;

struct InferArgs : ModelArgs {
  std::string prompt;
  std::string file;
  GenerateOptions generate;
  bool seeded = false;
  bool hide_prompt = false;
  bool stats = false;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void print_stats(const Model& model, const Session& session, const Generation& generation, double load_s,
                 double prefill_s, double decode_s) {
  const std::size_t decoded = generation.n_generated() > 0 ? generation.n_generated() - 1 : 0;
  const double prefill_rate = static_cast<double>(generation.n_prompt()) / prefill_s;
  std::fprintf(stderr, "\nload     %8.1f ms\nprefill  %8.1f ms  %5zu tokens  %8.1f tokens/s\n", load_s * 1e3,
               prefill_s * 1e3, generation.n_prompt(), prefill_rate);
  if (decoded > 0) {
    const double rate = static_cast<double>(decoded) / decode_s;
    std::fprintf(stderr, "decode   %8.1f ms  %5zu tokens  %8.1f tokens/s\n", decode_s * 1e3, decoded, rate);
    const double used = rate * static_cast<double>(model.plan().weight_bytes());
    std::fprintf(stderr, "reads    %8.2f GB/s of weights", used / 1e9);
    if (auto probe = bench::BandwidthProbe::make(session.threads())) {
      const double bandwidth = probe->measure();
      std::fprintf(stderr, ", %.0f%% of the %.1f GB/s this machine reads now%s", 100 * used / bandwidth,
                   bandwidth / 1e9,
                   model.plan().weight_bytes() < (32u << 20) ? " (so small a model stays in the caches)" : "");
    }
    std::fprintf(stderr, "\n");
  }
  std::fprintf(stderr, "target   %s, %zu threads; stopped by %s\n", std::string(model.target()).c_str(),
               session.threads(), std::string(to_string(generation.reason())).c_str());
}

int infer(InferArgs& args) {
  const auto start = std::chrono::steady_clock::now();
  std::string prompt = args.prompt;
  if (!args.file.empty()) {
    auto text = cli::read_input(args.file);
    if (!text) return cli::report("llm", text.error());
    prompt = std::move(*text);
  }
  const auto model = args.load();
  if (!model) return cli::report("llm", model.error());
  auto session = model->session(args.session);
  if (!session) return cli::report("llm", session.error());
  const double load_s = seconds_since(start);
  if (!args.seeded) args.generate.sampler.seed = std::random_device{}();

  std::signal(SIGINT, [](int) { interrupted = 1; });
  if (!args.hide_prompt) {
    std::fwrite(prompt.data(), 1, prompt.size(), stdout);
    std::fflush(stdout);
  }
  Generation generation = session->generate(prompt, args.generate);
  const auto prefill_start = std::chrono::steady_clock::now();
  auto it = generation.begin();
  const double prefill_s = seconds_since(prefill_start);
  const auto decode_start = std::chrono::steady_clock::now();
  for (; it != generation.end() && !interrupted; ++it) {
    const std::string_view piece = *it;
    if (std::fwrite(piece.data(), 1, piece.size(), stdout) != piece.size() || std::fflush(stdout) != 0) {
      return cli::exit_ok;  // the reader has gone
    }
  }
  const double decode_s = seconds_since(decode_start);
  std::fputc('\n', stdout);
  std::fflush(stdout);
  if (generation.error()) return cli::report("llm", *generation.error());
  if (generation.reason() == StopReason::ContextFull) {
    std::fprintf(stderr, "llm: the context of %zu tokens is full; -c gives a larger one\n", session->context());
  }
  if (args.stats) print_stats(*model, *session, generation, load_s, prefill_s, decode_s);
  return interrupted ? cli::exit_interrupted : cli::exit_ok;
}

}  // namespace

void add_infer(CLI::App& app, Command& command) {
  auto args = std::make_shared<InferArgs>();
  CLI::App* sub = app.add_subcommand("infer", "continue a prompt");
  args->add_run(*sub);
  auto* text = sub->add_option("-p,--prompt", args->prompt, "text to continue")->type_name("TEXT");
  sub->add_option("-f,--file", args->file, "read the prompt from FILE; - is standard input")
      ->type_name("FILE")
      ->excludes(text);
  sub->add_option("-n,--max-tokens", args->generate.max_tokens, "stop after N tokens")
      ->type_name("N")
      ->capture_default_str();
  SamplerOptions& s = args->generate.sampler;
  auto* seed = sub->add_option("-s,--seed", s.seed, "random seed; the same seed gives the same text")->type_name("N");
  sub->add_option("--temp", s.temperature, "temperature; 0 always takes the likeliest token")
      ->type_name("X")
      ->capture_default_str();
  sub->add_option("--top-k", s.top_k, "keep the K likeliest tokens; 0: all")->type_name("K")->capture_default_str();
  sub->add_option("--top-p", s.top_p, "keep the likeliest tokens that make up probability P; 1: all")
      ->type_name("P")
      ->capture_default_str();
  sub->add_option("--min-p", s.min_p, "drop tokens less likely than P times the likeliest; 0: none")
      ->type_name("P")
      ->capture_default_str();
  sub->add_option("--repeat-penalty", s.repetition_penalty, "divide the logits of recent tokens; 1: off")
      ->type_name("X")
      ->capture_default_str();
  sub->add_option("--frequency-penalty", s.frequency_penalty, "subtract X for each recent use of a token")
      ->type_name("X")
      ->capture_default_str();
  sub->add_option("--presence-penalty", s.presence_penalty, "subtract X once from recently used tokens")
      ->type_name("X")
      ->capture_default_str();
  sub->add_option("--repeat-last-n", s.penalty_last_n, "how many tokens count as recent")
      ->type_name("N")
      ->capture_default_str();
  sub->add_flag("--special", args->generate.parse_special,
                "special tokens written in the prompt become control tokens");
  sub->add_flag("--ignore-eos", args->generate.ignore_end, "go on after an end-of-text token");
  sub->add_flag("--hide-prompt", args->hide_prompt, "print only what the model adds");
  sub->add_flag("--stats", args->stats, "print times, tokens/s and share of the read bandwidth to standard error");
  sub->footer(
      "Examples:\n"
      "  llm infer -p \"Once upon a time\" -s 7 --stats\n"
      "  echo \"The sea was\" | llm infer -m model.gguf -f - -n 40 --temp 0");
  sub->callback([args, seed, &command] {
    args->seeded = seed->count() > 0;
    command = [args] { return infer(*args); };
  });
}

}  // namespace lamina::llm
