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
      case Bf16Engine::Dot: return &target::matmul_bf16<Format, target::Bf16Dot>;
      case Bf16Engine::Tiles: return &target::matmul_bf16<Format, target::Bf16Tiles<target::AmxTiles>>;
      case Bf16Engine::Emulated: return &target::matmul_bf16<Format, target::Bf16Tiles<target::EmulatedTiles>>;
    }
  }
  return nullptr;
}

}  // namespace lamina::kernels
