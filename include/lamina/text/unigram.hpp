// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A unigram language model: every piece has a score, and a text is cut where the sum of its pieces' scores is largest
// (Viterbi). What to do with characters that no piece covers is the caller's choice: they come out as parts of their
// own. The result is that of llama.cpp's "t5" and of SentencePiece's optimised search, ties included.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/prefix_tree.hpp"
#include "lamina/text/token.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text {

struct UnigramPiece {
  std::string_view text;  // must outlive the model
  Token id;
  double score;  // log probability; not a NaN
};

class Unigram {
 public:
  struct Part {
    std::uint32_t begin, length;  // bytes of the text
    Token id;                     // no_token: one character that no piece stands for
  };
  static constexpr std::size_t max_text = std::numeric_limits<std::uint32_t>::max();  // bytes

  Unigram() = default;
  // Of pieces with one text the last counts. A character without a piece of its own costs unknown_score.
  Unigram(const std::vector<UnigramPiece>& pieces, double unknown_score) : unknown_score_(unknown_score) {
    std::vector<PrefixTree::Entry> entries;
    entries.reserve(pieces.size());
    scored_.reserve(pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      entries.push_back({pieces[i].text, static_cast<std::int32_t>(i)});
      scored_.push_back({pieces[i].score, pieces[i].id});
    }
    tree_ = PrefixTree(std::move(entries));
  }

  // Pieces too long to be ever chosen, see PrefixTree.
  std::size_t n_left_out() const { return tree_.n_left_out(); }

  // Appends the parts of a text of at most max_text bytes, in order. 16 bytes of memory per byte of text.
  void segment(std::string_view text, std::vector<Part>& out) const {
    // Of all ways to cut the text up to a place, the best; ties go to the longer last part.
    std::vector<Best> best(text.size() + 1);
    best[0].score = 0;
    for (std::size_t begin = 0; begin < text.size();) {
      const double so_far = best[begin].score;
      const auto offer = [&](std::size_t length, double score, std::int32_t piece) {
        Best& there = best[begin + length];
        if (so_far + score > there.score) there = {so_far + score, static_cast<std::uint32_t>(begin), piece};
      };
      const std::size_t character = utf8_character(text.substr(begin));
      bool covered = false;
      tree_.walk(text.substr(begin), [&](std::size_t length, std::int32_t piece) {
        covered = covered || length == character;
        offer(length, scored_[static_cast<std::size_t>(piece)].score, piece);
      });
      if (!covered) offer(character, unknown_score_, no_piece);
      begin += character;
    }
    const std::size_t n_before = out.size();
    for (std::size_t end = text.size(); end != 0;) {
      const auto [score, begin, piece] = best[end];
      const Token id = piece == no_piece ? no_token : scored_[static_cast<std::size_t>(piece)].id;
      out.push_back({begin, static_cast<std::uint32_t>(end) - begin, id});
      end = begin;
    }
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(n_before), out.end());
  }

 private:
  static constexpr std::int32_t no_piece = -1;

  struct Scored {
    double score;
    Token id;
  };
  struct Best {
    double score = std::numeric_limits<double>::lowest();
    std::uint32_t begin = 0;
    std::int32_t piece = no_piece;
  };

  PrefixTree tree_;
  std::vector<Scored> scored_;  // by piece
  double unknown_score_ = 0;
};

}  // namespace lamina::text
