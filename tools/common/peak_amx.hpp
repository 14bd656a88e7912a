// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The same on AMX tiles, which the kernel has to allow first. Four sums (2 × 2 tiles) hide the latency. Everything from
// loading the configuration to releasing it is one piece of assembly: nothing the compiler does can come between.
#pragma once

#if defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace lamina::bench {

// Asks Linux for the tile registers, for all threads of the process; false where it has none to give.
inline bool amx_permitted() {
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// What ldtilecfg reads: 64 bytes.
struct alignas(64) TileConfig {
  static constexpr std::size_t n_tiles = 8;

  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};

  constexpr TileConfig() {
    for (std::size_t i = 0; i < n_tiles; ++i) row_bytes[i] = 64, rows[i] = 16;
  }
};
static_assert(sizeof(TileConfig) == 64);

struct alignas(64) TileData {
  std::uint32_t words[16][16];  // one tile

  constexpr explicit TileData(std::uint32_t word) : words() {
    for (auto& row : words) {
      for (std::uint32_t& each : row) each = word;
    }
  }
};

// Bytes to 32-bit integers, 16 × 16 sums of 64 products: 3 · 3.
__attribute__((target("amx-tile,amx-int8"))) inline std::uint64_t amx_int8(std::uint64_t rounds) {
  static constexpr TileConfig config;
  static constexpr TileData data(0x03030303);
  std::uint64_t left = rounds;
  asm volatile(
      "ldtilecfg %[config]\n\t"
      ".irp i,0,1,2,3\n\t"
      "tilezero %%tmm\\i\n\t"
      ".endr\n\t"
      ".irp i,4,5,6,7\n\t"
      "tileloadd (%[data],%[stride],1), %%tmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      "tdpbssd %%tmm6, %%tmm4, %%tmm0\n\t"
      "tdpbssd %%tmm7, %%tmm4, %%tmm1\n\t"
      "tdpbssd %%tmm6, %%tmm5, %%tmm2\n\t"
      "tdpbssd %%tmm7, %%tmm5, %%tmm3\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "tilerelease"
      : [left] "+r"(left)
      : [config] "m"(config), [data] "r"(&data), [stride] "r"(std::uint64_t{64})
      : "memory", "cc");
  return rounds * 4 * (16 * 16 * 64) * 2;
}

// Pairs of bfloat16 to floats, 16 × 16 sums of 32 products: 0.5 · 0.5.
__attribute__((target("amx-tile,amx-bf16"))) inline std::uint64_t amx_bf16(std::uint64_t rounds) {
  static constexpr TileConfig config;
  static constexpr TileData data(0x3f003f00);
  std::uint64_t left = rounds;
  asm volatile(
      "ldtilecfg %[config]\n\t"
      ".irp i,0,1,2,3\n\t"
      "tilezero %%tmm\\i\n\t"
      ".endr\n\t"
      ".irp i,4,5,6,7\n\t"
      "tileloadd (%[data],%[stride],1), %%tmm\\i\n\t"
      ".endr\n"
      "1:\n\t"
      "tdpbf16ps %%tmm6, %%tmm4, %%tmm0\n\t"
      "tdpbf16ps %%tmm7, %%tmm4, %%tmm1\n\t"
      "tdpbf16ps %%tmm6, %%tmm5, %%tmm2\n\t"
      "tdpbf16ps %%tmm7, %%tmm5, %%tmm3\n\t"
      "dec %[left]\n\t"
      "jnz 1b\n\t"
      "tilerelease"
      : [left] "+r"(left)
      : [config] "m"(config), [data] "r"(&data), [stride] "r"(std::uint64_t{64})
      : "memory", "cc");
  return rounds * 4 * (16 * 16 * 32) * 2;
}

}  // namespace lamina::bench
#endif
