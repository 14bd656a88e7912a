// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The decoders of tokenizer.json: a list of tokens' texts becomes the text. Each works on the list as the library does,
// and on one token inside a text, whose bytes then may be a part of a character. A Sequence is a list of the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lamina/text/byte_alphabet.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/metaspace.hpp"
#include "lamina/text/hf/pattern.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/utf8.hpp"
#include "lamina/text/vocabulary.hpp"

namespace lamina::text::hf {

using Texts = std::vector<std::string>;

inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

// Invalid UTF-8 becomes U+FFFD, one for each longest part that could have begun a character.
inline std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    Utf8Step step = utf8_step(bytes);
    if (step.valid && step.complete) {
      out += bytes.substr(0, step.length);
    } else {
      // How much of it is a beginning of a character.
      std::size_t n = 1;
      while (n < bytes.size() && n < 4) {
        const Utf8Step longer = utf8_step(bytes.substr(0, n + 1));
        if (!longer.valid || longer.length != n + 1) break;
        ++n;
      }
      if (!utf8_step(bytes.substr(0, 1)).valid) n = 1;
      step.length = n;
      out += replacement_character;
    }
    bytes.remove_prefix(step.length);
  }
  return out;
}

// Every `what` in the text; an empty one stands before every character and at the end.
inline std::string replace_all(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  if (what.empty()) {
    for (; !text.empty(); text.remove_prefix(first_code_point(text).length)) {
      out += with;
      out += text.substr(0, first_code_point(text).length);
    }
    return out += with;
  }
  for (std::size_t at; (at = text.find(what)) != std::string_view::npos;) {
    out += text.substr(0, at);
    out += with;
    text.remove_prefix(at + what.size());
  }
  return out += text;
}

// The spaces that English does not have.
inline std::string clean_up(std::string text) {
  static constexpr std::pair<std::string_view, std::string_view> changes[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : changes) {
    if (text.find(from) != std::string::npos) text = replace_all(text, from, to);
  }
  return text;
}

struct ByteLevelDecoder {
  // A token with a character that is not of the alphabet stands for itself.
  static void append_bytes(std::string_view token, std::string& out) {
    const std::size_t before = out.size();
    for (std::string_view rest = token; !rest.empty();) {
      const CodePoint c = first_code_point(rest);
      rest.remove_prefix(c.length);
      if (c.value >= byte_alphabet.byte_of.size() || byte_alphabet.byte_of[c.value] < 0) {
        out.resize(before);
        out += token;
        return;
      }
      out += static_cast<char>(byte_alphabet.byte_of[c.value]);
    }
  }

  void whole(Texts& tokens) const {
    std::string bytes;
    for (const std::string& token : tokens) append_bytes(token, bytes);
    tokens.assign(1, to_valid_utf8(bytes));
  }
  static constexpr bool joins = true;
  void inner(std::string& token) const {
    if (!utf8_valid(token)) return;
    std::string bytes;
    append_bytes(token, bytes);
    token = std::move(bytes);
  }
};

struct ByteFallbackDecoder {
  void whole(Texts& tokens) const {
    Texts out;
    out.reserve(tokens.size());
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (utf8_valid(bytes)) {
        out.push_back(bytes);
      } else {
        out.insert(out.end(), bytes.size(), std::string(replacement_character));
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = byte_token_value(token)) {
        bytes += static_cast<char>(*byte);
      } else {
        flush();
        out.push_back(std::move(token));
      }
    }
    flush();
    tokens = std::move(out);
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const {
    if (const auto byte = byte_token_value(token)) token.assign(1, static_cast<char>(*byte));
  }
};

struct MetaspaceDecoder {
  Metaspace metaspace;

  void whole(Texts& tokens) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = metaspace.decoded(tokens[i], i == 0);
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const { token = metaspace.decoded(token, false); }
};

struct WordPieceDecoder {
  std::string prefix;
  bool cleanup;

  void whole(Texts& tokens) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) one(tokens[i], i == 0);
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const { one(token, false); }

 private:
  void one(std::string& token, bool begins) const {
    if (!begins && token.starts_with(prefix)) {
      token.erase(0, prefix.size());
    } else if (!begins) {
      token.insert(0, 1, ' ');
    }
    if (cleanup) token = clean_up(std::move(token));
  }
};

// GPT-1's: the suffix of a word's last token becomes a space.
struct BpeDecoder {
  std::string suffix;

  void whole(Texts& tokens) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replace_all(tokens[i], suffix, i + 1 == tokens.size() ? "" : " ");
    }
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const { token = replace_all(token, suffix, " "); }
};

// For the output of speech recognition: repeated tokens count once.
struct CtcDecoder {
  std::string pad, delimiter;
  bool cleanup;

  void whole(Texts& tokens) const {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    for (std::string& token : tokens) inner(token);
    std::erase_if(tokens, [](const std::string& token) { return token.empty(); });
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const {
    token = replace_all(token, pad, "");
    if (cleanup) token = replace_all(clean_up(std::move(token)), delimiter, " ");
  }
};

struct ReplaceDecoder {
  Pattern pattern;
  std::string content;

  void whole(Texts& tokens, std::size_t room) const {
    for (std::string& token : tokens) {
      inner(token, room);
      room -= std::min(room, token.size());
    }
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const { inner(token, growth_limit(token.size())); }

 private:
  // `room`: bytes that it may become; otherwise it stays.
  void inner(std::string& token, std::size_t room) const {
    std::vector<Match> matches;
    if (!utf8_valid(token) || !pattern.find_all(token, matches)) return;
    const auto n_found =
        static_cast<std::size_t>(std::count_if(matches.begin(), matches.end(), [](const Match& m) { return m.found; }));
    if (token.size() > room || (!content.empty() && n_found > (room - token.size()) / content.size())) return;
    std::string out;
    for (const Match& m : matches) {
      out += m.found ? std::string_view(content)
                     : std::string_view(token).substr(m.range.begin, m.range.end - m.range.begin);
    }
    token = std::move(out);
  }
};

struct FuseDecoder {
  void whole(Texts& tokens) const {
    std::string all;
    for (const std::string& token : tokens) all += token;
    tokens.assign(1, std::move(all));
  }
  static constexpr bool joins = true;
  void inner(std::string&) const {}
};

struct StripDecoder {
  std::string content;  // one character
  std::uint64_t start, stop;

  void whole(Texts& tokens) const {
    for (std::string& token : tokens) inner(token);
  }
  static constexpr bool joins = false;
  void inner(std::string& token) const {
    std::string_view left = token, right = token;
    for (std::uint64_t i = 0; i < start && left.starts_with(content); ++i) left.remove_prefix(content.size());
    for (std::uint64_t i = 0; i < stop && right.ends_with(content); ++i) right.remove_suffix(content.size());
    const std::size_t begin = token.size() - left.size();
    token = right.size() > begin ? std::string(right.substr(begin)) : std::string();
  }
};

using Decoder = std::variant<ByteLevelDecoder, ByteFallbackDecoder, MetaspaceDecoder, WordPieceDecoder, BpeDecoder,
                             CtcDecoder, ReplaceDecoder, FuseDecoder, StripDecoder>;

// Appends the decoder that `json` describes; complaints go to the document.
inline void read_decoders(const Json& json, std::vector<Decoder>& out) {
  const auto type = json.need("type");
  if (!type) return;
  const std::string_view name = type->string();
  const auto text = [&](std::string_view field) { return std::string(json.string(field)); };
  const auto count = [&](std::string_view field) {
    return json.natural(field, std::numeric_limits<std::uint64_t>::max());
  };
  if (name == "Sequence") {
    if (const auto list = json.need("decoders")) {
      list->for_each_element([&](const Json& one) { read_decoders(one, out); });
    }
  } else if (name == "ByteLevel") {
    out.push_back(ByteLevelDecoder{});
  } else if (name == "Metaspace") {
    out.push_back(MetaspaceDecoder{Metaspace::read(json)});
  } else if (name == "WordPiece") {
    out.push_back(WordPieceDecoder{text("prefix"), json.boolean("cleanup")});
  } else if (name == "BPEDecoder") {
    out.push_back(BpeDecoder{text("suffix")});
  } else if (name == "CTC") {
    out.push_back(CtcDecoder{text("pad_token"), text("word_delimiter_token"), json.boolean("cleanup")});
  } else if (name == "Replace") {
    out.push_back(ReplaceDecoder{Pattern::read(json), text("content")});
  } else if (name == "ByteFallback") {
    out.push_back(ByteFallbackDecoder{});
  } else if (name == "Fuse") {
    out.push_back(FuseDecoder{});
  } else if (name == "Strip") {
    out.push_back(StripDecoder{to_utf8(read_character(json, "content")), count("start"), count("stop")});
  } else {
    type->complain_unknown("decoder",
                           "ByteLevel, Metaspace, WordPiece, BPEDecoder, CTC, Replace, ByteFallback, Fuse, Strip or "
                           "Sequence");
  }
}

// The text of all tokens. What would make it longer than growth_limit() is left out.
inline std::string decode_all(const std::vector<Decoder>& steps, Texts tokens) {
  std::size_t n_bytes = 0;
  for (const std::string& token : tokens) n_bytes += token.size() + 1;
  const std::size_t limit = growth_limit(n_bytes);
  for (const Decoder& step : steps) {
    if (n_bytes > limit) break;
    std::visit(
        [&](const auto& one) {
          if constexpr (std::is_same_v<std::decay_t<decltype(one)>, ReplaceDecoder>) {
            one.whole(tokens, limit);
          } else {
            one.whole(tokens);
          }
        },
        step);
    n_bytes = 0;
    for (const std::string& token : tokens) n_bytes += token.size();
  }
  std::string out;
  for (const std::string& token : tokens) out += token;
  return out;
}

// The bytes of one token somewhere inside a text.
inline void decode_inner(const std::vector<Decoder>& steps, std::string& token) {
  bool joined = false;  // what comes then looks at the whole text, of which this is not the start
  const std::size_t limit = growth_limit(token.size());
  for (const Decoder& step : steps) {
    if (token.size() > limit) break;
    std::visit(
        [&](const auto& one) {
          if (!joined || std::is_same_v<std::decay_t<decltype(one)>, ReplaceDecoder>) one.inner(token);
          joined = joined || one.joins;
        },
        step);
  }
}

}  // namespace lamina::text::hf
