// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The program of the README, with the most likely token taken each time.
#pragma once

#include <iostream>
#include <lamina/lamina.hpp>

inline int tell(const lamina::Expected<lamina::Model>& model) {
  if (!model) return std::cerr << model.error().to_string() << '\n', 1;
  auto session = model->session({.context = 256});
  if (!session) return std::cerr << session.error().to_string() << '\n', 1;
  auto story = session->generate("Once upon a time", {.max_tokens = 48, .sampler = {.temperature = 0}});
  for (auto piece : story) std::cout << piece;
  if (story.error()) return std::cerr << story.error()->to_string() << '\n', 1;
  std::cerr << "target " << model->target() << '\n';
  return 0;
}
