// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The exponential on 16 lanes, and the element-wise kernels: addition and SwiGLU's silu(gate) · up.

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
  const i32x16 half_n = shift_right<1>(n);
  const i32x16 bias = broadcast<i32x16>(127);
  const f32x16 scale1 = as_float(shift_left<23>(add(half_n, bias)));
  const f32x16 scale2 = as_float(shift_left<23>(add(sub(n, half_n), bias)));
  return mul(mul(p, scale1), scale2);
}

inline void add(float* x, const float* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) store(x + i, add(load<f32x16>(x + i), load<f32x16>(y + i)));
  for (; i < n; ++i) x[i] += y[i];
}

LAMINA_INLINE f32x16 silu_mul(const f32x16& gate, const f32x16& up) {
  const f32x16 one = broadcast<f32x16>(1.0f);
  return mul(div(gate, add(one, exp(sub(broadcast<f32x16>(0.0f), gate)))), up);
}

inline void silu_mul(const float* gate, const float* up, std::size_t n, float* out) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) store(out + i, silu_mul(load<f32x16>(gate + i), load<f32x16>(up + i)));
  if (i < n) store_first(out + i, silu_mul(load_first(gate + i, n - i), load_first(up + i, n - i)), n - i);
}
