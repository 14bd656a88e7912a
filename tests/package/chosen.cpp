// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What somebody writes who needs one family and few formats, and wants to compile no others. With one format fewer the
// same file has to be refused.
#include "story.hpp"

using namespace lamina::quant;
using Engine = lamina::Engine<lamina::Archs<lamina::arch::Llama>, lamina::Formats<F32, Q4_K, Q6_K>>;
using Fewer = lamina::Engine<lamina::Archs<lamina::arch::Llama>, lamina::Formats<F32, Q4_K>>;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto refused = Fewer::load(argv[1]);
  if (refused || refused.error().code != lamina::ErrorCode::UnsupportedFormat || refused.error().got != "Q6_K") {
    return std::cerr << "a format that was not chosen is not refused\n", 1;
  }
  return tell(Engine::load(argv[1]));
}
