// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/quant/encoder.hpp"

template class lamina::quant::Encoder<lamina::quant::AllFormats>;
