// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A vocabulary of tile registers, eight of 16 rows of 64 bytes, as Intel's AMX has them: configure, zero, load, store,
// and C += A · B of bfloat16 pairs. AmxTiles is the hardware, in assembly, so that neither the compiler's flags nor its
// idea of what an intrinsic reads matter. EmulatedTiles computes what the manual says in AVX-512, for machines without.

// What LDTILECFG reads.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64 && offsetof(TileConfig, row_bytes) == 16 && offsetof(TileConfig, rows) == 48);

struct AmxTiles {
  // For this thread, until it is configured otherwise.
  static void configure(const TileConfig& config) { asm volatile("ldtilecfg %0" : : "m"(config)); }
  // Afterwards nobody has to keep them for this thread.
  static void release() { asm volatile("tilerelease"); }
  template <int I>
  LAMINA_INLINE static void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(I));
  }
  template <int I>
  LAMINA_INLINE static void load(const void* p, std::size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(p), "r"(stride), "i"(I) : "memory");
  }
  // What is not wanted again soon: it does not push other data out of the first-level cache.
  template <int I>
  LAMINA_INLINE static void load_passing(const void* p, std::size_t stride) {
    asm volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" : : "r"(p), "r"(stride), "i"(I) : "memory");
  }
  template <int I>
  LAMINA_INLINE static void store(void* p, std::size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(p), "r"(stride), "i"(I) : "memory");
  }
  template <int C, int A, int B>
  LAMINA_INLINE static void multiply() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B));
  }
};

// Where the hardware would raise an exception, the results are NaN here.
struct EmulatedTiles {
  struct Registers {
    alignas(64) std::byte tile[8][16][64] = {};
    TileConfig config{.palette = 0};  // as after TILERELEASE
  };
  static Registers& registers() {
    static thread_local Registers held;
    return held;
  }

  static bool valid(const TileConfig& config) {
    if (config.palette != 1 || config.start_row != 0) return false;
    for (const std::uint8_t byte : config.reserved) {
      if (byte != 0) return false;
    }
    for (std::size_t i = 0; i < 16; ++i) {
      const bool used = i < 8;
      if (config.row_bytes[i] > (used ? 64 : 0) || config.rows[i] > (used ? 16 : 0)) return false;
      if ((config.row_bytes[i] == 0) != (config.rows[i] == 0)) return false;
    }
    return true;
  }
  static void configure(const TileConfig& config) {
    registers() = {};
    if (valid(config)) registers().config = config;
  }
  static void release() { registers() = {}; }
  static bool usable(int i) { return registers().config.palette == 1 && registers().config.rows[i] != 0; }

  template <int I>
  static void zero() {
    std::memset(registers().tile[I], 0, sizeof registers().tile[I]);
  }
  template <int I>
  static void load(const void* p, std::size_t stride) {
    zero<I>();
    const TileConfig& config = registers().config;
    for (std::size_t row = 0; usable(I) && row < config.rows[I]; ++row) {
      std::memcpy(registers().tile[I][row], static_cast<const std::byte*>(p) + row * stride, config.row_bytes[I]);
    }
  }
  template <int I>
  static void load_passing(const void* p, std::size_t stride) {
    load<I>(p, stride);
  }
  template <int I>
  static void store(void* p, std::size_t stride) {
    const TileConfig& config = registers().config;
    const float nan = __builtin_nanf("");
    if (!usable(I)) std::memcpy(p, &nan, sizeof nan);
    for (std::size_t row = 0; usable(I) && row < config.rows[I]; ++row) {
      std::memcpy(static_cast<std::byte*>(p) + row * stride, registers().tile[I][row], config.row_bytes[I]);
    }
  }

  // Denormal numbers count as zeros, as operands and as results.
  LAMINA_INLINE static __m512 flush(__m512 v) {
    return _mm512_maskz_mov_ps(static_cast<__mmask16>(~_mm512_fpclass_ps_mask(v, 0x20)), v);
  }
  LAMINA_INLINE static __m512 multiply_add(__m512 a, __m512 b, __m512 sum) {
    return flush(_mm512_fmadd_ps(flush(a), flush(b), sum));
  }
  LAMINA_INLINE static __m512 even(__m512i pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
  LAMINA_INLINE static __m512 odd(__m512i pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(-65536)));
  }
  LAMINA_INLINE static __m512 add(__m512 first, __m512 second, __m512 c) {
    return flush(_mm512_add_ps(flush(_mm512_add_ps(first, second)), flush(c)));
  }
  // The first values of all pairs are summed apart from the second ones, and both together added to C.
  template <int C, int A, int B>
  static void multiply() {
    Registers& held = registers();
    const TileConfig& config = held.config;
    const bool fits = usable(C) && usable(A) && usable(B) && config.rows[C] == config.rows[A] &&
                      config.row_bytes[C] == config.row_bytes[B] && config.row_bytes[A] == 4 * config.rows[B];
    for (std::size_t m = 0; m < 16; ++m) {
      if (fits && m >= config.rows[C]) break;
      __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
      for (std::size_t k = 0; fits && k < config.rows[B]; ++k) {
        const __m512i a = _mm512_set1_epi32(static_cast<int>(load_u32(held.tile[A][m] + 4 * k)));
        const __m512i b = load_512(held.tile[B][k]);
        sums[0] = multiply_add(even(a), even(b), sums[0]);
        sums[1] = multiply_add(odd(a), odd(b), sums[1]);
      }
      __m512 c = _mm512_loadu_ps(held.tile[C][m]);
      c = add(sums[0], sums[1], c);
      if (!fits) c = _mm512_set1_ps(__builtin_nanf(""));
      _mm512_storeu_ps(held.tile[C][m], c);
    }
  }
};
