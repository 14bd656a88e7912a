// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The definition of Bf16Panels in the namespace of the target that is being compiled; matmul.cpp.in includes this after
// target.hpp, for the target with AVX-512 VNNI.
namespace lamina::kernels {

template <class Format>
MatmulFn Bf16Panels<Format>::matmul(Bf16Engine engine) {
  namespace target = HWY_NAMESPACE;
  if constexpr (has_bf16_panels<Format>) {
    switch (engine) {
      case Bf16Engine::Dot: return &target::Bf16Dot::run<Format>;
      case Bf16Engine::Tiles: return &target::Bf16Tiles<target::AmxTiles>::template run<Format>;
      case Bf16Engine::Emulated: return &target::Bf16Tiles<target::EmulatedTiles>::template run<Format>;
    }
  }
  return nullptr;
}

template <class Format>
MatmulFn Bf16Panels<Format>::matmul_split(Bf16Engine engine) {
  namespace target = HWY_NAMESPACE;
  if constexpr (std::is_same_v<Format, quant::F16> || std::is_same_v<Format, quant::BF16>) {
    if (engine == Bf16Engine::Tiles) return &target::Bf16Tiles<target::AmxTiles>::template run_split<Format>;
    if (engine == Bf16Engine::Emulated) return &target::Bf16Tiles<target::EmulatedTiles>::template run_split<Format>;
  }
  return nullptr;
}

}  // namespace lamina::kernels
