// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Whether bytes are text: UTF-8 as RFC 3629 defines it, without NUL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lamina::gguf {

// Where the first byte stands that cannot begin a code point here; text.size() when all is well.
constexpr std::size_t first_not_text(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    if (lead != 0 && lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t n = lead >= 0xc2 && lead < 0xe0   ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    if (n == 0 || n > text.size() - i) return i;
    for (std::size_t k = 1; k < n; ++k) {
      if ((byte(i + k) & 0xc0u) != 0x80u) return i;
    }
    const unsigned second = byte(i + 1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool outside = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);  // surrogates, > 10FFFF
    if (overlong || outside) return i;
    i += n;
  }
  return text.size();
}

}  // namespace lamina::gguf
