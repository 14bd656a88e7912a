// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What a weight format must supply, and whole rows from its blocks. Rows may stand at any address.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include "lamina/core/checked.hpp"

namespace lamina::quant {

template <class F>
concept QuantFormat = requires(const typename F::Block& block, typename F::Block& into, const float* in,
                               const float* cost, float* out) {
  { F::name } -> std::convertible_to<std::string_view>;
  { F::type_id } -> std::convertible_to<std::uint32_t>;
  { F::block_size } -> std::convertible_to<std::size_t>;
  { F::dequantize(block, out) } -> std::same_as<void>;
  { F::quantize(in, into) } -> std::same_as<void>;
  { F::quantize(in, into, cost) } -> std::same_as<void>;
  { F::byteswap(into) } -> std::same_as<void>;
  requires std::is_trivially_copyable_v<typename F::Block>;
  requires(F::block_size > 0);
};

// Bytes of a row of k weights; empty when k is not a multiple of the block or the size does not fit.
template <QuantFormat F>
constexpr std::optional<std::size_t> bytes_per_row(std::size_t k) {
  if (k % F::block_size != 0) return std::nullopt;
  return checked_mul(k / F::block_size, sizeof(typename F::Block));
}

// k weights, a multiple of the block, to floats [k].
template <QuantFormat F>
void dequantize_row(const std::byte* row, std::size_t k, float* out) {
  for (std::size_t i = 0; i < k; i += F::block_size, row += sizeof(typename F::Block)) {
    typename F::Block block;
    std::memcpy(&block, row, sizeof block);
    F::dequantize(block, out + i);
  }
}

// k floats, a multiple of the block, to blocks. cost [k], or null: what an error in each weight costs, ≥ 0; the sum of
// cost · error² is what quantisers keep small.
template <QuantFormat F>
void quantize_row(const float* in, std::size_t k, std::byte* row, const float* cost = nullptr) {
  for (std::size_t i = 0; i < k; i += F::block_size, row += sizeof(typename F::Block)) {
    typename F::Block block;
    F::quantize(in + i, block, cost != nullptr ? cost + i : nullptr);
    std::memcpy(row, &block, sizeof block);
  }
}

// Turns a row from one byte order into the other, in place.
template <QuantFormat F>
void byteswap_row(std::byte* row, std::size_t k) {
  for (std::size_t i = 0; i < k; i += F::block_size, row += sizeof(typename F::Block)) {
    typename F::Block block;
    std::memcpy(&block, row, sizeof block);
    F::byteswap(block);
    std::memcpy(row, &block, sizeof block);
  }
}

}  // namespace lamina::quant
