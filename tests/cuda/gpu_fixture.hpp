// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the tests of GPU kernels share: the emulated device with some memory, and results of kernels. Every kernel runs
// with its threads in both directions, and has to give the same bits.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "lamina/kernels/cuda/bits.hpp"
#include "lamina/kernels/cuda/emulated.hpp"
#include "lamina/kernels/reference/reference.hpp"
#include "lamina/quant/encoder.hpp"
#include "lamina/quant/registry.hpp"
#include "numbers.hpp"

namespace lamina::test {

struct EmulatedDevice {
  std::shared_ptr<gpu::Gpu> gpu = gpu::emulated_gpu(std::size_t{1} << 30, 2);
  std::unique_ptr<gpu::Queue> queue = std::move(*gpu->queue());
  std::vector<gpu::Memory> memory;

  const gpu::Kernels& kernels() const { return gpu->kernels(); }

  template <class T>
  T* empty(std::size_t n) {
    memory.push_back(std::move(*gpu::Memory::make(gpu, n * sizeof(T))));
    return memory.back().as<T>();
  }
  template <class T>
  T* put(const std::vector<T>& values) {
    T* const out = empty<T>(values.size());
    std::memcpy(out, values.data(), values.size() * sizeof(T));
    return out;
  }
  // `launch` twice, into out [n] that starts as it was; the same bits either way.
  template <class Launch>
  std::vector<float> result(const float* out, std::size_t n, Launch&& launch) {
    const std::vector<float> before(out, out + n);
    std::vector<float> results[2];
    for (int backwards = 0; backwards < 2; ++backwards) {
      std::memcpy(const_cast<float*>(out), before.data(), n * sizeof(float));
      gpu::emulate_backwards = backwards != 0;
      launch();
      REQUIRE(queue->wait());
      results[backwards].assign(out, out + n);
    }
    gpu::emulate_backwards = false;
    REQUIRE(!gpu::misaligned_read);
    REQUIRE(std::memcmp(results[0].data(), results[1].data(), n * sizeof(float)) == 0);
    return results[0];
  }
};

// Random rows of a format as a quantiser makes them.
template <class Format>
std::vector<std::byte> random_weights(std::size_t rows, std::size_t k, std::uint32_t seed) {
  const std::vector<float> values = random_floats(rows * k, seed);
  std::vector<std::byte> out(rows * k / Format::block_size * sizeof(typename Format::Block));
  quant::Encoder<quant::AllFormats>::quantize_row(Format::type_id, values.data(), rows * k, out.data());
  return out;
}

// W x for rows of x, in double.
template <class Format>
std::vector<float> product(const std::vector<std::byte>& weights, std::size_t rows, std::size_t k,
                           const std::vector<float>& x) {
  std::vector<float> w(rows * k), out;
  quant::dequantize_row<Format>(weights.data(), rows * k, w.data());
  for (std::size_t t = 0; t < x.size() / k; ++t) {
    for (std::size_t r = 0; r < rows; ++r) {
      double sum = 0;
      for (std::size_t i = 0; i < k; ++i) sum += static_cast<double>(w[r * k + i]) * x[t * k + i];
      out.push_back(static_cast<float>(sum));
    }
  }
  return out;
}

// Widths that a format can have: whole and ragged for a warp's 32 groups.
template <class Format>
std::vector<std::size_t> gpu_widths() {
  std::vector<std::size_t> out;
  for (const std::size_t k : {std::size_t{5}, std::size_t{32}, std::size_t{72}, std::size_t{128}, std::size_t{192},
                              std::size_t{256}, std::size_t{1280}, std::size_t{1312}}) {
    if (k % Format::block_size == 0) out.push_back(k);
  }
  return out;
}

}  // namespace lamina::test
