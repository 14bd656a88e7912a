// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every SIMD algorithm, in the order in which they need each other. A backend includes this inside its own namespace,
// after its namespace `native`; README.md has the rules.

#include "lamina/kernels/generic/wide.hpp"
//
#include "lamina/kernels/generic/unpack.hpp"
//
#include "lamina/kernels/generic/matmul.hpp"
//
#include "lamina/kernels/generic/math.hpp"
//
#include "lamina/kernels/generic/rows.hpp"
//
#include "lamina/kernels/generic/attention_cache.hpp"
//
#include "lamina/kernels/generic/attention.hpp"
