// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What AVX-512 has instructions for, for the others: operations of namespace `native`, after its vectors.

// a · 2^n in two steps, each a float for every n that exp() meets, so that a result below the normal floats is rounded
// once.
LAMINA_INLINE F times_power(F a, I n) {
  const I half = native::shift_right<1>(n), bias = native::broadcast<I>(127);
  const F first = native::as_float(native::shift_left<23>(native::add(half, bias)));
  const F second = native::as_float(native::shift_left<23>(native::add(native::sub(n, half), bias)));
  return native::mul(native::mul(a, first), second);
}
LAMINA_INLINE void transpose(const float (&rows)[16][16], float* out) {
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t r = 0; r < 16; ++r) out[16 * i + r] = rows[r][i];
  }
}
