// expect: a family's Layers must be an nn::Sequence
// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/arch/llama.hpp"
#include "lamina/nn/check.hpp"

using namespace lamina;

#ifdef LAMINA_OK
using Layers = arch::Llama::Layers;
#else
using Layers = nn::TokenEmbedding;
#endif

static_assert(nn::well_formed<Layers>);
