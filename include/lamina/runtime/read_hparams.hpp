// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads a family's hyperparameters: which keys follows from its layers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "lamina/runtime/read_layer.hpp"

namespace lamina::runtime {

// Rows of the file's embedding table. That its vocab_size or token list is not larger is checked here, before anything
// is allocated.
inline Expected<std::size_t> read_n_vocab(const gguf::File& file, const HparamReader& in) {
  const gguf::TensorInfo* table = file.find("token_embd.weight");
  if (table == nullptr) {
    return fail(Error(ErrorCode::MissingTensor, "every model of this family has an embedding table")
                    .in(file.name())
                    .about("token_embd.weight")
                    .wanted("[n_vocab][n_embd]"));
  }
  const std::uint64_t rows = table->dims[1];
  if (rows < 1 || rows > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
    return fail(Error(ErrorCode::ShapeMismatch, "impossible number of vocabulary rows")
                    .in(file.name())
                    .about(table->name)
                    .wanted("1 to 2147483647")
                    .found(std::to_string(rows)));
  }
  const auto vocab_size = in.count_or("vocab_size", 0, 0, std::numeric_limits<std::uint32_t>::max());
  if (!vocab_size) return fail(vocab_size.error());
  const gguf::Value* tokens = file.metadata().find("tokenizer.ggml.tokens");
  const std::uint64_t n_tokens = tokens != nullptr && tokens->type() == gguf::ValueType::Array ? tokens->size() : 0;
  const std::uint64_t needed = std::max<std::uint64_t>(*vocab_size, n_tokens);
  if (needed > rows) {
    return fail(Error(ErrorCode::ShapeMismatch, "the embedding table has fewer rows than the vocabulary has tokens")
                    .in(file.name())
                    .about(table->name)
                    .wanted(std::to_string(needed) + " rows")
                    .found(std::to_string(rows)));
  }
  return static_cast<std::size_t>(rows);
}

// Reads everything the family's layers need. n_vocab: rows of the embedding table; 0: those of the file's, which has to
// have one.
template <class Family>
Expected<Hparams> read_hparams(const gguf::File& file, std::size_t n_vocab) {
  const HparamReader in(file, Family::name);
  Hparams out;
  out.architecture = Family::name;
  const auto layers = in.count("block_count", 1, max_layers);
  if (!layers) return fail(layers.error());
  out.n_layers = *layers;
  const auto n_embd = in.count("embedding_length", 1, max_width);
  if (!n_embd) return fail(n_embd.error());
  out.n_embd = *n_embd;
  const auto n_ctx = in.count("context_length", 1, max_context);
  if (!n_ctx) return fail(n_ctx.error());
  out.n_ctx = *n_ctx;
  const auto rows = n_vocab != 0 ? Expected<std::size_t>(n_vocab) : read_n_vocab(file, in);
  if (!rows) return fail(rows.error());
  out.n_vocab = *rows;
  if (auto read = ReadLayer<typename Family::Layers>::read(in, out); !read) {
    Error error = std::move(read.error());
    if (error.file.empty()) error.file = file.name();
    return fail(std::move(error));
  }
  return out;
}

}  // namespace lamina::runtime
