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

hf::JsonDocument parse(const char* text) {
  auto document = hf::JsonDocument::parse(text, "part");
  REQUIRE(document);
  return std::move(*document);
}

}  // namespace

TEST_CASE("normalizers of tokenizer.json", "[text][hf]") {
  const Normalized cases[] = {
      // clang-format off
      {R"j({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true})j", "H\xc3\xa9\x01llo\x09\xe6\x97\xa5\xe6\x9c\xac \xc3\x80\xc3\x89", "hello  \xe6\x97\xa5  \xe6\x9c\xac  ae"},
      {R"j({"type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": false, "strip_accents": false, "lowercase": true})j", "H\xc3\x89\x09\xe6\x97\xa5\xc4\xb0", "h\xc3\xa9\x09\xe6\x97\xa5i\xcc\x87"},
      {R"j({"type": "NFC"})j", "e\xcc\x81""a\xcc\x96\xcc\x81\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xc3\xa9\xc3\xa1\xcc\x96\xed\x95\x9c"},
      {R"j({"type": "NFD"})j", "\xc3\xa9\xed\x95\x9c", "e\xcc\x81\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"},
      {R"j({"type": "NFKC"})j", "\xef\xac\x81\xe2\x91\xa0\xef\xbc\xa1", "fi1A"},
      {R"j({"type": "NFKD"})j", "\xef\xb7\xba\xc3\xa9\xc2\xbd", "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x84\xd9\x87 \xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 \xd9\x88\xd8\xb3\xd9\x84\xd9\x85""e\xcc\x81""1\xe2\x81\x84""2"},
      {R"j({"type": "Lowercase"})j", "\xce\xa3\xce\x91\xce\xa3 \xc4\xb0\xe1\xba\x9e", "\xcf\x83\xce\xb1\xcf\x83 i\xcc\x87\xc3\x9f"},
      {R"j({"type": "StripAccents"})j", "e\xcc\x81\xc3\xa9\xe0\xa4\x83x", "e\xc3\xa9x"},
      {R"j({"type": "Strip", "strip_left": true, "strip_right": false})j", "\xe3\x80\x80 a b \x0a", "a b \x0a"},
      {R"j({"type": "Strip", "strip_left": true, "strip_right": true})j", " \xc2\xa0 ", ""},
      {R"j({"type": "Prepend", "prepend": "\u2581"})j", "a", "\xe2\x96\x81""a"},
      {R"j({"type": "Prepend", "prepend": "\u2581"})j", "", ""},
      {R"j({"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"})j", "a  b", "a\xe2\x96\x81\xe2\x96\x81""b"},
      {R"j({"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": ""})j", "a \x0a b", "ab"},
      {R"j({"type": "Replace", "pattern": {"String": ""}, "content": "-"})j", "ab", "-a-b-"},
      {R"j({"type": "Replace", "pattern": {"String": "."}, "content": "x"})j", "a.b", "axb"},
      {R"j({"type": "Nmt"})j", "a\x01""b\xe2\x80\x8b""c\xef\xbb\xbf", "ab c "},
      {R"j({"type": "ByteLevel"})j", "a \xc3\xa9", "a\xc4\xa0\xc3\x83\xc2\xa9"},
      {R"j({"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Sequence", "normalizers": [{"type": "StripAccents"}]}, {"type": "Lowercase"}]})j", "\xc3\x89", "e"},
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
      {R"j({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true})j", "Hi there's  x", {"\xc4\xa0Hi", "\xc4\xa0there", "'s", "\xc4\xa0", "\xc4\xa0x"}},
      {R"j({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false})j", "a \xc3\xa9", {"a\xc4\xa0\xc3\x83\xc2\xa9"}},
      {R"j({"type": "BertPreTokenizer"})j", "Hey, you\xef\xbc\x81 x_y", {"Hey", ",", "you", "\xef\xbc\x81", "x", "_", "y"}},
      {R"j({"type": "Whitespace"})j", "Hey, you_2 \xe2\x80\xa6 \xc3\xa9!?", {"Hey", ",", "you_2", "\xe2\x80\xa6", "\xc3\xa9", "!?"}},
      {R"j({"type": "WhitespaceSplit"})j", " a\xe3\x80\x80""b, c ", {"a", "b,", "c"}},
      {R"j({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"})j", "a  b", {"\xe2\x96\x81""a", "\xe2\x96\x81", "\xe2\x96\x81""b"}},
      {R"j({"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": false})j", "a b", {"a_b"}},
      {R"j({"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": true, "str_rep": "\u2581"})j", " a", {"\xe2\x96\x81""a"}},
      {R"j({"type": "Punctuation"})j", "a!!b", {"a", "!", "!", "b"}},
      {R"j({"type": "Punctuation", "behavior": "Contiguous"})j", "a!!b", {"a", "!!", "b"}},
      {R"j({"type": "Digits", "individual_digits": true})j", "a12b\xc2\xbd", {"a", "1", "2", "b", "\xc2\xbd"}},
      {R"j({"type": "Digits", "individual_digits": false})j", "a12b\xc2\xbd", {"a", "12", "b", "\xc2\xbd"}},
      {R"j({"type": "CharDelimiterSplit", "delimiter": "-"})j", "a--b-", {"a", "b"}},
      {R"j({"type": "UnicodeScripts"})j", " abc\xe3\x81\xa9\xe3\x81\x93\xe6\xbc\xa2\xe5\xad\x97\xe3\x83\xbc 12 \xce\xb4", {"abc", "\xe3\x81\xa9\xe3\x81\x93\xe6\xbc\xa2\xe5\xad\x97\xe3\x83\xbc ", "12 ", "\xce\xb4"}},
      {R"j({"type": "FixedLength", "length": 3})j", "abcd\xc3\xa9""fg", {"abc", "d\xc3\xa9""f", "g"}},
      {R"j({"type": "FixedLength"})j", "abcdefg", {"abcde", "fg"}},
      {R"j({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}]})j", "a b", {"\xe2\x96\x81""a", "b"}},
      {R"j({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}]})j", " a b", {"a", "b"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "Removed", "invert": false})j", "-a--b-c", {"a", "b", "c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "Removed", "invert": true})j", "-a--b-c", {"-", "-", "-", "-"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": false})j", "-a--b-c", {"-", "a", "-", "-", "b", "-", "c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": true})j", "-a--b-c", {"-", "a", "-", "-", "b", "-", "c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithPrevious", "invert": false})j", "-a--b-c", {"-", "a-", "-", "b-", "c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithPrevious", "invert": true})j", "-a--b-c", {"-a", "-", "-b", "-c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithNext", "invert": false})j", "-a--b-c", {"-a", "-", "-b", "-c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "MergedWithNext", "invert": true})j", "-a--b-c", {"-", "a-", "-", "b-", "c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "Contiguous", "invert": false})j", "-a--b-c", {"-", "a", "--", "b", "-", "c"}},
      {R"j({"type": "Split", "pattern": {"String": "-"}, "behavior": "Contiguous", "invert": true})j", "-a--b-c", {"-", "a", "--", "b", "-", "c"}},
      {R"j({"type": "Split", "pattern": {"Regex": "x*"}, "behavior": "Isolated", "invert": false})j", "abxcd", {"a", "b", "x", "c", "d"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[a-z&&[^aeiou]]+"}, "behavior": "Isolated", "invert": false})j", "abcde", {"a", "bcd", "e"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[a[^b-y]]"}, "behavior": "Isolated", "invert": false})j", "abz", {"a", "b", "z"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[^a[0-9]]+"}, "behavior": "Isolated", "invert": false})j", "a1b2", {"a1", "b", "2"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\h+"}, "behavior": "Isolated", "invert": false})j", "xyzfaceq", {"xyz", "face", "q"}},
      {R"j({"type": "Split", "pattern": {"Regex": "a{,2}"}, "behavior": "Isolated", "invert": false})j", "aaab", {"aa", "a", "b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "a{2}?"}, "behavior": "Isolated", "invert": false})j", "aaa", {"aa", "a"}},
      {R"j({"type": "Split", "pattern": {"Regex": "a{1,2}+"}, "behavior": "Isolated", "invert": false})j", "aaaab", {"aaaa", "b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "(?m)a.b"}, "behavior": "Isolated", "invert": false})j", "a\x0a""b", {"a\x0a""b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "^b|a$"}, "behavior": "Isolated", "invert": false})j", "a\x0a""b", {"a", "\x0a", "b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\b\u00e9"}, "behavior": "Isolated", "invert": false})j", "\xc3\xa9 a\xc3\xa9", {"\xc3\xa9", " a\xc3\xa9"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[[:punct:]]+"}, "behavior": "Isolated", "invert": false})j", "a$!b", {"a", "$!", "b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\p{^L}+"}, "behavior": "Isolated", "invert": false})j", "ab12", {"ab", "12"}},
      {R"j({"type": "Split", "pattern": {"Regex": "(?i)\u00c9"}, "behavior": "Isolated", "invert": false})j", "\xc3\xa9\xc3\x89""e", {"\xc3\xa9", "\xc3\x89", "e"}},
      {R"j({"type": "Split", "pattern": {"Regex": "a(?i)b|c"}, "behavior": "Isolated", "invert": false})j", "aB aC C", {"aB", " ", "aC", " C"}},
      {R"j({"type": "Split", "pattern": {"Regex": "(?x) b # c\n c"}, "behavior": "Isolated", "invert": false})j", "abc", {"a", "bc"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\u0041|\\x{42}"}, "behavior": "Isolated", "invert": false})j", "ABC", {"A", "B", "C"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[\\]\\-a]+"}, "behavior": "Isolated", "invert": false})j", "]-a b", {"]-a", " b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "(.)\\1"}, "behavior": "Isolated", "invert": false})j", "aabbc", {"aa", "bb", "c"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated", "invert": false})j", "x\xc2\xb2\xc3\xa9_", {"x\xc2\xb2\xc3\xa9_"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[\\w]+"}, "behavior": "Isolated", "invert": false})j", "x\xc2\xb2\xc3\xa9_", {"x", "\xc2\xb2", "\xc3\xa9_"}},
      {R"j({"type": "Split", "pattern": {"Regex": "(?<=[a-z])(?=[A-Z])"}, "behavior": "Isolated", "invert": false})j", "fooBar", {"foo", "Bar"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\xe3\\x81\\x82"}, "behavior": "Isolated", "invert": false})j", "a\xe3\x81\x82""b", {"a", "\xe3\x81\x82", "b"}},
      {R"j({"type": "Split", "pattern": {"Regex": "[^\\s\\p{L}]+"}, "behavior": "Isolated", "invert": false})j", "a1 ,\xc3\xa9", {"a", "1", " ", ",", "\xc3\xa9"}},
      {R"j({"type": "Split", "pattern": {"Regex": "\\p{Katakana}+"}, "behavior": "Isolated", "invert": false})j", "\xe3\x82\xa2\xe3\x83\xbc\xe3\x81\x84""a", {"\xe3\x82\xa2", "\xe3\x83\xbc\xe3\x81\x84""a"}},
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
      {R"j({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})j", {"\xc4\xa0""a", "\xc3\x83\xc2\xa9", "\xc3\x83", "\xe6\x97\xa5", "\xc4\xa0"}, " a\xc3\xa9\xef\xbf\xbd\xe6\x97\xa5 "},
      {R"j({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"})j", {"\xe2\x96\x81""a\xe2\x96\x81""b", "\xe2\x96\x81""c"}, "ab c"},
      {R"j({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never"})j", {"\xe2\x96\x81""a", "\xe2\x96\x81""c"}, " a c"},
      {R"j({"type": "WordPiece", "prefix": "##", "cleanup": true})j", {"He", "##y", ",", "do", "n't", "##s"}, "Hey, don'ts"},
      {R"j({"type": "WordPiece", "prefix": "##", "cleanup": false})j", {"a", ".", "##b"}, "a .b"},
      {R"j({"type": "BPEDecoder", "suffix": "</w>"})j", {"a", "b</w>", "c</w>"}, "ab c"},
      {R"j({"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": true})j", {"h", "h", "<pad>", "h", "|", "o"}, "hh o"},
      {R"j({"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "})j", {"\xe2\x96\x81""a", "b\xe2\x96\x81"}, " ab "},
      {R"j({"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})j", {"\xe2\x96\x81\xe2\x96\x81""a", "<0xC3>", "<0xA9>", "<0xC3>", "x"}, " a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx"},
      {R"j({"type": "Strip", "content": "a", "start": 1, "stop": 2})j", {"aab", "baaa"}, "abba"},
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
  for (const char* pattern :
       {"(a",          "a)",    "[a",    "[]",   "*a",  "\\p{Nonsense}", "\\p{L",          "[z-a]",
        "[a-\\d]",     "(?~a)", "(?s)a", "\\y",  "\\X", "a\\",           "[[:nonsense:]]", "(?<=a+)b",
        "\\x{110000}", "\\xff", "\\C-a", "(?<n", "(?#"}) {
    INFO(pattern);
    const auto regex = hf::compile_oniguruma(pattern);
    REQUIRE(!regex);
    CHECK(regex.error().code == ErrorCode::BadTokenizer);
  }
}
