// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Results as a table for people, JSON with every sample, or CSV with one line per test.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "results.hpp"

namespace lamina::bench {

// What the numbers were measured on and with.
struct Setting {
  std::string cpu;  // /proc/cpuinfo's name; machines of one name may differ, so the target says more
  std::size_t cores = 0;
  std::size_t probe_bytes = 0;
  std::size_t probe_threads = 0;
  std::string probe_loop;
};

void write_markdown(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results);
void write_json(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results);
void write_csv(std::FILE* out, const std::vector<ModelResult>& results);

}  // namespace lamina::bench
