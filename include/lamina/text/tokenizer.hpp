// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Text to tokens and back. make_tokenizer(file) builds the Tokenizer that a GGUF file describes; a Detokenizer turns
// tokens into text as they come. (lamina/text/tokenizer_json.hpp is for tokenizer.json.)
#pragma once

#include "lamina/text/detokenizer.hpp"
#include "lamina/text/make_tokenizer.hpp"
#include "lamina/text/token.hpp"
#include "lamina/text/tokenizer_interface.hpp"
