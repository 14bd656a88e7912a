// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Kernels over one row of activations: norms, rotary position embedding, and quantisation.

// Squares are summed in 64 lanes, which keeps the relative error near one rounding even for long rows.
inline void rms_norm(const float* x, const float* weight, std::size_t n, float eps, float* out) {
  f32x16 squares[4];
#pragma GCC unroll 4
  for (f32x16& s : squares) s = broadcast<f32x16>(0.0f);
  std::size_t i = 0;
  for (; i + 64 <= n; i += 64) {
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) {
      const f32x16 v = load<f32x16>(x + i + 16 * j);
      squares[j] = fma(v, v, squares[j]);
    }
  }
  for (; i < n; i += 16) {
    const f32x16 v = n - i >= 16 ? load<f32x16>(x + i) : load_first(x + i, n - i);
    squares[0] = fma(v, v, squares[0]);
  }
  const float total = sum(add(add(squares[0], squares[1]), add(squares[2], squares[3])));
  const float scale = 1.0f / __builtin_sqrtf(total / static_cast<float>(n) + eps);
  const f32x16 scales = broadcast<f32x16>(scale);
  for (i = 0; i + 16 <= n; i += 16) {
    store(out + i, mul(mul(load<f32x16>(x + i), scales), load<f32x16>(weight + i)));
  }
  for (; i < n; ++i) out[i] = x[i] * scale * weight[i];
}

// Two passes, so that a mean far from zero costs no digits; sums in 64 lanes as above.
inline void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n, float eps, float* out) {
  const auto part = [&](std::size_t i) { return n - i >= 16 ? load<f32x16>(x + i) : load_first(x + i, n - i); };
  f32x16 sums[4];
  for (f32x16& s : sums) s = broadcast<f32x16>(0.0f);
  for (std::size_t i = 0; i < n; i += 16) sums[i / 16 % 4] = add(sums[i / 16 % 4], part(i));
  const float mean = sum(add(add(sums[0], sums[1]), add(sums[2], sums[3]))) / static_cast<float>(n);
  const f32x16 means = broadcast<f32x16>(mean);
  for (f32x16& s : sums) s = broadcast<f32x16>(0.0f);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const f32x16 d = sub(load<f32x16>(x + i), means);
    sums[i / 16 % 4] = fma(d, d, sums[i / 16 % 4]);
  }
  if (i < n) {
    float rest[16] = {};
    for (std::size_t j = i; j < n; ++j) rest[j - i] = x[j] - mean;
    const f32x16 d = load<f32x16>(rest);
    sums[i / 16 % 4] = fma(d, d, sums[i / 16 % 4]);
  }
  const float total = sum(add(add(sums[0], sums[1]), add(sums[2], sums[3])));
  const float scale = 1.0f / __builtin_sqrtf(total / static_cast<float>(n) + eps);
  const f32x16 scales = broadcast<f32x16>(scale);
  for (i = 0; i + 16 <= n; i += 16) {
    const f32x16 y = mul(mul(sub(load<f32x16>(x + i), means), scales), load<f32x16>(weight + i));
    store(out + i, bias == nullptr ? y : add(y, load<f32x16>(bias + i)));
  }
  for (; i < n; ++i) {
    const float y = (x[i] - mean) * scale * weight[i];
    out[i] = bias == nullptr ? y : y + bias[i];
  }
}

// Pairs of values are `Step` apart, which compilers know what to do with when it is a constant.
template <std::size_t Step>
LAMINA_INLINE void rotate_pairs(float* __restrict first, float* __restrict second, std::size_t n_pairs,
                                const float* __restrict cos_sin) {
  for (std::size_t i = 0; i < n_pairs; ++i) {
    const float c = cos_sin[2 * i], s = cos_sin[2 * i + 1];
    const float a = first[i * Step], b = second[i * Step];
    first[i * Step] = a * c - b * s;
    second[i * Step] = a * s + b * c;
  }
}
inline void rope(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t n_rot, const float* cos_sin,
                 RopePairing pairing) {
  const std::size_t half = n_rot / 2;
  for (std::size_t h = 0; h < n_heads; ++h, x += head_dim) {
    if (pairing == RopePairing::Adjacent) {
      rotate_pairs<2>(x, x + 1, half, cos_sin);
    } else {
      rotate_pairs<1>(x, x + half, half, cos_sin);
    }
  }
}

// The largest magnitude decides d. Magnitudes are compared as integers, so that an infinity or a NaN wins and reaches
// d, and through it every output. A group whose magnitudes are all below 1e-30 becomes zeros: activation_levels / it
// might overflow.
inline void quantize_words(const Activations& row) {
  const i32x16 magnitude = broadcast<i32x16>(0x7fffffff);
  for (std::size_t g = 0; g < row.k_padded / 32; ++g) {
    const f32x16 x0 = load<f32x16>(row.f32 + 32 * g), x1 = load<f32x16>(row.f32 + 32 * g + 16);
    float magnitudes[16];
    store(magnitudes, as_float(max(bit_and(as_int(x0), magnitude), bit_and(as_int(x1), magnitude))));
    std::int32_t bits[16];
    std::memcpy(bits, magnitudes, sizeof bits);
    std::int32_t largest = bits[0];
    for (const std::int32_t b : bits) largest = b > largest ? b : largest;
    float amax;
    std::memcpy(&amax, &largest, sizeof amax);
    const bool tiny = amax < 1e-30f;
    const float d = tiny ? 0.0f : amax / activation_levels;
    const f32x16 inverse = broadcast<f32x16>(tiny ? 0.0f : activation_levels / amax);
    const f32x16 low = broadcast<f32x16>(-activation_levels), high = broadcast<f32x16>(activation_levels);
    const i32x16 q0 = nearest_int(min(max(mul(x0, inverse), low), high));
    const i32x16 q1 = nearest_int(min(max(mul(x1, inverse), low), high));
    std::int16_t* pair = row.q16 + 64 * (g / 2) + 16 * (g % 2);
    store_i16(pair, q0);
    store_i16(pair + 32, q1);
    const float s0 = d * sum(to_float(q0)), s1 = d * sum(to_float(q1));
    row.d[g] = d;
    row.s16[2 * g] = s0;
    row.s16[2 * g + 1] = s1;
    row.s32[g] = d * sum(add(to_float(q0), to_float(q1)));
  }
}
