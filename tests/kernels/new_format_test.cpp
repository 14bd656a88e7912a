// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A new format from beginning to end: what its author writes into three files, here one below the other, and what
// follows from it. Three bits a weight, for example; Toy3_1 is explained, the other three are the other shapes that a
// format may have: blocks of 32 or of 256 weights, with a minimum or without, a scale for each group of 32 or for each
// half of one.
#include <catch2/catch.hpp>
//
#include <cstring>
#include <vector>

#include "kernels/matmul_checks.hpp"
#include "lamina/kernels/xsimd/xsimd.hpp"
#include "lamina/quant/fit.hpp"

// ---- First file, include/lamina/quant/toy3_1.hpp: the block as it lies in a GGUF file, decode and encode, as plain
// C++.

namespace lamina::quant {

// N weights of three bits: bits 2·(i % 4) and up of byte i / 4 of `low` are the low two of weight i, bit i % 8 of byte
// i / 8 of `high` is its third.
template <std::size_t N>
struct ThreeBits {
  std::uint8_t low[N / 4];
  std::uint8_t high[N / 8];

  LAMINA_HOST_DEVICE int operator[](int i) const {
    return (low[i / 4] >> 2 * (i % 4) & 3) | (high[i / 8] >> i % 8 & 1) << 2;
  }
  LAMINA_HOST_DEVICE void clear() {
    for (std::uint8_t& byte : low) byte = 0;
    for (std::uint8_t& byte : high) byte = 0;
  }
  LAMINA_HOST_DEVICE void set(int i, int q) {  // once, after clear()
    low[i / 4] = static_cast<std::uint8_t>(low[i / 4] | (q & 3) << 2 * (i % 4));
    high[i / 8] = static_cast<std::uint8_t>(high[i / 8] | (q >> 2) << i % 8);
  }
};

// Toy3_1: y = d · q + m, q in 0…7; 32 weights in 16 bytes, 4 bits per weight.
struct Toy3_1 {
  static constexpr std::string_view name = "Toy3_1";
  static constexpr std::uint32_t type_id = 1001;  // GGUF's; one that GGUF did not have is new in gguf/tensor_type.hpp
  static constexpr std::size_t block_size = 32;   // weights
  struct Block {
    half d;
    half m;
    ThreeBits<32> q;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out /* [32] */) {
    const float d = b.d, m = b.m;
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(b.q[i]) + m;
  }
  LAMINA_HOST_DEVICE static void quantize(const float* in /* [32] */, Block& b, const float* cost = nullptr) {
    const AffineFit fit = AffineFit::of(in, 32, 7, true, {cost});
    b.d = half::from_float(fit.scale + zero_or_nan(in, 32));  // a NaN or infinity among the weights stays visible
    b.m = half::from_float(-fit.minimum);
    const float inverse = inverse_or_zero(b.d), m = b.m;
    b.q.clear();
    for (int i = 0; i < 32; ++i) b.q.set(i, round_to_int((in[i] - m) * inverse, 0, 7));
  }
  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.m);
  }
};
static_assert(sizeof(Toy3_1::Block) == 16);

// Toy3_0: y = d · (q − 4); 32 weights in 14 bytes.
struct Toy3_0 {
  static constexpr std::string_view name = "Toy3_0";
  static constexpr std::uint32_t type_id = 1000;
  static constexpr std::size_t block_size = 32;
  struct Block {
    half d;
    ThreeBits<32> q;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out) {
    for (int i = 0; i < 32; ++i) out[i] = b.d * static_cast<float>(b.q[i] - 4);
  }
  LAMINA_HOST_DEVICE static void quantize(const float* in, Block& b, const float* cost = nullptr) {
    b.d = half::from_float(SymmetricFit::of(in, 32, -4, 3, {cost}) + zero_or_nan(in, 32));
    b.q.clear();
    for (int i = 0; i < 32; ++i) b.q.set(i, round_to_int(in[i] * inverse_or_zero(b.d), -4, 3) + 4);
  }
  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Toy3_0::Block) == 14);

// Toy3_K: y = d · sc · (q − 4), sc in −127…127 for sixteen weights; 256 weights in 114 bytes.
struct Toy3_K {
  static constexpr std::string_view name = "Toy3_K";
  static constexpr std::uint32_t type_id = 1002;
  static constexpr std::size_t block_size = 256;
  struct Block {
    half d;
    std::int8_t sc[16];
    ThreeBits<256> q;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out) {
    for (int i = 0; i < 256; ++i) out[i] = b.d * static_cast<float>(b.sc[i / 16] * (b.q[i] - 4));
  }
  LAMINA_HOST_DEVICE static void quantize(const float* in, Block& b, const float* cost = nullptr) {
    float scale[16];
    for (int i = 0; i < 16; ++i) scale[i] = SymmetricFit::of(in + 16 * i, 16, -4, 3, Importance{cost}.from(16 * i));
    b.d = half::from_float(largest_of(scale, 16) / 127 + zero_or_nan(in, 256));
    b.q.clear();
    for (int i = 0; i < 256; ++i) {
      std::int8_t& sc = b.sc[i / 16];
      sc = static_cast<std::int8_t>(round_to_int(scale[i / 16] * inverse_or_zero(b.d), -127, 127));
      b.q.set(i, round_to_int(in[i] * inverse_or_zero(b.d * static_cast<float>(sc)), -4, 3) + 4);
    }
  }
  static void byteswap(Block& b) { byteswap16(b.d); }
};
static_assert(sizeof(Toy3_K::Block) == 114);

// Toy3_M: y = d · sc · q + dm · mn, sc in 0…255 and mn in −127…127 for sixteen weights; 256 weights in 132 bytes.
struct Toy3_M {
  static constexpr std::string_view name = "Toy3_M";
  static constexpr std::uint32_t type_id = 1003;
  static constexpr std::size_t block_size = 256;
  struct Block {
    half d;
    half dm;
    std::uint8_t sc[16];
    std::int8_t mn[16];
    ThreeBits<256> q;
  };

  LAMINA_HOST_DEVICE static void dequantize(const Block& b, float* out) {
    for (int i = 0; i < 256; ++i) {
      out[i] = b.d * static_cast<float>(b.sc[i / 16] * b.q[i]) + b.dm * static_cast<float>(b.mn[i / 16]);
    }
  }
  LAMINA_HOST_DEVICE static void quantize(const float* in, Block& b, const float* cost = nullptr) {
    float scale[16], minimum[16];
    for (int i = 0; i < 16; ++i) {
      const AffineFit fit = AffineFit::of(in + 16 * i, 16, 7, true, Importance{cost}.from(16 * i));
      scale[i] = fit.scale;
      minimum[i] = -fit.minimum;
    }
    b.d = half::from_float(largest_of(scale, 16) / 255 + zero_or_nan(in, 256));
    b.dm = half::from_float(largest_of(minimum, 16) / 127);
    b.q.clear();
    for (int i = 0; i < 256; ++i) {
      std::uint8_t& sc = b.sc[i / 16];
      std::int8_t& mn = b.mn[i / 16];
      sc = static_cast<std::uint8_t>(round_to_int(scale[i / 16] * inverse_or_zero(b.d), 0, 255));
      mn = static_cast<std::int8_t>(round_to_int(minimum[i / 16] * inverse_or_zero(b.dm), -127, 127));
      const float rest = in[i] - b.dm * static_cast<float>(mn);
      b.q.set(i, round_to_int(rest * inverse_or_zero(b.d * static_cast<float>(sc)), 0, 7));
    }
  }
  static void byteswap(Block& b) {
    byteswap16(b.d);
    byteswap16(b.dm);
  }
};
static_assert(sizeof(Toy3_M::Block) == 132);

}  // namespace lamina::quant

// ---- Second file, in kernels/generic/ beside those of its kind, such as unpack_groups.hpp: the same in SIMD, once for
// ---- all instruction sets. There it stands in the namespace of each target, here in that of header mode.

namespace lamina::kernels::xsimd_target {

// 32 weights of ThreeBits, a byte each.
LAMINA_INLINE u8x32 three_bits(const std::byte* low, const std::byte* high) {
  const std::uint64_t w = load_u64(low);
  const std::uint64_t two[4] = {spread_two_bits(w & 0xffff), spread_two_bits(w >> 16 & 0xffff),
                                spread_two_bits(w >> 32 & 0xffff), spread_two_bits(w >> 48)};
  return bit_or(join(two), bit_and(bytes_of_bits(load_u32(high)), broadcast<u8x32>(std::uint8_t{4})));
}
LAMINA_INLINE u8x32 less_four(const u8x32& q) { return sub(q, broadcast<u8x32>(std::uint8_t{4})); }

template <>
struct Groups<quant::Toy3_1> {
  static constexpr std::size_t scales = 8;  // of the eight groups of 256 weights, which are eight blocks here
  const std::byte* blocks;
  f32x8 scale[1];
  f32x8 minimum[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk)
      : blocks(chunk), scale{halves_at(chunk, 16)}, minimum{halves_at(chunk + 2, 16)} {}
  LAMINA_INLINE u8x32 group(std::size_t j) const { return three_bits(blocks + 16 * j + 4, blocks + 16 * j + 12); }
};

template <>
struct Groups<quant::Toy3_0> {
  static constexpr std::size_t scales = 8;
  static constexpr int bound = 4;  // integers −4 … 4
  const std::byte* blocks;
  f32x8 scale[1];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : blocks(chunk), scale{halves_at(chunk, 14)} {}
  LAMINA_INLINE u8x32 group(std::size_t j) const {
    return less_four(three_bits(blocks + 14 * j + 2, blocks + 14 * j + 10));
  }
};

template <>
struct Groups<quant::Toy3_K> {
  static constexpr std::size_t scales = 16;  // of half groups; the chunk is one block
  static constexpr int bound = 4;
  const std::byte* block;
  f32x8 scale[2];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : block(chunk) {
    const f32x8 d = broadcast_f16(chunk);
    scale[0] = mul(d, signed_bytes(load_u64(chunk + 2)));
    scale[1] = mul(d, signed_bytes(load_u64(chunk + 10)));
  }
  LAMINA_INLINE u8x32 group(std::size_t j) const {
    return less_four(three_bits(block + 18 + 8 * j, block + 82 + 4 * j));
  }
};

template <>
struct Groups<quant::Toy3_M> {
  static constexpr std::size_t scales = 16;
  const std::byte* block;
  f32x8 scale[2];
  f32x8 minimum[2];

  LAMINA_INLINE explicit Groups(const std::byte* chunk) : block(chunk) {
    const f32x8 d = broadcast_f16(chunk), m = broadcast_f16(chunk + 2);
    scale[0] = mul(d, unsigned_bytes(load_u64(chunk + 4)));
    scale[1] = mul(d, unsigned_bytes(load_u64(chunk + 12)));
    minimum[0] = mul(m, signed_bytes(load_u64(chunk + 20)));
    minimum[1] = mul(m, signed_bytes(load_u64(chunk + 28)));
  }
  LAMINA_INLINE u8x32 group(std::size_t j) const { return three_bits(block + 36 + 8 * j, block + 100 + 4 * j); }
};

}  // namespace lamina::kernels::xsimd_target

// ---- Third file, include/lamina/quant/registry.hpp: its header, and its name in the list.

namespace lamina::test {

using Toys = TypeList<quant::Toy3_0, quant::Toy3_1, quant::Toy3_K, quant::Toy3_M>;

TEST_CASE("a new format is its header, its groups and its name in a list") {
  const kernels::KernelTable& reference = kernels::table_of<kernels::ReferenceKernels, Toys>();
  const kernels::KernelTable& target = kernels::table_of<kernels::XsimdKernels, Toys>();
  for_each_type(Toys{}, [&](auto format) {
    using Format = typename decltype(format)::type;
    static_assert(quant::QuantFormat<Format>);
    INFO(target.target << " " << Format::name);
    REQUIRE(quant::visit_format<Toys>(Format::type_id, [](auto) {}));

    const std::vector<float> values = random_floats(512, 1);
    std::vector<std::byte> row(512 / Format::block_size * sizeof(typename Format::Block));
    std::vector<float> decoded(512);
    quant::quantize_row<Format>(values.data(), 512, row.data());
    target.find(Format::type_id)->dequantize(row.data(), 512, decoded.data());
    REQUIRE(nmse(decoded, values) < 0.04);  // three bits

    check_rows<Format>(target, reference);
    check_panel<Format>(target, reference);
    check_any_bits<Format>(target);
  });
}

}  // namespace lamina::test
