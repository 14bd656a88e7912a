// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm info: what a model is and what it needs. llm targets: what this machine can run it on.
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/target_note.hpp"
#include "model_args.hpp"

namespace lamina::llm {
namespace {

struct InfoArgs : ModelArgs {
  bool json = false;
};

Expected<nlohmann::ordered_json> describe(const InfoArgs& args) {
  const auto model = args.load(false);
  if (!model) return fail(model.error());
  const auto memory = model->memory(args.session);
  if (!memory) return fail(memory.error());
  const auto size = Session::size_of(*model, args.session);
  if (!size) return fail(size.error());
  const Hparams& h = model->hparams();
  std::uint64_t parameters = 0;
  std::map<std::string, std::size_t> formats;
  for (const gguf::TensorInfo& t : model->file().tensors()) {
    parameters += t.n_elements();
    ++formats[t.type_name()];
  }
  nlohmann::ordered_json out;
  out["file"] = printable(model->file().name(), 4096);
  out["architecture"] = std::string(model->architecture());
  const auto name = model->file().metadata().get_or<std::string_view>("general.name", "");
  if (name && !name->empty()) out["name"] = printable(*name, 200);
  out["parameters"] = parameters;
  out["formats"] = formats;
  out["layers"] = h.n_layers;
  out["embedding_length"] = h.n_embd;
  out["feed_forward_length"] = h.n_ff;
  if (h.n_expert > 0) {
    out["experts"] = h.n_expert;
    out["experts_used"] = h.n_expert_used;
    out["expert_feed_forward_length"] = h.n_ff_expert;
    if (h.n_ff_shared > 0) out["shared_feed_forward_length"] = h.n_ff_shared;
  }
  if (h.n_window > 0) out["sliding_window"] = h.n_window;
  out["heads"] = h.n_head;
  out["kv_heads"] = h.n_head_kv;
  out["vocabulary"] = h.n_vocab;
  out["trained_context"] = h.n_ctx;
  if (model->tokenizer() != nullptr) {
    out["tokenizer"] = std::string(model->tokenizer()->model());
    out["pre_tokenizer"] = std::string(model->tokenizer()->pre());
  } else {
    out["tokenizer_error"] = model->tokenizer_error() ? model->tokenizer_error()->to_string() : "unknown";
  }
  out["target"] = std::string(model->target());
  out["context"] = size->n_ctx;
  out["threads"] = size->n_threads;
  out["memory_bytes"] = {{"weights", memory->weights},
                         {"copies", memory->copies},
                         {"kv_cache", memory->cache},
                         {"scratch", memory->scratch},
                         {"total", memory->total()}};
  if (model->gpu() != nullptr) {
    out["memory_bytes"]["gpu weights"] = memory->gpu_weights;
    out["memory_bytes"]["gpu kv_cache"] = memory->gpu_cache;
    out["memory_bytes"]["gpu scratch"] = memory->gpu_scratch;
    out["memory_bytes"]["gpu total"] = memory->gpu_total();
  }
  out["weight_bytes_per_token"] = model->plan().weight_bytes();
  out["warnings"] = model->file().warnings();
  return out;
}

void print_readable(const nlohmann::ordered_json& info) {
  for (const auto& [key, value] : info.items()) {
    std::string label = key;
    for (char& c : label) c = c == '_' ? ' ' : c;
    if (key == "memory_bytes") {
      for (const auto& [part, bytes] : value.items()) {
        std::printf("%-24s %.1f MiB\n", ("memory, " + part).c_str(), bytes.get<double>() / 1048576);
      }
    } else if (value.is_string()) {
      std::printf("%-24s %s\n", label.c_str(), value.get<std::string>().c_str());
    } else if (key == "formats") {
      std::string all;
      for (const auto& [format, n] : value.items()) all += format + " x" + std::to_string(n.get<std::size_t>()) + "  ";
      std::printf("%-24s %s\n", "tensors", all.c_str());
    } else if (value.is_array()) {
      for (const auto& line : value) std::printf("%-24s %s\n", "warning", line.get<std::string>().c_str());
    } else {
      std::printf("%-24s %s\n", label.c_str(), value.dump().c_str());
    }
  }
}

}  // namespace

void add_info(CLI::App& app, Command& command) {
  auto args = std::make_shared<InfoArgs>();
  CLI::App* sub = app.add_subcommand("info", "sizes, formats, tokenizer, target and memory of a model");
  args->add_run(*sub);
  sub->add_flag("--json", args->json, "machine-readable");
  sub->callback([args, &command] {
    command = [args] {
      const auto info = describe(*args);
      if (!info) return cli::report("llm", info.error());
      if (args->json) {
        std::puts(info->dump(2).c_str());
      } else {
        print_readable(*info);
      }
      return cli::exit_ok;
    };
  });
}

void add_targets(CLI::App& app, Command& command) {
  app.add_subcommand("targets", "what this machine can run on, a GPU and instruction sets, best first, one a line")
      ->callback([&command] {
        command = [] {
          if (const auto* driver = kernels::find_gpu_driver(kernels::default_gpu)) {
            if (driver->open(0)) std::puts(std::string(driver->target).c_str());
          }
          for (const auto* table : kernels::available_targets()) {
            std::puts(std::string(table->target).c_str());
            cli::print_target_note("llm", table->target);
          }
          return cli::exit_ok;
        };
      });
}

}  // namespace lamina::llm
