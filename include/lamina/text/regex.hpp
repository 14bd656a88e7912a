// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions for pre-tokenizers: PCRE2 with JIT, in Unicode mode. The only file that includes PCRE2. Matching
// takes at most 32 KiB of the thread's stack, whatever the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include "lamina/core/error.hpp"

namespace lamina::text {

struct Match {
  std::size_t begin, end;  // bytes
};

// What matching needs besides the expression; one per thread that matches.
class RegexScratch {
 public:
  static constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

  // `steps`: how often matching may go back and try something else before it is given up; no limit is for expressions
  // that are known to be linear, whose long runs must not look like runaway ones. Errors: OutOfMemory.
  static Expected<RegexScratch> make(std::uint32_t steps = no_limit) {
    RegexScratch scratch;
    scratch.data_.reset(pcre2_match_data_create_8(1, nullptr));
    scratch.context_.reset(pcre2_match_context_create_8(nullptr));
    if (!scratch.data_ || !scratch.context_) {
      return fail(ErrorCode::OutOfMemory, "no memory for matching regular expressions");
    }
    pcre2_set_match_limit_8(scratch.context_.get(), steps);
    return scratch;
  }

 private:
  friend class Regex;
  struct Free {
    void operator()(pcre2_match_data_8* p) const { pcre2_match_data_free_8(p); }
    void operator()(pcre2_match_context_8* p) const { pcre2_match_context_free_8(p); }
    void operator()(pcre2_jit_stack_8* p) const { pcre2_jit_stack_free_8(p); }
  };
  RegexScratch() = default;

  // JIT code starts with 32 KiB of the thread's stack; from here on it has its own.
  bool grow_stack() {
    if (stack_) return false;
    stack_.reset(pcre2_jit_stack_create_8(std::size_t{256} << 10, std::size_t{64} << 20, nullptr));
    if (stack_) pcre2_jit_stack_assign_8(context_.get(), nullptr, stack_.get());
    return stack_ != nullptr;
  }

  std::unique_ptr<pcre2_jit_stack_8, Free> stack_;
  std::unique_ptr<pcre2_match_context_8, Free> context_;
  std::unique_ptr<pcre2_match_data_8, Free> data_;
};

enum class RegexSyntax : std::uint8_t {
  perl,
  lines,    // ^ and $ match at every line
  literal,  // the pattern is the text to find
};

class Regex {
 public:
  // Errors: Internal when `pattern` is no regular expression, OutOfMemory.
  static Expected<Regex> compile(std::string_view pattern, RegexSyntax syntax = RegexSyntax::perl) {
    const std::uint32_t options = syntax == RegexSyntax::literal ? PCRE2_LITERAL | PCRE2_UTF
                                  : syntax == RegexSyntax::lines ? PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE
                                                                 : PCRE2_UTF | PCRE2_UCP;
    int number = 0;
    std::size_t at = 0;
    Regex regex;
    regex.code_.reset(
        pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(pattern.data()), pattern.size(), options, &number, &at, nullptr));
    if (!regex.code_) {
      const auto code = number == PCRE2_ERROR_HEAP_FAILED ? ErrorCode::OutOfMemory : ErrorCode::Internal;
      return fail(Error(code, "cannot compile a regular expression: " + message(number)).about(pattern).at(at));
    }
    // Where the system forbids making code, matching goes on without it, only slower.
    pcre2_jit_compile_8(regex.code_.get(), PCRE2_JIT_COMPLETE);
    return regex;
  }

  // The first match at or after byte `from`. `text` is valid UTF-8, `from` the start of a code point.
  Expected<std::optional<Match>> find(std::string_view text, std::size_t from, RegexScratch& scratch) const {
    int found = 0;
    do {
      found = pcre2_match_8(code_.get(), reinterpret_cast<PCRE2_SPTR8>(text.data()), text.size(), from,
                            PCRE2_NO_UTF_CHECK, scratch.data_.get(), scratch.context_.get());
    } while (found == PCRE2_ERROR_JIT_STACKLIMIT && scratch.grow_stack());
    if (found == PCRE2_ERROR_NOMATCH) return std::optional<Match>();
    if (found < 0) {
      const bool memory =
          found == PCRE2_ERROR_NOMEMORY || found == PCRE2_ERROR_JIT_STACKLIMIT || found == PCRE2_ERROR_HEAPLIMIT;
      return fail(Error(memory ? ErrorCode::OutOfMemory : ErrorCode::Internal,
                        "cannot search the text with a regular expression: " + message(found)));
    }
    const std::size_t* bounds = pcre2_get_ovector_pointer_8(scratch.data_.get());
    return std::optional<Match>(Match{bounds[0], bounds[1]});
  }

 private:
  struct Free {
    void operator()(pcre2_code_8* p) const { pcre2_code_free_8(p); }
  };
  Regex() = default;

  static std::string message(int number) {
    PCRE2_UCHAR8 text[128] = {};
    pcre2_get_error_message_8(number, text, sizeof(text));
    return reinterpret_cast<const char*>(text);
  }

  std::unique_ptr<pcre2_code_8, Free> code_;
};

}  // namespace lamina::text
