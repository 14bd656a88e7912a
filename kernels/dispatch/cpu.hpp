// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the processor and the system have that Highway does not tell.
#pragma once

#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace lamina::kernels {

// Intel's tile registers with products of bfloat16: the processor has none, or the system gives them to this process or
// not.
enum class Amx : std::uint8_t { None, Refused, Granted };

inline constexpr std::string_view amx_refused =
    "the processor has AMX, but the system does not let this process use it";

#if defined(__x86_64__)
struct Cpuid {
  unsigned a = 0, b = 0, c = 0, d = 0;

  Cpuid(unsigned leaf, unsigned subleaf) {
    if (__get_cpuid_count(leaf, subleaf, &a, &b, &c, &d) == 0) a = b = c = d = 0;
  }
};

// That the system keeps the wide registers has to be known already.
inline bool has_avx512_bf16() { return (Cpuid(7, 1).a >> 5 & 1) != 0; }

// Products of bit matrices, which Highway does not ask for: all processors with VNNI and VBMI have them, but the host
// of a virtual machine may hide them.
inline bool has_gfni() { return (Cpuid(7, 0).c >> 8 & 1) != 0; }

// Asks for the permission, for all threads of the process.
inline Amx use_amx() {
  constexpr unsigned bf16 = 1u << 22, tile = 1u << 24, osxsave = 1u << 27, tile_state = 3u << 17;
  if ((Cpuid(7, 0).d & (bf16 | tile)) != (bf16 | tile)) return Amx::None;
  if ((Cpuid(1, 0).c & osxsave) == 0) return Amx::Refused;
  unsigned low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & tile_state) != tile_state) return Amx::Refused;
#if defined(__linux__)
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  if (syscall(SYS_arch_prctl, request_permission, tile_data) != 0) return Amx::Refused;
#endif
  return Amx::Granted;
}
#else
inline bool has_avx512_bf16() { return false; }
inline bool has_gfni() { return false; }
inline Amx use_amx() { return Amx::None; }
#endif

}  // namespace lamina::kernels
