// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything about GGUF containers: opening, looking and writing.
#pragma once

#include "lamina/gguf/file.hpp"
#include "lamina/gguf/metadata.hpp"
#include "lamina/gguf/source.hpp"
#include "lamina/gguf/tensor_info.hpp"
#include "lamina/gguf/tensor_type.hpp"
#include "lamina/gguf/value.hpp"
#include "lamina/gguf/writer.hpp"
