// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The groups of all formats.
#pragma once

#include "lamina/kernels/cuda/group_grids.hpp"
#include "lamina/kernels/cuda/group_k.hpp"
#include "lamina/kernels/cuda/group_simple.hpp"
