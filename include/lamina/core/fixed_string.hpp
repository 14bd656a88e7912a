// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Text as a template argument: nn::RmsNorm<"attn_norm">.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace lamina {

template <std::size_t N>
struct FixedString {
  char text[N] = {};

  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant to convert
  constexpr FixedString(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace lamina
