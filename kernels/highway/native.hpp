// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Namespace `native` on Highway vectors, for the target that is being compiled. Included once per target.

namespace hn = ::hwy::HWY_NAMESPACE;

using Df = hn::CappedTag<float, 16>;
using Di = hn::RebindToSigned<Df>;
using Db = hn::Repartition<std::uint8_t, Df>;
using Dfh = hn::CappedTag<float, 8>;
using Dbh = hn::Repartition<std::uint8_t, Dfh>;
using F = hn::Vec<Df>;
using I = hn::Vec<Di>;
using B = hn::Vec<Db>;
using Fh = hn::Vec<Dfh>;
using Bh = hn::Vec<Dbh>;
inline constexpr std::size_t lanes = hn::MaxLanes(Df{});
inline constexpr std::size_t lanes_half = hn::MaxLanes(Dfh{});
static_assert(lanes == 4 || lanes == 8 || lanes == 16);
inline constexpr bool has_vnni = HWY_TARGET == HWY_AVX3_DL;

template <class V>
LAMINA_INLINE auto raw(const V& v) {
  return v.raw;
}

template <class V, class T>
LAMINA_INLINE V load(const T* p) {
  return hn::LoadU(hn::DFromV<V>{}, reinterpret_cast<const hn::TFromV<V>*>(p));
}
template <class V>
LAMINA_INLINE void store(float* p, V a) {
  hn::StoreU(a, hn::DFromV<V>{}, p);
}
LAMINA_INLINE void store_int(std::int32_t* p, I a) { hn::StoreU(a, Di{}, p); }
LAMINA_INLINE void store_bytes(std::uint8_t* p, Bh a) { hn::StoreU(a, Dbh{}, p); }
LAMINA_INLINE void store_words(std::uint8_t* p, B a) { hn::StoreU(a, Db{}, p); }
LAMINA_INLINE B word_pairs(std::int32_t pair) { return hn::BitCast(Db{}, hn::Set(Di{}, pair)); }
template <class V>
LAMINA_INLINE V broadcast(hn::TFromV<V> value) {
  return hn::Set(hn::DFromV<V>{}, value);
}

template <class V>
LAMINA_INLINE V add(V a, V b) {
  return hn::Add(a, b);
}
template <class V>
LAMINA_INLINE V sub(V a, V b) {
  return hn::Sub(a, b);
}
template <class V>
LAMINA_INLINE V mul(V a, V b) {
  return hn::Mul(a, b);
}
template <class V>
LAMINA_INLINE V div(V a, V b) {
  return hn::Div(a, b);
}
template <class V>
LAMINA_INLINE V max(V a, V b) {
  return hn::Max(a, b);
}
template <class V>
LAMINA_INLINE V min(V a, V b) {
  return hn::Min(a, b);
}
template <class V>
LAMINA_INLINE V bit_and(V a, V b) {
  return hn::And(a, b);
}
template <class V>
LAMINA_INLINE V bit_or(V a, V b) {
  return hn::Or(a, b);
}
template <class V>
LAMINA_INLINE V fma(V a, V b, V c) {
  return hn::MulAdd(a, b, c);
}

LAMINA_INLINE F to_float(I a) { return hn::ConvertTo(Df{}, a); }
LAMINA_INLINE I nearest_int(F a) { return hn::NearestInt(a); }
LAMINA_INLINE I as_int(F a) { return hn::BitCast(Di{}, a); }
LAMINA_INLINE I as_int(B a) { return hn::BitCast(Di{}, a); }
LAMINA_INLINE F as_float(I a) { return hn::BitCast(Df{}, a); }
template <int N>
LAMINA_INLINE I shift_left(I a) {
  return hn::ShiftLeft<N>(a);
}
template <int N>
LAMINA_INLINE I shift_right(I a) {
  return hn::ShiftRight<N>(a);
}

// Bytes taken as 16-bit lanes.
template <class V, class T>
using As16 = hn::Repartition<T, hn::DFromV<V>>;
template <int N, class V>
LAMINA_INLINE V shift_left16(V a) {
  return hn::BitCast(hn::DFromV<V>{}, hn::ShiftLeft<N>(hn::BitCast(As16<V, std::uint16_t>{}, a)));
}
template <int N, class V>
LAMINA_INLINE V shift_right16(V a) {
  return hn::BitCast(hn::DFromV<V>{}, hn::ShiftRight<N>(hn::BitCast(As16<V, std::uint16_t>{}, a)));
}
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#include "lamina/kernels/generic/avx2_half.hpp"
//
#include "lamina/kernels/generic/avx512.hpp"
#elif HWY_TARGET == HWY_AVX2
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
