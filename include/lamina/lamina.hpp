// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything: #include <lamina/lamina.hpp>.
#pragma once

#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/runtime/engine.hpp"
#include "lamina/runtime/generation.hpp"
#include "lamina/runtime/model.hpp"
#include "lamina/runtime/sampler.hpp"
#include "lamina/runtime/session.hpp"
#include "lamina/runtime/tensor_check.hpp"
#include "lamina/text/tokenizer.hpp"
