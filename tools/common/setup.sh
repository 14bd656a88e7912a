# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The Lamina authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by tools/demo, tools/test and .ci/run: installs what is missing, configures and builds.
# Expects the root of the sources as working directory.

# Debian 12's plain libboost-dev is 1.74, older than what Lamina is tested with; later releases have it newer.
lamina_boost=libboost-dev
grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release && lamina_boost=libboost1.81-dev

# package:what shows that it is there (a command, or a header under /usr/include or /usr/local/include)
lamina_packages=(
  g++:g++ cmake:cmake ninja-build:ninja ccache:ccache pkg-config:pkg-config python3:python3
  $lamina_boost:boost/hana/for_each.hpp libexpected-dev:tl/expected.hpp libpcre2-dev:pcre2.h
  libutf8proc-dev:utf8proc.h
  libhwy-dev:hwy/highway.h libxsimd-dev:xsimd/xsimd.hpp libcli11-dev:CLI/CLI.hpp
  nlohmann-json3-dev:nlohmann/json.hpp catch2:catch2 libbenchmark-dev:benchmark/benchmark.h)

# Names what is missing, and installs it unless $1 is --no-install.
lamina_install_missing() {
  local entry probe as_root=() missing=()
  for entry in "${lamina_packages[@]}"; do
    probe=${entry#*:}
    command -v "$probe" >/dev/null || [ -e "/usr/include/$probe" ] || [ -e "/usr/local/include/$probe" ] ||
      missing+=("${entry%%:*}")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "${1:-}" = --no-install ]; then
    echo "Missing: ${missing[*]}. Install them (apt-get install ${missing[*]}) or run this without --no-install." >&2
    return 1
  fi
  if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]} (Debian's names); there is no apt-get here, so please install them yourself." >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    if ! command -v sudo >/dev/null; then
      echo "Missing: ${missing[*]}. Only root can install them: as root, run apt-get install ${missing[*]}" >&2
      return 1
    fi
  fi
  echo "Installing with apt-get: ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# lamina_build PRESET FOLDER TARGET...: configures only the first time; the build itself notices changed CMake files.
lamina_build() {
  local preset=$1 folder=$2
  shift 2
  [ -f "$folder/build.ninja" ] || cmake --preset "$preset" >&2 || return 1
  cmake --build "$folder" --target "$@" >&2
}
