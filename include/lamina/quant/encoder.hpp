// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of a format that is chosen at run time. Quantisers are the largest code of most formats (a megabyte for all of
// them), so they become code once: in the library where a program links it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/core/typelist.hpp"
#include "lamina/quant/format.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::quant {

template <class FormatList>
class Encoder {
 public:
  // As quant::quantize_row of the format with that GGUF type id; false, with nothing written, when the list has none.
  static bool quantize_row(std::uint32_t type_id, const float* in, std::size_t k, std::byte* row,
                           const float* cost = nullptr);
};

// Not defined in the class, so that `extern template` below keeps it out of whoever links the library.
template <class FormatList>
bool Encoder<FormatList>::quantize_row(std::uint32_t type_id, const float* in, std::size_t k, std::byte* row,
                                       const float* cost) {
  return visit_format<FormatList>(
      type_id, [&](auto format) { quant::quantize_row<typename decltype(format)::type>(in, k, row, cost); });
}
#ifdef LAMINA_LIBRARY
extern template class Encoder<AllFormats>;  // compiled once, in the library
#endif

}  // namespace lamina::quant
