// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Options that several subcommands share, and loading with them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdio>
#include <string>

#include "common/cache_type.hpp"
#include "common/cli.hpp"
#include "common/default_model.hpp"
#include "common/load_line.hpp"
#include "common/place_args.hpp"
#include "common/target_note.hpp"
#include "lamina/lamina.hpp"
#include "lamina/text/tokenizer_json.hpp"

namespace lamina::llm {

struct ModelArgs {
  std::string model;
  std::string tokenizer;
  cli::PlaceArgs place;
  bool lazy = false;
  SessionOptions session;

  void add_model(CLI::App& app) {
    app.add_option("-m,--model", model, "GGUF file to use; the first part of a split one")
        ->type_name("FILE")
        ->check(is_named);
    app.add_option("--tokenizer", tokenizer, "tokenizer.json to use instead of the model's own tokenizer")
        ->type_name("FILE")
        ->check(is_named);
  }
  void add_run(CLI::App& app) {
    add_model(app);
    place.add(app);
    app.add_option("-t,--threads", session.threads, "threads to compute with; 0: one per core")->type_name("N");
    app.add_option("-c,--ctx", session.context, "context in tokens; 0: the model's own, at most 4096")->type_name("N");
    app.add_option("--batch", session.batch, "prompt tokens computed together")->type_name("N")->capture_default_str();
    app.add_option(
           "--prefill-bits", session.prefill_bits,
           "bits of activations in prefill; 8 is faster where the target multiplies bytes or bfloat16, 16 more exact")
        ->type_name("8|16")
        ->capture_default_str();
    app.add_flag("--strict", session.strict, "the same bits however the prompt is split into batches; slower prefill");
    cli::add_cache_type(app, session.cache_type);
    app.add_flag("--lazy", lazy,
                 "read weights when tokens first need them, not while loading: for files larger than memory allows");
  }

  // The file named, or the bundled storyteller, which is announced on standard error.
  Expected<std::string> path() const {
    if (!model.empty()) return model;
    auto bundled = default_model();
    if (bundled) std::fprintf(stderr, "llm: no -m given; using the bundled storyteller, %s\n", bundled->c_str());
    return bundled;
  }

  // `runs`: the model's weights will be used.
  Expected<Model> load(bool runs = true) const {
    const auto file = path();
    if (!file) return fail(file.error());
    cli::LoadLine line(*file);
    LoadOptions options = place.options();
    options.progress = line.callback();
    options.populate = runs && !lazy;
    options.threads = session.threads;
    if (!tokenizer.empty()) {
      auto made = text::load_tokenizer_json(tokenizer);
      if (!made) return fail(std::move(made.error()));
      options.tokenizer = std::move(*made);
    }
    auto loaded = lamina::load(*file, options);
    line.clear();
    if (loaded) cli::print_target_note("llm", loaded->target());
    if (loaded) announce_slow_steps(*loaded);
    return loaded;
  }

 private:
  static std::string is_named(const std::string& name) {
    return name.empty() ? "no name of a file" : "";  // an unset variable
  }

  // No silent fallback: what runs without a fast kernel is said.
  static void announce_slow_steps(const Model& model) {
    std::size_t slow = 0;
    for (const auto& step : model.plan().steps()) slow += step.info.slow;
    if (slow > 0) {
      std::fprintf(stderr,
                   "llm: %zu of %zu steps run without a fast kernel on target %s; `gguf-inspect plan` names them\n",
                   slow, model.plan().steps().size(), std::string(model.target()).c_str());
    }
  }
};

}  // namespace lamina::llm
