// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The list of all weight formats. Reference and SIMD kernels, tests, benchmarks and tools iterate it; a new format is
// its header, its SIMD unpack and its line here.
#pragma once

#include <cstdint>

#include "lamina/core/typelist.hpp"
#include "lamina/quant/bf16.hpp"
#include "lamina/quant/f16.hpp"
#include "lamina/quant/f32.hpp"
#include "lamina/quant/format.hpp"
#include "lamina/quant/q4_0.hpp"
#include "lamina/quant/q4_1.hpp"
#include "lamina/quant/q4_k.hpp"
#include "lamina/quant/q5_k.hpp"
#include "lamina/quant/q6_k.hpp"
#include "lamina/quant/q8_0.hpp"

namespace lamina::quant {

using Formats = TypeList<F32, F16, BF16, Q4_0, Q4_1, Q8_0, Q4_K, Q5_K, Q6_K>;

// Calls f(Type<Format>{}) for the format of that GGUF type id; false when the registry has none.
template <class F>
bool visit_format(std::uint32_t type_id, F&& f) {
  return visit_first(
      Formats{}, [&](auto t) { return decltype(t)::type::type_id == type_id; }, f);
}

}  // namespace lamina::quant
