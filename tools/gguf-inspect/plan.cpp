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

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/target_note.hpp"
#include "lamina/lamina.hpp"
#include "value_printer.hpp"

namespace lamina::inspect {

namespace {

void print_gpu(const runtime::GpuModel& model) {
  const auto rate = model.gpu->measure_bandwidth();
  std::printf("%s has %zu layers, %s of weights", model.gpu->properties().name.c_str(), model.n_layers,
              cli::bytes(model.weights.size()).c_str());
  if (rate && *rate > 0) std::printf("; its memory copies %.0f GB/s, read and written", *rate / 1e9);
  if (!rate) std::printf("; its bandwidth could not be measured: %s", rate.error().to_string().c_str());
  std::printf("\n\n");
}

void print_text(const Model& model) {
  const cli::Style style(stdout);
  const auto steps = model.plan().steps();
  std::printf("%s runs on %s: %zu steps, %s of weights read per token\n\n", printable(model.architecture()).c_str(),
              std::string(model.target()).c_str(), steps.size(), cli::bytes(model.plan().weight_bytes()).c_str());
  if (model.gpu() != nullptr) print_gpu(*model.gpu());
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
  nlohmann::json all = {{"architecture", std::string(model.architecture())},
                        {"target", std::string(model.target())},
                        {"weight_bytes", model.plan().weight_bytes()},
                        {"steps", std::move(steps)}};
  if (model.gpu() != nullptr) {
    all["gpu"] = {{"name", model.gpu()->gpu->properties().name},
                  {"layers", model.gpu()->n_layers},
                  {"weight_bytes", model.gpu()->weights.size()},
                  {"copy_bytes_per_second", model.gpu()->gpu->measure_bandwidth().value_or(0)}};
  }
  std::printf("%s\n", all.dump(1).c_str());
}

}  // namespace

Expected<void> print_plan(const gguf::File& file, const cli::PlaceArgs& place, bool json) {
  const auto model = load(file, place.options());
  if (!model) return fail(model.error());
  cli::print_target_note("gguf-inspect", model->target());
  json ? print_json(*model) : print_text(*model);
  return {};
}

}  // namespace lamina::inspect
