// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SentencePiece's unigram vocabularies ("t5", also of XLM-R): text is normalised by the file's charsmap, its spaces are
// merged and become U+2581, and it is cut where the scores are best.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/charsmap.hpp"
#include "lamina/text/prefix_tree.hpp"
#include "lamina/text/sentencepiece.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/unigram.hpp"

namespace lamina::text {

class UnigramTokenizer final : public Tokenizer {
 public:
  static SpecialTokens defaults() {
    SpecialTokens special;
    special.eos = 1;
    special.unknown = 2;
    special.add_eos = true;
    return special;
  }

  // Errors: BadTokenizer, BadType, OutOfMemory.
  static Expected<std::shared_ptr<const Tokenizer>> make(const gguf::Metadata& metadata, TokenizerParts parts) {
    Rules rules;
    auto add_space = metadata.get_or<bool>(key::add_space_prefix, false);
    if (!add_space) return fail(std::move(add_space.error()));
    rules.add_space = *add_space;
    auto merge_spaces = metadata.get_or<bool>(key::remove_extra_whitespaces, false);
    if (!merge_spaces) return fail(std::move(merge_spaces.error()));
    rules.merge_spaces = *merge_spaces;
    auto charsmap = read_charsmap(metadata);
    if (!charsmap) return fail(std::move(charsmap.error()));
    rules.charsmap = std::move(*charsmap);
    if (!parts.vocabulary.has_scores()) {
      return fail(bad_tokenizer(metadata, key::scores, "missing: scores decide where text is cut"));
    }
    read_pieces(parts.vocabulary, rules);
    warn_of_long_tokens(parts.vocabulary, rules.pieces.n_left_out());
    return std::shared_ptr<const Tokenizer>(new UnigramTokenizer(std::move(parts), std::move(rules)));
  }

 private:
  struct Rules {
    Charsmap charsmap;
    Unigram pieces;
    PrefixTree user_defined;  // cut after PrefixTree::longest_entry bytes
    bool add_space = false, merge_spaces = false;
  };

  UnigramTokenizer(TokenizerParts parts, Rules rules) : Tokenizer(std::move(parts)), rules_(std::move(rules)) {}

  static Expected<Charsmap> read_charsmap(const gguf::Metadata& metadata) {
    const gguf::Value* value = metadata.find(key::charsmap);
    if (value == nullptr) return Charsmap();
    const bool bytes = value->type() == gguf::ValueType::Array &&
                       (value->element_type() == gguf::ValueType::U8 || value->element_type() == gguf::ValueType::I8);
    if (!bytes) return fail(bad_tokenizer(metadata, key::charsmap, "not an array of bytes"));
    auto made = Charsmap::make(value->bytes().last(static_cast<std::size_t>(value->size())));
    if (!made) {
      Error error = bad_tokenizer(metadata, key::charsmap, std::move(made.error().message));
      error.expected = std::move(made.error().expected);
      error.got = std::move(made.error().got);
      return fail(std::move(error));
    }
    return made;
  }

  static void read_pieces(const Vocabulary& vocabulary, Rules& rules) {
    std::vector<UnigramPiece> pieces;
    std::vector<PrefixTree::Entry> user_defined;
    pieces.reserve(vocabulary.size());
    float lowest = std::numeric_limits<float>::max();
    // Backwards: of tokens with one text the first is to count.
    for (auto id = static_cast<Token>(vocabulary.size()); id-- > 0;) {
      const float score = vocabulary.score(id);
      const bool users = vocabulary.is(id, kind_user_defined);
      if (vocabulary.is(id, kind_normal)) lowest = std::min(lowest, score);
      if (users || vocabulary.is(id, kind_normal | kind_unused)) {
        pieces.push_back({vocabulary.text(id), id, users ? 0.0 : double{score}});
      }
      if (users) user_defined.push_back({vocabulary.text(id).substr(0, PrefixTree::longest_entry), id});
    }
    static constexpr float unknown_penalty = 10;
    rules.pieces = Unigram(pieces, double{lowest - unknown_penalty});
    rules.user_defined = PrefixTree(std::move(user_defined));
  }

  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    std::string normal;
    if (auto ok = normalise(text, normal); !ok) return ok;
    std::vector<Unigram::Part> parts;
    rules_.pieces.segment(normal, parts);
    bool after_unknown = false;  // neighbours that are unknown are one unknown token
    for (const Unigram::Part& part : parts) {
      const Token id = part.id == no_token ? special().unknown : part.id;
      const bool unknown = id == special().unknown;
      if (id != no_token && !(unknown && after_unknown)) out.push_back(id);
      after_unknown = unknown;
    }
    return {};
  }

  Expected<void> normalise(std::string_view text, std::string& out) const {
    const std::size_t most = std::min(Charsmap::growth_limit(text.size()), Unigram::max_text);
    bool in_word = false, first = true;
    std::string replaced;
    while (!text.empty()) {
      // User-defined tokens are not normalised. Whole ones have been taken out before; as in llama.cpp, what only
      // begins like one stays as it is too.
      std::size_t done = rules_.user_defined.matching(text);
      replaced.assign(text.substr(0, done));
      if (done == 0) done = rules_.charsmap.normalise_first(text, replaced);
      text.remove_prefix(done);
      for (const char c : replaced) {
        if (c == ' ') {
          in_word = false;
          if (!rules_.merge_spaces) out += visible_space;
          continue;
        }
        if (!in_word && (rules_.merge_spaces || (rules_.add_space && first))) {
          out += visible_space;
          first = false;
        }
        in_word = true;
        out += c;
      }
      if (out.size() > most) return fail(Charsmap::too_much().about(key::charsmap));
    }
    return {};
  }

  void append_normal(std::string_view text, std::string& out) const override { append_unescaped(text, out); }
  bool adds_space() const override { return rules_.add_space; }

  Rules rules_;
};

}  // namespace lamina::text
