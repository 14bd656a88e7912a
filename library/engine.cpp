// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Families and formats meet here, once, and not in every program that loads a model.
#include "lamina/runtime/engine.hpp"

template class lamina::Engine<lamina::arch::All, lamina::quant::Formats>;
