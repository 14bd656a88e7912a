// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Transformers written once more, in double and without any of the library's arithmetic: what the families' lists of
// layers have to come to. A family is a value here, as its paper tells it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "lamina/gguf/gguf.hpp"

namespace lamina::test {

enum class Position { None, Halves, Adjacent, Alibi };
enum class Act { Silu, GeluTanh, GeluErf, ReluSquared, SwigluOai };
enum class HeadNorm { None, Each, All };
enum class Flow { Serial, Parallel };

// Sizes are those of file's metadata; heads have n_embd / n_head values.
struct ReferenceModel {
  std::size_t n_embd = 64, n_head = 4, n_head_kv = 2, n_layers = 4;
  bool mean = false;         // LayerNorm; else RMS
  bool norm_weights = true;  // norms have weights
  std::string before_attention = "attn_norm", before_ffn = "ffn_norm", after_attention, after_ffn;  // norms; "": none
  Flow flow = Flow::Serial;
  std::function<Position(std::size_t)> position = [](std::size_t) { return Position::Halves; };
  std::function<std::size_t(std::size_t)> window = [](std::size_t) { return 0; };  // 0: all
  std::size_t n_rot = 16;
  double rope_base = 10000, alibi = 8;
  double clamp = 0, score_cap = 0, score_scale = 0.25;
  bool sinks = false;
  HeadNorm head_norm = HeadNorm::None;
  Act act = Act::Silu;
  bool gated = true;
  std::size_t n_used = 0;  // experts; 0: none
  bool normalized = true;  // the weights of chosen experts add up to one
  double embedding_scale = 1, branch_scale = 1, logit_scale = 1, logit_cap = 0;
  std::string on_embedding;  // a norm

  using Row = std::vector<double>;

  // [tokens][n_vocab]
  std::vector<double> logits(const gguf::File& file, std::span<const std::int32_t> ids) const {
    std::vector<Row> x;
    const Row table = tensor(file, "token_embd.weight");
    for (const std::int32_t id : ids) {
      const auto at = table.begin() + id * static_cast<std::ptrdiff_t>(n_embd);
      Row row(at, at + static_cast<std::ptrdiff_t>(n_embd));
      for (double& v : row) v *= embedding_scale;
      x.push_back(on_embedding.empty() ? row : norm(file, on_embedding, row));
    }
    for (std::size_t layer = 0; layer < n_layers; ++layer) {
      const std::string p = "blk." + std::to_string(layer) + ".";
      std::vector<Row> before, after;
      for (const Row& row : x) before.push_back(norm(file, prefixed(p, before_attention), row));
      std::vector<Row> attended = attention(file, p, layer, before);
      for (std::size_t t = 0; t < x.size(); ++t) {
        Row mixed = x[t];
        add(mixed, norm(file, prefixed(p, after_attention), attended[t]));
        const Row& source = flow == Flow::Parallel ? x[t] : mixed;
        Row hidden = feed_forward(file, p, norm(file, prefixed(p, before_ffn), source));
        add(mixed, norm(file, prefixed(p, after_ffn), hidden));
        after.push_back(mixed);
      }
      x = after;
    }
    std::vector<double> out;
    const bool tied = file.find("output.weight") == nullptr;
    for (const Row& row : x) {
      Row scores = times(file, tied ? "token_embd" : "output", norm(file, "output_norm", row));
      for (double s : scores) {
        s *= logit_scale;
        out.push_back(logit_cap > 0 ? logit_cap * std::tanh(s / logit_cap) : s);
      }
    }
    return out;
  }

 private:
  static std::string prefixed(const std::string& p, const std::string& name) { return name.empty() ? "" : p + name; }

  // Values of an F32 tensor; none when it is absent.
  static Row tensor(const gguf::File& file, const std::string& name) {
    const gguf::TensorInfo* info = file.find(name);
    if (info == nullptr) return {};
    const std::span<const std::byte> bytes = file.data(*info);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return Row(values.begin(), values.end());
  }
  void add(Row& x, const Row& branch) const {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += branch_scale * branch[i];
  }

  // stem.weight · x + stem.bias, of matrix `m` of several
  static Row times(const gguf::File& file, const std::string& stem, const Row& x, std::size_t m = 0) {
    const gguf::TensorInfo& info = *file.find(stem + ".weight");
    const Row w = tensor(file, stem + ".weight"), bias = tensor(file, stem + ".bias");
    const std::size_t rows = info.dims[1];
    Row out(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t i = 0; i < x.size(); ++i) out[r] += w[(m * rows + r) * x.size() + i] * x[i];
      if (!bias.empty()) out[r] += bias[m * rows + r];
    }
    return out;
  }

  Row norm(const gguf::File& file, const std::string& stem, const Row& x) const {
    if (stem.empty()) return x;
    return normed(x, norm_weights ? tensor(file, stem + ".weight") : Row{}, tensor(file, stem + ".bias"));
  }
  Row normed(const Row& x, const Row& weight, const Row& bias) const {
    const auto n = static_cast<double>(x.size());
    const double middle = mean ? std::accumulate(x.begin(), x.end(), 0.0) / n : 0;
    double squares = 0;
    for (const double v : x) squares += (v - middle) * (v - middle);
    Row out;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = (x[i] - middle) / std::sqrt(squares / n + 1e-5);
      out.push_back(v * (weight.empty() ? 1 : weight[i]) + (bias.empty() ? 0 : bias[i]));
    }
    return out;
  }

  void norm_heads(const gguf::File& file, const std::string& stem, Row& x) const {
    if (head_norm == HeadNorm::None) return;
    const Row weight = tensor(file, stem + ".weight"), bias = tensor(file, stem + ".bias");
    const std::size_t width = head_norm == HeadNorm::All ? x.size() : n_embd / n_head;
    for (std::size_t at = 0; at < x.size(); at += width) {
      const auto begin = x.begin() + static_cast<std::ptrdiff_t>(at);
      const Row one = normed(Row(begin, begin + static_cast<std::ptrdiff_t>(width)), weight, bias);
      std::copy(one.begin(), one.end(), begin);
    }
  }

  void rotate(Row& x, std::size_t t, Position how) const {
    if (how != Position::Halves && how != Position::Adjacent) return;
    const std::size_t dim = n_embd / n_head;
    for (std::size_t head = 0; head < x.size(); head += dim) {
      for (std::size_t i = 0; i < n_rot / 2; ++i) {
        const double angle =
            static_cast<double>(t) * std::pow(rope_base, -2.0 * static_cast<double>(i) / static_cast<double>(n_rot));
        double& a = x[head + (how == Position::Halves ? i : 2 * i)];
        double& b = x[head + (how == Position::Halves ? i + n_rot / 2 : 2 * i + 1)];
        const double first = a * std::cos(angle) - b * std::sin(angle);
        b = a * std::sin(angle) + b * std::cos(angle);
        a = first;
      }
    }
  }

  std::vector<Row> attention(const gguf::File& file, const std::string& p, std::size_t layer,
                             const std::vector<Row>& x) const {
    const std::size_t dim = n_embd / n_head, group = n_head / n_head_kv;
    std::vector<Row> q, k, v, out;
    for (std::size_t t = 0; t < x.size(); ++t) {
      q.push_back(times(file, p + "attn_q", x[t]));
      k.push_back(times(file, p + "attn_k", x[t]));
      v.push_back(times(file, p + "attn_v", x[t]));
      for (Row* row : {&q[t], &k[t], &v[t]}) {
        for (double& value : *row) value = clamp > 0 ? std::clamp(value, -clamp, clamp) : value;
      }
      norm_heads(file, p + "attn_q_norm", q[t]);
      norm_heads(file, p + "attn_k_norm", k[t]);
      rotate(q[t], t, position(layer));
      rotate(k[t], t, position(layer));
    }
    const Row sink = sinks ? tensor(file, p + "attn_sinks.weight") : Row{};
    for (std::size_t t = 0; t < x.size(); ++t) {
      Row row(n_head * dim);
      for (std::size_t h = 0; h < n_head; ++h) {
        const std::size_t seen = window(layer), from = seen > 0 && t + 1 > seen ? t + 1 - seen : 0;
        const double slope = std::exp2(-alibi * static_cast<double>(h + 1) / static_cast<double>(n_head));
        Row weight(t + 1);
        double total = sink.empty() ? 0 : std::exp(sink[h]);
        for (std::size_t s = from; s <= t; ++s) {
          double score = 0;
          for (std::size_t i = 0; i < dim; ++i) score += q[t][h * dim + i] * k[s][h / group * dim + i];
          score *= score_scale;
          if (score_cap > 0) score = score_cap * std::tanh(score / score_cap);
          if (position(layer) == Position::Alibi) score -= slope * static_cast<double>(t - s);
          total += weight[s] = std::exp(score);
        }
        for (std::size_t s = from; s <= t; ++s) {
          for (std::size_t i = 0; i < dim; ++i) row[h * dim + i] += weight[s] / total * v[s][h / group * dim + i];
        }
      }
      out.push_back(times(file, p + "attn_output", row));
    }
    return out;
  }

  double activated(double g) const {
    switch (act) {
      case Act::Silu: return g / (1 + std::exp(-g));
      case Act::GeluTanh: return g * (1 + std::tanh(0.7978845608028654 * (g + 0.044715 * g * g * g))) / 2;
      case Act::GeluErf: return g * std::erfc(-g / 1.4142135623730951) / 2;
      case Act::ReluSquared: return g > 0 ? g * g : 0;
      case Act::SwigluOai: return std::min(g, 7.0) / (1 + std::exp(-1.702 * std::min(g, 7.0)));
    }
    return g;
  }

  Row mlp(const gguf::File& file, const std::string& p, const std::string& end, const Row& x, std::size_t m) const {
    Row hidden = times(file, p + "ffn_up" + end, x, m);
    const Row gate = gated ? times(file, p + "ffn_gate" + end, x, m) : hidden;
    for (std::size_t i = 0; i < hidden.size(); ++i) {
      const double up = !gated ? 1 : act == Act::SwigluOai ? std::clamp(hidden[i], -7.0, 7.0) + 1 : hidden[i];
      hidden[i] = activated(gate[i]) * up;
    }
    return times(file, p + "ffn_down" + end, hidden, m);
  }

  Row feed_forward(const gguf::File& file, const std::string& p, const Row& x) const {
    if (n_used == 0) return mlp(file, p, "", x, 0);
    const Row scores = times(file, p + "ffn_gate_inp", x);
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    double total = 0;
    for (std::size_t i = 0; i < (normalized ? n_used : scores.size()); ++i) total += std::exp(scores[order[i]]);
    Row out(n_embd);
    for (std::size_t i = 0; i < n_used; ++i) {
      const Row one = mlp(file, p, "_exps", x, order[i]);
      for (std::size_t j = 0; j < n_embd; ++j) out[j] += std::exp(scores[order[i]]) / total * one[j];
    }
    return out;
  }
};

}  // namespace lamina::test
