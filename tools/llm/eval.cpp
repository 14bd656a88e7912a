// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm eval: raw token ids in, logits and greedy ids out; for comparing engines. Needs no tokenizer.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "common/atomic_file.hpp"
#include "common/cli.hpp"
#include "lamina/core/checked.hpp"
#include "model_args.hpp"

namespace lamina::llm {
namespace {

struct EvalArgs : ModelArgs {
  std::vector<text::Token> tokens;
  std::size_t greedy = 0;
  std::string logits;
};

// What a damaged model computes; worth an error even where nothing is chosen from it.
Expected<void> check_finite(std::span<const float> logits) {
  const auto bad = std::ranges::find_if_not(logits, [](float x) { return std::isfinite(x); });
  if (bad == logits.end()) return {};
  return fail(Error(ErrorCode::NumericError, "the model's logits are no numbers")
                  .about("logit " + std::to_string(bad - logits.begin()))
                  .wanted("a finite number")
                  .found(std::isnan(*bad) ? "NaN" : "infinity"));
}

Expected<nlohmann::json> eval(const EvalArgs& args) {
  const auto model = args.load();
  if (!model) return fail(model.error());
  SessionOptions options = args.session;
  if (options.context == 0) options.context = checked_add(args.tokens.size(), args.greedy).value_or(SIZE_MAX);
  auto session = model->session(options);
  if (!session) return fail(session.error());
  std::optional<AtomicFile> out;
  if (!args.logits.empty()) {
    auto opened = AtomicFile::create(args.logits);
    if (!opened) return fail(opened.error());
    out.emplace(std::move(*opened));
  }
  std::optional<Error> row_error;
  const Session::LogitsCallback each = [&](std::size_t, std::span<const float> row) {
    auto ok = check_finite(row);
    if (ok) ok = out->write_floats(row);
    if (!ok) {
      row_error = std::move(ok.error());
      return Feedback::Halt;
    }
    return Feedback::Continue;
  };
  const auto feed = [&](std::span<const text::Token> tokens) -> Expected<void> {
    auto ok = out ? session->feed(tokens, each) : session->feed(tokens);
    if (row_error) return fail(*row_error);
    return ok ? check_finite(session->logits()) : ok;
  };
  if (auto ok = feed(args.tokens); !ok) return fail(ok.error());

  auto sampler = Sampler::make({.temperature = 0});
  if (!sampler) return fail(sampler.error());
  std::vector<text::Token> chosen;
  for (std::size_t i = 0; i < args.greedy; ++i) {
    const auto token = sampler->sample(session->logits());
    if (!token) return fail(token.error());
    chosen.push_back(*token);
    if (auto ok = feed(std::span(&chosen.back(), 1)); !ok) return fail(ok.error());
  }
  if (out) {
    if (auto ok = out->commit(); !ok) return fail(ok.error());
  }
  return nlohmann::json{{"n_vocab", model->n_vocab()},
                        {"rows", args.tokens.size() + args.greedy},
                        {"greedy", chosen},
                        {"target", std::string(model->target())}};
}

}  // namespace

void add_eval(CLI::App& app, Command& command) {
  auto args = std::make_shared<EvalArgs>();
  CLI::App* sub = app.add_subcommand("eval", "logits and greedy ids for raw token ids, as JSON");
  args->add_run(*sub);
  sub->add_option("--tokens", args->tokens, "ids of the prompt, separated by commas")
      ->type_name("ID,ID,…")
      ->delimiter(',')
      ->check([](const std::string& id) { return id.empty() ? "an id is a number" : ""; })
      ->required();
  sub->add_option("--greedy", args->greedy, "then choose N tokens greedily, each fed back")->type_name("N");
  sub->add_option("--logits", args->logits,
                  "write little-endian float32 rows [n_vocab]: one per prompt token, one per greedy step")
      ->type_name("FILE");
  sub->footer("Example:\n  llm eval -m model.gguf --tokens 3,17,5 --greedy 4 --logits out.f32");
  sub->callback([args, &command] {
    command = [args] {
      const auto result = eval(*args);
      if (!result) return cli::report("llm", result.error());
      std::puts(result->dump().c_str());
      return cli::exit_ok;
    };
  });
}

}  // namespace lamina::llm
