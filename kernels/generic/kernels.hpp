// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every SIMD algorithm, in the order in which they need each other. A backend includes this inside its own namespace,
// after its namespace `native` and with LAMINA_KERNELS_VNNI and LAMINA_KERNELS_AVX2 defined as 0 or 1; README.md has
// the rules.

#include "lamina/kernels/generic/wide.hpp"
//
#include "lamina/kernels/generic/unpack.hpp"
//
#include "lamina/kernels/generic/unpack_bits.hpp"
//
#include "lamina/kernels/generic/unpack_levels.hpp"
//
#include "lamina/kernels/generic/unpack_groups.hpp"
//
#include "lamina/kernels/generic/unpack_grids.hpp"
//
#include "lamina/kernels/generic/panel_strip.hpp"
//
#if LAMINA_KERNELS_VNNI
#include "lamina/kernels/generic/vnni_unpack.hpp"
//
#include "lamina/kernels/generic/vnni_unpack_bits.hpp"
//
#include "lamina/kernels/generic/vnni_unpack_levels.hpp"
//
#include "lamina/kernels/generic/vnni_unpack_groups.hpp"
//
#include "lamina/kernels/generic/vnni_combs.hpp"
//
#include "lamina/kernels/generic/vnni_combs_bits.hpp"
//
#include "lamina/kernels/generic/vnni_combs_grids.hpp"
//
#include "lamina/kernels/generic/vnni_rows.hpp"
//
#include "lamina/kernels/generic/vnni_panel.hpp"
//
#include "lamina/kernels/generic/vnni_panel_tiles.hpp"
//
#include "lamina/kernels/generic/bf16_panel.hpp"
//
#include "lamina/kernels/generic/bf16_dot.hpp"
//
#include "lamina/kernels/generic/tile_registers.hpp"
//
#include "lamina/kernels/generic/bf16_tiles.hpp"
#endif
//
#if LAMINA_KERNELS_AVX2
#include "lamina/kernels/generic/avx2_row_bytes.hpp"
//
#include "lamina/kernels/generic/avx2_row_grids.hpp"
#endif
//
#include "lamina/kernels/generic/matmul.hpp"
//
#include "lamina/kernels/generic/float_panel.hpp"
//
#include "lamina/kernels/generic/math.hpp"
//
#include "lamina/kernels/generic/rows.hpp"
//
#if !LAMINA_KERNELS_VNNI
#include "lamina/kernels/generic/word_panel.hpp"
#endif
//
#if LAMINA_KERNELS_AVX2
#include "lamina/kernels/generic/avx2_byte_panel.hpp"
//
#include "lamina/kernels/generic/avx2_byte_tiles.hpp"
#endif
//
#include "lamina/kernels/generic/attention_cache.hpp"
//
#include "lamina/kernels/generic/attention.hpp"

// How this target holds activations of integer kernels, and what multiplies them in decode.
#if LAMINA_KERNELS_VNNI
inline constexpr ActivationLayout activation_layout = ActivationLayout::Planes, panel_layout = ActivationLayout::Panel;
inline void quantize(const Activations& row) { quantize_planes(row); }
#elif LAMINA_KERNELS_AVX2
inline constexpr ActivationLayout activation_layout = ActivationLayout::WordsAndPlanes;
inline constexpr ActivationLayout panel_layout = ActivationLayout::Words;
inline void quantize(const Activations& row) { quantize_words_and_planes(row); }
#else
inline constexpr ActivationLayout activation_layout = ActivationLayout::Words, panel_layout = ActivationLayout::Words;
inline void quantize(const Activations& row) { quantize_words(row); }
#endif
