// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm imatrix: what the inputs of a model's matrices weigh, for llm quantize --imatrix.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/input.hpp"
#include "common/progress.hpp"
#include "lamina/convert/importance.hpp"
#include "lamina/convert/importance_file.hpp"
#include "model_args.hpp"

namespace lamina::llm {
namespace {

struct ImatrixArgs : ModelArgs {
  std::string file, out, format;
  std::vector<std::string> in_files;
  std::size_t windows = 0;
  bool parse_special = false, output = false, json = false;

  bool dat() const { return format.empty() ? out.ends_with(".dat") : format == "dat"; }
};

class Imatrix {
 public:
  explicit Imatrix(const ImatrixArgs& args) : args_(args) {}

  Expected<void> run() {
    std::optional<convert::ImportanceData> sum;
    const auto add = [&](const convert::ImportanceData& data, const std::string& from) -> Expected<void> {
      if (!sum) {
        sum = data;
        return {};
      }
      auto ok = sum->merge(data);
      return ok ? ok : fail(std::move(ok.error()).in(from));
    };
    for (const std::string& name : args_.in_files) {
      const auto data = convert::read_importance(name);
      if (!data) return fail(data.error());
      if (auto ok = add(*data, name); !ok) return ok;
    }
    if (!args_.file.empty()) {
      const auto data = compute();
      if (!data) return fail(data.error());
      if (auto ok = add(*data, args_.file); !ok) return ok;
    }
    auto ok = args_.dat() ? convert::write_importance_dat(*sum, args_.out) : convert::write_importance(*sum, args_.out);
    if (!ok) return ok;
    args_.json ? print_json(*sum) : print_readable(*sum);
    return {};
  }

 private:
  Expected<convert::ImportanceData> compute() const {
    const auto model = args_.load();
    if (!model) return fail(model.error());
    if (model->tokenizer() == nullptr) {
      return fail(model->tokenizer_error() ? *model->tokenizer_error()
                                           : Error(ErrorCode::BadTokenizer, "no tokenizer"));
    }
    const auto text = cli::read_input(args_.file);
    if (!text) return fail(text.error());
    auto ids = model->tokenizer()->encode(*text, {.add_special = true, .parse_special = args_.parse_special});
    if (!ids) return fail(std::move(ids.error()));
    auto session = model->session(args_.session);
    if (!session) return fail(std::move(session.error()));
    if (args_.windows > 0 && args_.windows < ids->size() / session->context()) {
      ids->resize(args_.windows * session->context());
    }
    cli::Progress progress;
    convert::ImportanceOptions options;
    options.head = args_.output;
    options.data_set = args_.file;
    options.progress = [&](std::size_t window, std::size_t n) {
      progress.show("window " + std::to_string(window + 1) + "/" + std::to_string(n));
      return true;
    };
    auto data = convert::compute_importance(*session, *ids, options);
    progress.clear();
    if (!data) return fail(std::move(data.error()).in(args_.file));
    return data;
  }

  // Experts that no token chose: errors in them cost nothing that anybody knows of.
  static std::size_t unseen(const convert::ImportanceData& data) {
    std::size_t n = 0;
    for (const auto& [name, entry] : data.entries) {
      n += static_cast<std::size_t>(std::count(entry.counts.begin(), entry.counts.end(), 0.0));
    }
    return n;
  }

  void print_readable(const convert::ImportanceData& data) const {
    std::printf("%-24s %zu\n", "tensors", data.entries.size());
    std::printf("%-24s %llu of %llu tokens\n", "windows", static_cast<unsigned long long>(data.n_chunks),
                static_cast<unsigned long long>(data.chunk_tokens));
    if (const std::size_t n = unseen(data)) {
      std::fprintf(stderr, "llm: %zu matrices of experts met no token; a longer text might reach them\n", n);
    }
    std::printf("%-24s %s\n", "written", printable(args_.out, 4096).c_str());
  }

  void print_json(const convert::ImportanceData& data) const {
    nlohmann::ordered_json out;
    out["written"] = printable(args_.out, 4096);
    out["format"] = args_.dat() ? "dat" : "gguf";
    out["windows"] = data.n_chunks;
    out["window_tokens"] = data.chunk_tokens;
    out["data_sets"] = nlohmann::ordered_json::array();
    for (const std::string& name : data.data_sets) out["data_sets"].push_back(printable(name, 4096));
    out["unseen_experts"] = unseen(data);
    out["tensors"] = nlohmann::ordered_json::array();
    for (const auto& [name, entry] : data.entries) {
      out["tensors"].push_back({{"name", printable(name)}, {"columns", entry.columns()}, {"tokens", entry.counts}});
    }
    std::puts(out.dump(2).c_str());
  }

  const ImatrixArgs& args_;
};

}  // namespace

void add_imatrix(CLI::App& app, Command& command) {
  auto args = std::make_shared<ImatrixArgs>();
  args->session.context = 512;
  CLI::App* sub = app.add_subcommand("imatrix", "what errors in a model's weights would cost, for quantize --imatrix");
  args->add_run(*sub);
  sub->add_option("MODEL", args->model, "the same as --model")->excludes("--model");
  sub->get_option("--ctx")
      ->description("tokens in a window; 0: the model's own context, at most 4096")
      ->default_str("512");
  auto* text = sub->add_option("-f,--file", args->file, "the text; - is standard input")->type_name("FILE");
  auto* in = sub->add_option("--in-file", args->in_files,
                             "add what is in this importance matrix; may be given again, with a text or without")
                 ->type_name("FILE")
                 ->allow_extra_args(false);
  sub->add_option("-o,--out", args->out, "file to write; there whole or not at all")
      ->type_name("FILE")
      ->required()
      ->check([](const std::string& name) { return name.empty() ? "no name of a file" : ""; });
  sub->add_option("--format", args->format,
                  "gguf, or dat, the older file; otherwise dat if the file's name ends with .dat")
      ->type_name("gguf|dat")
      ->check(CLI::IsMember({"gguf", "dat"}));
  sub->add_option("--windows", args->windows, "run only the first N windows; 0: all")->type_name("N");
  sub->add_flag("--parse-special", args->parse_special, "special tokens written out in the text become control tokens");
  sub->add_flag("--process-output", args->output, "also of the matrix that makes logits; slower");
  sub->add_flag("--json", args->json, "machine-readable, with a line for each tensor");
  sub->footer(
      "For each input of each matrix the mean square over the text: llm quantize then keeps errors from where they\n"
      "cost most, which is worth much at three bits a weight and less. A text like those the model is meant for is\n"
      "best; a hundred windows are plenty. With experts, each counts the tokens that it was chosen for. The files are\n"
      "those of llama-imatrix, either way.\n\n"
      "Examples:\n"
      "  llm imatrix -m model-f16.gguf -f text.txt -o imatrix.gguf\n"
      "  llm quantize model-f16.gguf small.gguf IQ3_XXS --imatrix imatrix.gguf\n"
      "  llm imatrix --in-file a.gguf --in-file b.gguf -o both.gguf\n"
      "  llm imatrix --in-file new.gguf -o old.dat");
  sub->callback([args, text, in, &command] {
    if (text->count() == 0 && in->count() == 0) throw CLI::RequiredError("--file or --in-file");
    command = [args] {
      const auto result = guarded([&] { return Imatrix(*args).run(); });
      return result ? cli::exit_ok : cli::report("llm", result.error());
    };
  });
}

}  // namespace lamina::llm
