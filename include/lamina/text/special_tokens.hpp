// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Which tokens begin and end a text. Files name some of them by id; the rest are known by their names, as llama.cpp
// v0.5.0 knows them (src/llama-vocab.cpp), which also makes control tokens of those that a file calls normal.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"
#include "lamina/gguf/metadata.hpp"
#include "lamina/text/token.hpp"
#include "lamina/text/vocabulary.hpp"

namespace lamina::text {

struct SpecialTokens {
  Token bos = no_token, eos = no_token, unknown = no_token, separator = no_token;
  bool add_bos = false, add_eos = false;
  bool add_separator = false;                          // at the end, as BERT does
  bool insists_on_bos = false, ignores_flags = false;  // for kinds where the file's add_bos_token, add_eos_token lie
  std::vector<Token> ends;                             // each ends a generation; sorted

  bool is_end(Token id) const { return std::binary_search(ends.begin(), ends.end(), id); }
  void sort_ends() {
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  }
};

namespace detail {

// A role, the keys that may name its token (the last one present counts) and the names it goes by.
struct Role {
  std::span<const std::string_view> keys;
  std::span<const std::string_view> names;
  bool ends;
};

inline constexpr std::string_view eot_keys[] = {"tokenizer.ggml.eot_token_id"};
inline constexpr std::string_view eot_names[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",         "<|endoftext|>",     "<|end_of_text|>",
    "<EOT>",      "_<EOT>",     "[EOT]",   "<｜end▁of▁sentence｜>", "<end_of_utterance>"};
inline constexpr std::string_view eom_keys[] = {"tokenizer.ggml.eom_token_id"};
inline constexpr std::string_view eom_names[] = {"<|eom_id|>"};
inline constexpr std::string_view fim_pre_keys[] = {"tokenizer.ggml.fim_pre_token_id",
                                                    "tokenizer.ggml.prefix_token_id"};
inline constexpr std::string_view fim_pre_names[] = {"<|fim_prefix|>",  "<fim-prefix>", "<fim_prefix>",
                                                     "<｜fim▁begin｜>", "<PRE>",        "▁<PRE>",
                                                     "<|code_prefix|>", "<|prefix|>"};
inline constexpr std::string_view fim_suf_keys[] = {"tokenizer.ggml.fim_suf_token_id",
                                                    "tokenizer.ggml.suffix_token_id"};
inline constexpr std::string_view fim_suf_names[] = {"<|fim_suffix|>",  "<fim-suffix>", "<fim_suffix>",
                                                     "<｜fim▁hole｜>",  "<SUF>",        "▁<SUF>",
                                                     "<|code_suffix|>", "<|suffix|>"};
inline constexpr std::string_view fim_mid_keys[] = {"tokenizer.ggml.fim_mid_token_id",
                                                    "tokenizer.ggml.middle_token_id"};
inline constexpr std::string_view fim_mid_names[] = {"<|fim_middle|>",  "<fim-middle>", "<fim_middle>",
                                                     "<｜fim▁end｜>",   "<MID>",        "▁<MID>",
                                                     "<|code_middle|>", "<|middle|>"};
inline constexpr std::string_view fim_pad_keys[] = {"tokenizer.ggml.fim_pad_token_id"};
inline constexpr std::string_view fim_pad_names[] = {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"};
inline constexpr std::string_view fim_rep_keys[] = {"tokenizer.ggml.fim_rep_token_id"};
inline constexpr std::string_view fim_rep_names[] = {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>",
                                                     "<reponame>"};
inline constexpr std::string_view fim_sep_keys[] = {"tokenizer.ggml.fim_sep_token_id"};
inline constexpr std::string_view fim_sep_names[] = {"<|file_sep|>"};

inline constexpr Role roles[] = {
    {eot_keys, eot_names, true},          {eom_keys, eom_names, true},          {fim_pre_keys, fim_pre_names, false},
    {fim_suf_keys, fim_suf_names, false}, {fim_mid_keys, fim_mid_names, false}, {fim_pad_keys, fim_pad_names, true},
    {fim_rep_keys, fim_rep_names, true},  {fim_sep_keys, fim_sep_names, true},
};

// All of these end a generation, whichever of them the file names.
inline constexpr std::string_view end_names[] = {"<|eot_id|>",
                                                 "<|im_end|>",
                                                 "<|end|>",
                                                 "<|return|>",
                                                 "<|call|>",
                                                 "<|flush|>",
                                                 "<|calls|>",
                                                 "<end_of_turn>",
                                                 "<|endoftext|>",
                                                 "</s>",
                                                 "<|eom_id|>",
                                                 "<EOT>",
                                                 "_<EOT>",
                                                 "[EOT]",
                                                 "[EOS]",
                                                 "<|end_of_text|>",
                                                 "<end_of_utterance>",
                                                 "<eos>",
                                                 "<turn|>",
                                                 "<|tool_response>",
                                                 "<｜end▁of▁sentence｜>",
                                                 "[e~["};

// Marks of gpt-oss's answer format: always shown, always parsed.
inline constexpr std::string_view shown_names[] = {"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"};

// Two families use a name of the list for something else.
inline void drop_false_ends(Vocabulary& vocabulary, std::vector<Token>& ends) {
  const auto has = [&](std::string_view name) {
    const Token id = vocabulary.find(name);
    return id != no_token && std::find(ends.begin(), ends.end(), id) != ends.end();
  };
  const auto drop = [&](std::string_view name, unsigned kind) {
    const Token id = vocabulary.find(name);
    ends.erase(std::remove(ends.begin(), ends.end(), id), ends.end());
    vocabulary.set_kind(id, kind);
  };
  // gpt-oss and Solar: the end of a message, not of the turn.
  const bool calls = has("<|call|>") || has("<|calls|>");
  if (calls && has("<|end|>") && (has("<|return|>") || has("<|flush|>"))) drop("<|end|>", kind_user_defined);
  // Gemma 4: strikes text through. PLaMo: ordinary text.
  if ((has("<|tool_response>") || has("<|plamo:eos|>")) && has("</s>")) drop("</s>", kind_normal);
}

class SpecialTokenReader {
 public:
  SpecialTokenReader(const gguf::Metadata& metadata, Vocabulary& vocabulary)
      : metadata_(metadata), vocabulary_(vocabulary) {}

  Expected<SpecialTokens> read(SpecialTokens special) {
    for (Token* id : {&special.bos, &special.eos, &special.unknown, &special.separator}) {
      if (!vocabulary_.contains(*id)) *id = no_token;  // a default that this vocabulary is too small for
    }
    if (auto ok = read_id("tokenizer.ggml.bos_token_id", special.bos); !ok) return fail(std::move(ok.error()));
    if (auto ok = read_id("tokenizer.ggml.eos_token_id", special.eos); !ok) return fail(std::move(ok.error()));
    if (auto ok = read_id("tokenizer.ggml.unknown_token_id", special.unknown); !ok) return fail(std::move(ok.error()));
    if (auto ok = read_id("tokenizer.ggml.seperator_token_id", special.separator); !ok) {
      return fail(std::move(ok.error()));
    }
    for (const std::string_view key :
         {"tokenizer.ggml.padding_token_id", "tokenizer.ggml.mask_token_id", "tokenizer.ggml.cls_token_id"}) {
      Token checked = no_token;
      if (auto ok = read_id(key, checked); !ok) return fail(std::move(ok.error()));
    }
    bool add_bos = special.add_bos, add_eos = special.add_eos;
    if (auto ok = read_flag(key::add_bos, add_bos); !ok) return fail(std::move(ok.error()));
    if (auto ok = read_flag(key::add_eos, add_eos); !ok) return fail(std::move(ok.error()));
    if (!special.ignores_flags) {
      special.add_bos = add_bos || special.insists_on_bos;
      special.add_eos = add_eos;
    }
    if (special.add_bos && special.bos == no_token) {
      return fail(bad_tokenizer(metadata_, key::add_bos, "texts are to begin with a token that the file does not name")
                      .wanted("tokenizer.ggml.bos_token_id"));
    }
    if (special.add_eos && special.eos == no_token) {
      return fail(bad_tokenizer(metadata_, key::add_eos, "texts are to end with a token that the file does not name")
                      .wanted("tokenizer.ggml.eos_token_id"));
    }
    if (special.add_separator && special.separator == no_token) {
      return fail(Error(ErrorCode::BadTokenizer, "texts are to end with a token that the file does not name")
                      .about("tokenizer.ggml.seperator_token_id"));
    }

    for (const Role& role : roles) {
      Token id = no_token;
      for (const std::string_view key : role.keys) {
        if (auto ok = read_id(key, id); !ok) return fail(std::move(ok.error()));
      }
      for (const std::string_view name : role.names) {
        if (id != no_token) break;
        id = vocabulary_.find(name);
        if (id != no_token) make_control(id);
      }
      if (role.ends && id != no_token) special.ends.push_back(id);
    }
    for (const std::string_view name : end_names) {
      if (const Token id = vocabulary_.find(name); id != no_token) {
        make_control(id);
        special.ends.push_back(id);
      }
    }
    for (const std::string_view name : shown_names) {
      if (const Token id = vocabulary_.find(name); id != no_token) vocabulary_.set_kind(id, kind_user_defined);
    }
    if (special.eos != no_token) special.ends.push_back(special.eos);
    drop_false_ends(vocabulary_, special.ends);
    special.sort_ends();
    return special;
  }

 private:
  // An absent key leaves `id` as it is. 2^32 - 1 is how some converters write "none".
  Expected<void> read_id(std::string_view key, Token& id) {
    const gguf::Value* value = metadata_.find(key);
    if (value == nullptr) return {};
    const auto number = value->signed_integer();
    if (!number) return fail(bad_tokenizer(metadata_, key, "not an integer"));
    if (*number == -1 || *number == 0xffffffff) {
      vocabulary_.warn(std::string(key) + " names no token");
      return {};
    }
    if (*number < 0 || static_cast<std::uint64_t>(*number) >= vocabulary_.size()) {
      return fail(bad_tokenizer(metadata_, key, "no such token")
                      .wanted("0 to " + std::to_string(vocabulary_.size() - 1))
                      .found(std::to_string(*number)));
    }
    id = static_cast<Token>(*number);
    return {};
  }

  Expected<void> read_flag(std::string_view key, bool& flag) {
    auto value = metadata_.get_or<bool>(key, flag);
    if (!value) return fail(std::move(value.error()));
    flag = *value;
    return {};
  }

  void make_control(Token id) { vocabulary_.set_kind(id, vocabulary_.kind(id) | kind_control); }

  const gguf::Metadata& metadata_;
  Vocabulary& vocabulary_;
};

inline std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace detail

// `defaults`: what holds where the file says nothing. Errors: BadTokenizer, BadType.
inline Expected<SpecialTokens> read_special_tokens(const gguf::Metadata& metadata, Vocabulary& vocabulary,
                                                   const SpecialTokens& defaults) {
  return detail::SpecialTokenReader(metadata, vocabulary).read(defaults);
}

// Some models' special tokens take neighbouring white space with them. Files do not say so; llama.cpp tells by name.
inline void mark_stripping_tokens(const gguf::Metadata& metadata, Vocabulary& vocabulary) {
  const auto text = [&](std::string_view key) {
    const gguf::Value* value = metadata.find(key);
    return std::string(value != nullptr ? value->string().value_or("") : "");
  };
  const auto add = [&](std::string_view name, unsigned kind) {
    if (const Token id = vocabulary.find(name); id != no_token) vocabulary.set_kind(id, vocabulary.kind(id) | kind);
  };
  const std::string name = detail::lower_case(text("general.name"));
  const std::string pre = text(key::pre), architecture = text("general.architecture");
  const auto in = [](std::string_view part, const std::string& whole) { return whole.find(part) != std::string::npos; };
  if (in("jina-v2-de", pre) || in("jina-v2-es", pre) || in("jina-v2-code", pre) || in("nomic-bert-moe", architecture) ||
      in("jina-bert-v3", architecture)) {
    add("<mask>", kind_strip_left);
  } else if (in("phi-3", name) || in("phi3", name)) {
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
      const Token id = static_cast<Token>(i);
      const std::string_view token = vocabulary.text(id);
      const bool special = vocabulary.is(id, kind_control | kind_user_defined | kind_unknown) || token == "</s>";
      const bool plain = token == "<unk>" || token == "<s>" || token == "<|endoftext|>";
      if (special && !plain) vocabulary.set_kind(id, vocabulary.kind(id) | kind_strip_right);
    }
  } else if (in("modern-bert", name)) {
    add("[MASK]", kind_strip_left);
  }
}

}  // namespace lamina::text
