// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every weight format's scalar decode compiles for the GPU, from the one source that the CPU uses.
#include "lamina/quant/registry.hpp"

namespace lamina::quant {

// out[n_blocks * block_size] ← blocks[n_blocks], one thread per block
template <class Format>
__global__ void dequantize_blocks(const typename Format::Block* blocks, float* out, std::size_t n_blocks) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n_blocks) Format::dequantize(blocks[i], out + i * Format::block_size);
}

template <class... Fs>
void instantiate(TypeList<Fs...>) {
  (dequantize_blocks<Fs><<<1, 1>>>(nullptr, nullptr, 0), ...);
}

void instantiate_all() { instantiate(AllFormats{}); }

}  // namespace lamina::quant
