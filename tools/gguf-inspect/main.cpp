// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// gguf-inspect: see what is in a GGUF file, and what Lamina would do with it.
#include "commands.hpp"
#include "common/cli.hpp"

namespace {

constexpr const char* program = "gguf-inspect";

constexpr const char* examples = R"(Examples:
  gguf-inspect model.gguf                                      what it is, how large, in which formats
  gguf-inspect model.gguf --tensors                            every tensor: format, offset, shape
  gguf-inspect model.gguf --kv tokenizer.chat_template         one metadata value, whole
  gguf-inspect model.gguf --json | jq .formats                 everything, for programs
  gguf-inspect plan model.gguf                                 the kernel that will run each tensor here
  gguf-inspect arch qwen3                                      the layers of a family and their tensors
  gguf-inspect arch model.gguf                                 the same with the file's sizes, and what it lacks
  gguf-inspect dequant model.gguf output.weight --out w.f32    a tensor as little-endian float32

Any part of a split file (-00001-of-0000N) stands for the whole. JSON strings are UTF-8; bytes of the file that are not
become {"hex":"..."}.

)";

}  // namespace

int main(int argc, char** argv) {
  namespace cli = lamina::cli;
  namespace inspect = lamina::inspect;

  CLI::App app("Shows what is in a GGUF file, and what Lamina would do with it.", program);
  app.footer(std::string(examples) + std::string(cli::exit_codes));
  std::string path, key, tensor, out;
  cli::PlaceArgs place;
  bool json = false, tensors = false;

  app.add_option("FILE", path, "the file to look at");
  auto* json_flag = app.add_flag("--json", json, "write everything (or, with --kv, the value) as JSON");
  app.add_flag("--tensors", tensors, "list every tensor")->excludes(json_flag);
  app.add_option("--kv", key, "write the whole value of this metadata key")->type_name("KEY");
  app.require_subcommand(0, 1);

  auto* plan = app.add_subcommand("plan", "Shows which kernel will run each tensor of FILE on this machine.");
  plan->add_option("FILE", path, "a model that Lamina can run")->required();
  place.add(*plan);
  plan->add_flag("--json", json, "write it as JSON");

  auto* arch = app.add_subcommand("arch", "Draws the layers of a model family and the tensors that each one needs.");
  arch->add_option(
          "NAME|FILE", path,
          "a family's name (`llm families` lists them; shapes are symbols then), or a model file: its sizes, and "
          "which tensors are missing, extra or of another shape")
      ->required();
  arch->add_flag("--json", json, "write it as JSON");

  auto* dequant =
      app.add_subcommand("dequant", "Writes TENSOR of FILE as little-endian float32, fastest dimension first.");
  dequant->add_option("FILE", path, "the file to read")->required();
  dequant->add_option("TENSOR", tensor, "a name that `gguf-inspect FILE --tensors` lists")->required();
  dequant->add_option("--out", out, "where to write; - is standard output")->type_name("FILE")->required();

  return cli::run(app, program, argc, argv, [&]() -> lamina::Expected<int> {
    if (path.empty()) {
      std::fprintf(stderr, "%s: which file? Try --help.\n", program);
      return cli::exit_usage;
    }
    if (*arch) {
      const auto drawn = inspect::print_arch(path, json);
      if (!drawn) return lamina::fail(drawn.error());
      return cli::exit_ok;
    }
    const auto file = lamina::gguf::File::open(path);
    if (!file) return lamina::fail(file.error());
    lamina::Expected<void> done;
    if (*plan) {
      done = inspect::print_plan(*file, place, json);
    } else if (*dequant) {
      done = inspect::dequantize(*file, tensor, out);
    } else if (!key.empty()) {
      done = inspect::print_value(*file, key, json);
    } else if (json) {
      done = inspect::print_all_json(*file);
    } else {
      done = tensors ? inspect::print_tensors(*file) : inspect::print_summary(*file);
    }
    if (!done) return lamina::fail(done.error());
    return cli::exit_ok;
  });
}
