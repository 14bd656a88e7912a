// expect: nn::Attention needs positions first: nn::Rope<nn::Adjacent>
// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "lamina/arch/llama.hpp"
#include "lamina/nn/check.hpp"

using namespace lamina;

#ifdef LAMINA_OK
using Layers = arch::Llama::Layers;
#else
using Layers =
    nn::Sequence<nn::TokenEmbedding,
                 nn::Repeat<nn::Sequence<nn::Residual<nn::RmsNorm<"n">, nn::Attention<nn::Causal, nn::Causal>>>>,
                 nn::RmsNorm<"output_norm">, nn::LmHead>;
#endif

static_assert(nn::well_formed<Layers>);
