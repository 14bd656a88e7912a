// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Words of four signed bytes, and reading them where blocks of a format put them. One source for host and device.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lamina/core/half.hpp"
#include "lamina/core/host_device.hpp"
#ifdef __CUDACC__
#include <cuda_fp16.h>
#endif

namespace lamina::gpu {

// sum + Σ a_i · b_i over the four signed bytes of a and b.
LAMINA_HOST_DEVICE inline int dot4(std::uint32_t a, std::uint32_t b, int sum) {
#ifdef __CUDA_ARCH__
  return __dp4a(static_cast<int>(a), static_cast<int>(b), sum);
#else
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<std::int8_t>(a >> 8 * i & 255) * static_cast<std::int8_t>(b >> 8 * i & 255);
  }
  return sum;
#endif
}

LAMINA_HOST_DEVICE inline int signed_byte(std::uint32_t word, int i) {
  return static_cast<std::int8_t>(word >> 8 * i & 255);
}

// Four bytes of a list of sixteen, each chosen by the low nibble of a byte of `nibbles` (< 16).
LAMINA_HOST_DEVICE inline std::uint32_t choose4(const std::uint32_t (&list)[4], std::uint32_t nibbles) {
#ifdef __CUDA_ARCH__
  // A byte permute chooses among eight, so both halves are looked up; bit 3 says which one holds.
  const std::uint32_t low = (nibbles & 0x07070707u),
                      selector = (low & 7) | (low >> 4 & 0x70) | (low >> 8 & 0x700) | (low >> 12 & 0x7000);
  const std::uint32_t first = __byte_perm(list[0], list[1], selector), second = __byte_perm(list[2], list[3], selector);
  const std::uint32_t upper = (nibbles >> 3 & 0x01010101u) * 255u;
  return (first & ~upper) | (second & upper);
#else
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t n = nibbles >> 8 * i & 15;
    out |= (list[n / 4] >> 8 * (n % 4) & 255) << 8 * i;
  }
  return out;
#endif
}

// −x in each byte whose mask byte is 255, x where it is 0; no byte may be −128.
LAMINA_HOST_DEVICE inline std::uint32_t negate4(std::uint32_t x, std::uint32_t mask) {
  // Bytewise (x ^ mask) + 1, without carries between bytes.
  const std::uint32_t flipped = x ^ mask, one = mask & 0x01010101u;
  return ((flipped & 0x7f7f7f7fu) + one) ^ (flipped & 0x80808080u);
}

// The low four bits of `bits` as bytes of 255 or 0.
LAMINA_HOST_DEVICE inline std::uint32_t mask4(unsigned bits) {
  const std::uint32_t spread = (bits & 1u) | (bits & 2u) << 7 | (bits & 4u) << 14 | (bits & 8u) << 21;
  return spread * 255u;
}
// The low four bits as bytes of 1 or 0.
LAMINA_HOST_DEVICE inline std::uint32_t bits4(unsigned bits) {
  return (bits & 1u) | (bits & 2u) << 7 | (bits & 4u) << 14 | (bits & 8u) << 21;
}

// The largest power of two ≤ 16 that divides n: the alignment of blocks of n bytes in memory that is aligned itself.
constexpr int alignment_of(std::size_t n) {
  int out = 1;
  while (out < 16 && n % (2 * static_cast<std::size_t>(out)) == 0) out *= 2;
  return out;
}

// On the host: whether something was read where a device could not. Tests look at it.
#ifndef __CUDACC__
inline std::atomic<bool> misaligned_read{false};
#endif
template <int Align>
LAMINA_HOST_DEVICE inline void check_alignment([[maybe_unused]] const void* p) {
#ifndef __CUDACC__
  if (reinterpret_cast<std::uintptr_t>(p) % Align != 0) misaligned_read.store(true, std::memory_order_relaxed);
#endif
}

// Four bytes at p, the first lowest. Align: what p is a multiple of.
template <int Align>
LAMINA_HOST_DEVICE inline std::uint32_t word(const void* p) {
#ifdef __CUDA_ARCH__
  if constexpr (Align >= 4) {
    return __ldg(static_cast<const unsigned*>(p));
  } else if constexpr (Align == 2) {
    const auto* h = static_cast<const unsigned short*>(p);
    return __ldg(h) | static_cast<std::uint32_t>(__ldg(h + 1)) << 16;
  } else {
    const auto* b = static_cast<const unsigned char*>(p);
    return __ldg(b) | static_cast<std::uint32_t>(__ldg(b + 1)) << 8 | static_cast<std::uint32_t>(__ldg(b + 2)) << 16 |
           static_cast<std::uint32_t>(__ldg(b + 3)) << 24;
  }
#else
  check_alignment<(Align < 4 ? Align : 4)>(p);
  std::uint32_t out;
  std::memcpy(&out, p, sizeof out);
  return out;
#endif
}

// N words at p: sixteen or eight bytes at a time where the alignment permits.
template <int Align, int N>
LAMINA_HOST_DEVICE inline void words(const void* p, std::uint32_t* out) {
  const auto* bytes = static_cast<const unsigned char*>(p);
#ifdef __CUDA_ARCH__
  if constexpr (Align >= 16 && N % 4 == 0) {
#pragma unroll
    for (int i = 0; i < N; i += 4) {
      const uint4 v = __ldg(reinterpret_cast<const uint4*>(bytes + 4 * i));
      out[i] = v.x, out[i + 1] = v.y, out[i + 2] = v.z, out[i + 3] = v.w;
    }
  } else if constexpr (Align >= 8 && N % 2 == 0) {
#pragma unroll
    for (int i = 0; i < N; i += 2) {
      const uint2 v = __ldg(reinterpret_cast<const uint2*>(bytes + 4 * i));
      out[i] = v.x, out[i + 1] = v.y;
    }
  } else {
#pragma unroll
    for (int i = 0; i < N; ++i) out[i] = word<Align>(bytes + 4 * i);
  }
#else
  check_alignment<(Align >= 16 && N % 4 == 0 ? 16 : Align >= 8 && N % 2 == 0 ? 8 : 1)>(p);
  for (int i = 0; i < N; ++i) out[i] = word<Align>(bytes + 4 * i);
#endif
}

LAMINA_HOST_DEVICE inline std::uint32_t half_word(const void* p) {  // p even
#ifdef __CUDA_ARCH__
  return __ldg(static_cast<const unsigned short*>(p));
#else
  check_alignment<2>(p);
  std::uint16_t out;
  std::memcpy(&out, p, sizeof out);
  return out;
#endif
}
LAMINA_HOST_DEVICE inline std::uint32_t byte_at(const void* p) {
#ifdef __CUDA_ARCH__
  return __ldg(static_cast<const unsigned char*>(p));
#else
  return *static_cast<const unsigned char*>(p);
#endif
}
// binary16 in the low half of `bits`
LAMINA_HOST_DEVICE inline float half_value(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
#else
  return half{static_cast<std::uint16_t>(bits & 0xffffu)};
#endif
}
LAMINA_HOST_DEVICE inline float half_at(const void* p) { return half_value(half_word(p)); }  // p even

}  // namespace lamina::gpu
