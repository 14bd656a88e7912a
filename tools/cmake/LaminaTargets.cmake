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

# lamina_together(TARGET N): compiles N files at a time, so that what all of them include is parsed and compiled once for
# N. Names in anonymous namespaces have to differ between them.
function(lamina_together target n)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${n})
endfunction()

# lamina_tool(NAME): tools/NAME/*.cpp become bin/NAME in the build folder, and an installed program.
function(lamina_tool name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/${name}/*.cpp)
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tools)
  target_link_libraries(${name} PRIVATE lamina lamina::dep_cli11 lamina::dep_json)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  lamina_warnings(${name})
  lamina_together(${name} 5)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_compile_options(${name} PRIVATE -O0)  # as the tests
  endif()
  if(LAMINA_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  endif()
endfunction()
