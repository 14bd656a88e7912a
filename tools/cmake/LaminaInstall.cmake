# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# The installed tree: headers, library, CMake package, pkg-config files, and the model that ships with Lamina.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

# include/lamina/arch and include/lamina/kernels are links in the sources and real folders in the installed tree.
set(to_include ${CMAKE_INSTALL_INCLUDEDIR}/lamina)
install(DIRECTORY include/lamina/ DESTINATION ${to_include} COMPONENT devel
        FILES_MATCHING PATTERN "*.hpp" PATTERN arch EXCLUDE PATTERN kernels EXCLUDE)
install(DIRECTORY arch kernels DESTINATION ${to_include} COMPONENT devel
        FILES_MATCHING PATTERN "*.hpp" PATTERN highway EXCLUDE)

install(TARGETS lamina_headers lamina EXPORT lamina-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT devel
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT devel)

set(to_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/lamina)
install(EXPORT lamina-targets NAMESPACE lamina:: DESTINATION ${to_cmake} COMPONENT devel)
configure_package_config_file(${PROJECT_SOURCE_DIR}/tools/cmake/lamina-config.cmake.in
                              ${PROJECT_BINARY_DIR}/package/lamina-config.cmake INSTALL_DESTINATION ${to_cmake})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/lamina-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/lamina-config.cmake ${PROJECT_BINARY_DIR}/package/lamina-config-version.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/LaminaDependencies.cmake DESTINATION ${to_cmake} COMPONENT devel)

# The .pc files find the tree from where they are, so that it can be moved, or installed with another --prefix.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(pc IN ITEMS lamina-headers lamina)
  configure_file(${PROJECT_SOURCE_DIR}/tools/cmake/${pc}.pc.in ${PROJECT_BINARY_DIR}/package/${pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT devel)
endforeach()

install(FILES tools/llm/storyteller-Q4_K_M.gguf DESTINATION ${CMAKE_INSTALL_DATADIR}/lamina COMPONENT tools)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT devel)
