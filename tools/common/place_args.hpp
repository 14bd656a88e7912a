// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Options that say where a model runs.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "lamina/runtime/engine.hpp"

namespace lamina::cli {

struct PlaceArgs {
  std::string target;
  std::optional<std::size_t> gpu_layers;
  std::size_t device = 0;

  void add(CLI::App& app) {
    app.add_option("--target", target,
                   "what to run on: cuda, or an instruction set, one of `llm targets`; otherwise LAMINA_TARGET or the "
                   "best instruction set there is")
        ->type_name("NAME");
    app.add_option("--gpu-layers", gpu_layers,
                   "how many of the last layers a GPU takes, with the head; all for --target cuda, none for others")
        ->type_name("N");
    app.add_option("--device", device, "which GPU")->type_name("N")->capture_default_str();
  }
  LoadOptions options() const {
    LoadOptions out;
    out.target = target;
    out.gpu_layers = gpu_layers;
    out.device = device;
    return out;
  }
};

}  // namespace lamina::cli
