// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm: run language models from GGUF files.
#include "commands.hpp"
#include "common/cli.hpp"

int main(int argc, char** argv) {
  using namespace lamina;
  CLI::App app{
      "Runs language models from GGUF files.\n\n"
      "Without -m every command uses the storyteller, a small model that comes with Lamina, and says so."};
  app.name("llm");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  llm infer -p \"Once upon a time\" --stats\n"
      "  llm infer -m model.gguf -f prompt.txt -n 200 --temp 0\n"
      "  llm perplexity -m model.gguf -f text.txt\n"
      "  llm quantize model-f16.gguf model-Q4_K_M.gguf Q4_K_M\n"
      "  llm info -m model.gguf\n\n"
      "Exit codes: 0 done; 1 the model, file or input was refused, the reason on standard error; 2 wrong usage;\n"
      "130 interrupted.");
  llm::Command command;
  llm::add_infer(app, command);
  llm::add_eval(app, command);
  llm::add_tokens(app, command);
  llm::add_perplexity(app, command);
  llm::add_quantize(app, command);
  llm::add_imatrix(app, command);
  llm::add_info(app, command);
  llm::add_families(app, command);
  llm::add_targets(app, command);
  return cli::run(app, "llm", argc, argv, [&] { return command(); });
}
