// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the three programs share on a command line: exit codes, error reports, terminals, numbers for people.
#pragma once

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "lamina/core/error.hpp"

namespace lamina::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_error = 1;          // a typed error, reported on standard error
inline constexpr int exit_usage = 2;          // a command line that makes no sense
inline constexpr int exit_interrupted = 130;  // stopped by Ctrl-C
inline constexpr std::string_view exit_codes =
    "Exit codes: 0 done; 1 error (said on standard error); 2 the command line is wrong.";

// "gguf-inspect: Truncated: model.gguf: at byte 24: ..." on standard error; gives the exit code.
inline int report(std::string_view program, const Error& error) {
  std::fflush(stdout);
  const std::string text = error.to_string();
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(program.size()), program.data(), text.c_str());
  return exit_error;
}

inline bool is_terminal(std::FILE* f) { return isatty(fileno(f)) == 1; }

// Colour for terminals only, and never when NO_COLOR is set (no-color.org).
struct Style {
  bool on;
  explicit Style(std::FILE* f) : on(is_terminal(f) && std::getenv("NO_COLOR") == nullptr) {}
  std::string bold(std::string_view s) const { return wrap("\x1b[1m", s); }
  std::string dim(std::string_view s) const { return wrap("\x1b[2m", s); }
  std::string warning(std::string_view s) const { return wrap("\x1b[33m", s); }

 private:
  std::string wrap(std::string_view code, std::string_view s) const {
    return on ? std::string(code) + std::string(s) + "\x1b[0m" : std::string(s);
  }
};

// Everything written so far really left: a full disk or a closed pipe shows only here.
inline Expected<void> flush(std::FILE* f) {
  if (std::fflush(f) != 0 || std::ferror(f)) return fail(ErrorCode::IoError, "the output could not be written");
  return {};
}

// "3.4 MiB"
inline std::string bytes(std::uint64_t n) {
  static constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(n);
  std::size_t unit = 0;
  while (value >= 1024.0 && unit + 1 < std::size(units)) value /= 1024.0, ++unit;
  char out[40];
  std::snprintf(out, sizeof out, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return out;
}

// "5.8 million"
inline std::string count(std::uint64_t n) {
  if (n < 1000000) return std::to_string(n);
  const bool billions = n >= 1000000000;
  char out[40];
  std::snprintf(out, sizeof out, "%.2f %s", static_cast<double>(n) / (billions ? 1e9 : 1e6),
                billions ? "billion" : "million");
  return out;
}

// A model file that somebody cuts while it is mapped ends a process with SIGBUS at the next touch. Programs, not the
// library, take that signal and report it as the error it is. The handler calls only what a handler may call.
inline void report_cut_files(std::string_view program) {
  static std::string message;
  static std::atomic<bool> reported;
  message = std::string(program) + ": FileChanged: a file was cut while it was in use\n";
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t* info, void*) {
    if (info->si_code != BUS_ADRERR) {  // something else: it comes again, and ends the process as ever
      std::signal(SIGBUS, SIG_DFL);
      return;
    }
    while (reported.exchange(true)) ::pause();  // another thread is at it
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, message.data(), message.size());
    ::_exit(exit_error);
  };
  sigaction(SIGBUS, &action, nullptr);
}

// Parses the command line and runs `body`, which returns an exit code. Help goes to standard output with code 0; a
// wrong command line to standard error with code 2. A reader that goes away (`| head`) ends the program quietly, as it
// does for every Unix filter: SIGPIPE keeps its default action, whatever the parent process left it at.
template <class Body>
int run(CLI::App& app, std::string_view program, int argc, char** argv, Body&& body) {
  std::signal(SIGPIPE, SIG_DFL);
  report_cut_files(program);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  const Expected<int> code = guarded([&]() -> Expected<int> { return body(); });
  if (!code) return report(program, code.error());
  const Expected<void> out = flush(stdout);
  return out ? *code : report(program, out.error());
}

}  // namespace lamina::cli
