// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which kernel will run each tensor of a file on this machine.
#include <cinttypes>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/target_note.hpp"
#include "lamina/lamina.hpp"
#include "value_printer.hpp"

namespace lamina::inspect {

namespace {

std::vector<const gguf::TensorInfo*> unused_tensors(const Model& model) {
  std::vector<const gguf::TensorInfo*> out;
  for (const gguf::TensorInfo& tensor : model.file().tensors()) {
    if (!model.uses(tensor)) out.push_back(&tensor);
  }
  return out;
}

void print_text(const Model& model) {
  const cli::Style style(stdout);
  const auto steps = model.plan().steps();
  std::printf("%s runs on %s: %zu steps, %s of weights read per token\n\n", printable(model.architecture()).c_str(),
              std::string(model.target()).c_str(), steps.size(), cli::bytes(model.plan().weight_bytes()).c_str());
  std::printf("%s\n",
              style.bold("phase                            kernel                     weights  tensors").c_str());
  std::size_t n_slow = 0;
  for (const auto& step : steps) {
    const StepInfo& info = step.info;
    std::string tensors;
    for (const auto& name : info.tensors) {
      const gguf::TensorInfo* t = model.file().find(name);
      tensors += (tensors.empty() ? "" : ", ") + printable(name) + (t ? " (" + printable(t->type_name()) + ")" : "");
    }
    n_slow += info.slow;
    const std::string kernel = info.kernel + (info.slow ? " SLOW" : "");
    std::printf("%-32s %s%*s %12s  %s\n", info.phase.c_str(),
                info.slow ? style.warning(kernel).c_str() : kernel.c_str(),
                static_cast<int>(kernel.size() < 21 ? 21 - kernel.size() : 0), "",
                cli::bytes(info.weight_bytes).c_str(), tensors.c_str());
  }
  std::map<std::string_view, std::size_t> prefill;
  for (const auto& step : steps) ++prefill[step.info.prefill_kernel];
  for (const auto& [kernel, n] : prefill) {
    if (!kernel.empty()) std::printf("\n%zu steps meet many tokens by %s.\n", n, std::string(kernel).c_str());
  }
  if (n_slow > 0) std::printf("\n%zu steps have no fast kernel on this target.\n", n_slow);
  const auto unused = unused_tensors(model);
  if (!unused.empty()) std::printf("\nNo layer uses:");
  for (const gguf::TensorInfo* tensor : unused) std::printf(" %s", printable(tensor->name).c_str());
  if (!unused.empty()) std::printf("\n");
}

void print_json(const Model& model) {
  nlohmann::json steps = nlohmann::json::array();
  for (const auto& step : model.plan().steps()) {
    nlohmann::json tensors = nlohmann::json::array();
    for (const auto& name : step.info.tensors) tensors.push_back(nlohmann::json::parse(json_text(name)));
    steps.push_back({{"phase", step.info.phase},
                     {"kernel", step.info.kernel},
                     {"prefill_kernel", step.info.prefill_kernel},
                     {"tensors", std::move(tensors)},
                     {"weight_bytes", step.info.weight_bytes},
                     {"slow", step.info.slow}});
  }
  nlohmann::json unused = nlohmann::json::array();
  for (const gguf::TensorInfo* tensor : unused_tensors(model)) {
    unused.push_back(nlohmann::json::parse(json_text(tensor->name)));
  }
  const nlohmann::json all = {{"architecture", std::string(model.architecture())},
                              {"target", std::string(model.target())},
                              {"weight_bytes", model.plan().weight_bytes()},
                              {"steps", std::move(steps)},
                              {"unused_tensors", std::move(unused)}};
  std::printf("%s\n", all.dump(1).c_str());
}

}  // namespace

Expected<void> print_plan(const gguf::File& file, const std::string& target, bool json) {
  LoadOptions options;
  options.target = target;
  const auto model = load(file, options);
  if (!model) return fail(model.error());
  cli::print_target_note("gguf-inspect", model->target());
  json ? print_json(*model) : print_text(*model);
  return {};
}

}  // namespace lamina::inspect
