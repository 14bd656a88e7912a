// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The one error type. Lamina never aborts and lets no exception escape: every function that can fail returns
// Expected<T>, and an Error says what, where, what was wanted and what was found.
#pragma once

#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace lamina {

enum class ErrorCode : std::uint8_t {
  // files
  IoError,         // the operating system refused: message has its words
  NotRegularFile,  // a directory, FIFO or device where a file was expected
  FileChanged,     // the file was replaced or cut while it was in use
  BadMagic,        // not a GGUF file
  BadVersion,      // a GGUF version that does not exist
  Truncated,       // the file ends inside something
  BadCount,        // a count that the rest of the file cannot hold
  BadKey,          // metadata key empty, duplicate, too long or not text
  BadType,         // a value type that does not exist, or not the one needed
  BadArray,        // array too long or nested too deep
  BadAlignment,    // general.alignment is not a power of two within bounds
  BadTensor,       // tensor name or dimensions impossible
  BadTensorType,   // tensor type unknown, retired, or row not a multiple of its block
  BadOffset,       // tensor data misaligned, overlapping, or outside the file
  BadSplit,        // parts of a split file missing, duplicated or inconsistent
  // models
  UnknownArchitecture,  // no family of that name is built in
  MissingKey,           // a required metadata key is absent
  BadHyperparameter,    // a value no model can have
  MissingTensor,        // a required tensor is absent
  ShapeMismatch,        // a tensor has other dimensions than the family needs
  BadTokenizer,         // vocabulary, merges or scores inconsistent
  UnsupportedFormat,    // no kernel runs this weight format
  TargetUnavailable,    // the requested instruction set is unknown or not on this machine
  // use
  BadArgument,   // the caller asked for something impossible
  BadToken,      // a token id outside the vocabulary
  ContextFull,   // no room left in the session's context
  NumericError,  // logits are not finite
  Busy,          // the session is in use by another thread
  Cancelled,     // a callback asked to stop
  OutOfMemory,   // an allocation failed
  DeviceError,   // a GPU or its driver refused: message has its words
  Internal,      // an unexpected exception was caught at the boundary
};

constexpr std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::IoError: return "IoError";
    case ErrorCode::NotRegularFile: return "NotRegularFile";
    case ErrorCode::FileChanged: return "FileChanged";
    case ErrorCode::BadMagic: return "BadMagic";
    case ErrorCode::BadVersion: return "BadVersion";
    case ErrorCode::Truncated: return "Truncated";
    case ErrorCode::BadCount: return "BadCount";
    case ErrorCode::BadKey: return "BadKey";
    case ErrorCode::BadType: return "BadType";
    case ErrorCode::BadArray: return "BadArray";
    case ErrorCode::BadAlignment: return "BadAlignment";
    case ErrorCode::BadTensor: return "BadTensor";
    case ErrorCode::BadTensorType: return "BadTensorType";
    case ErrorCode::BadOffset: return "BadOffset";
    case ErrorCode::BadSplit: return "BadSplit";
    case ErrorCode::UnknownArchitecture: return "UnknownArchitecture";
    case ErrorCode::MissingKey: return "MissingKey";
    case ErrorCode::BadHyperparameter: return "BadHyperparameter";
    case ErrorCode::MissingTensor: return "MissingTensor";
    case ErrorCode::ShapeMismatch: return "ShapeMismatch";
    case ErrorCode::BadTokenizer: return "BadTokenizer";
    case ErrorCode::UnsupportedFormat: return "UnsupportedFormat";
    case ErrorCode::TargetUnavailable: return "TargetUnavailable";
    case ErrorCode::BadArgument: return "BadArgument";
    case ErrorCode::BadToken: return "BadToken";
    case ErrorCode::ContextFull: return "ContextFull";
    case ErrorCode::NumericError: return "NumericError";
    case ErrorCode::Busy: return "Busy";
    case ErrorCode::Cancelled: return "Cancelled";
    case ErrorCode::OutOfMemory: return "OutOfMemory";
    case ErrorCode::DeviceError: return "DeviceError";
    case ErrorCode::Internal: return "Internal";
  }
  return "Unknown";
}

// Bytes from a file made printable: control characters, quotes' escapes and non-ASCII become \xNN, and what is longer
// than `limit` bytes is cut with "...". Names in hostile files reach a terminal only through this.
inline std::string printable(std::string_view bytes, std::size_t limit = 80) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size() && i < limit; ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      out += static_cast<char>(c);
    } else {
      out += {'\\', 'x', hex[c >> 4], hex[c & 15]};
    }
  }
  if (bytes.size() > limit) out += "...";
  return out;
}

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;                  // one sentence: what is wrong, and what to do where that is known
  std::string file;                     // path, or a name for memory and callbacks
  std::string subject;                  // metadata key, tensor name, option or other thing it is about
  std::optional<std::uint64_t> offset;  // bytes from the start of the file
  std::string expected;
  std::string got;

  Error() = default;
  Error(ErrorCode c, std::string what) : code(c), message(std::move(what)) {}

  // Builders, so that a failure reads as one expression.
  Error&& in(std::string_view f) && {
    file = f;
    return std::move(*this);
  }
  Error&& about(std::string_view s) && {
    subject = printable(s);
    return std::move(*this);
  }
  Error&& at(std::uint64_t byte) && {
    offset = byte;
    return std::move(*this);
  }
  Error&& wanted(std::string e) && {
    expected = std::move(e);
    return std::move(*this);
  }
  Error&& found(std::string g) && {
    got = std::move(g);
    return std::move(*this);
  }

  // "BadTensor: model.gguf: blk.0.attn_q.weight: at byte 123: dimension is zero (expected at least 1, got 0)"
  std::string to_string() const {
    std::string out(lamina::to_string(code));
    if (!file.empty()) out += ": " + printable(file, 4096);
    if (!subject.empty()) out += ": " + subject;
    if (offset) out += ": at byte " + std::to_string(*offset);
    if (!message.empty()) out += ": " + message;
    if (!expected.empty() || !got.empty()) {
      out += " (";
      if (!expected.empty()) out += "expected " + expected;
      if (!expected.empty() && !got.empty()) out += ", ";
      if (!got.empty()) out += "got " + got;
      out += ")";
    }
    return out;
  }
};

template <class T>
using Expected = tl::expected<T, Error>;
using Unexpected = tl::unexpected<Error>;

inline Unexpected fail(Error error) { return Unexpected(std::move(error)); }
inline Unexpected fail(ErrorCode code, std::string message) { return Unexpected(Error(code, std::move(message))); }

// Runs f, which returns an Expected, and turns what the standard library throws (allocation above all) into an Error:
// the boundary through which every public entry point goes.
template <class F>
auto guarded(F&& f) noexcept -> std::invoke_result_t<F> {
  try {
    return std::forward<F>(f)();
  } catch (const std::bad_alloc&) {
    return fail(Error(ErrorCode::OutOfMemory, {}));
  } catch (const std::length_error&) {
    return fail(Error(ErrorCode::OutOfMemory, {}));
  } catch (...) {
    return fail(Error(ErrorCode::Internal, {}));
  }
}

}  // namespace lamina
