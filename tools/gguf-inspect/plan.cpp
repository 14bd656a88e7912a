// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which kernels will run each tensor of a file on this machine: with one token, and with many.
#include <algorithm>
#include <array>
#include <cstdio>
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

// What is said of a tensor beside its kernels.
struct Mark {
  char sign;
  const char* meaning;
};
constexpr Mark slow_mark{'!', "no fast kernel: this target computes number by number, or puts vectors together slowly"};
constexpr Mark rows_mark{'~', "many tokens run on the kernel of one: this target has no panels for the format"};
constexpr Mark eight_mark{'8', "the same, unless a session asks for prefill_bits 8"};
constexpr Mark ragged_mark{'%', "rows end within a chunk of 256 weights: for panels much of each is copied first"};
constexpr Mark all_marks[] = {slow_mark, rows_mark, eight_mark, ragged_mark};

std::string marks_of(const StepInfo& step, const TensorUse* tensor) {
  std::string out;
  if (step.slow) out += slow_mark.sign;
  if (tensor == nullptr) return out;
  if (tensor->lacks_panels(FeedKind::PrefillEight)) {
    out += rows_mark.sign;
  } else if (tensor->lacks_panels(FeedKind::Prefill)) {
    out += eight_mark.sign;
  }
  if (tensor->ragged) out += ragged_mark.sign;
  return out;
}

using Row = std::array<std::string, 7>;  // phase, tensor, format, marks, kernels by FeedKind
constexpr std::size_t first_kernel = 4;

std::vector<Row> rows_of(const Model& model) {
  std::vector<Row> out;
  for (const auto& step : model.plan().steps()) {
    const auto row = [&](const std::string& phase, const TensorUse* tensor) {
      const gguf::TensorInfo* t = tensor != nullptr ? model.file().find(tensor->name) : nullptr;
      const KernelNames& kernels = tensor != nullptr ? tensor->kernels : step.info.kernels;
      out.push_back({phase, tensor != nullptr ? printable(tensor->name) : "", t ? printable(t->type_name()) : "",
                     marks_of(step.info, tensor), kernels.names[0], kernels.names[1], kernels.names[2]});
    };
    if (step.info.tensors.empty()) row(step.info.phase, nullptr);
    for (const TensorUse& tensor : step.info.tensors) {
      row(&tensor == step.info.tensors.data() ? step.info.phase : "", &tensor);
    }
  }
  return out;
}

std::vector<const gguf::TensorInfo*> unused_tensors(const Model& model) {
  std::vector<const gguf::TensorInfo*> out;
  for (const gguf::TensorInfo& tensor : model.file().tensors()) {
    if (!model.uses(tensor)) out.push_back(&tensor);
  }
  return out;
}

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
  std::printf("%s runs on %s: %zu steps, %s of weights read per token\n\n", printable(model.architecture()).c_str(),
              std::string(model.target()).c_str(), model.plan().steps().size(),
              cli::bytes(model.plan().weight_bytes()).c_str());
  if (model.gpu() != nullptr) print_gpu(*model.gpu());
  std::vector<Row> rows = rows_of(model);
  // The last column says something where eight bits change something.
  const bool eight =
      std::any_of(rows.begin(), rows.end(), [](const Row& r) { return r[first_kernel + 1] != r.back(); });
  const std::size_t n_columns = std::tuple_size_v<Row> - (eight ? 0 : 1);
  rows.insert(rows.begin(), {"phase", "tensor", "format", "", "one token", "many tokens", "with prefill_bits 8"});
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& r : rows) {
    for (std::size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], r[i].size());
  }
  for (const Row& r : rows) {
    std::string line;
    for (std::size_t i = 0; i < n_columns; ++i) line += r[i] + std::string(widths[i] - r[i].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    const bool slow = r[3].find(slow_mark.sign) != std::string::npos;
    std::puts((&r == rows.data() ? style.bold(line) : slow ? style.warning(line) : line).c_str());
  }
  std::string legend;
  for (const Mark& mark : all_marks) {
    const auto has = [&](const Row& r) { return &r != rows.data() && r[3].find(mark.sign) != std::string::npos; };
    const auto n = std::count_if(rows.begin(), rows.end(), has);
    if (n == 0) continue;
    std::printf("%s%c  %s (%zu rows)\n", legend.empty() ? "\n" : "", mark.sign, mark.meaning,
                static_cast<std::size_t>(n));
    legend += mark.sign;
  }
  const auto unused = unused_tensors(model);
  if (!unused.empty()) std::printf("\nNo layer uses:");
  for (const gguf::TensorInfo* tensor : unused) std::printf(" %s", printable(tensor->name).c_str());
  if (!unused.empty()) std::printf("\n");
}

nlohmann::json json_of(const KernelNames& kernels) {
  return {{"one_token", kernels.of(FeedKind::Decode)},
          {"many_tokens", kernels.of(FeedKind::Prefill)},
          {"many_tokens_prefill_bits_8", kernels.of(FeedKind::PrefillEight)}};
}

void print_json(const Model& model) {
  nlohmann::json steps = nlohmann::json::array();
  for (const auto& step : model.plan().steps()) {
    nlohmann::json tensors = nlohmann::json::array();
    for (const TensorUse& tensor : step.info.tensors) {
      const std::string marks = marks_of(step.info, &tensor);
      tensors.push_back({{"name", nlohmann::json::parse(json_text(tensor.name))},
                         {"kernels", json_of(tensor.kernels)},
                         {"slow", step.info.slow},
                         {"lacks_panels", marks.find(rows_mark.sign) != std::string::npos ||
                                              marks.find(eight_mark.sign) != std::string::npos},
                         {"ragged", tensor.ragged}});
    }
    steps.push_back({{"phase", step.info.phase},
                     {"kernels", json_of(step.info.kernels)},
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
                              {"target_note", std::string(model.target_note())},
                              {"weight_bytes", model.plan().weight_bytes()},
                              {"steps", std::move(steps)},
                              {"unused_tensors", std::move(unused)}};
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
