// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The post-processors of tokenizer.json: the tokens put around a text. (Their other work, offsets and types of tokens,
// is of no use here.) A Sequence is a list of the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/token.hpp"

namespace lamina::text::hf {

using Ids = std::vector<Token>;

inline Token read_token_id(const Json& json) {
  return static_cast<Token>(json.natural(static_cast<std::uint64_t>(std::numeric_limits<Token>::max())));
}

// [CLS] text [SEP]; also RoBERTa's, which differs for pairs of texts alone.
struct BertProcessor {
  Token cls, sep;
  bool roberta;

  // `parts`: what an earlier processor left, in order.
  Expected<void> operator()(std::vector<Ids>& parts, bool add_special, std::size_t) const {
    if (!add_special) return {};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i == 0 || roberta) parts[i].insert(parts[i].begin(), i == 0 ? cls : sep);
      parts[i].push_back(sep);
    }
    return {};
  }

  static BertProcessor read(const Json& json, bool roberta) {
    const auto token = [&](std::string_view name) {
      Token id = 0;
      const auto pair = json.need(name);
      if (!pair) return id;
      std::size_t n = 0;
      pair->for_each_element([&](const Json& part) {
        if (n == 0) part.string();
        if (n == 1) id = read_token_id(part);
        ++n;
      });
      if (n != 2) pair->complain("a token is a text and an id", "2 parts", std::to_string(n));
      return id;
    };
    const Token cls = token("cls"), sep = token("sep");
    return {cls, sep, roberta};
  }
};

struct TemplateProcessor {
  // A place for one of the texts, or ids to put there.
  struct Piece {
    int sequence = -1;  // 0 or 1; -1: none
    Ids ids;
  };
  std::vector<Piece> single, pair;

  Expected<void> operator()(std::vector<Ids>& parts, bool add_special, std::size_t limit) const {
    if (parts.size() > 2) {
      return fail(Error(ErrorCode::BadTokenizer, "a template cannot follow another one").about("post_processor"));
    }
    const std::vector<Piece>& pieces = parts.size() == 2 ? pair : single;
    std::vector<Ids> out;
    std::size_t n_ids = 0;
    for (const Piece& piece : pieces) {
      if (piece.sequence < 0 && !add_special) continue;
      const Ids& ids = piece.sequence < 0 ? piece.ids : parts[static_cast<std::size_t>(piece.sequence)];
      n_ids += ids.size();
      if (n_ids > limit) return fail(grown_too_large(limit).about("post_processor"));
      out.push_back(ids);
    }
    parts = std::move(out);
    return {};
  }

  static TemplateProcessor read(const Json& json) {
    TemplateProcessor made;
    const auto special = json.need("special_tokens");
    if (!special) return made;
    if (const auto single = json.need("single")) made.single = read_pieces(*single, *special, 1);
    if (const auto pair = json.need("pair")) made.pair = read_pieces(*pair, *special, 2);
    return made;
  }

 private:
  static std::vector<Piece> read_pieces(const Json& list, const Json& special, int n_texts) {
    std::vector<Piece> pieces;
    list.for_each_element([&](const Json& each) {
      Piece piece;
      if (const auto sequence = each.find("Sequence")) {
        const std::string_view id = sequence->string("id");
        sequence->natural("type_id", std::numeric_limits<std::uint32_t>::max());
        if (id != "A" && !(id == "B" && n_texts == 2)) {
          sequence->complain("no such text", n_texts == 2 ? "A or B" : "A", "\"" + printable(id, 40) + "\"");
        }
        piece.sequence = id == "B" ? 1 : 0;
      } else if (const auto token = each.find("SpecialToken")) {
        const std::string_view id = token->string("id");
        token->natural("type_id", std::numeric_limits<std::uint32_t>::max());
        const auto named = special.find(id);
        if (!named) return special.complain("a token of the template is missing", "\"" + printable(id, 40) + "\"");
        if (const auto ids = named->need("ids")) {
          ids->for_each_element([&](const Json& one) { piece.ids.push_back(read_token_id(one)); });
        }
      } else {
        return each.complain("neither a Sequence nor a SpecialToken");
      }
      pieces.push_back(std::move(piece));
    });
    return pieces;
  }
};

using PostProcessor = std::variant<BertProcessor, TemplateProcessor>;

// Appends the post-processor that `json` describes; complaints go to the document.
inline void read_post_processors(const Json& json, std::vector<PostProcessor>& out) {
  const auto type = json.need("type");
  if (!type) return;
  const std::string_view name = type->string();
  if (name == "Sequence") {
    if (const auto list = json.need("processors")) {
      list->for_each_element([&](const Json& one) { read_post_processors(one, out); });
    }
  } else if (name == "BertProcessing" || name == "RobertaProcessing") {
    out.push_back(BertProcessor::read(json, name == "RobertaProcessing"));
  } else if (name == "TemplateProcessing") {
    out.push_back(TemplateProcessor::read(json));
  } else if (name == "ByteLevel") {  // works on offsets alone
    json.boolean("add_prefix_space");
    json.boolean("trim_offsets");
    json.boolean("use_regex", true);
  } else {
    type->complain_unknown("post-processor",
                           "BertProcessing, RobertaProcessing, TemplateProcessing, ByteLevel or Sequence");
  }
}

// `limit`: ids that may come out.
inline Expected<Ids> post_process(const std::vector<PostProcessor>& steps, Ids ids, bool add_special,
                                  std::size_t limit) {
  if (steps.empty()) return ids;
  std::vector<Ids> parts;
  parts.push_back(std::move(ids));
  for (const PostProcessor& step : steps) {
    const auto apply = [&](const auto& one) { return one(parts, add_special, limit); };
    if (auto ok = std::visit(apply, step); !ok) return fail(std::move(ok.error()));
  }
  if (parts.size() == 1) return std::move(parts.front());
  Ids out;
  for (const Ids& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace lamina::text::hf
