// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The lists of formats. Reference and SIMD kernels, tests, benchmarks and tools iterate them; a new format is its
// header, its SIMD unpack and its line here.
#pragma once

#include <cstdint>

#include "lamina/core/typelist.hpp"
#include "lamina/quant/bf16.hpp"
#include "lamina/quant/f16.hpp"
#include "lamina/quant/f32.hpp"
#include "lamina/quant/format.hpp"
#include "lamina/quant/iq1_m.hpp"
#include "lamina/quant/iq1_s.hpp"
#include "lamina/quant/iq2_s.hpp"
#include "lamina/quant/iq2_xs.hpp"
#include "lamina/quant/iq2_xxs.hpp"
#include "lamina/quant/iq3_s.hpp"
#include "lamina/quant/iq3_xxs.hpp"
#include "lamina/quant/iq4_nl.hpp"
#include "lamina/quant/iq4_xs.hpp"
#include "lamina/quant/mxfp4.hpp"
#include "lamina/quant/nvfp4.hpp"
#include "lamina/quant/plain.hpp"
#include "lamina/quant/q1_0.hpp"
#include "lamina/quant/q2_0.hpp"
#include "lamina/quant/q2_k.hpp"
#include "lamina/quant/q3_k.hpp"
#include "lamina/quant/q4_0.hpp"
#include "lamina/quant/q4_1.hpp"
#include "lamina/quant/q4_k.hpp"
#include "lamina/quant/q5_0.hpp"
#include "lamina/quant/q5_1.hpp"
#include "lamina/quant/q5_k.hpp"
#include "lamina/quant/q6_k.hpp"
#include "lamina/quant/q8_0.hpp"
#include "lamina/quant/q8_1.hpp"
#include "lamina/quant/q8_k.hpp"
#include "lamina/quant/tq1_0.hpp"
#include "lamina/quant/tq2_0.hpp"

namespace lamina::quant {

// What the weights of a model may be: every target has kernels for these.
using Formats =
    TypeList<F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS,
             IQ2_S, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS, TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0, Q2_0>;
// What a GGUF file may hold besides: it can be decoded and encoded, and no kernel multiplies it.
using DataFormats = TypeList<Q8_1, Q8_K, I8, I16, I32, I64, F64>;

namespace detail {
template <class... As, class... Bs>
TypeList<As..., Bs...> joined(TypeList<As...>, TypeList<Bs...>);
}
using AllFormats = decltype(detail::joined(Formats{}, DataFormats{}));

// Calls f(Type<Format>{}) for the format of that GGUF type id; false when the list has none.
template <class List = Formats, class F>
bool visit_format(std::uint32_t type_id, F&& f) {
  return visit_first(
      List{}, [&](auto t) { return decltype(t)::type::type_id == type_id; }, f);
}

}  // namespace lamina::quant
