// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The parts of a tokenizer.json one by one: what the library `tokenizers` 0.23.3 makes of some texts.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lamina/text/hf/pipeline.hpp"

using namespace lamina;
using namespace lamina::text;

namespace {

struct Normalized {
  const char *json, *text, *expected;
};
struct Cut {
  const char *json, *text;
  std::vector<std::string> expected;
};
struct Decoded {
  const char* json;
  std::vector<std::string> tokens;
  const char* expected;
};

hf::JsonDocument parse(const char* json) {
  auto document = hf::JsonDocument::parse(json, "part");
  REQUIRE(document);
  return std::move(*document);
}

}  // namespace

TEST_CASE("normalizers of tokenizer.json", "[text][hf]") {
  const Normalized cases[] = {
      // clang-format off
      {R"({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true})", "H\xc3\xa9\x01llo\x09\xe6\x97\xa5\xe6\x9c\xac \xc3\x80\xc3\x89", "hello  \xe6\x97\xa5  \xe6\x9c\xac  ae"},
      {R"({"type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": false, "strip_accents": false, "lowercase": true})", "H\xc3\x89\x09\xe6\x97\xa5\xc4\xb0", "h\xc3\xa9\x09\xe6\x97\xa5i\xcc\x87"},
      {R"({"type": "NFC"})", "e\xcc\x81""a\xcc\x96\xcc\x81\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xc3\xa9\xc3\xa1\xcc\x96\xed\x95\x9c"},
      {R"({"type": "NFD"})", "\xc3\xa9\xed\x95\x9c", "e\xcc\x81\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"},
      {R"({"type": "NFKC"})", "\xef\xac\x81\xe2\x91\xa0\xef\xbc\xa1", "fi1A"},
      {R"({"type": "NFKD"})", "\xef\xb7\xba\xc3\xa9\xc2\xbd", "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x84\xd9\x87 \xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 \xd9\x88\xd8\xb3\xd9\x84\xd9\x85""e\xcc\x81""1\xe2\x81\x84""2"},
      {R"({"type": "Lowercase"})", "\xce\xa3\xce\x91\xce\xa3 \xc4\xb0\xe1\xba\x9e", "\xcf\x83\xce\xb1\xcf\x83 i\xcc\x87\xc3\x9f"},
      {R"({"type": "StripAccents"})", "e\xcc\x81\xc3\xa9\xe0\xa4\x83x", "e\xc3\xa9x"},
      {R"({"type": "Strip", "strip_left": true, "strip_right": false})", "\xe3\x80\x80 a b \x0a", "a b \x0a"},
      {R"({"type": "Strip", "strip_left": true, "strip_right": true})", " \xc2\xa0 ", ""},
      {R"({"type": "Prepend", "prepend": "\u2581"})", "a", "\xe2\x96\x81""a"},
      {R"({"type": "Prepend", "prepend": "\u2581"})", "", ""},
      {R"({"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"})", "a  b", "a\xe2\x96\x81\xe2\x96\x81""b"},
      {R"({"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": ""})", "a \x0a b", "ab"},
      {R"({"type": "Replace", "pattern": {"String": ""}, "content": "-"})", "ab", "-a-b-"},
      {R"({"type": "Replace", "pattern": {"String": "."}, "content": "x"})", "a.b", "axb"},
      {R"({"type": "Nmt"})", "a\x01""b\xe2\x80\x8b""c\xef\xbb\xbf", "ab c "},
      {R"({"type": "ByteLevel"})", "a \xc3\xa9", "a\xc4\xa0\xc3\x83\xc2\xa9"},
      {R"({"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Sequence", "normalizers": [{"type": "StripAccents"}]}, {"type": "Lowercase"}]})", "\xc3\x89", "e"},
      // clang-format on
  };
  for (const auto& [json, text, expected] : cases) {
    INFO(json << " of " << text);
    auto document = parse(json);
    std::vector<hf::Normalizer> steps;
    hf::read_normalizers(hf::Json(document), steps);
    REQUIRE(!document.failed());
    hf::Text made{text, 0, 1000};
    REQUIRE(hf::normalize(steps, made));
    CHECK(made.bytes == expected);
  }
}

TEST_CASE("pre-tokenizers of tokenizer.json", "[text][hf]") {
  const Cut cases[] = {
      // clang-format off
      {R"({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true})", "Hi there's  x", {"\xc4\xa0Hi", "\xc4\xa0there", "'s", "\xc4\xa0", "\xc4\xa0x"}},
      {R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false})", "a \xc3\xa9", {"a\xc4\xa0\xc3\x83\xc2\xa9"}},
      {R"({"type": "BertPreTokenizer"})", "Hey, you\xef\xbc\x81 x_y", {"Hey", ",", "you", "\xef\xbc\x81", "x", "_", "y"}},
      {R"({"type": "Whitespace"})", "Hey, you_2 \xe2\x80\xa6 \xc3\xa9!?", {"Hey", ",", "you_2", "\xe2\x80\xa6", "\xc3\xa9", "!?"}},
      {R"({"type": "WhitespaceSplit"})", " a\xe3\x80\x80""b, c ", {"a", "b,", "c"}},
      {R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"})", "a  b", {"\xe2\x96\x81""a", "\xe2\x96\x81", "\xe2\x96\x81""b"}},
      {R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": false})", "a b", {"a_b"}},
      {R"({"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": true, "str_rep": "\u2581"})", " a", {"\xe2\x96\x81""a"}},
      {R"({"type": "Punctuation"})", "a!!b", {"a", "!", "!", "b"}},
      {R"({"type": "Punctuation", "behavior": "Contiguous"})", "a!!b", {"a", "!!", "b"}},
      {R"({"type": "Digits", "individual_digits": true})", "a12b\xc2\xbd", {"a", "1", "2", "b", "\xc2\xbd"}},
      {R"({"type": "Digits", "individual_digits": false})", "a12b\xc2\xbd", {"a", "12", "b", "\xc2\xbd"}},
      {R"({"type": "CharDelimiterSplit", "delimiter": "-"})", "a--b-", {"a", "b"}},
      {R"({"type": "UnicodeScripts"})", " abc\xe3\x81\xa9\xe3\x81\x93\xe6\xbc\xa2\xe5\xad\x97\xe3\x83\xbc 12 \xce\xb4", {"abc", "\xe3\x81\xa9\xe3\x81\x93\xe6\xbc\xa2\xe5\xad\x97\xe3\x83\xbc ", "12 ", "\xce\xb4"}},
      {R"({"type": "FixedLength", "length": 3})", "abcd\xc3\xa9""fg", {"abc", "d\xc3\xa9""f", "g"}},
      {R"({"type": "FixedLength"})", "abcdefg", {"abcde", "fg"}},
      {R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}]})", "a b", {"\xe2\x96\x81""a", "b"}},
      {R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}]})", " a b", {"a", "b"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "Removed", "invert": false})", "-a--b-c", {"a", "b", "c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "Removed", "invert": true})", "-a--b-c", {"-", "-", "-", "-"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": false})", "-a--b-c", {"-", "a", "-", "-", "b", "-", "c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": true})", "-a--b-c", {"-", "a", "-", "-", "b", "-", "c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithPrevious", "invert": false})", "-a--b-c", {"-", "a-", "-", "b-", "c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithPrevious", "invert": true})", "-a--b-c", {"-a", "-", "-b", "-c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithNext", "invert": false})", "-a--b-c", {"-a", "-", "-b", "-c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithNext", "invert": true})", "-a--b-c", {"-", "a-", "-", "b-", "c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "Contiguous", "invert": false})", "-a--b-c", {"-", "a", "--", "b", "-", "c"}},
      {R"({"type": "Split", "pattern": {"String": "-"}, "behavior": "Contiguous", "invert": true})", "-a--b-c", {"-", "a", "--", "b", "-", "c"}},
      {R"({"type": "Split", "pattern": {"Regex": "x*"}, "behavior": "Isolated", "invert": false})", "abxcd", {"a", "b", "x", "c", "d"}},
      {R"({"type": "Split", "pattern": {"Regex": "[a-z&&[^aeiou]]+"}, "behavior": "Isolated", "invert": false})", "abcde", {"a", "bcd", "e"}},
      {R"({"type": "Split", "pattern": {"Regex": "[a[^b-y]]"}, "behavior": "Isolated", "invert": false})", "abz", {"a", "b", "z"}},
      {R"({"type": "Split", "pattern": {"Regex": "[^a[0-9]]+"}, "behavior": "Isolated", "invert": false})", "a1b2", {"a1", "b", "2"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\h+"}, "behavior": "Isolated", "invert": false})", "xyzfaceq", {"xyz", "face", "q"}},
      {R"({"type": "Split", "pattern": {"Regex": "a{,2}"}, "behavior": "Isolated", "invert": false})", "aaab", {"aa", "a", "b"}},
      {R"({"type": "Split", "pattern": {"Regex": "a{2}?"}, "behavior": "Isolated", "invert": false})", "aaa", {"aa", "a"}},
      {R"({"type": "Split", "pattern": {"Regex": "a{1,2}+"}, "behavior": "Isolated", "invert": false})", "aaaab", {"aaaa", "b"}},
      {R"({"type": "Split", "pattern": {"Regex": "(?m)a.b"}, "behavior": "Isolated", "invert": false})", "a\x0a""b", {"a\x0a""b"}},
      {R"({"type": "Split", "pattern": {"Regex": "^b|a$"}, "behavior": "Isolated", "invert": false})", "a\x0a""b", {"a", "\x0a", "b"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\b\u00e9"}, "behavior": "Isolated", "invert": false})", "\xc3\xa9 a\xc3\xa9", {"\xc3\xa9", " a\xc3\xa9"}},
      {R"({"type": "Split", "pattern": {"Regex": "[[:punct:]]+"}, "behavior": "Isolated", "invert": false})", "a$!b", {"a", "$!", "b"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\p{^L}+"}, "behavior": "Isolated", "invert": false})", "ab12", {"ab", "12"}},
      {R"({"type": "Split", "pattern": {"Regex": "(?i)\u00c9"}, "behavior": "Isolated", "invert": false})", "\xc3\xa9\xc3\x89""e", {"\xc3\xa9", "\xc3\x89", "e"}},
      {R"({"type": "Split", "pattern": {"Regex": "a(?i)b|c"}, "behavior": "Isolated", "invert": false})", "aB aC C", {"aB", " ", "aC", " C"}},
      {R"({"type": "Split", "pattern": {"Regex": "(?x) b # c\n c"}, "behavior": "Isolated", "invert": false})", "abc", {"a", "bc"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\u0041|\\x{42}"}, "behavior": "Isolated", "invert": false})", "ABC", {"A", "B", "C"}},
      {R"({"type": "Split", "pattern": {"Regex": "[\\]\\-a]+"}, "behavior": "Isolated", "invert": false})", "]-a b", {"]-a", " b"}},
      {R"({"type": "Split", "pattern": {"Regex": "(.)\\1"}, "behavior": "Isolated", "invert": false})", "aabbc", {"aa", "bb", "c"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated", "invert": false})", "x\xc2\xb2\xc3\xa9_", {"x\xc2\xb2\xc3\xa9_"}},
      {R"({"type": "Split", "pattern": {"Regex": "[\\w]+"}, "behavior": "Isolated", "invert": false})", "x\xc2\xb2\xc3\xa9_", {"x", "\xc2\xb2", "\xc3\xa9_"}},
      {R"({"type": "Split", "pattern": {"Regex": "(?<=[a-z])(?=[A-Z])"}, "behavior": "Isolated", "invert": false})", "fooBar", {"foo", "Bar"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\xe3\\x81\\x82"}, "behavior": "Isolated", "invert": false})", "a\xe3\x81\x82""b", {"a", "\xe3\x81\x82", "b"}},
      {R"({"type": "Split", "pattern": {"Regex": "[^\\s\\p{L}]+"}, "behavior": "Isolated", "invert": false})", "a1 ,\xc3\xa9", {"a", "1", " ", ",", "\xc3\xa9"}},
      {R"({"type": "Split", "pattern": {"Regex": "\\p{Katakana}+"}, "behavior": "Isolated", "invert": false})", "\xe3\x82\xa2\xe3\x83\xbc\xe3\x81\x84""a", {"\xe3\x82\xa2", "\xe3\x83\xbc\xe3\x81\x84""a"}},
      // clang-format on
  };
for (const auto& [json, text, expected] : cases) {
  INFO(json << " of " << text);
  auto document = parse(json);
  std::vector<hf::PreTokenizer> steps;
  hf::read_pre_tokenizers(hf::Json(document), steps);
  REQUIRE(!document.failed());
  hf::Words words;
  words.text = text;
  words.limit = 1000;
  const auto first = static_cast<std::uint32_t>(hf::first_code_point(words.text).length);
  words.list.push_back({0, static_cast<std::uint32_t>(words.text.size()), first, true, no_token});
  for (const hf::PreTokenizer& step : steps) {
    REQUIRE(std::visit([&](const auto& one) { return one(words); }, step));
  }
  std::vector<std::string> made;
  for (const hf::Word& word : words.list) made.emplace_back(words.of(word));
  CHECK(made == expected);
}
}

TEST_CASE("decoders of tokenizer.json", "[text][hf]") {
  const Decoded cases[] = {
      // clang-format off
      {R"({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})", {"\xc4\xa0""a", "\xc3\x83\xc2\xa9", "\xc3\x83", "\xe6\x97\xa5", "\xc4\xa0"}, " a\xc3\xa9\xef\xbf\xbd\xe6\x97\xa5 "},
      {R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"})", {"\xe2\x96\x81""a\xe2\x96\x81""b", "\xe2\x96\x81""c"}, "ab c"},
      {R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never"})", {"\xe2\x96\x81""a", "\xe2\x96\x81""c"}, " a c"},
      {R"({"type": "WordPiece", "prefix": "##", "cleanup": true})", {"He", "##y", ",", "do", "n't", "##s"}, "Hey, don'ts"},
      {R"({"type": "WordPiece", "prefix": "##", "cleanup": false})", {"a", ".", "##b"}, "a .b"},
      {R"({"type": "BPEDecoder", "suffix": "</w>"})", {"a", "b</w>", "c</w>"}, "ab c"},
      {R"({"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": true})", {"h", "h", "<pad>", "h", "|", "o"}, "hh o"},
      {R"({"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "})", {"\xe2\x96\x81""a", "b\xe2\x96\x81"}, " ab "},
      {R"({"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})", {"\xe2\x96\x81\xe2\x96\x81""a", "<0xC3>", "<0xA9>", "<0xC3>", "x"}, " a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx"},
      {R"({"type": "Strip", "content": "a", "start": 1, "stop": 2})", {"aab", "baaa"}, "abba"},
      // clang-format on
  };
  for (const auto& [json, tokens, expected] : cases) {
    INFO(json);
    auto document = parse(json);
    std::vector<hf::Decoder> steps;
    hf::read_decoders(hf::Json(document), steps);
    REQUIRE(!document.failed());
    CHECK(hf::decode_all(steps, tokens) == expected);
  }
}

TEST_CASE("regular expressions that PCRE2 cannot run are refused", "[text][hf]") {
  for (const char* pattern : {"(a",      "a)",    "[a",    "[]",  "*a",  "\\p{Nonsense}",  "\\p{L",    "[z-a]",
                              "[a-\\d]", "(?~a)", "(?s)a", "\\y", "a\\", "[[:nonsense:]]", "(?<=a+)b", "\\x{110000}",
                              "\\xff",   "\\C-a", "(?<n",  "(?#"}) {
    INFO(pattern);
    const auto regex = hf::compile_oniguruma(pattern);
    REQUIRE(!regex);
    CHECK(regex.error().code == ErrorCode::BadTokenizer);
  }
}
