// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The named pre-tokenizers of BPE vocabularies: the expressions that cut text into words, inside which alone merges
// happen. Each expression cuts the pieces that the one before left: its matches become pieces, and so does what lies
// between them. They say what llama.cpp v0.5.0 does for the name (src/llama-vocab.cpp, src/unicode.cpp), and where a
// model's own tokenizer.json differs from that, the model's files were made for llama.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lamina::text {

enum PreTokenizerFlag : unsigned {
  whole_words = 1,     // a word that is a token is that token, whatever the merges give
  whole_lines = 2,     // the same for words of nothing but newlines
  adds_bos = 4,        // unless the file says otherwise
  insists_on_bos = 8,  // even if the file says otherwise
  plain_text = 16,     // tokens are plain UTF-8, and <0xNN> for bytes
  shown_spaces = 32,   // ... with U+2581 for spaces
  merges_optional = 64,
};

struct PreTokenizer {
  std::span<const std::string_view> patterns;
  unsigned flags = 0;

  constexpr bool has(PreTokenizerFlag flag) const { return (flags & flag) != 0; }
};

// Not expressions but what llama.cpp does instead of some. Runs of numbers are cut into threes from the right; what
// stands before a run stays with its first group ...
inline constexpr std::string_view digit_groups = "digit groups";
// ... and the same for runs of 0 to 9, where what stands before a run stays with the digits that make no whole group.
inline constexpr std::string_view thousands = "thousands";

namespace pattern {

// PCRE2, with \s and \S for Unicode's White_Space (see expand_space). All are linear: no loop can match the same text
// in two ways and then fail.
inline constexpr std::string_view gpt2[] = {
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view llama3[] = {
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view qwen2[] = {
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view qwen35[] = {
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view single_digits[] = {R"(\p{N})", gpt2[0]};
inline constexpr std::string_view falcon[] = {R"([\p{P}$+<=>^~|`]+)", gpt2[0], R"([0-9][0-9][0-9])"};
inline constexpr std::string_view unnamed[] = {R"([\p{P}$+<=>^~|]+)", gpt2[0], R"(\p{N}+)", R"([0-9][0-9][0-9])"};
inline constexpr std::string_view jais2[] = {
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s)"};
inline constexpr std::string_view bloom[] = {R"( ?[^(\s|.,!?…。，、।۔،)]+)"};
inline constexpr std::string_view viking[] = {bloom[0], R"(\p{N})"};
inline constexpr std::string_view bailing[] = {
    R"('[sSdDmMtT]|'[lL][lL]|'[vV][eE]|'[rR][eE]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"};
inline constexpr std::string_view seed_coder[] = {
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view ufakzeka[] = {
    R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view laguna[] = {R"([^\n]+|\n+)", qwen2[0]};
inline constexpr std::string_view minicpm5[] = {
    R"(\p{N}{1,3})",
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view exaone_moe[] = {
    R"('[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\r\n\p{L}\p{N}]?+(?:\p{L}\p{M}*+(?: \p{L}\p{M}*+)*+)++|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)"};
inline constexpr std::string_view chameleon[] = {R"(<sentinel:[0-9]+>)",    R"(IMGIMG[A-I]{1,4}Z)",
                                                 R"([\t\n]|    |  )",       R"(\p{N})",
                                                 R"([\p{P}!-/:-@\[-`{-~])", gpt2[0]};
// [^\P{L}a-z] is a letter that is not one of a to z.
inline constexpr std::string_view tekken[] = {
    R"([^\r\n\p{L}\p{N}]?[^\P{L}a-z]*[^\P{L}A-Z]+|[^\r\n\p{L}\p{N}]?[^\P{L}a-z]+[^\P{L}A-Z]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view gpt4o[] = {
    R"([^\r\n\p{L}\p{N}]?[^\P{L}a-z]*[^\P{L}A-Z]+(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|[^\r\n\p{L}\p{N}]?[^\P{L}a-z]+[^\P{L}A-Z]*(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
// ... and with everything but letters and marks left out.
inline constexpr std::string_view granite_multi[] = {
    R"([^\r\n\p{L}\p{N}]?[^\p{N}\p{P}\p{S}\p{Z}\p{C}a-z]*[^\p{N}\p{P}\p{S}\p{Z}\p{C}A-Z]+(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|[^\r\n\p{L}\p{N}]?[^\p{N}\p{P}\p{S}\p{Z}\p{C}a-z]+[^\p{N}\p{P}\p{S}\p{Z}\p{C}A-Z]*(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view tiny_aya[] = {
    digit_groups,
    R"([^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view youtu[] = {
    R"([가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+)",
    R"([^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};

inline constexpr std::string_view deepseek_v3[] = {
    R"(\p{N}{1,3})", R"([一-龥぀-ゟ゠-ヿ]+)",
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view spark2_5[] = {
    deepseek_v3[0], deepseek_v3[1],
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+)",
    R"(\p{N})"};
inline constexpr std::string_view afmoe[] = {
    digit_groups,
    R"([一-鿿㐀-䶿豈-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+)",
    deepseek_v3[2]};

// From U+0800 to U+9FA5 without white space, and Hangul.
inline constexpr std::string_view deepseek_asian =
    R"([\x{800}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{9fa5}\x{ac00}-\x{d7ff}]+)";
// Letters that had case when the model was trained.
inline constexpr std::string_view deepseek_cased =
    R"(\s?[A-Za-z\x{b5}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{1ba}\x{1bc}-\x{1bf}\x{1c4}-\x{293}\x{295}-\x{2af}\x{370}-\x{373}\x{376}\x{377}\x{37b}-\x{37d}\x{37f}\x{386}\x{388}-\x{38a}\x{38c}\x{38e}-\x{3a1}\x{3a3}-\x{3f5}\x{3f7}-\x{481}\x{48a}-\x{52f}\x{531}-\x{556}\x{10a0}-\x{10c5}\x{13a0}-\x{13f5}\x{13f8}-\x{13fd}\x{1c90}-\x{1cba}\x{1cbd}-\x{1cbf}\x{1d00}-\x{1d2b}\x{1d6b}-\x{1d77}\x{1d79}-\x{1d9a}\x{1e00}-\x{1f15}\x{1f18}-\x{1f1d}\x{1f20}-\x{1f45}\x{1f48}-\x{1f4d}\x{1f50}-\x{1f57}\x{1f59}\x{1f5b}\x{1f5d}\x{1f5f}-\x{1f7d}\x{1f80}-\x{1fb4}\x{1fb6}-\x{1fbc}\x{1fbe}\x{1fc2}-\x{1fc4}\x{1fc6}-\x{1fcc}\x{1fd0}-\x{1fd3}\x{1fd6}-\x{1fdb}\x{1fe0}-\x{1fec}\x{1ff2}-\x{1ff4}\x{1ff6}-\x{1ffc}\x{2102}\x{2107}\x{210a}-\x{2113}\x{2115}\x{2119}-\x{211d}\x{2124}\x{2126}\x{2128}\x{212a}-\x{212d}\x{212f}-\x{2134}\x{2139}\x{213c}-\x{213f}\x{2145}-\x{2149}\x{214e}\x{2183}\x{2184}\x{2c00}-\x{2c7b}\x{2c7e}-\x{2ce4}\x{2ceb}-\x{2cee}\x{2cf2}\x{2cf3}\x{a640}-\x{a66d}\x{a680}-\x{a69b}\x{a722}-\x{a76f}\x{a771}-\x{a787}\x{a78b}-\x{a78e}\x{ab70}-\x{abbf}\x{fb00}-\x{fb06}\x{fb13}-\x{fb17}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}\x{10400}-\x{1044f}\x{104b0}-\x{104d3}\x{104d8}-\x{104fb}\x{10c80}-\x{10cb2}\x{10cc0}-\x{10cf2}\x{118a0}-\x{118df}\x{1e900}-\x{1e943}]+)";
inline constexpr std::string_view deepseek_llm[] = {
    R"([\r\n])",
    deepseek_cased,
    R"(\s?[!-/:-~\x{ff01}-\x{ff0f}\x{ff1a}-\x{ff5e}\x{2018}-\x{201f}\x{3001}\x{3002}]+)",
    R"((?<!\s)\s++\z)",
    deepseek_asian,
    R"(\p{N}+)"};
inline constexpr std::string_view deepseek_coder[] = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", deepseek_asian,
                                                      R"(\p{N})"};

// The ideographs that llama.cpp calls Han.
inline constexpr std::string_view kimi_k2[] = {
    R"([\x{4e00}-\x{9fff}\x{3400}-\x{4dbf}\x{20000}-\x{2a6df}\x{2a700}-\x{2ebef}\x{f900}-\x{faff}\x{2f800}-\x{2fa1f}]+|[^\r\n\p{L}\p{N}]?[^\P{L}\x{4e00}-\x{9fff}\x{3400}-\x{4dbf}\x{20000}-\x{2a6df}\x{2a700}-\x{2ebef}\x{f900}-\x{faff}\x{2f800}-\x{2fa1f}]+(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"};
inline constexpr std::string_view lines[] = {R"([^\n]+|\n+)"};
inline constexpr std::string_view superbpe[] = {R"(\p{N}+)", thousands};
inline constexpr std::string_view whitespace[] = {R"(\S+)"};

}  // namespace pattern

struct NamedPreTokenizer {
  std::string_view name;
  PreTokenizer pre;
};

// "" is what a file without tokenizer.ggml.pre gets.
inline constexpr NamedPreTokenizer pre_tokenizers[] = {
    {"", {pattern::unnamed}},
    {"default", {pattern::unnamed}},
    {"a.x-4.0", {pattern::gpt2}},
    {"afmoe", {pattern::afmoe}},
    {"bailingmoe", {pattern::bailing}},
    {"bailingmoe2", {pattern::bailing}},
    {"bloom", {pattern::bloom}},
    {"chameleon", {pattern::chameleon, adds_bos}},
    {"chatglm-bpe", {pattern::llama3}},
    {"codeshell", {pattern::single_digits}},
    {"cohere2moe", {pattern::tiny_aya}},
    {"command-r", {pattern::single_digits}},
    {"dbrx", {pattern::llama3}},
    {"deepseek-coder", {pattern::deepseek_coder}},
    {"deepseek-llm", {pattern::deepseek_llm}},
    {"deepseek-r1-qwen", {pattern::qwen2}},
    {"deepseek-v3", {pattern::deepseek_v3}},
    {"exaone", {pattern::single_digits}},
    {"exaone-moe", {pattern::exaone_moe}},
    {"exaone4", {pattern::gpt2}},
    {"f2llmv2", {pattern::qwen2}},
    {"falcon", {pattern::falcon}},
    {"falcon-h1", {pattern::llama3, whole_words | adds_bos}},
    {"falcon3", {pattern::llama3, whole_words | adds_bos}},
    {"gemma4", {pattern::lines, whole_lines | insists_on_bos | plain_text | shown_spaces}},
    {"gigachat", {pattern::gpt2}},
    {"glm4", {pattern::llama3, whole_words}},
    {"glm5", {pattern::llama3, whole_words}},
    {"gpt-2", {pattern::gpt2}},
    {"gpt-4o", {pattern::gpt4o}},
    {"gpt3-finnish", {pattern::bloom}},
    {"granite-docling", {pattern::gpt2}},
    {"granite-embed-multi-311m", {pattern::lines, whole_lines | insists_on_bos | plain_text | shown_spaces}},
    {"granite-embed-multi-97m", {pattern::granite_multi, whole_words}},
    {"grok-2", {pattern::qwen2}},
    {"hunyuan", {pattern::qwen2}},
    {"hunyuan-dense", {pattern::deepseek_v3}},
    {"hy_v4", {pattern::deepseek_v3}},
    {"jais", {pattern::gpt2}},
    {"jais-2", {pattern::jais2}},
    {"jina-de", {pattern::gpt2}},
    {"jina-es", {pattern::gpt2}},
    {"jina-v1-en", {pattern::gpt2}},
    {"jina-v2-code", {pattern::gpt2}},
    {"jina-v2-de", {pattern::gpt2}},
    {"jina-v2-es", {pattern::gpt2}},
    {"jina-v5-nano", {pattern::llama3, whole_words | adds_bos}},
    {"joyai-llm", {pattern::deepseek_v3}},
    {"kanana2", {pattern::gpt4o}},
    {"kimi-k2", {pattern::kimi_k2, merges_optional}},
    {"kormo", {pattern::qwen2}},
    {"laguna", {pattern::laguna}},
    {"lfm2", {pattern::llama3, whole_words | adds_bos}},
    {"llada-moe", {pattern::bailing}},
    {"llama-bpe", {pattern::llama3, whole_words | adds_bos}},
    {"llama-v3", {pattern::llama3, whole_words | adds_bos}},
    {"llama3", {pattern::llama3, whole_words | adds_bos}},
    {"llama4", {pattern::gpt4o}},
    {"megrez", {pattern::qwen2}},
    {"mellum", {pattern::gpt2}},
    {"mellum2", {pattern::single_digits}},
    {"midm-2.0", {pattern::llama3, whole_words | adds_bos}},
    {"minerva-7b", {pattern::single_digits}},
    {"minicpm5", {pattern::minicpm5, whole_words}},
    {"minimax-m2", {pattern::gpt4o}},
    {"modern-bert", {pattern::gpt2}},
    {"mpt", {pattern::gpt2}},
    {"olmo", {pattern::gpt2}},
    {"phi-2", {pattern::gpt2}},
    {"pixtral", {pattern::llama3, whole_words | adds_bos}},
    {"poro-chat", {pattern::bloom}},
    {"qwen2", {pattern::qwen2}},
    {"qwen35", {pattern::qwen35}},
    {"refact", {pattern::single_digits}},
    {"roberta-bpe", {pattern::gpt2}},
    {"sarvam-moe", {pattern::lines, plain_text | shown_spaces}},
    {"seed-coder", {pattern::seed_coder}},
    {"smaug-bpe", {pattern::llama3}},
    {"smollm", {pattern::single_digits}},
    {"solar-open", {pattern::qwen2}},
    {"spark2_5", {pattern::spark2_5}},
    {"stablelm2", {pattern::qwen2}},
    {"starcoder", {pattern::single_digits}},
    {"superbpe", {pattern::superbpe}},
    {"talkie", {pattern::gpt4o}},
    {"tekken", {pattern::tekken, whole_words | adds_bos}},
    {"tiny_aya", {pattern::tiny_aya}},
    {"trillion", {pattern::gpt2}},
    {"ufakzeka", {pattern::ufakzeka}},
    {"viking", {pattern::viking}},
    {"whitespace", {pattern::whitespace, plain_text}},
    {"youtu", {pattern::youtu, whole_words}},
};

// Null when there is none of that name.
constexpr const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const NamedPreTokenizer& named : pre_tokenizers) {
    if (named.name == name) return &named.pre;
  }
  return nullptr;
}

inline std::string pre_tokenizer_names() {
  std::string out;
  for (const NamedPreTokenizer& named : pre_tokenizers) {
    if (!named.name.empty()) out.append(out.empty() ? "" : " ").append(named.name);
  }
  return out;
}

}  // namespace lamina::text
