// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the kernel tests share: the targets of this machine, activations with their storage, and memory that ends where
// the process may no longer read.
#pragma once

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <random>
#include <utility>
#include <vector>

#include "lamina/core/checked.hpp"
#include "lamina/kernels/reference/reference.hpp"
#include "lamina/quant/encoder.hpp"
#include "lamina/quant/registry.hpp"
#include "numbers.hpp"

namespace lamina::test {

// Every target but the reference, with xsimd's whichever way the tests are linked. Defined in targets.cpp, so that the
// kernels of header mode are compiled once.
std::vector<const kernels::KernelTable*> simd_targets();
const kernels::KernelTable& reference();

// n_tokens rows of k values, padded as kernels expect.
struct ActivationRows {
  std::size_t k_padded, n;
  std::vector<float> f32, d, s32, s16;
  std::vector<std::int16_t> q16;
  kernels::ActivationLayout layout{};
  bool eight = false;  // a panel reads eight bits

  ActivationRows(const std::vector<float>& values, std::size_t k)
      : k_padded(round_up(k, kernels::row_padding)),
        n(values.size() / k),
        f32(n * k_padded),
        d(n * k_padded / 32),
        s32(n * k_padded / 32),
        s16(n * k_padded / 16),
        q16(kernels::Activations::q16_size(n * k_padded)) {
    for (std::size_t t = 0; t < n; ++t) std::memcpy(&f32[t * k_padded], &values[t * k], k * sizeof(float));
  }
  kernels::Activations get() { return {f32.data(), q16.data(), d.data(), s32.data(), s16.data(), k_padded}; }
  void quantize(const kernels::KernelTable& target) {
    for (std::size_t t = 0; t < n; ++t) target.quantize(get().token(t));
    layout = target.layout;
  }
  // For panels of a format.
  void quantize_panel(const kernels::KernelTable& target, std::uint32_t type_id, bool eight_bits) {
    for (std::size_t t = 0; t < n; ++t) target.quantize_panel(get().token(t), eight_bits);
    layout = target.panel_layout;
    eight = eight_bits && target.find(type_id)->matmul_panel8 != nullptr;
    if (eight && layout == kernels::ActivationLayout::Words) layout = kernels::ActivationLayout::Bytes;
  }
  // Value i of all rows in units of its d.
  int level(std::size_t i) { return kernels::level(layout, get().token(i / k_padded), i % k_padded); }
  // The values that integer kernels see instead of f32.
  void round_f32() {
    for (std::size_t i = 0; i < f32.size(); ++i) f32[i] = d[i / 32] * static_cast<float>(level(i));
  }
};

// n bytes that end at a page which may not be read or written.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t n) : size_(n), mapped_(round_up(n, page) + page) {
    void* p = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    base_ = p == MAP_FAILED ? nullptr : static_cast<std::byte*>(p);
    if (base_ != nullptr) mprotect(base_ + mapped_ - page, page, PROT_NONE);
  }
  ~GuardedBytes() {
    if (base_ != nullptr) munmap(base_, mapped_);
  }
  GuardedBytes(GuardedBytes&& other) noexcept
      : size_(other.size_), mapped_(other.mapped_), base_(std::exchange(other.base_, nullptr)) {}
  GuardedBytes& operator=(GuardedBytes&&) = delete;

  std::byte* data() const { return base_ + mapped_ - page - size_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t page = 65536;  // a multiple of every page size in use
  std::size_t size_, mapped_;
  std::byte* base_ = nullptr;
};

}  // namespace lamina::test
// In header mode targets.cpp compiles it, once for all tests, as the library does otherwise.
extern template class lamina::quant::Encoder<lamina::quant::AllFormats>;
namespace lamina::test {

// values, a multiple of the block, to blocks.
template <class Format>
std::vector<typename Format::Block> quantised(const std::vector<float>& values) {
  std::vector<typename Format::Block> out(values.size() / Format::block_size);
  auto* const bytes = reinterpret_cast<std::byte*>(out.data());
  if constexpr (Contains<Format, quant::AllFormats>{}) {
    quant::Encoder<quant::AllFormats>::quantize_row(Format::type_id, values.data(), values.size(), bytes);
  } else {
    quant::quantize_row<Format>(values.data(), values.size(), bytes);
  }
  return out;
}

// Random rows of a format as a quantiser makes them, at the end of readable memory. Their blocks are some that were
// quantised once, since for formats with grids that takes longer than all of a test's products.
template <class Format>
GuardedBytes random_weights(std::size_t rows, std::size_t k, std::uint32_t seed) {
  using Block = typename Format::Block;
  static const std::vector<Block> known = quantised<Format>(random_floats(64 * Format::block_size, Format::type_id));
  std::mt19937 engine(seed);
  const std::size_t blocks = rows * k / Format::block_size;
  GuardedBytes out(blocks * sizeof(Block));
  for (std::size_t i = 0; i < blocks; ++i) {
    std::memcpy(out.data() + i * sizeof(Block), &known[engine() % known.size()], sizeof(Block));
  }
  return out;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Values of which every twentieth group has one a hundred times as large as the rest.
inline std::vector<float> spiked_floats(std::size_t n, std::uint32_t seed) {
  std::vector<float> out = random_floats(n, seed);
  for (std::size_t i = 7; i < n; i += 640) out[i] *= 100;
  return out;
}

// f(target, Type<Format>) for every target under test and every format.
template <class F>
void for_each_case(F&& f) {
  for (const kernels::KernelTable* target : simd_targets()) {
    for_each_type(quant::Formats{}, [&](auto format) {
      using Format = typename decltype(format)::type;
      INFO(target->target << " " << Format::name);
      f(*target, format);
    });
  }
}

// Widths of rows that a format can have, whole and ragged for every way of taking k apart.
template <class Format>
std::vector<std::size_t> widths() {
  std::vector<std::size_t> out;
  for (const std::size_t k :
       std::initializer_list<std::size_t>{1, 15, 16, 17, 32, 64, 96, 224, 256, 288, 512, 576, 1024, 2048, 2080}) {
    if (k % Format::block_size == 0) out.push_back(k);
  }
  return out;
}

}  // namespace lamina::test
