// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The printable alphabet in which byte-level BPE writes bytes (GPT-2's encoder.py): printable Latin-1 characters stand
// for themselves, the other 68 bytes become U+0100 and up, in order. A space is U+0120.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lamina/text/utf8.hpp"

namespace lamina::text {

struct ByteAlphabet {
  // Each letter has one or two bytes of UTF-8.
  std::array<std::array<char, 2>, 256> letter{};
  std::array<std::uint8_t, 256> letter_bytes{};
  std::array<std::int16_t, 0x144> byte_of{};  // by code point; -1: not a letter

  constexpr ByteAlphabet() {
    byte_of.fill(-1);
    unsigned next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const bool itself = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b != 0xad);
      const unsigned code_point = itself ? b : next++;
      byte_of[code_point] = static_cast<std::int16_t>(b);
      letter_bytes[b] = code_point < 0x80 ? 1 : 2;
      letter[b][0] = static_cast<char>(code_point < 0x80 ? code_point : 0xc0u | code_point >> 6);
      letter[b][1] = static_cast<char>(code_point < 0x80 ? 0 : 0x80u | (code_point & 0x3fu));
    }
  }

  constexpr std::string_view encode(std::uint8_t byte) const { return {letter[byte].data(), letter_bytes[byte]}; }
};

inline constexpr ByteAlphabet byte_alphabet;

// Appends the bytes that `token` spells; what is not of the alphabet stays as it is.
inline void append_spelled_bytes(std::string_view token, std::string& out) {
  for (std::size_t i = 0; i < token.size();) {
    const auto lead = static_cast<unsigned char>(token[i]);
    const Utf8Step step = utf8_step(token.substr(i));
    const bool two = step.length == 2 && step.complete && step.valid;
    const unsigned code_point =
        two ? (lead & 0x1fu) << 6 | (static_cast<unsigned char>(token[i + 1]) & 0x3fu) : unsigned{lead};
    if ((two || lead < 0x80) && code_point < byte_alphabet.byte_of.size() && byte_alphabet.byte_of[code_point] >= 0) {
      out += static_cast<char>(byte_alphabet.byte_of[code_point]);
    } else {
      out += token.substr(i, step.length);
    }
    i += step.length;
  }
}

}  // namespace lamina::text
