// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm tokens: texts in, token ids and the bytes they stand for out, as JSON lines.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/input.hpp"
#include "lamina/text/tokenizer_json.hpp"
#include "model_args.hpp"

namespace lamina::llm {
namespace {

struct TokensArgs : ModelArgs {
  std::string prompt;
  std::string file;
  bool special = false;
  bool null_separated = false;
};

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

// Of the tokenizer.json if one is given, which needs no model.
Expected<std::shared_ptr<const text::Tokenizer>> load_tokenizer(const TokensArgs& args) {
  if (!args.tokenizer.empty()) return text::load_tokenizer_json(args.tokenizer);
  const auto path = args.path();
  if (!path) return fail(path.error());
  const auto file = gguf::File::open(*path);
  if (!file) return fail(file.error());
  return text::make_tokenizer(*file);
}

Expected<void> tokens(const TokensArgs& args) {
  std::string input = args.prompt;
  if (!args.file.empty()) {
    auto text = cli::read_input(args.file);
    if (!text) return fail(text.error());
    input = std::move(*text);
  }
  const auto tokenizer = load_tokenizer(args);
  if (!tokenizer) return fail(tokenizer.error());
  // What a tokenizer.json calls special is text like any other when it comes out of text.
  const text::DecodeOptions decode{.special = !args.tokenizer.empty()};
  std::string_view rest = input;
  for (bool more = true; more;) {
    std::string_view one = rest;
    more = false;
    if (const std::size_t nul = args.null_separated ? rest.find('\0') : std::string_view::npos;
        nul != std::string_view::npos) {
      one = rest.substr(0, nul);
      rest.remove_prefix(nul + 1);
      more = true;
    }
    const auto ids = (*tokenizer)->encode(one, {.add_special = args.special, .parse_special = args.special});
    if (!ids) return fail(ids.error());
    const nlohmann::json line = {{"ids", *ids}, {"detok_hex", hex((*tokenizer)->decode(*ids, decode))}};
    std::puts(line.dump().c_str());
  }
  return {};
}

}  // namespace

void add_tokens(CLI::App& app, Command& command) {
  auto args = std::make_shared<TokensArgs>();
  CLI::App* sub = app.add_subcommand("tokens", "token ids of texts, as JSON lines {\"ids\":[…],\"detok_hex\":\"…\"}");
  args->add_model(*sub);
  auto* text = sub->add_option("-p,--prompt", args->prompt, "the text")->type_name("TEXT");
  auto* from = sub->add_option("-f,--file", args->file, "read the text from FILE; - is standard input")
                   ->type_name("FILE")
                   ->excludes(text);
  sub->add_flag("--null", args->null_separated, "the input holds several texts, separated by NUL bytes")->needs(from);
  sub->add_flag("--special", args->special, "add begin and end tokens as the model wants, and parse special tokens");
  sub->footer(
      "With --tokenizer no model is needed; special tokens are then shown in detok_hex.\n\n"
      "Examples:\n  llm tokens -m model.gguf -p \"Hello world\"\n"
      "  llm tokens --tokenizer tokenizer.json --special -f prompt.txt");
  sub->callback([args, &command] {
    command = [args] {
      const auto result = tokens(*args);
      return result ? cli::exit_ok : cli::report("llm", result.error());
    };
  });
}

}  // namespace lamina::llm
