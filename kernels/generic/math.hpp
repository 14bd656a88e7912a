// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The exponential on 16 lanes, and the element-wise kernels: addition, activations, soft caps.

// The n ≤ 16 values at p, zeros after them.
LAMINA_INLINE f32x16 load_first(const float* p, std::size_t n) {
  float values[16] = {};
  std::memcpy(values, p, n * sizeof(float));
  return load<f32x16>(values);
}
LAMINA_INLINE void store_first(float* p, const f32x16& a, std::size_t n) {
  float values[16];
  store(values, a);
  std::memcpy(p, values, n * sizeof(float));
}

// e^x within about 1 ulp of the result; −inf gives 0, +inf and what overflows give +inf, NaN stays NaN.
// x = n·ln 2 + r with |r| ≤ ln 2 / 2, and e^r by its Taylor series to r^7. 2^n is applied in two halves, so that
// results below the normal range round once instead of vanishing.
LAMINA_INLINE f32x16 exp(const f32x16& value) {
  const f32x16 x = min(broadcast<f32x16>(89.0f), max(broadcast<f32x16>(-104.0f), value));
  const i32x16 n = nearest_int(mul(x, broadcast<f32x16>(1.44269504f)));
  const f32x16 nf = to_float(n);
  // ln 2 as a sum of two floats, the first short enough for n · it to be exact.
  const f32x16 r = fma(nf, broadcast<f32x16>(-1.42860682e-6f), fma(nf, broadcast<f32x16>(-0.693145752f), x));
  f32x16 p = broadcast<f32x16>(1.98412698e-4f);
  p = fma(p, r, broadcast<f32x16>(1.38888889e-3f));
  p = fma(p, r, broadcast<f32x16>(8.33333333e-3f));
  p = fma(p, r, broadcast<f32x16>(4.16666667e-2f));
  p = fma(p, r, broadcast<f32x16>(1.66666667e-1f));
  p = fma(p, r, broadcast<f32x16>(0.5f));
  p = fma(mul(p, r), r, r);
  p = add(p, broadcast<f32x16>(1.0f));
  return times_power(p, n);
}

inline void add(float* x, const float* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) store(x + i, add(load<f32x16>(x + i), load<f32x16>(y + i)));
  for (; i < n; ++i) x[i] += y[i];
}

// x · sigmoid(y)
LAMINA_INLINE f32x16 times_sigmoid(const f32x16& x, const f32x16& y) {
  return div(x, add(broadcast<f32x16>(1.0f), exp(sub(broadcast<f32x16>(0.0f), y))));
}
LAMINA_INLINE f32x16 tanh(const f32x16& x) {
  const f32x16 one = broadcast<f32x16>(1.0f), two = broadcast<f32x16>(2.0f);
  return sub(one, div(two, add(one, exp(mul(x, two)))));
}

LAMINA_INLINE f32x16 gelu_tanh(const f32x16& x) {
  // (1 + tanh(u)) / 2 = sigmoid(2u), 2 √(2/π) = 1.59576912
  const f32x16 cubic = fma(mul(x, x), broadcast<f32x16>(0.044715f), broadcast<f32x16>(1.0f));
  return times_sigmoid(x, mul(mul(x, cubic), broadcast<f32x16>(1.59576912f)));
}
// x · Φ(x) = max(x, 0) − |x| · erfc(|x| / √2) / 2, with erfc as in Abramowitz & Stegun 7.1.26: within 1.5e-7 of erf.
LAMINA_INLINE f32x16 gelu_erf(const f32x16& x) {
  const f32x16 one = broadcast<f32x16>(1.0f), zero = broadcast<f32x16>(0.0f);
  const f32x16 magnitude = as_float(bit_and(as_int(x), broadcast<i32x16>(0x7fffffff)));
  const f32x16 z = mul(magnitude, broadcast<f32x16>(0.707106781f));
  const f32x16 t = div(one, fma(z, broadcast<f32x16>(0.3275911f), one));
  f32x16 p = broadcast<f32x16>(1.061405429f);
  p = fma(p, t, broadcast<f32x16>(-1.453152027f));
  p = fma(p, t, broadcast<f32x16>(1.421413741f));
  p = fma(p, t, broadcast<f32x16>(-0.284496736f));
  p = fma(p, t, broadcast<f32x16>(0.254829592f));
  const f32x16 erfc = mul(mul(p, t), exp(sub(zero, mul(z, z))));
  return sub(max(zero, x), mul(mul(magnitude, broadcast<f32x16>(0.5f)), erfc));
}

// out = f(x) · up, or f(x) when up is null
template <class F>
LAMINA_INLINE void map_gated(const float* x, const float* up, std::size_t n, float* out, F f) {
  std::size_t i = 0;
  if (up == nullptr) {
    for (; i + 16 <= n; i += 16) store(out + i, f(load<f32x16>(x + i)));
    if (i < n) store_first(out + i, f(load_first(x + i, n - i)), n - i);
    return;
  }
  for (; i + 16 <= n; i += 16) store(out + i, mul(f(load<f32x16>(x + i)), load<f32x16>(up + i)));
  if (i < n) store_first(out + i, mul(f(load_first(x + i, n - i)), load_first(up + i, n - i)), n - i);
}

// The bounds keep a NaN: min and max give the second of two when one is NaN.
LAMINA_INLINE f32x16 swiglu_oai(const f32x16& gate, const f32x16& up) {
  const f32x16 limit = broadcast<f32x16>(7.0f), one = broadcast<f32x16>(1.0f);
  const f32x16 g = min(limit, gate);
  const f32x16 u = max(broadcast<f32x16>(-7.0f), min(limit, up));
  return mul(times_sigmoid(g, mul(g, broadcast<f32x16>(1.702f))), add(u, one));
}

inline void activate(ActivationKind kind, const float* x, const float* up, std::size_t n, float* out) {
  const f32x16 zero = broadcast<f32x16>(0.0f);
  switch (kind) {
    case ActivationKind::Silu: map_gated(x, up, n, out, [](const f32x16& v) { return times_sigmoid(v, v); }); return;
    case ActivationKind::GeluTanh: map_gated(x, up, n, out, [](const f32x16& v) { return gelu_tanh(v); }); return;
    case ActivationKind::GeluErf: map_gated(x, up, n, out, [](const f32x16& v) { return gelu_erf(v); }); return;
    case ActivationKind::Relu: map_gated(x, up, n, out, [&](const f32x16& v) { return max(zero, v); }); return;
    case ActivationKind::ReluSquared:
      map_gated(x, up, n, out, [&](const f32x16& v) { return mul(max(zero, v), max(zero, v)); });
      return;
    case ActivationKind::SwigluOai: break;
  }
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) store(out + i, swiglu_oai(load<f32x16>(x + i), load<f32x16>(up + i)));
  if (i < n) store_first(out + i, swiglu_oai(load_first(x + i, n - i), load_first(up + i, n - i)), n - i);
}

inline void soft_cap(float* x, std::size_t n, float cap) {
  const f32x16 c = broadcast<f32x16>(cap), inverse = broadcast<f32x16>(1.0f / cap);
  map_gated(x, nullptr, n, x, [&](const f32x16& v) { return mul(tanh(mul(v, inverse)), c); });
}
