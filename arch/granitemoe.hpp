// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Granite 3 with experts: as Granite.
// IBM 2024
#pragma once

#include "lamina/arch/granite.hpp"

namespace lamina::arch {

struct GraniteMoe {
  static constexpr std::string_view name = "granitemoe";
  static constexpr std::string_view title = "Granite with experts";
  static constexpr std::string_view models = "Granite 3 1B-A400M and 3B-A800M";
  static constexpr nn::Verified verified{};

  using Layers = Granite::Layers;
};

}  // namespace lamina::arch
