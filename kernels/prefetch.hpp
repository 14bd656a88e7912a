// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// How decode fetches weights ahead of their use, which is a matter of the processor and not of its instruction set.
#pragma once

namespace lamina::kernels {

// Whether lines on their way into the second-level cache should be fetched into the first one as well, shortly before
// their use. Intel's first level has too few fill buffers to wait for memory itself, and the second fetch is worth 7 to
// 10 points of the read bandwidth; on AMD it costs 3 to 5 (bench/README.md).
#if defined(__x86_64__)
inline const bool fetch_into_first = [] {
  __builtin_cpu_init();
  return __builtin_cpu_is("intel") != 0;
}();
#else
inline constexpr bool fetch_into_first = false;
#endif

}  // namespace lamina::kernels
