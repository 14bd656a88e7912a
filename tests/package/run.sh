#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds the outside project in one of the three ways and runs it: `run.sh WAY SOURCE BUILD WORK COMPILER`
# WAY is find_package, pkg_config or add_subdirectory. Header mode, with a family and formats that it chooses, and library
# mode have to tell the same story. As a part of the project the library is built for one instruction set alone. Nothing is
# optimised: what is tested is whether it compiles and links, and half of the time goes into that.
set -euo pipefail
way=$1 source=$2 build=$3 work=$4/$1 compiler=$5
here=$source/tests/package
prefix=$work/prefix
rm -rf "$work"
mkdir -p "$work"

[ "$way" = add_subdirectory ] || cmake --install "$build" --prefix "$prefix" >"$work/install.log"

case $way in
  find_package | add_subdirectory)
    where=("-DCMAKE_PREFIX_PATH=$prefix")
    [ "$way" = find_package ] || where=("-DLAMINA_SOURCE_DIR=$source" -DLAMINA_TARGETS=avx2)
    if command -v ccache >/dev/null; then where+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_FLAGS=-O0 -DCMAKE_CXX_COMPILER="$compiler" "${where[@]}"
    cmake --build "$work/build"
    bin=$work/build ;;
  pkg_config)
    bin=$work
    PKG_CONFIG_PATH=$(find "$prefix" -type d -name pkgconfig)
    export PKG_CONFIG_PATH
    # All families and formats in header mode, which take minutes to become code.
    # shellcheck disable=SC2046  # the flags are words
    "$compiler" -std=c++20 -fsyntax-only "$here/main.cpp" $(pkg-config --cflags lamina-headers)
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 -O0 "$here/chosen.cpp" -o "$bin/with_headers" $(pkg-config --cflags --libs lamina-headers)
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 -O0 "$here/main.cpp" -o "$bin/with_library" $(pkg-config --cflags --libs lamina) ;;
esac

model=$source/tools/llm/storyteller-Q4_K_M.gguf
[ "$way" = add_subdirectory ] || model=$prefix/share/lamina/storyteller-Q4_K_M.gguf
"$bin/with_headers" "$model" >"$work/headers.txt"
"$bin/with_library" "$model" >"$work/library.txt"
[ "$(wc -c <"$work/headers.txt")" -gt 60 ] || { echo "the story is too short"; exit 1; }
diff "$work/headers.txt" "$work/library.txt"
cat "$work/library.txt"
formats=$(nm -C "$bin/with_headers" | grep -o 'XsimdKernels::matmul<[^>]*>' | sort -u)
[ "$(wc -l <<<"$formats")" = 3 ] || { echo "compiled for other formats than the chosen: $formats"; exit 1; }
if [ "$way" != add_subdirectory ]; then
  # Real files where the sources have links, and nothing that points back at the sources.
  [ -f "$prefix/include/lamina/arch/registry.hpp" ] && [ -f "$prefix/include/lamina/kernels/kernel_set.hpp" ]
  [ -z "$(find "$prefix" -type l)" ]
  if grep -rlF "$source" "$prefix/include" "$prefix"/lib*/cmake "$prefix"/lib*/*/cmake 2>/dev/null; then exit 1; fi
fi
