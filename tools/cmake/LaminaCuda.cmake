# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# The GPU's part of the library, and its emulation for tests. Each format of weights is a file of its own, so that they are compiled side by side.
include_guard(GLOBAL)

# In the order of quant::Formats (lamina/quant/registry.hpp); one that is missing here is missing to the linker.
set(lamina_formats F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S
                   IQ3_XXS IQ3_S IQ4_NL IQ4_XS TQ1_0 TQ2_0 MXFP4 NVFP4 Q1_0 Q2_0)

set(lamina_cache_types F32 F16 BF16 Q8_0)

# lamina_instances(RESULT TEMPLATE NAME VALUES...): a file of the template for each value of @NAME@.
function(lamina_instances result template name)
  string(REGEX REPLACE "^.*/(.*)\\.(cu|cpp)\\.in$" "\\1" stem ${template})
  string(REGEX REPLACE "^.*\\.(cu|cpp)\\.in$" "\\1" extension ${template})
  set(files "")
  foreach(value IN LISTS ARGN)
    set(${name} ${value})
    set(file ${PROJECT_BINARY_DIR}/instances/${stem}_${value}.${extension})
    configure_file(${template} ${file} @ONLY)
    list(APPEND files ${file})
  endforeach()
  set(${result} ${files} PARENT_SCOPE)
endfunction()

# lamina_emulated_cuda(TARGET): the host playing a GPU, compiled into a program that tests.
function(lamina_emulated_cuda target)
  lamina_instances(formats ${PROJECT_SOURCE_DIR}/kernels/cuda/format_emulated.cpp.in format ${lamina_formats})
  lamina_instances(caches ${PROJECT_SOURCE_DIR}/kernels/cuda/attend_emulated.cpp.in type ${lamina_cache_types})
  target_sources(${target} PRIVATE ${formats} ${caches} ${PROJECT_SOURCE_DIR}/kernels/cuda/emulated.cpp)
endfunction()

if(LAMINA_CUDA)
  find_package(CUDAToolkit 12 REQUIRED)
  lamina_instances(formats ${PROJECT_SOURCE_DIR}/kernels/cuda/format.cu.in format ${lamina_formats})
  lamina_instances(caches ${PROJECT_SOURCE_DIR}/kernels/cuda/attend.cu.in type ${lamina_cache_types})
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
