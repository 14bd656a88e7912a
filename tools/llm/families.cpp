// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm families: the model families that are built in.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "commands.hpp"
#include "common/cli.hpp"
#include "lamina/lamina.hpp"

namespace lamina::llm {
namespace {

std::string verified(const FamilyInfo& family) {
  std::string out;
  if (family.verified.llama_cpp) out = "llama.cpp";
  if (family.verified.transformers) out += out.empty() ? "transformers" : ", transformers";
  return out.empty() ? "-" : out;
}

void print_text() {
  const cli::Style style(stdout);
  std::size_t name = 0, title = 0;
  for (const FamilyInfo& family : families()) {
    name = std::max(name, family.name.size());
    title = std::max(title, family.title.size());
  }
  const auto row = [&](std::string_view a, std::string_view b, std::string_view forms, std::string_view agrees,
                       std::string_view models) {
    std::string line(a);
    line += std::string(name + 2 - a.size(), ' ') + std::string(b) + std::string(title + 2 - b.size(), ' ');
    line += std::string(5 - forms.size(), ' ') + std::string(forms) + "  " + std::string(agrees);
    return line + std::string(25 - agrees.size(), ' ') + std::string(models);
  };
  std::printf("%s\n", style.bold(row("name", "family", "forms", "agrees with", "models, among others")).c_str());
  for (const FamilyInfo& family : families()) {
    const std::string forms = std::to_string(count_forms(family.layers()));
    std::printf("%s\n", row(family.name, family.title, forms, verified(family), family.models).c_str());
  }
}

void print_json() {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const FamilyInfo& family : families()) {
    out.push_back({{"name", std::string(family.name)},
                   {"title", std::string(family.title)},
                   {"models", std::string(family.models)},
                   {"block_forms", count_forms(family.layers())},
                   {"agrees_with", nlohmann::ordered_json::array()}});
    if (family.verified.llama_cpp) out.back()["agrees_with"].push_back("llama.cpp");
    if (family.verified.transformers) out.back()["agrees_with"].push_back("transformers");
  }
  std::printf("%s\n", out.dump(1).c_str());
}

}  // namespace

void add_families(CLI::App& app, Command& command) {
  auto json = std::make_shared<bool>(false);
  CLI::App* sub = app.add_subcommand("families", "the model families that are built in");
  sub->add_flag("--json", *json, "machine-readable");
  sub->footer(
      "name: what a file says in general.architecture.\n"
      "forms: how many different blocks the family's choices can make of one layer, as a file asks for them.\n"
      "agrees with: whose logits on small random models the conformance tests compare with; - for none.\n"
      "`gguf-inspect arch NAME` draws a family's layers.");
  sub->callback([json, &command] {
    command = [json] {
      *json ? print_json() : print_text();
      return cli::exit_ok;
    };
  });
}

}  // namespace lamina::llm
