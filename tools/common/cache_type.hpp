// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The option for the format of the KV cache.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "lamina/runtime/model.hpp"

namespace lamina::cli {

inline void add_cache_type(CLI::App& app, CacheType& type) {
  std::vector<std::string> names;
  for (const CacheType t : kernels::cache_types) names.emplace_back(to_string(t));
  app.add_option_function<std::string>(
         "--cache-type",
         [&type](const std::string& name) {
           for (const CacheType t : kernels::cache_types) {
             if (to_string(t) == name) type = t;
           }
         },
         "format of cached keys and values; all but f32 round them")
      ->type_name("TYPE")
      ->check(CLI::IsMember(names))
      ->default_str(std::string(to_string(type)));
}

}  // namespace lamina::cli
