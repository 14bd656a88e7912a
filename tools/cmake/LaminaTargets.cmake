# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# What Lamina's own targets share: warnings, and the place and libraries of a tool.
include_guard(GLOBAL)

function(lamina_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow
                                           $<$<BOOL:${LAMINA_WERROR}>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)  # false alarms about std::string: gcc.gnu.org/PR105651
  endif()
endfunction()

# lamina_precompile(TARGET HEADER...): what most files of a target include is parsed once. Each file still includes what it
# uses: it also has to compile with CMAKE_DISABLE_PRECOMPILE_HEADERS.
function(lamina_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache needs it
  endif()
endfunction()

# lamina_tool(NAME): tools/NAME/*.cpp become bin/NAME in the build folder, and an installed program.
function(lamina_tool name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/${name}/*.cpp)
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tools)
  target_link_libraries(${name} PRIVATE lamina lamina::dep_cli11 lamina::dep_json)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  lamina_warnings(${name})
  lamina_precompile(${name} <CLI/CLI.hpp> <nlohmann/json.hpp> ${PROJECT_SOURCE_DIR}/include/lamina/lamina.hpp)
  if(LAMINA_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  endif()
endfunction()
