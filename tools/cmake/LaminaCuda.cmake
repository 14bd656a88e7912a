# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# The GPU's part of the library, where each format of weights is a file of its own, so that they are compiled side by side;
# and its emulation for tests.
include_guard(GLOBAL)

set(lamina_cache_types F32 F16 BF16 Q8_0)

# lamina_emulated_cuda(TARGET): the host playing a GPU, compiled into a program that tests.
function(lamina_emulated_cuda target)
  lamina_instances(formats ${PROJECT_SOURCE_DIR}/kernels/cuda/format_emulated.cpp.in format 7 ${lamina_formats})
  lamina_instances(caches ${PROJECT_SOURCE_DIR}/kernels/cuda/attend_emulated.cpp.in type 1 ${lamina_cache_types})
  target_sources(${target} PRIVATE ${formats} ${caches} ${PROJECT_SOURCE_DIR}/kernels/cuda/emulated.cpp)
endfunction()

if(LAMINA_CUDA)
  find_package(CUDAToolkit 12 REQUIRED)
  lamina_instances(formats ${PROJECT_SOURCE_DIR}/kernels/cuda/format.cu.in format 1 ${lamina_formats})
  lamina_instances(caches ${PROJECT_SOURCE_DIR}/kernels/cuda/attend.cu.in type 1 ${lamina_cache_types})
  # A library of objects: nvcc does not know the warnings that Lamina's own code is compiled with.
  add_library(lamina_cuda OBJECT ${formats} ${caches} kernels/cuda/cuda.cu)
  target_link_libraries(lamina_cuda PRIVATE lamina_headers)
  target_compile_definitions(lamina_cuda PRIVATE LAMINA_LIBRARY)
  target_compile_options(lamina_cuda PRIVATE --expt-relaxed-constexpr)
  target_sources(lamina PRIVATE $<TARGET_OBJECTS:lamina_cuda>)
  target_link_libraries(lamina PRIVATE CUDA::cudart_static)
  set(lamina_pc_cuda " -L${CUDAToolkit_LIBRARY_DIR} -lcudart_static -ldl -lrt -lpthread")
  set_property(SOURCE kernels/dispatch/drivers.cpp APPEND PROPERTY COMPILE_DEFINITIONS LAMINA_WITH_CUDA)
endif()
