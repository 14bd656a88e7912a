// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Byte-pair encoding ("gpt2"): text is cut into words, each word is spelled in the byte alphabet, and neighbouring
// pieces are merged in the order of the file's list. Pairs are looked up by the hashes of their halves, which each
// symbol carries, so no text is put together on the way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/text/byte_alphabet.hpp"
#include "lamina/text/merge.hpp"
#include "lamina/text/sentencepiece.hpp"
#include "lamina/text/tokenizer_interface.hpp"
#include "lamina/text/utf8.hpp"
#include "lamina/text/word_splitter.hpp"

namespace lamina::text {

// The list of merges: "left right", best first.
class Merges {
 public:
  // Errors: BadTokenizer.
  static Expected<Merges> read(const gguf::Metadata& metadata, bool optional) {
    Merges merges;
    const gguf::Value* value = metadata.find(key::merges);
    if (value == nullptr && optional) return merges;
    if (value == nullptr) return fail(bad_tokenizer(metadata, key::merges, "missing"));
    auto lines = value->strings();
    if (!lines) return fail(bad_tokenizer(metadata, key::merges, "not an array of strings"));
    merges.lines_ = std::move(*lines);
    if (merges.lines_.size() > 0x7fffffffu) return fail(bad_tokenizer(metadata, key::merges, "too many"));
    for (std::uint32_t i = 0; i < merges.lines_.size(); ++i) {
      const std::size_t space = split_point(merges.lines_[i]);
      if (space == std::string_view::npos) {
        return fail(bad_tokenizer(metadata, key::merges, i, "a merge is two parts with a space between")
                        .found(printable(merges.lines_[i], 40)));
      }
    }
    // Of a pair that is there twice, the first counts.
    merges.index_ = HashIndex(merges.lines_.size());
    merges.index_.insert_all(
        static_cast<std::uint32_t>(merges.lines_.size()),
        [&](std::uint32_t i) {
          const std::string_view line = merges.lines_[i];
          const std::size_t space = split_point(line);
          return hash_pair(hash_text(line.substr(0, space)), hash_text(line.substr(space + 1)));
        },
        [&](std::uint32_t a, std::uint32_t b) { return merges.lines_[a] == merges.lines_[b]; }, [](std::uint32_t) {});
    return merges;
  }

  // The place of the pair in the list, from the two texts and their hashes.
  std::optional<std::uint32_t> rank(std::string_view left, std::uint64_t left_hash, std::string_view right,
                                    std::uint64_t right_hash) const {
    return index_.find(hash_pair(left_hash, right_hash), [&](std::uint32_t i) {
      const std::string_view line = lines_[i];
      return line.size() == left.size() + 1 + right.size() && split_point(line) == left.size() &&
             line.starts_with(left) && line.ends_with(right);
    });
  }

 private:
  Merges() = default;

  // Where the space stands between the two parts; npos when there are no two.
  static std::size_t split_point(std::string_view line) {
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      if (line[i] == ' ') return i;
    }
    return std::string_view::npos;
  }

  std::vector<std::string_view> lines_;
  HashIndex index_;
};

class BpeTokenizer : public Tokenizer {
 public:
  // What one is built from besides the vocabulary.
  struct Rules {
    PreTokenizer pre;
    Merges merges;
    WordSplitter splitter;

    // Errors: BadTokenizer, Internal, OutOfMemory.
    static Expected<Rules> read(const gguf::Metadata& metadata, const PreTokenizer& pre) {
      auto merges = Merges::read(metadata, pre.has(merges_optional));
      if (!merges) return fail(std::move(merges.error()));
      auto splitter = WordSplitter::make(pre);
      if (!splitter) return fail(std::move(splitter.error()));
      return Rules{pre, std::move(*merges), std::move(*splitter)};
    }
  };

  BpeTokenizer(TokenizerParts parts, Rules rules)
      : Tokenizer(std::move(parts)),
        pre_(rules.pre),
        merges_(std::move(rules.merges)),
        splitter_(std::move(rules.splitter)) {
    for (unsigned i = 0; i < 256; ++i) {
      const auto byte = static_cast<std::uint8_t>(i);
      const char itself = static_cast<char>(byte);
      byte_tokens_[i] = pre_.has(plain_text) ? vocabulary().named_byte_token(byte) : vocabulary().find({&itself, 1});
    }
  }

 protected:
  Expected<void> encode_text(std::string_view text, bool, std::vector<Token>& out) const override {
    std::string escaped;
    if (pre_.has(shown_spaces)) text = escaped = escape_spaces(text, false);
    const auto words = splitter_.split(text);
    if (!words) return fail(words.error());
    Scratch scratch;
    std::size_t begin = 0;
    for (const std::uint32_t length : *words) {
      encode_word(text.substr(begin, length), scratch, out);
      begin += length;
    }
    return {};
  }

  void append_normal(std::string_view text, std::string& out) const override {
    if (pre_.has(shown_spaces)) {
      append_unescaped(text, out);
    } else if (pre_.has(plain_text)) {
      out += text;
    } else {
      append_spelled_bytes(text, out);
    }
  }

 private:
  // What encoding one word needs, kept from word to word.
  struct Scratch {
    std::string word;  // as the vocabulary spells it
    std::vector<Symbol> symbols;
    std::vector<std::uint64_t> hashes;  // of the symbols' texts, by first byte
    HeapQueue<std::uint32_t> heap;      // empty between words
  };

  void encode_word(std::string_view word, Scratch& scratch, std::vector<Token>& out) const {
    spell(word, scratch);
    const std::string_view spelled = scratch.word;
    const bool whole =
        pre_.has(whole_words) || (pre_.has(whole_lines) && spelled.find_first_not_of('\n') == std::string_view::npos);
    if (whole && spelled.size() <= vocabulary().longest()) {
      if (const Token id = vocabulary().find(spelled); id != no_token) {
        out.push_back(id);
        return;
      }
    }
    std::vector<std::uint64_t>& hashes = scratch.hashes;
    const auto rank_of = [&](std::uint32_t left, std::uint32_t right, std::uint32_t end) {
      return merges_.rank(spelled.substr(left, right - left), hashes[left], spelled.substr(right, end - right),
                          hashes[right]);
    };
    const auto joined = [&](std::uint32_t left, std::uint32_t end) {
      hashes[left] = hash_text(spelled.substr(left, end - left));
    };
    merge_symbols(scratch.symbols, scratch.heap, rank_of, joined);
    for_each_symbol(scratch.symbols, [&](std::size_t begin, std::size_t length) {
      const std::string_view piece = spelled.substr(begin, length);
      if (const Token id = vocabulary().find(piece, hashes[begin]); id != no_token) {
        out.push_back(id);
        return;
      }
      // A merge that forms no token: its bytes, as far as the vocabulary has them.
      for (const char c : piece) {
        const Token id = byte_tokens_[static_cast<unsigned char>(c)];
        if (id != no_token) out.push_back(id);
      }
    });
  }

  // One symbol per byte of the word, or per character when the vocabulary is of plain UTF-8.
  void spell(std::string_view word, Scratch& scratch) const {
    std::string& spelled = scratch.word;
    if (pre_.has(plain_text)) {
      spelled = word;
    } else {
      spelled.clear();
      for (const char c : word) spelled += byte_alphabet.encode(static_cast<std::uint8_t>(c));
    }
    scratch.hashes.resize(spelled.size());
    SymbolWriter symbols(scratch.symbols, spelled.size());
    const std::string_view all = spelled;
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t length = utf8_character(all.substr(at));
      symbols.add(at, length);
      scratch.hashes[at] = hash_text(all.substr(at, length));
      at += length;
    }
  }

  PreTokenizer pre_;
  Merges merges_;
  WordSplitter splitter_;
  std::array<Token, 256> byte_tokens_{};  // of texts that are one byte, or of <0xNN>
};

}  // namespace lamina::text
