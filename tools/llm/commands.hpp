// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The subcommands of llm. Each adds its options to the command line; when it is the one given, it leaves what to do in
// `command`, which main then runs.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace lamina::llm {

using Command = std::function<int()>;  // returns the exit code

void add_infer(CLI::App& app, Command& command);
void add_eval(CLI::App& app, Command& command);
void add_tokens(CLI::App& app, Command& command);
void add_perplexity(CLI::App& app, Command& command);
void add_quantize(CLI::App& app, Command& command);
void add_imatrix(CLI::App& app, Command& command);
void add_info(CLI::App& app, Command& command);
void add_families(CLI::App& app, Command& command);
void add_targets(CLI::App& app, Command& command);

}  // namespace lamina::llm
