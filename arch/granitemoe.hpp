// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Granite 3 with experts: as Granite.      IBM 2024
#pragma once

#include "lamina/arch/granite.hpp"

namespace lamina::arch {

struct GraniteMoe {
  static constexpr std::string_view name = "granitemoe";

  using Layers = Granite::Layers;
};

}  // namespace lamina::arch
