// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The vocabulary: vectors of one width for every target (16 floats, 16 int32, 32 words, and halves: 8 floats, 32
// bytes), each made of 1, 2 or 4 native vectors, and operations on them. So the order of every sum is that of 16 lanes,
// whatever the machine. See README.md for how this file is included and what namespace `native` must supply.

// N native vectors side by side.
template <class V, std::size_t N>
struct Wide {
  static constexpr std::size_t size = N;
  V v[N];
};

using f32x16 = Wide<native::F, 16 / native::lanes>;
using i32x16 = Wide<native::I, 16 / native::lanes>;
using i16x32 = Wide<native::B, 16 / native::lanes>;  // byte vectors taken as words
using f32x8 = Wide<native::Fh, 8 / native::lanes_half>;
using u8x32 = Wide<native::Bh, 8 / native::lanes_half>;

namespace detail {

template <class Op, std::size_t I, class... W>
LAMINA_INLINE auto part(const W&... w) {
  return Op::apply(w.v[I]...);
}

template <class Op, std::size_t... I, class... W>
LAMINA_INLINE auto each(std::index_sequence<I...>, const W&... w) {
  return Wide<decltype(part<Op, 0>(w...)), sizeof...(I)>{{part<Op, I>(w...)...}};
}

// Op on every native vector of the arguments.
template <class Op, class W, class... Rest>
LAMINA_INLINE auto each(const W& w, const Rest&... rest) {
  return each<Op>(std::make_index_sequence<W::size>{}, w, rest...);
}

// Op(p + I · step) for every native vector of the result.
template <class Op, std::size_t N, std::size_t... I, class P>
LAMINA_INLINE auto each_at(std::index_sequence<I...>, const P* p, std::size_t step) {
  return Wide<decltype(Op::apply(p)), N>{{Op::apply(p + I * step)...}};
}

struct Add {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::add(a, b);
  }
};
struct Sub {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::sub(a, b);
  }
};
struct Mul {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::mul(a, b);
  }
};
struct Div {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::div(a, b);
  }
};
struct Max {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::max(a, b);
  }
};
struct Min {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::min(a, b);
  }
};
struct And {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::bit_and(a, b);
  }
};
struct Or {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b) {
    return native::bit_or(a, b);
  }
};
struct Fma {
  template <class V>
  LAMINA_INLINE static V apply(V a, V b, V c) {
    return native::fma(a, b, c);
  }
};
struct ToFloat {
  LAMINA_INLINE static native::F apply(native::I a) { return native::to_float(a); }
};
struct NearestInt {
  LAMINA_INLINE static native::I apply(native::F a) { return native::nearest_int(a); }
};
struct TimesPower {
  LAMINA_INLINE static native::F apply(native::F a, native::I n) { return native::times_power(a, n); }
};
struct AsInt {
  LAMINA_INLINE static native::I apply(native::F a) { return native::as_int(a); }
};
struct AsFloat {
  LAMINA_INLINE static native::F apply(native::I a) { return native::as_float(a); }
};
template <int N>
struct ShiftLeft {
  LAMINA_INLINE static native::I apply(native::I a) { return native::shift_left<N>(a); }
};
template <int N>
struct ShiftRight {
  LAMINA_INLINE static native::I apply(native::I a) { return native::shift_right<N>(a); }
};
template <int N>
struct ShiftLeft16 {
  LAMINA_INLINE static native::Bh apply(native::Bh a) { return native::shift_left16<N>(a); }
};
template <int N>
struct ShiftRight16 {
  LAMINA_INLINE static native::Bh apply(native::Bh a) { return native::shift_right16<N>(a); }
};
struct Dot2 {
  LAMINA_INLINE static native::I apply(native::B w, native::B x) { return native::dot2(w, x); }
};
struct Dot4 {
  LAMINA_INLINE static native::I apply(native::B w0, native::B w1, native::B x0, native::B x1) {
    return native::dot4(w0, w1, x0, x1);
  }
};
template <int N>
struct ShiftRightWords {
  LAMINA_INLINE static native::B apply(native::B a) { return native::shift_right16<N>(a); }
};
template <class V>
struct Load {
  template <class T>
  LAMINA_INLINE static V apply(const T* p) {
    return native::load<V>(p);
  }
};
struct LoadF16 {
  LAMINA_INLINE static native::F apply(const std::byte* p) { return native::load_f16(p); }
};
struct LoadBf16 {
  LAMINA_INLINE static native::F apply(const std::byte* p) { return native::load_bf16(p); }
};
struct Spread2 {
  LAMINA_INLINE static native::Fh apply(const float* p) { return native::spread2(p); }
};

template <std::size_t... I>
LAMINA_INLINE void store(std::index_sequence<I...>, float* p, const f32x16& a) {
  (native::store(p + I * native::lanes, a.v[I]), ...);
}
template <std::size_t... I>
LAMINA_INLINE void store(std::index_sequence<I...>, float* p, const f32x8& a) {
  (native::store(p + I * native::lanes_half, a.v[I]), ...);
}
template <std::size_t... I>
LAMINA_INLINE void store_i16(std::index_sequence<I...>, std::int16_t* p, const i32x16& a) {
  (native::store_i16(p + I * native::lanes, a.v[I]), ...);
}

template <std::size_t... I>
LAMINA_INLINE void store_bytes(std::index_sequence<I...>, std::uint8_t* p, const u8x32& a) {
  (native::store_bytes(p + I * sizeof(native::Bh), a.v[I]), ...);
}

template <std::size_t... I>
LAMINA_INLINE void store_words(std::index_sequence<I...>, std::byte* p, const i16x32& a) {
  (native::store_words(reinterpret_cast<std::uint8_t*>(p) + I * sizeof(native::B), a.v[I]), ...);
}

template <class W, std::size_t... I, class T>
LAMINA_INLINE W broadcast(std::index_sequence<I...>, T value) {
  const auto v = native::broadcast<std::remove_cvref_t<decltype(W{}.v[0])>>(value);
  return W{{((void)I, v)...}};
}

template <std::size_t... I>
LAMINA_INLINE f32x8 broadcast_native(std::index_sequence<I...>, const native::Fh& v) {
  return f32x8{{((void)I, v)...}};
}

template <std::size_t... I>
LAMINA_INLINE f32x8 halves_at(std::index_sequence<I...>, const std::byte* p, std::size_t stride) {
  return {{native::gather_f16(p + I * native::lanes_half * stride, stride)...}};
}
template <std::size_t... I>
LAMINA_INLINE f32x8 unsigned_bytes(std::index_sequence<I...>, std::uint64_t bytes) {
  return {{native::unsigned_bytes(bytes >> (I * native::lanes_half * 8))...}};
}
template <std::size_t... I>
LAMINA_INLINE f32x8 signed_bytes(std::index_sequence<I...>, std::uint64_t bytes) {
  return {{native::signed_bytes(bytes >> (I * native::lanes_half * 8))...}};
}

template <class W>
using Parts = std::make_index_sequence<W::size>;

template <std::size_t... I>
LAMINA_INLINE i16x32 repeat(std::index_sequence<I...>, const native::B& v) {
  return {{((void)I, v)...}};
}
LAMINA_INLINE i16x32 words_of_15() { return repeat(Parts<i16x32>{}, native::words(15)); }

}  // namespace detail

// lane by lane
template <class W>
LAMINA_INLINE W add(const W& a, const W& b) {
  return detail::each<detail::Add>(a, b);
}
template <class W>
LAMINA_INLINE W sub(const W& a, const W& b) {
  return detail::each<detail::Sub>(a, b);
}
template <class W>
LAMINA_INLINE W mul(const W& a, const W& b) {
  return detail::each<detail::Mul>(a, b);
}
template <class W>
LAMINA_INLINE W div(const W& a, const W& b) {
  return detail::each<detail::Div>(a, b);
}
template <class W>
LAMINA_INLINE W max(const W& a, const W& b) {  // b where either is NaN
  return detail::each<detail::Max>(a, b);
}
template <class W>
LAMINA_INLINE W min(const W& a, const W& b) {  // b where either is NaN
  return detail::each<detail::Min>(a, b);
}
template <class W>
LAMINA_INLINE W bit_and(const W& a, const W& b) {
  return detail::each<detail::And>(a, b);
}
template <class W>
LAMINA_INLINE W bit_or(const W& a, const W& b) {
  return detail::each<detail::Or>(a, b);
}
template <class W>
LAMINA_INLINE W fma(const W& a, const W& b, const W& c) {  // a · b + c
  return detail::each<detail::Fma>(a, b, c);
}
template <class W, class T>
LAMINA_INLINE W broadcast(T value) {
  return detail::broadcast<W>(detail::Parts<W>{}, value);
}

LAMINA_INLINE f32x16 to_float(const i32x16& a) { return detail::each<detail::ToFloat>(a); }
LAMINA_INLINE i32x16 nearest_int(const f32x16& a) { return detail::each<detail::NearestInt>(a); }  // ties to even
LAMINA_INLINE f32x16 times_power(const f32x16& a, const i32x16& n) { return detail::each<detail::TimesPower>(a, n); }
LAMINA_INLINE i32x16 as_int(const f32x16& a) { return detail::each<detail::AsInt>(a); }
LAMINA_INLINE f32x16 as_float(const i32x16& a) { return detail::each<detail::AsFloat>(a); }
template <int N>
LAMINA_INLINE i32x16 shift_left(const i32x16& a) {
  return detail::each<detail::ShiftLeft<N>>(a);
}
template <int N>
LAMINA_INLINE i32x16 shift_right(const i32x16& a) {  // keeps the sign
  return detail::each<detail::ShiftRight<N>>(a);
}
// Shifts 16-bit lanes: bits cross from a byte to its neighbour, so mask afterwards.
template <int N>
LAMINA_INLINE u8x32 shift_left16(const u8x32& a) {
  return detail::each<detail::ShiftLeft16<N>>(a);
}
template <int N>
LAMINA_INLINE u8x32 shift_right16(const u8x32& a) {
  return detail::each<detail::ShiftRight16<N>>(a);
}

// memory; no alignment is needed anywhere
template <class W, class T>
LAMINA_INLINE W load(const T* p) {
  using V = std::remove_cvref_t<decltype(W{}.v[0])>;
  return detail::each_at<detail::Load<V>, W::size>(detail::Parts<W>{}, p, sizeof(V) / sizeof(T));
}
LAMINA_INLINE void store(float* p, const f32x16& a) { detail::store(detail::Parts<f32x16>{}, p, a); }
LAMINA_INLINE void store8(float* p, const f32x8& a) { detail::store(detail::Parts<f32x8>{}, p, a); }
// Lanes must be within −32768 … 32767.
LAMINA_INLINE void store_i16(std::int16_t* p, const i32x16& a) { detail::store_i16(detail::Parts<i32x16>{}, p, a); }
LAMINA_INLINE f32x16 load_f16(const std::byte* p) {
  return detail::each_at<detail::LoadF16, f32x16::size>(detail::Parts<f32x16>{}, p, 2 * native::lanes);
}
LAMINA_INLINE f32x16 load_bf16(const std::byte* p) {
  return detail::each_at<detail::LoadBf16, f32x16::size>(detail::Parts<f32x16>{}, p, 2 * native::lanes);
}
// The first n lanes, at most 8, and 0 in the others.
LAMINA_INLINE f32x8 first_lanes(const f32x8& a, std::size_t n) {
  static constexpr std::int32_t kept[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  return bit_and(a, load<f32x8>(kept + 8 - (n < 8 ? n : 8)));
}
// lane i = p[i / 2]
LAMINA_INLINE f32x8 spread2(const float* p) {
  return detail::each_at<detail::Spread2, f32x8::size>(detail::Parts<f32x8>{}, p, native::lanes_half / 2);
}
// lane i = p[step · (i / 8)]
LAMINA_INLINE f32x16 spread8(const float* p, std::size_t step) {
  f32x16 out;
  native::spread8(p, step, out.v);
  return out;
}
// Eight binary16 values, `stride` bytes apart.
LAMINA_INLINE f32x8 halves_at(const std::byte* p, std::size_t stride) {
  return detail::halves_at(detail::Parts<f32x8>{}, p, stride);
}
// One binary16 value in every lane.
LAMINA_INLINE f32x8 broadcast_f16(const std::byte* p) {
  return detail::broadcast_native(detail::Parts<f32x8>{}, native::broadcast_f16(p));
}
// The eight bytes of an integer, lowest first.
LAMINA_INLINE f32x8 unsigned_bytes(std::uint64_t bytes) {
  return detail::unsigned_bytes(detail::Parts<f32x8>{}, bytes);
}
LAMINA_INLINE f32x8 signed_bytes(std::uint64_t bytes) { return detail::signed_bytes(detail::Parts<f32x8>{}, bytes); }

// bytes and words
LAMINA_INLINE u8x32 low_nibbles(const u8x32& a) { return bit_and(a, broadcast<u8x32>(std::uint8_t{15})); }
LAMINA_INLINE u8x32 high_nibbles(const u8x32& a) { return low_nibbles(shift_right16<4>(a)); }

// Two groups of 32 integers as words: the first halves of both, then the second halves.
struct WordPair {
  i16x32 first;
  i16x32 second;
};
// 16 bytes at a, then 16 at b.
LAMINA_INLINE i16x32 unsigned_words(const std::byte* a, const std::byte* b) {
  i16x32 out;
  native::unsigned_words(a, b, out.v);
  return out;
}
LAMINA_INLINE i16x32 signed_words(const std::byte* a, const std::byte* b) {
  i16x32 out;
  native::signed_words(a, b, out.v);
  return out;
}
LAMINA_INLINE i16x32 unsigned_words(const u8x32& a) {
  i16x32 out;
  native::unsigned_words(a.v, out.v);
  return out;
}
LAMINA_INLINE i16x32 signed_words(const u8x32& a) {
  i16x32 out;
  native::signed_words(a.v, out.v);
  return out;
}
LAMINA_INLINE void store32(std::uint8_t* p, const u8x32& a) { detail::store_bytes(detail::Parts<u8x32>{}, p, a); }
// Four integers of eight bytes, or eight of four, side by side.
template <class T, std::size_t N>
LAMINA_INLINE u8x32 join(const T (&parts)[N]) {
  u8x32 out;
  native::join(parts, out.v);
  return out;
}
// 16 bytes at a, then 16 at b.
LAMINA_INLINE u8x32 bytes_at(const std::byte* a, const std::byte* b) {
  u8x32 out;
  native::bytes_at(a, b, out.v);
  return out;
}
// Byte i = table[at byte i], at within 0 … 15.
LAMINA_INLINE u8x32 lookup(const std::int8_t (&table)[16], const u8x32& at) {
  u8x32 out;
  native::lookup(reinterpret_cast<const std::byte*>(table), at.v, out.v);
  return out;
}
// Byte i = 255 where bit i is set, else 0.
LAMINA_INLINE u8x32 bytes_of_bits(std::uint32_t bits) {
  u8x32 out;
  native::bytes_of_bits(bits, out.v);
  return out;
}
// The low nibbles of 16 bytes, then their high ones.
LAMINA_INLINE i16x32 both_nibbles(const std::byte* p) {
  i16x32 out;
  native::both_nibbles(p, out.v);
  return out;
}
// Groups whose first half is the low nibbles of 16 bytes and whose second half the high ones.
LAMINA_INLINE WordPair nibbles_of_16(const std::byte* a, const std::byte* b) {
  const i16x32 bytes = unsigned_words(a, b);
  return {bit_and(bytes, detail::words_of_15()), detail::each<detail::ShiftRightWords<4>>(bytes)};
}
// The same two words in all lanes, the lower half first.
LAMINA_INLINE i16x32 word_pairs(std::int32_t pair) {
  return detail::repeat(detail::Parts<i16x32>{}, native::word_pairs(pair));
}
LAMINA_INLINE void store_words(std::byte* p, const i16x32& a) { detail::store_words(detail::Parts<i16x32>{}, p, a); }
// Groups given as unsigned bytes.
LAMINA_INLINE WordPair widen(const u8x32& a, const u8x32& b) {
  WordPair out;
  native::widen(a.v, b.v, out.first.v, out.second.v);
  return out;
}
// The same of signed bytes.
LAMINA_INLINE WordPair widen_signed(const u8x32& a, const u8x32& b) {
  WordPair out;
  native::widen_signed(a.v, b.v, out.first.v, out.second.v);
  return out;
}
// Lane i: the sum of four products, exact: words 2i, 2i + 1 of the first halves and of the second. Weights −128 … 127.
LAMINA_INLINE i32x16 dot4(const WordPair& w, const std::int16_t* x) {
  return detail::each<detail::Dot4>(w.first, w.second, load<i16x32>(x), load<i16x32>(x + 32));
}

// Lane i: the sum of the products of words 2i, 2i + 1, exact.
LAMINA_INLINE i32x16 dot2(const i16x32& w, const i16x32& x) { return detail::each<detail::Dot2>(w, x); }
LAMINA_INLINE i32x16 dot2(const i16x32& w, const std::int16_t* x) { return dot2(w, load<i16x32>(x)); }

// Lane i plus lane i + 8.
LAMINA_INLINE f32x8 fold(const f32x16& a) {
  f32x8 out;
  native::fold(a.v, out.v);
  return out;
}
// The sum of all lanes: lane i plus lane i + 4, + 2, + 1.
LAMINA_INLINE float sum(const f32x8& a) { return native::sum(a.v); }
LAMINA_INLINE float sum(const f32x16& a) { return sum(fold(a)); }

namespace detail {

struct LoadI8 {
  LAMINA_INLINE static native::F apply(const std::byte* p) { return native::load_i8(p); }
};
template <std::size_t... I>
LAMINA_INLINE void store_f16(std::index_sequence<I...>, std::byte* p, const f32x16& a) {
  (native::store_f16(p + 2 * I * native::lanes, a.v[I]), ...);
}

}  // namespace detail

// Sixteen signed bytes.
LAMINA_INLINE f32x16 load_i8(const std::byte* p) {
  return detail::each_at<detail::LoadI8, f32x16::size>(detail::Parts<f32x16>{}, p, native::lanes);
}
// Rounded to binary16, ties to even.
LAMINA_INLINE void store_f16(std::byte* p, const f32x16& a) { detail::store_f16(detail::Parts<f32x16>{}, p, a); }
// The largest lane; where there are NaN, any.
LAMINA_INLINE float largest(const f32x16& a) {
  float lanes[16];
  store(lanes, a);
  return native::largest(max(load<f32x8>(lanes), load<f32x8>(lanes + 8)).v);
}
