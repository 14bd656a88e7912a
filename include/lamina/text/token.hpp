// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A token id, and the options that say how text becomes tokens and tokens become text.
#pragma once

#include <cstdint>

namespace lamina::text {

using Token = std::int32_t;

inline constexpr Token no_token = -1;

struct EncodeOptions {
  bool add_special = false;    // put the begin and end tokens there that the vocabulary asks for
  bool parse_special = false;  // let "<|im_end|>" in the text become that token: never for text from strangers
};

struct DecodeOptions {
  bool special = false;  // show control tokens by their names instead of leaving them out
};

}  // namespace lamina::text
