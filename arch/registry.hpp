// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The list of all families. A new family is its header, its line here, and its test.
#pragma once

#include "lamina/arch/llama.hpp"
#include "lamina/core/typelist.hpp"

namespace lamina::arch {

using All = TypeList<Llama>;

}  // namespace lamina::arch
