// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of llm perplexity: how likely a model finds a text, how far its predictions are from another model's,
// and llama.cpp's file of a model's predictions (llama-perplexity --kl-divergence-base), which is read and written.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::llm {

// A mean and the standard error of it.
struct Estimate {
  double value = 0, error = 0;
};

class Mean {
 public:
  void add(double x) {
    sum_ += x;
    squares_ += x * x;
    ++n_;
  }
  std::size_t count() const { return n_; }
  Estimate estimate() const {
    if (n_ == 0) return {};
    const double n = static_cast<double>(n_), mean = sum_ / n;
    const double variance = squares_ / n - mean * mean;
    return {mean, n_ > 1 && variance > 0 ? std::sqrt(variance / (n - 1)) : 0};
  }

 private:
  double sum_ = 0, squares_ = 0;
  std::size_t n_ = 0;
};

// exp of a mean.
inline Estimate exponential(Estimate log) { return {std::exp(log.value), std::exp(log.value) * log.error}; }

// log of the sum of exp(logits).
inline double log_sum_exp(std::span<const float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - largest);
  return largest + std::log(sum);
}

// Log-probabilities of a vocabulary in 16 bits: two floats, a scale and the smallest, then a number for each token;
// anything below e^-16 of the likeliest is as good as that.
class PackedRow {
 public:
  // 16-bit words that a row takes in a file: an even number of tokens after the floats.
  static std::size_t words(std::size_t n_vocab) { return 4 + (n_vocab + 1) / 2 * 2; }

  static void pack(std::span<const float> logits, std::span<std::uint16_t> out /* [words] */) {
    const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
    const float smallest = std::max(*low, *high - 16);
    const float scale = (*high - smallest) / 65535;
    const float floats[2] = {scale, static_cast<float>(smallest - log_sum_exp(logits))};
    std::fill(out.begin(), out.end(), std::uint16_t{0});
    std::memcpy(out.data(), floats, sizeof floats);
    if (!(scale > 0)) return;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const float steps = std::min(65535.0f, std::max(0.0f, (logits[i] - smallest) / scale));
      out[4 + i] = static_cast<std::uint16_t>(std::lrint(steps));
    }
  }

  PackedRow(std::span<const std::uint16_t> words, std::size_t n_vocab) : tokens_(words.subspan(4, n_vocab)) {
    float floats[2];
    std::memcpy(floats, words.data(), sizeof floats);
    scale_ = floats[0];
    smallest_ = floats[1];
  }
  bool finite() const { return std::isfinite(scale_) && std::isfinite(smallest_); }
  std::size_t size() const { return tokens_.size(); }
  float operator[](std::size_t token) const { return scale_ * static_cast<float>(tokens_[token]) + smallest_; }

 private:
  std::span<const std::uint16_t> tokens_;
  float scale_, smallest_;
};

// Scores the tokens of a text, each by the logits of the place before it.
class PerplexityStats {
 public:
  void add(std::span<const float> logits, std::size_t next) { log_loss_.add(log_sum_exp(logits) - logits[next]); }

  Estimate perplexity() const { return exponential(log_loss_.estimate()); }
  std::size_t count() const { return log_loss_.count(); }

 private:
  Mean log_loss_;  // natural logarithms
};

// How far a model's predictions are from those of a base, which it should resemble.
class DivergenceStats {
 public:
  void add(std::span<const float> logits, const PackedRow& base, std::size_t next) {
    const double norm = log_sum_exp(logits);
    double divergence = 0;
    std::size_t likeliest = 0, likeliest_base = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const float log_base = base[i];
      if (logits[i] > logits[likeliest]) likeliest = i;
      if (log_base > base[likeliest_base]) likeliest_base = i;
      // What is less likely than that adds nothing, and was cut off when it was packed.
      if (log_base > -16) divergence += std::exp(log_base) * (log_base - (logits[i] - norm));
    }
    divergence_.add(divergence);
    values_.push_back(static_cast<float>(divergence));
    same_top_.add(likeliest == likeliest_base);
    const double loss = norm - logits[next], loss_base = -base[next];
    base_loss_.add(loss_base);
    loss_ratio_.add(loss - loss_base);
    const double difference = std::exp(-loss) - std::exp(-loss_base);
    probability_squares_.add(difference * difference);
  }

  Estimate divergence() const { return divergence_.estimate(); }  // nats
  Estimate same_top() const { return same_top_.estimate(); }      // share of places with the same likeliest token
  Estimate base_perplexity() const { return exponential(base_loss_.estimate()); }
  Estimate perplexity_ratio() const { return exponential(loss_ratio_.estimate()); }  // of the model's to the base's
  // Root of the mean squared difference of the probabilities of the text's own tokens.
  double probability_rms() const { return std::sqrt(probability_squares_.estimate().value); }

  // The divergence that a share of the places stays below; fraction 0 to 1.
  double quantile(double fraction) const {
    if (values_.empty()) return 0;
    std::vector<float> sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    const double at = fraction * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(below);
    return (1 - part) * sorted[below] + part * sorted[std::min(below + 1, sorted.size() - 1)];
  }

 private:
  Mean divergence_, same_top_, base_loss_, loss_ratio_, probability_squares_;
  std::vector<float> values_;  // divergence of each place
};

}  // namespace lamina::llm
