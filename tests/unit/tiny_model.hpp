// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A tiny llama model made in memory: random weights of any format, sizes that are not round, and a byte vocabulary.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lamina/gguf/gguf.hpp"
#include "lamina/quant/encoder.hpp"
#include "lamina/quant/format.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::test {

struct TinyModel {
  // sizes; columns must be multiples of the format's block
  std::uint32_t n_embd = 64, n_layers = 2, n_head = 4, n_head_kv = 2, n_ff = 96, n_vocab = 262, n_ctx = 64;
  std::uint32_t type_id = 0;                   // of matrices
  std::map<std::string, std::uint32_t> types;  // of others, by the end of their names
  bool tied = false;
  bool biases = false;
  std::uint32_t n_experts = 0, n_experts_used = 2;  // no experts: dense
  bool vocabulary = true;
  std::endian order = std::endian::native;
  // Changes to the defaults: integer keys to other values, and tensors to leave out.
  std::map<std::string, std::uint32_t> keys;
  std::string without_key;
  std::string without_tensor;

  std::vector<std::byte> bytes() const {
    gguf::Writer out(3, order, 32);
    const auto put = [&](const std::string& key, std::uint32_t value) {
      const auto other = keys.find(key);
      if (key != without_key) out.add(key, other != keys.end() ? other->second : value);
    };
    out.add("general.architecture", std::string_view("llama"));
    put("llama.block_count", n_layers);
    put("llama.context_length", n_ctx);
    put("llama.embedding_length", n_embd);
    put("llama.feed_forward_length", n_ff);
    put("llama.attention.head_count", n_head);
    put("llama.attention.head_count_kv", n_head_kv);
    for (const auto& [key, value] : keys) {
      if (key.starts_with("llama.rope") || key.ends_with("_length") || key.starts_with("llama.expert")) {
        if (key != "llama.context_length" && key != "llama.embedding_length" && key != "llama.feed_forward_length") {
          out.add(key, value);
        }
      }
    }
    if (n_experts > 0) {
      put("llama.expert_count", n_experts);
      put("llama.expert_used_count", n_experts_used);
    }
    if (without_key != "llama.attention.layer_norm_rms_epsilon") {
      out.add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    }
    std::vector<std::string> texts;  // outlives the writer's use
    if (vocabulary) add_vocabulary(out, texts);

    std::vector<std::vector<std::byte>> data;
    data.reserve(64 + 12 * n_layers);
    std::uint32_t seed = 1;
    const auto matrix = [&](const std::string& name, std::uint64_t columns, std::uint64_t rows) {
      ++seed;
      if (name == without_tensor) return;
      const std::uint32_t type = type_of(name);
      data.push_back(random(type, columns, rows, seed, 1.0f / std::sqrt(static_cast<float>(columns))));
      const std::uint64_t dims[] = {columns, rows};
      out.add_tensor(name, dims, type, data.back());
    };
    const auto experts = [&](const std::string& name, std::uint64_t columns, std::uint64_t rows) {
      ++seed;
      if (name == without_tensor) return;
      const std::uint32_t type = type_of(name);
      data.push_back(random(type, columns, rows * n_experts, seed, 1.0f / std::sqrt(static_cast<float>(columns))));
      const std::uint64_t dims[] = {columns, rows, n_experts};
      out.add_tensor(name, dims, type, data.back());
    };
    const auto vector = [&](const std::string& name, std::uint64_t n) {
      ++seed;
      if (name == without_tensor) return;
      data.push_back(random(0, n, 1, seed, 0.1f, name.ends_with("norm.weight") ? 1.0f : 0.0f));
      const std::uint64_t dims[] = {n};
      out.add_tensor(name, dims, 0, data.back());
    };
    const std::uint64_t head_dim = n_embd / n_head;
    const std::uint64_t kv = n_head_kv * head_dim;
    matrix("token_embd.weight", n_embd, n_vocab);
    for (std::uint32_t i = 0; i < n_layers; ++i) {
      const std::string p = "blk." + std::to_string(i) + ".";
      vector(p + "attn_norm.weight", n_embd);
      matrix(p + "attn_q.weight", n_embd, n_embd);
      matrix(p + "attn_k.weight", n_embd, kv);
      matrix(p + "attn_v.weight", n_embd, kv);
      matrix(p + "attn_output.weight", n_embd, n_embd);
      vector(p + "ffn_norm.weight", n_embd);
      if (n_experts == 0) {
        matrix(p + "ffn_gate.weight", n_embd, n_ff);
        matrix(p + "ffn_up.weight", n_embd, n_ff);
        matrix(p + "ffn_down.weight", n_ff, n_embd);
      } else {
        matrix(p + "ffn_gate_inp.weight", n_embd, n_experts);
        experts(p + "ffn_gate_exps.weight", n_embd, n_ff);
        experts(p + "ffn_up_exps.weight", n_embd, n_ff);
        experts(p + "ffn_down_exps.weight", n_ff, n_embd);
      }
      if (!biases) continue;
      vector(p + "attn_q.bias", n_embd);
      vector(p + "attn_k.bias", kv);
      vector(p + "attn_v.bias", kv);
      vector(p + "attn_output.bias", n_embd);
      if (n_experts > 0) continue;
      vector(p + "ffn_gate.bias", n_ff);
      vector(p + "ffn_up.bias", n_ff);
      vector(p + "ffn_down.bias", n_embd);
    }
    vector("output_norm.weight", n_embd);
    if (!tied) matrix("output.weight", n_embd, n_vocab);
    auto result = out.to_bytes();
    return result ? std::move(*result) : std::vector<std::byte>{};
  }

  Expected<gguf::File> file() const { return gguf::File::from_bytes(bytes(), "tiny"); }

 private:
  std::uint32_t type_of(const std::string& name) const {
    for (const auto& [end, type] : types) {
      if (name.ends_with(end)) return type;
    }
    return type_id;
  }

  // Sentence-piece style: <unk>, <s>, </s>, 256 bytes, then letters' pairs.
  void add_vocabulary(gguf::Writer& out, std::vector<std::string>& texts) const {
    texts = {"<unk>", "<s>", "</s>"};
    std::vector<std::int32_t> kinds = {2, 3, 3};
    for (int b = 0; b < 256; ++b) {
      char text[8];
      std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(b));
      texts.emplace_back(text);
      kinds.push_back(6);
    }
    const char* words[] = {"a", "b", "ab"};
    for (const char* w : words) {
      texts.emplace_back(w);
      kinds.push_back(1);
    }
    std::vector<std::string_view> views(texts.begin(), texts.end());
    std::vector<float> scores(texts.size(), 0.0f);
    scores.back() = -1.0f;
    out.add("tokenizer.ggml.model", std::string_view("llama"));
    out.add("tokenizer.ggml.tokens", views);
    out.add("tokenizer.ggml.scores", scores);
    out.add("tokenizer.ggml.token_type", kinds);
    out.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
    out.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
    out.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
  }

  // [rows][columns] in the format, values in [middle − scale·√3, middle + scale·√3]; host bytes of the file's order.
  std::vector<std::byte> random(std::uint32_t type, std::uint64_t columns, std::uint64_t rows, std::uint32_t seed,
                                float scale, float middle = 0.0f) const {
    std::vector<std::byte> out;
    std::uint64_t state = 0x9e3779b97f4a7c15u * seed;
    quant::visit_format(type, [&](auto format) {
      using Format = typename decltype(format)::type;
      const std::size_t row_bytes = columns / Format::block_size * sizeof(typename Format::Block);
      out.resize(row_bytes * rows);
      std::vector<float> row(columns);
      for (std::uint64_t r = 0; r < rows; ++r) {
        for (float& v : row) {
          state = state * 6364136223846793005u + 1442695040888963407u;
          v = middle + scale * 1.7320508f * (static_cast<float>(state >> 40) / 8388608.0f - 1.0f);
        }
        quant::Encoder<quant::AllFormats>::quantize_row(type, row.data(), columns, out.data() + r * row_bytes);
        if (order != std::endian::native) quant::byteswap_row<Format>(out.data() + r * row_bytes, columns);
      }
    });
    return out;
  }
};

}  // namespace lamina::test
