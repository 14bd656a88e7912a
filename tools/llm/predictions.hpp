// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llama.cpp's file of a model's predictions for a text. All little-endian: "_logits_", then as int32 the tokens in a
// window, the size of the vocabulary and the number of windows; the tokens of all windows; for each window one packed
// row (see PackedRow) for each place whose next token is scored.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/atomic_file.hpp"
#include "lamina/core/checked.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/mapped_file.hpp"
#include "lamina/text/token.hpp"
#include "perplexity_stats.hpp"

namespace lamina::llm {

static_assert(std::endian::native == std::endian::little, "these files are read and written as they lie in memory");

inline constexpr std::string_view predictions_magic = "_logits_";

// Places of a window whose next token is scored: the second half, so that each has a context to go by.
inline std::size_t scored_places(std::size_t window) { return window - 1 - window / 2; }

class PredictionsWriter {
 public:
  static Expected<PredictionsWriter> create(const std::string& path, std::size_t window, std::size_t n_vocab,
                                            std::span<const text::Token> tokens) {
    auto file = AtomicFile::create(path);
    if (!file) return fail(std::move(file.error()));
    PredictionsWriter out(std::move(*file), n_vocab);
    const std::int32_t numbers[] = {static_cast<std::int32_t>(window), static_cast<std::int32_t>(n_vocab),
                                    static_cast<std::int32_t>(tokens.size() / window)};
    const std::span<const std::byte> parts[] = {std::as_bytes(std::span(predictions_magic)),
                                                std::as_bytes(std::span(numbers)), std::as_bytes(tokens)};
    for (const auto bytes : parts) {
      if (auto ok = out.file_.write(bytes); !ok) return fail(std::move(ok.error()));
    }
    return out;
  }

  Expected<void> add(std::span<const float> logits) {
    PackedRow::pack(logits, row_);
    return file_.write(std::as_bytes(std::span(row_)));
  }
  Expected<void> commit() { return file_.commit(); }

 private:
  PredictionsWriter(AtomicFile file, std::size_t n_vocab) : file_(std::move(file)), row_(PackedRow::words(n_vocab)) {}

  AtomicFile file_;
  std::vector<std::uint16_t> row_;
};

class PredictionsFile {
 public:
  // Errors: IoError and the like; BadMagic, BadCount, BadToken, Truncated.
  static Expected<PredictionsFile> open(const std::string& path) {
    return guarded([&]() -> Expected<PredictionsFile> {
      auto mapped = MappedFile::open(path);
      if (!mapped) return fail(std::move(mapped.error()));
      PredictionsFile out(std::move(*mapped));
      const auto bytes = out.file_.bytes();
      constexpr std::size_t header = 8 + 3 * sizeof(std::int32_t);
      if (bytes.size() < header || std::memcmp(bytes.data(), predictions_magic.data(), 8) != 0) {
        return fail(Error(ErrorCode::BadMagic, "this is no file of predictions; make one with --save-logits")
                        .in(path)
                        .at(0)
                        .wanted(std::string(predictions_magic)));
      }
      std::array<std::int32_t, 3> numbers;
      std::memcpy(numbers.data(), bytes.data() + 8, sizeof numbers);
      const auto [window, n_vocab, n_windows] = numbers;
      if (window < 4 || n_vocab < 1 || n_windows < 1) {
        return fail(
            Error(ErrorCode::BadCount, "impossible sizes of window, vocabulary or text")
                .in(path)
                .at(8)
                .found(std::to_string(window) + ", " + std::to_string(n_vocab) + ", " + std::to_string(n_windows)));
      }
      out.window_ = static_cast<std::size_t>(window);
      out.n_vocab_ = static_cast<std::size_t>(n_vocab);
      const auto n = static_cast<std::size_t>(n_windows);
      const auto n_tokens = checked_product(n, out.window_);
      const auto tokens_bytes = n_tokens ? checked_mul(*n_tokens, sizeof(text::Token)) : std::nullopt;
      const auto rows_bytes =
          checked_product(n, scored_places(out.window_), PackedRow::words(out.n_vocab_), sizeof(std::uint16_t));
      const auto data = tokens_bytes && rows_bytes ? checked_add(*tokens_bytes, *rows_bytes) : std::nullopt;
      if (!data || *data > bytes.size() - header) {
        return fail(Error(ErrorCode::Truncated, "the file ends before the predictions it announces")
                        .in(path)
                        .at(header)
                        .wanted(data ? std::to_string(*data) + " bytes" : "more than 2^64 bytes")
                        .found(std::to_string(bytes.size() - header) + " bytes"));
      }
      out.tokens_.resize(*n_tokens);
      std::memcpy(out.tokens_.data(), bytes.data() + header, *tokens_bytes);
      for (const text::Token token : out.tokens_) {
        if (token < 0 || token >= n_vocab) {
          return fail(
              Error(ErrorCode::BadToken, "a token outside the vocabulary").in(path).found(std::to_string(token)));
        }
      }
      out.rows_ = bytes.subspan(header + *tokens_bytes, *rows_bytes);
      return out;
    });
  }

  std::size_t window() const { return window_; }    // tokens
  std::size_t n_vocab() const { return n_vocab_; }  //
  std::span<const text::Token> tokens() const { return tokens_; }

  // The words of the i-th scored place of the whole text, in `row` [PackedRow::words(n_vocab)].
  void read(std::size_t i, std::span<std::uint16_t> row) const {
    std::memcpy(row.data(), rows_.data() + i * row.size_bytes(), row.size_bytes());
  }

 private:
  explicit PredictionsFile(MappedFile file) : file_(std::move(file)) {}

  MappedFile file_;
  std::size_t window_ = 0, n_vocab_ = 0;
  std::vector<text::Token> tokens_;  // of all windows
  std::span<const std::byte> rows_;
};

}  // namespace lamina::llm
