// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The field "model" of a tokenizer.json: what makes ids of words.
#pragma once

#include <string_view>
#include <utility>
#include <variant>

#include "lamina/text/hf/bpe_model.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/other_models.hpp"

namespace lamina::text::hf {

using Model = std::variant<BpeModel, WordPieceModel, WordLevelModel, UnigramModel>;

inline std::string_view model_name(const Model& model) {
  static constexpr std::string_view names[] = {"BPE", "WordPiece", "WordLevel", "Unigram"};
  return names[model.index()];
}

inline const TokenTable& model_table(const Model& model) {
  return std::visit([](const auto& one) -> const TokenTable& { return one.table(); }, model);
}

// Complaints go to the document. Old files do not say the type; it shows in the other fields.
inline Model read_model(const Json& json) {
  std::string_view name;
  const auto type = json.find("type");
  if (type) {
    name = type->string();
  } else if (json.find("merges")) {
    name = "BPE";
  } else if (const auto vocab = json.need("vocab"); vocab && vocab->is(JsonKind::array)) {
    name = "Unigram";
  } else {
    name = json.find("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
  }
  if (name == "WordPiece") return WordPieceModel::read(json);
  if (name == "WordLevel") return WordLevelModel::read(json);
  if (name == "Unigram") return UnigramModel::read(json);
  if (name != "BPE") {
    type->complain_unknown("model", "BPE, WordPiece, WordLevel or Unigram");
    return WordLevelModel();
  }
  return BpeModel::read(json);
}

}  // namespace lamina::text::hf
