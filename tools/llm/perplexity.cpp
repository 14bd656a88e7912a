// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm perplexity: how likely a model finds a text, and how far its predictions are from another's.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/input.hpp"
#include "common/progress.hpp"
#include "model_args.hpp"
#include "perplexity_stats.hpp"
#include "predictions.hpp"

namespace lamina::llm {
namespace {

struct PerplexityArgs : ModelArgs {
  std::string file, base, save;
  std::size_t windows = 0;
  bool json = false;
};

class Perplexity {
 public:
  explicit Perplexity(const PerplexityArgs& args) : args_(args) {}

  Expected<void> run() {
    if (!args_.base.empty()) {
      auto base = PredictionsFile::open(args_.base);
      if (!base) return fail(std::move(base.error()));
      base_.emplace(std::move(*base));
    }
    const auto model = args_.load();
    if (!model) return fail(model.error());
    SessionOptions options = args_.session;
    if (base_) options.context = base_->window();
    auto session = model->session(options);
    if (!session) return fail(session.error());
    window_ = session->context();
    if (auto ok = read_tokens(*model); !ok) return ok;
    if (!args_.save.empty()) {
      auto out = PredictionsWriter::create(args_.save, window_, model->n_vocab(), tokens_);
      if (!out) return fail(std::move(out.error()));
      out_.emplace(std::move(*out));
    }
    cli::Progress progress;
    const std::size_t n = tokens_.size() / window_;
    for (std::size_t i = 0; i < n; ++i) {
      progress.show("window " + std::to_string(i + 1) + "/" + std::to_string(n) +
                    (i > 0 ? ", perplexity " + std::to_string(running_.back()) : ""));
      if (auto ok = score(*session, std::span(tokens_).subspan(i * window_, window_)); !ok) return ok;
      running_.push_back(stats_.perplexity().value);
    }
    progress.clear();
    if (out_) {
      if (auto ok = out_->commit(); !ok) return ok;
    }
    if (args_.json) {
      std::puts(describe(*model).dump(2).c_str());
    } else {
      print_readable();
    }
    return {};
  }

 private:
  // The text of whole windows: the user's file, or what the base run saw.
  Expected<void> read_tokens(const Model& model) {
    if (window_ < 4) {
      return fail(Error(ErrorCode::BadArgument, {}).about("--ctx").wanted("4 or more").found(std::to_string(window_)));
    }
    if (const text::Tokenizer* tokenizer = model.tokenizer()) {
      if (tokenizer->adds_bos()) bos_ = tokenizer->bos();
    } else if (!base_) {
      return fail(model.tokenizer_error() ? *model.tokenizer_error() : Error(ErrorCode::BadTokenizer, "no tokenizer"));
    }
    if (base_) {
      if (base_->n_vocab() != model.n_vocab()) {
        return fail(Error(ErrorCode::ShapeMismatch, "the predictions are of a model with another vocabulary")
                        .in(args_.base)
                        .wanted(std::to_string(model.n_vocab()) + " tokens")
                        .found(std::to_string(base_->n_vocab())));
      }
      tokens_.assign(base_->tokens().begin(), base_->tokens().end());
    } else {
      const auto text = cli::read_input(args_.file);
      if (!text) return fail(text.error());
      auto ids = model.tokenizer()->encode(*text, {.add_special = true, .parse_special = false});
      if (!ids) return fail(std::move(ids.error()));
      tokens_ = std::move(*ids);
    }
    std::size_t n = tokens_.size() / window_;
    if (n == 0) {
      return fail(
          Error(ErrorCode::BadArgument, "the text is shorter than one window; give a longer one or a smaller --ctx")
              .in(args_.file)
              .wanted("at least " + std::to_string(window_) + " tokens")
              .found(std::to_string(tokens_.size())));
    }
    if (args_.windows > 0) n = std::min(n, args_.windows);
    tokens_.resize(n * window_);
    return {};
  }

  // The first half of a window is context; from there on each token is scored by the place before it.
  Expected<void> score(Session& session, std::span<const text::Token> window) {
    if (auto ok = session.rewind(session.position()); !ok) return ok;
    std::vector<text::Token> fed(window.begin(), window.end());
    if (bos_) fed.front() = *bos_;
    const std::size_t first = window_ / 2;
    if (auto ok = session.feed(std::span(fed).first(first)); !ok) return ok;
    std::optional<Error> failed;
    const Session::LogitsCallback each = [&](std::size_t i, std::span<const float> logits) {
      const auto ok = guarded([&] { return score_place(logits, window[first + i + 1]); });
      if (ok) return Feedback::Continue;
      failed = ok.error();
      return Feedback::Halt;
    };
    const auto ok = session.feed(std::span(fed).subspan(first, scored_places(window_)), each);
    return failed ? fail(*failed) : ok;
  }

  Expected<void> score_place(std::span<const float> logits, text::Token next) {
    if (!std::ranges::all_of(logits, [](float x) { return std::isfinite(x); })) {
      return fail(ErrorCode::NumericError, "the model's logits are no numbers");
    }
    const auto token = static_cast<std::size_t>(next);
    if (base_) {
      row_.resize(PackedRow::words(logits.size()));
      base_->read(stats_.count(), row_);
      const PackedRow row(row_, logits.size());
      if (!row.finite()) return fail(Error(ErrorCode::NumericError, "a prediction is no number").in(args_.base));
      divergence_.add(logits, row, token);
    }
    stats_.add(logits, token);
    return out_ ? out_->add(logits) : Expected<void>{};
  }

  nlohmann::ordered_json describe(const Model& model) const {
    const auto both = [](Estimate e) {
      return nlohmann::ordered_json{{"value", e.value}, {"standard_error", e.error}};
    };
    nlohmann::ordered_json out;
    out["file"] = printable(model.file().name(), 4096);
    out["target"] = std::string(model.target());
    out["context"] = window_;
    out["windows"] = tokens_.size() / window_;
    out["tokens_scored"] = stats_.count();
    out["perplexity"] = both(stats_.perplexity());
    out["running"] = running_;
    if (!base_) return out;
    out["base_perplexity"] = both(divergence_.base_perplexity());
    out["perplexity_ratio"] = both(divergence_.perplexity_ratio());
    out["kl_divergence"] = both(divergence_.divergence());
    for (const auto& [name, fraction] : quantiles) out["kl_divergence"][name] = divergence_.quantile(fraction);
    out["same_top_token"] = both(divergence_.same_top());
    out["probability_rms_difference"] = divergence_.probability_rms();
    return out;
  }

  void print_readable() const {
    const auto line = [](const char* label, Estimate e, double unit = 1, const char* after = "") {
      std::printf("%-24s %.5g ± %.2g%s\n", label, unit * e.value, unit * e.error, after);
    };
    std::printf("%-24s %zu of %zu tokens, %zu tokens scored\n", "windows", tokens_.size() / window_, window_,
                stats_.count());
    std::printf("%-24s %.4f ± %.4f\n", "perplexity", stats_.perplexity().value, stats_.perplexity().error);
    if (!base_) return;
    std::printf("%-24s %.4f ± %.4f\n", "perplexity of the base", divergence_.base_perplexity().value,
                divergence_.base_perplexity().error);
    line("ratio of the two", divergence_.perplexity_ratio());
    line("KL divergence", divergence_.divergence());
    for (const auto& [name, fraction] : quantiles) {
      std::printf("  %-22s %.5g\n", name, divergence_.quantile(fraction));
    }
    line("same likeliest token", divergence_.same_top(), 100, " %");
    std::printf("%-24s %.4g %%\n", "RMS change of p", 100 * divergence_.probability_rms());
  }

  static constexpr std::pair<const char*, double> quantiles[] = {
      {"median", 0.5}, {"90%", 0.9}, {"99%", 0.99}, {"maximum", 1.0}};

  const PerplexityArgs& args_;
  std::optional<PredictionsFile> base_;
  std::optional<PredictionsWriter> out_;
  std::size_t window_ = 0;  // tokens
  std::optional<text::Token> bos_;
  std::vector<text::Token> tokens_;  // whole windows
  std::vector<std::uint16_t> row_;
  PerplexityStats stats_;
  DivergenceStats divergence_;
  std::vector<double> running_;  // perplexity after each window
};

}  // namespace

void add_perplexity(CLI::App& app, Command& command) {
  auto args = std::make_shared<PerplexityArgs>();
  args->session.context = 512;
  CLI::App* sub = app.add_subcommand("perplexity", "how likely a model finds a text; its distance from another model");
  args->add_run(*sub);
  sub->get_option("--ctx")
      ->description("tokens in a window; 0: the model's own context, at most 4096")
      ->default_str("512");
  auto* text = sub->add_option("-f,--file", args->file, "the text; - is standard input")->type_name("FILE");
  auto* base =
      sub->add_option("--kl-base", args->base, "compare with the predictions in FILE, on its text and in its windows")
          ->type_name("FILE")
          ->excludes(text)
          ->excludes(sub->get_option("--ctx"));
  sub->add_option("--save-logits", args->save, "write the predictions to FILE, for --kl-base or llama-perplexity")
      ->type_name("FILE");
  sub->add_option("--windows", args->windows, "score only the first N windows; 0: all")->type_name("N");
  sub->add_flag("--json", args->json, "machine-readable, with the perplexity after each window");
  sub->footer(
      "The text is cut into windows that do not overlap; a rest that fills none is left out. In each window the "
      "tokens\n"
      "of the second half are scored, each given all before it; where the model wants a begin token, that takes the\n"
      "place of the window's first. Perplexity is exp of the mean negative log-likelihood: llama-perplexity's "
      "numbers.\n"
      "With --kl-base: the Kullback-Leibler divergence, in nats, of the model's predictions from the base's.\n\n"
      "Examples:\n"
      "  llm perplexity -m model.gguf -f wiki.test.raw\n"
      "  llm perplexity -m model-f16.gguf -f text.txt --save-logits base.kld\n"
      "  llm perplexity -m model-Q4_K_M.gguf --kl-base base.kld");
  sub->callback([args, text, base, &command] {
    if (text->count() == 0 && base->count() == 0) throw CLI::RequiredError("--file or --kl-base");
    command = [args] {
      const auto result = guarded([&] { return Perplexity(*args).run(); });
      return result ? cli::exit_ok : cli::report("llm", result.error());
    };
  });
}

}  // namespace lamina::llm
