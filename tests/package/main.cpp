// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What somebody writes who embeds Lamina.
#include "story.hpp"

int main(int argc, char** argv) { return argc == 2 ? tell(lamina::load(argv[1])) : 2; }
