// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Namespace `native` on xsimd batches of the instruction set that this translation unit is compiled for.

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
using Arch = ::xsimd::avx512bw;
using HalfArch = ::xsimd::fma3<::xsimd::avx2>;
inline constexpr bool has_vnni = LAMINA_KERNELS_VNNI;
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
using Arch = ::xsimd::fma3<::xsimd::avx2>;
using HalfArch = Arch;
#elif defined(__SSE4_2__)
using Arch = ::xsimd::sse4_2;
using HalfArch = Arch;
#elif defined(__SSSE3__)
using Arch = ::xsimd::ssse3;
using HalfArch = Arch;
#elif defined(__SSE2__)
using Arch = ::xsimd::sse2;
using HalfArch = Arch;
#else
using Arch = ::xsimd::default_arch;
using HalfArch = Arch;
#endif

using F = ::xsimd::batch<float, Arch>;
using I = ::xsimd::batch<std::int32_t, Arch>;
using B = ::xsimd::batch<std::uint8_t, Arch>;
using Fh = ::xsimd::batch<float, HalfArch>;
using Bh = ::xsimd::batch<std::uint8_t, HalfArch>;
inline constexpr std::size_t lanes = F::size;
inline constexpr std::size_t lanes_half = Fh::size;
static_assert(lanes == 4 || lanes == 8 || lanes == 16);

template <class V>
LAMINA_INLINE typename V::register_type raw(const V& v) {
  return v;
}

template <class V, class T>
LAMINA_INLINE V load(const T* p) {
  return V::load_unaligned(reinterpret_cast<const typename V::value_type*>(p));
}
template <class V>
LAMINA_INLINE void store(float* p, V a) {
  a.store_unaligned(p);
}
LAMINA_INLINE void store_int(std::int32_t* p, I a) { a.store_unaligned(p); }
LAMINA_INLINE void store_bytes(std::uint8_t* p, Bh a) { a.store_unaligned(p); }
LAMINA_INLINE void store_words(std::uint8_t* p, B a) { a.store_unaligned(p); }
template <class V>
LAMINA_INLINE V broadcast(typename V::value_type value) {
  return V(value);
}

template <class V>
LAMINA_INLINE V add(V a, V b) {
  return a + b;
}
template <class V>
LAMINA_INLINE V sub(V a, V b) {
  return a - b;
}
template <class V>
LAMINA_INLINE V mul(V a, V b) {
  return a * b;
}
template <class V>
LAMINA_INLINE V div(V a, V b) {
  return a / b;
}
template <class V>
LAMINA_INLINE V max(V a, V b) {
  return ::xsimd::max(a, b);
}
template <class V>
LAMINA_INLINE V min(V a, V b) {
  return ::xsimd::min(a, b);
}
template <class V>
LAMINA_INLINE V bit_and(V a, V b) {
  return a & b;
}
template <class V>
LAMINA_INLINE V bit_or(V a, V b) {
  return a | b;
}
template <class V>
LAMINA_INLINE V fma(V a, V b, V c) {
  return ::xsimd::fma(a, b, c);
}

LAMINA_INLINE F to_float(I a) { return ::xsimd::to_float(a); }
LAMINA_INLINE I nearest_int(F a) { return ::xsimd::nearbyint_as_int(a); }
// Not xsimd's bitwise_cast, whose argument was a batch in version 8 and is an element since.
LAMINA_INLINE I as_int(F a) { return std::bit_cast<I>(a); }
LAMINA_INLINE I as_int(B a) { return std::bit_cast<I>(a); }
LAMINA_INLINE F as_float(I a) { return std::bit_cast<F>(a); }
// A pair of words in all lanes.
LAMINA_INLINE B word_pairs(std::int32_t pair) { return std::bit_cast<B>(I(pair)); }
template <int N>
LAMINA_INLINE I shift_left(I a) {
  return a << N;
}
template <int N>
LAMINA_INLINE I shift_right(I a) {
  return a >> N;
}

// Bytes taken as 16-bit lanes.
template <class V, class T>
using As16 = ::xsimd::batch<T, typename V::arch_type>;
template <int N, class V>
LAMINA_INLINE V shift_left16(V a) {
  return std::bit_cast<V>(std::bit_cast<As16<V, std::uint16_t>>(a) << N);
}
template <int N, class V>
LAMINA_INLINE V shift_right16(V a) {
  return std::bit_cast<V>(std::bit_cast<As16<V, std::uint16_t>>(a) >> N);
}
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "lamina/kernels/generic/avx2_half.hpp"
//
#include "lamina/kernels/generic/avx512.hpp"
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include "lamina/kernels/generic/avx2_half.hpp"
//
#include "lamina/kernels/generic/avx2.hpp"
//
#include "lamina/kernels/generic/no_avx512.hpp"
#else
#include "lamina/kernels/generic/lanes_any.hpp"
//
#include "lamina/kernels/generic/no_avx512.hpp"
#endif
