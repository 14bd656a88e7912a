// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The attribute of every function that takes or returns vectors: such a function must disappear into its caller, since
// vectors of another instruction set cannot cross a call.
#pragma once

#define LAMINA_INLINE [[gnu::always_inline]] inline
