// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A batch's tokens grouped by expert, and what the experts read: rows of activations that lie side by side for each
// expert, in the form of the method that pays for its number of tokens.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "lamina/runtime/phase.hpp"

namespace lamina::runtime {

// The batch's pairs of a token and one of its experts, each in its place: sorted by expert, then token. pair = token ·
// n_used + which of its experts. Each worker makes its own, without meeting the others.
class ExpertGroups {
 public:
  ExpertGroups(const Frame& f, WorkerScratch& scratch, std::size_t n_expert, std::size_t n_used)
      : n_pairs_(f.tokens.size() * n_used),
        pairs_(scratch.grouped.data()),
        places_(pairs_ + n_pairs_),
        begin_(places_ + n_pairs_),
        active_(begin_ + n_expert + 1) {
    const std::uint32_t* chosen = f.chosen.data();
    std::fill_n(begin_, n_expert + 1, 0u);
    for (std::size_t p = 0; p < n_pairs_; ++p) ++begin_[chosen[p] + 1];
    for (std::size_t e = 0; e < n_expert; ++e) {
      if (begin_[e + 1] > 0) active_[n_active_++] = static_cast<std::uint32_t>(e);
      most_ = std::max<std::size_t>(most_, begin_[e + 1]);
      begin_[e + 1] += begin_[e];
    }
    for (std::size_t p = 0; p < n_pairs_; ++p) {
      places_[p] = begin_[chosen[p]]++;
      pairs_[places_[p]] = static_cast<std::uint32_t>(p);
    }
    for (std::size_t e = n_expert; e > 0; --e) begin_[e] = begin_[e - 1];
    begin_[0] = 0;
  }

  std::size_t n_active() const { return n_active_; }  // experts that any token chose
  std::size_t most() const { return most_; }          // tokens of one expert
  std::size_t expert(std::size_t active) const { return active_[active]; }
  std::size_t begin(std::size_t expert) const { return begin_[expert]; }
  std::size_t end(std::size_t expert) const { return begin_[expert + 1]; }
  std::size_t count(std::size_t expert) const { return end(expert) - begin(expert); }
  std::size_t pair(std::size_t place) const { return pairs_[place]; }
  std::size_t place(std::size_t pair) const { return places_[pair]; }

 private:
  std::size_t n_pairs_;
  std::uint32_t* pairs_;   // [pairs]
  std::uint32_t* places_;  // [pairs]
  std::uint32_t* begin_;   // [n_expert + 1]
  std::uint32_t* active_;  // [n_expert]
  std::size_t n_active_ = 0, most_ = 0;
};

// The input of experts: rows in the order of their places. What decides on panels is how many tokens an expert meets,
// not the batch: decoding its rows has to pay for them alone.
class ExpertInput {
 public:
  ExpertInput(const Frame& f, const KernelTable& k, std::initializer_list<const Bound*> weights,
              const Activations& rows)
      : few_(weights, false, f.eight_bits),
        many_(weights, true, f.eight_bits),
        strict_(f.strict),
        input_{.x = rows,
               .rounded = rows,
               .split = many_.split,
               .eight_bits = f.eight_bits,
               .most_rows = many_.most_rows(k)} {}

  // Where bfloat16 lies when forms(true).bf16_apart().
  void set_rounded(std::int16_t* q16) { input_.rounded.q16 = q16; }

  bool many(std::size_t n_tokens) const { return !strict_ && n_tokens >= panel_min_tokens; }
  const Forms& forms(bool many) const { return many ? many_ : few_; }

  // As an expert of n_tokens meets it.
  Input of(std::size_t n_tokens) const {
    Input out = input_;
    out.panels = many(n_tokens) && many_.panels;
    return out;
  }

 private:
  Forms few_, many_;
  bool strict_;
  Input input_;
};

// For every token one row, made by produce(token, row), which all of its experts read: in the forms that any of them
// needs, once each, and from there to their places; bfloat16 is rounded into each place by itself.
// The workers share the tokens and meet once.
template <class Produce>
ExpertInput spread(Frame& f, Worker& worker, const KernelTable& k, const ExpertGroups& groups, std::size_t n_used,
                   std::initializer_list<const Bound*> weights, Produce&& produce) {
  const Activations& rows = f.expert_rows.view();
  ExpertInput out(f, k, weights, rows);
  Activations rounded = rows;
  if (out.forms(true).bf16_apart()) rounded.q16 = f.expert_rounded.data();
  out.set_rounded(rounded.q16);
  WorkerScratch& scratch = f.workers[worker.index()];
  Activations row = scratch.row.view();
  row.k_padded = rows.k_padded;
  const std::size_t width = rows.k_padded;
  for (std::size_t t = worker.index(); t < f.tokens.size(); t += worker.count()) {
    produce(t, row);
    for (const bool many : {false, true}) {
      const Forms& forms = out.forms(many);
      const bool floats = forms.floats || scratch.observer != nullptr;
      bool filled = false;
      for (std::size_t p = t * n_used; p < (t + 1) * n_used; ++p) {
        if (out.many(groups.count(f.chosen.data()[p])) != many) continue;
        const Activations to = rows.token(groups.place(p));
        if (floats) std::memcpy(to.f32, row.f32, width * sizeof(float));
        if (forms.words || forms.panel) {
          if (!filled) {
            if (forms.panel) {
              k.quantize_panel(row, f.eight_bits);
            } else {
              k.quantize(row);
            }
            filled = true;
          }
          std::memcpy(to.q16, row.q16, Activations::q16_size(width) * sizeof(std::int16_t));
          std::memcpy(to.d, row.d, width / 32 * sizeof(float));
          std::memcpy(to.s32, row.s32, width / 32 * sizeof(float));
          std::memcpy(to.s16, row.s16, width / 16 * sizeof(float));
        }
        if (forms.bf16) {
          const std::size_t expert = f.chosen.data()[p], begin = groups.begin(expert);
          const Rounded to_round{rounded.token(begin).q16, groups.place(p) - begin, groups.count(expert)};
          to_round.fill(k, row.f32, 0, width, width, forms.split);
        }
      }
    }
  }
  worker.barrier();
  return out;
}

// Rows whose floats lie in their places already. The workers share them and meet once.
inline ExpertInput fill_places(Frame& f, Worker& worker, const KernelTable& k, const ExpertGroups& groups,
                               const Bound& weights, const Activations& rows) {
  const ExpertInput out(f, k, {&weights}, rows);
  for (std::size_t a = 0; a < groups.n_active(); ++a) {
    const std::size_t expert = groups.expert(a);
    const Forms& forms = out.forms(out.many(groups.count(expert)));
    for (std::size_t place = groups.begin(expert); place < groups.end(expert); ++place) {
      if (place % worker.count() != worker.index()) continue;
      const std::size_t begin = groups.begin(expert);
      fill(k, forms, f.eight_bits, rows.token(place), {rows.token(begin).q16, place - begin, groups.count(expert)});
    }
  }
  worker.barrier();
  return out;
}

}  // namespace lamina::runtime
