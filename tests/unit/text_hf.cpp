// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// tokenizer.json as a whole: models, added tokens, what is put around a text, streams, errors with their fields, and
// files and texts that want to take all memory or time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lamina/text/tokenizer.hpp"
#include "lamina/text/tokenizer_json.hpp"
#include "text_vocab.hpp"

using namespace lamina;

namespace {

using Ids = std::vector<text::Token>;
using TokenizerPtr = std::shared_ptr<const text::Tokenizer>;
using json = nlohmann::json;

Expected<TokenizerPtr> parse(const json& file) { return text::parse_tokenizer_json(file.dump(), "test.json"); }
TokenizerPtr made(const json& file) {
  auto tokenizer = parse(file);
  if (!tokenizer) FAIL(tokenizer.error().to_string());
  return *tokenizer;
}
Ids ids(const json& file, std::string_view text, text::EncodeOptions options = {}) {
  const auto tokens = made(file)->encode(text, options);
  if (!tokens) FAIL(tokens.error().to_string());
  return *tokens;
}

json added(int id, const char* content, const json& flags = json::object()) {
  json token = {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", false}};
  token.update(flags);
  return token;
}

// <unk> a b c ab abc <0x00>... only where a test asks for them
json bpe() {
  return {{"version", "1.0"},
          {"added_tokens", json::array()},
          {"model",
           {{"type", "BPE"},
            {"unk_token", "<unk>"},
            {"vocab", {{"<unk>", 0}, {"a", 1}, {"b", 2}, {"c", 3}, {"ab", 4}, {"abc", 5}, {" ", 6}}},
            {"merges", {"a b", "ab c"}}}}};
}

std::string refused(const json& file) {
  const auto tokenizer = parse(file);
  REQUIRE(!tokenizer);
  CHECK(tokenizer.error().code == ErrorCode::BadTokenizer);
  CHECK(tokenizer.error().file == "test.json");
  return tokenizer.error().subject;
}

json with(json file, const char* pointer, json value) {
  file[json::json_pointer(pointer)] = std::move(value);
  return file;
}

}  // namespace

TEST_CASE("BPE of tokenizer.json", "[text][hf]") {
  const json file = bpe();
  CHECK(ids(file, "abcab a") == Ids{5, 4, 6, 1});
  CHECK(ids(with(file, "/model/merges", json::array({{"a", "b"}, {"ab", "c"}})), "abc") == Ids{5});
  CHECK(ids(file, "xya") == Ids{0, 0, 1});
  CHECK(ids(with(file, "/model/fuse_unk", true), "xya") == Ids{0, 1});
  CHECK(ids(with(file, "/model/unk_token", nullptr), "xya") == Ids{1});
  json untyped = file;
  untyped["model"].erase("type");
  CHECK(ids(untyped, "ab") == Ids{4});
  CHECK(ids(with(with(file, "/model/merges", json::array()), "/model/ignore_merges", true), "abc") == Ids{5});
  json bytes = with(with(file, "/model/byte_fallback", true), "/model/vocab/<0xC3>", 7);
  CHECK(ids(bytes, "\xc3\xa9") == Ids{0});
  CHECK(ids(with(bytes, "/model/vocab/<0xA9>", 8), "\xc3\xa9") == Ids{7, 8});
  json affixes = {{"version", "1.0"},
                  {"model",
                   {{"type", "BPE"},
                    {"continuing_subword_prefix", "##"},
                    {"end_of_word_suffix", "</w>"},
                    {"vocab", {{"a", 0}, {"##b", 1}, {"##c</w>", 2}, {"ab", 3}, {"abc</w>", 4}}},
                    {"merges", json::array({{"a", "##b"}, {"ab", "##c</w>"}})}}}};
  CHECK(ids(affixes, "abc") == Ids{4});
}

TEST_CASE("WordPiece, WordLevel and Unigram of tokenizer.json", "[text][hf]") {
  const json vocab = {{"[UNK]", 0}, {"un", 1}, {"##aff", 2}, {"##able", 3}, {"a", 4}};
  json piece = {{"model",
                 {{"type", "WordPiece"},
                  {"unk_token", "[UNK]"},
                  {"continuing_subword_prefix", "##"},
                  {"max_input_chars_per_word", 10},
                  {"vocab", vocab}}},
                {"pre_tokenizer", {{"type", "WhitespaceSplit"}}}};
  CHECK(ids(piece, "unaffable a unx unaffableaff") == Ids{1, 2, 3, 4, 0, 0});
  json level = {{"model", {{"type", "WordLevel"}, {"unk_token", "[UNK]"}, {"vocab", vocab}}},
                {"pre_tokenizer", {{"type", "WhitespaceSplit"}}}};
  CHECK(ids(level, "a un x") == Ids{4, 1, 0});
  json unigram = {{"model",
                   {{"type", "Unigram"},
                    {"unk_id", 0},
                    {"vocab", json::parse(R"([["<unk>",0],["a",-1],["b",-1],["ab",-1.5],["xy",-9],["<0x7A>",-1]])")}}}};
  CHECK(ids(unigram, "aba") == Ids{3, 1});
  CHECK(ids(unigram, "zqa") == Ids{0, 1});
  CHECK(ids(with(unigram, "/model/byte_fallback", true), "za") == Ids{5, 1});
}

TEST_CASE("added tokens are found before all else", "[text][hf]") {
  json file = bpe();
  file["added_tokens"] = {added(7, "<s>", {{"special", true}}), added(8, "bc"), added(4, "ab")};
  CHECK(ids(file, "<s>abc", {.parse_special = true}) == Ids{7, 4, 3});
  CHECK(ids(file, "<s>bc") == Ids{0, 0, 0, 8});  // special ones only when asked for
  file["added_tokens"] = json::array({added(2, "b", {{"single_word", true}})});
  CHECK(ids(file, "ab b") == Ids{4, 6, 2});
  file["added_tokens"] = json::array({added(3, "c", {{"lstrip", true}, {"rstrip", true}})});
  CHECK(ids(file, "a \n c  c\tb") == Ids{1, 3, 3, 2});
  file["normalizer"] = {{"type", "Lowercase"}};
  file["added_tokens"] = {added(7, "Bc", {{"normalized", true}}), added(8, "CC")};
  CHECK(ids(file, "aBCcc CC") == Ids{1, 7, 3, 3, 6, 8});
  CHECK(made(file)->decode(Ids{7, 8}) == "bc CC");  // a normalized one by its normal form
}

TEST_CASE("tokens are put around a text", "[text][hf]") {
  json file = bpe();
  file["added_tokens"] = {added(7, "<s>", {{"special", true}}), added(8, "</s>", {{"special", true}})};
  file["post_processor"] = {{"type", "BertProcessing"}, {"cls", {"<s>", 7}}, {"sep", {"</s>", 8}}};
  const auto tokenizer = made(file);
  CHECK(*tokenizer->encode("ab", {.add_special = true}) == Ids{7, 4, 8});
  CHECK(*tokenizer->encode("ab") == Ids{4});
  CHECK(tokenizer->bos() == 7);
  CHECK(tokenizer->adds_bos());
  CHECK(tokenizer->eos() == 8);
  CHECK(tokenizer->is_end(8));
  CHECK(!tokenizer->is_end(7));
  CHECK(tokenizer->is_control(7));
  CHECK(tokenizer->size() == 9);
  CHECK(tokenizer->decode(Ids{7, 4, 8}) == "ab");
  CHECK(tokenizer->decode(Ids{7, 4, 8}, {.special = true}) == "<s> ab </s>");
  const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
             other = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  const json begin = {{"SpecialToken", {{"id", "X"}, {"type_id", 0}}}};
  file["post_processor"] = {{"type", "Sequence"},
                            {"processors",
                             {{{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", false}},
                              {{"type", "TemplateProcessing"},
                               {"single", {begin, text}},
                               {"pair", {begin, text, other}},
                               {"special_tokens", {{"X", {{"id", "X"}, {"ids", {7, 8}}, {"tokens", {"x", "y"}}}}}}}}}};
  CHECK(ids(file, "ab", {.add_special = true}) == Ids{7, 8, 4});
}

TEST_CASE("a stream of a tokenizer.json's tokens", "[text][hf]") {
  json file = {{"model",
                {{"type", "BPE"},
                 {"vocab", {{"\xe2\x96\x81", 0}, {"a", 1}, {"<0xC3>", 2}, {"<0xA9>", 3}, {"</s>", 4}}},
                 {"merges", json::array()},
                 {"byte_fallback", true}}},
               {"added_tokens", json::array({added(4, "</s>", {{"special", true}})})},
               {"decoder",
                {{"type", "Sequence"},
                 {"decoders",
                  {{{"type", "Replace"}, {"pattern", {{"String", "\xe2\x96\x81"}}}, {"content", " "}},
                   {{"type", "ByteFallback"}},
                   {{"type", "Fuse"}},
                   {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}}}};
  const auto tokenizer = made(file);
  CHECK(tokenizer->decode(Ids{0, 1, 0, 2, 3}) == "a \xc3\xa9");
  text::Detokenizer stream(tokenizer);
  std::string all;
  for (const text::Token id : {0, 1, 0, 2, 3, 4}) {
    const std::string piece = stream.push(id);
    CHECK(text::utf8_valid(piece));
    all += piece;
  }
  CHECK(all + stream.flush() == " a \xc3\xa9");
  CHECK(tokenizer->is_end(4));
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD", "[text][hf]") {
  json file = bpe();
  file["model"]["vocab"]["\xef\xbf\xbd"] = 7;
  CHECK(ids(file, "a\xff\xe3\x81z\xe3") == Ids{1, 7, 7, 0, 7});
}

TEST_CASE("errors of tokenizer.json name the field", "[text][hf]") {
  const json good = bpe();
  CHECK(refused(json::array()) == "json");
  CHECK(refused(with(good, "/version", "2.0")) == "version");
  CHECK(refused(json::object()) == "model");
  CHECK(refused(with(good, "/model/type", "BPE2")) == "model.type");
  CHECK(refused(with(good, "/model/vocab", json::array({1, 2}))) == "model.vocab");
  CHECK(refused(with(good, "/model/vocab/a", -1)) == "model.vocab.a");
  CHECK(refused(with(good, "/model/vocab/a", 4294967295u)) == "model.vocab.a");
  CHECK(refused(with(good, "/model/vocab/a", 2)) == "model.vocab");
  CHECK(refused(with(good, "/model/merges/1", "ab")) == "model.merges[1]");
  CHECK(refused(with(good, "/model/merges/1", "a zz")) == "model.merges[1]");
  CHECK(refused(with(good, "/model/merges/1", json::array({"a"}))) == "model.merges[1]");
  CHECK(refused(with(good, "/model/dropout", 2)) == "model.dropout");
  CHECK(refused(with(good, "/added_tokens", json::array({added(1, "x")}))) == "added_tokens[0]");
  CHECK(refused(with(good, "/added_tokens", json::array({added(7, "x", {{"lstrip", 1}})}))) ==
        "added_tokens[0].lstrip");
  CHECK(refused(with(good, "/normalizer", {{"type", "Fancy"}})) == "normalizer.type");
  CHECK(refused(with(good, "/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "*"}})) ==
        "normalizer.precompiled_charsmap");
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", "(a"}}}, {"behavior", "Isolated"}, {"invert", false}};
  const json sequence = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "Whitespace"}}, split}}};
  CHECK(refused(with(good, "/pre_tokenizer", sequence)) == "pre_tokenizer.pretokenizers[1].pattern");
  CHECK(refused(with(good, "/pre_tokenizer", with(split, "/behavior", "Glued"))) == "pre_tokenizer.pattern");
  CHECK(refused(with(good, "/pre_tokenizer", {{"type", "FixedLength"}, {"length", 0}})) == "pre_tokenizer");
  CHECK(refused(with(good, "/pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "__"}})) ==
        "pre_tokenizer.replacement");
  CHECK(refused(with(good, "/decoder", {{"type", "CTC"}})) == "decoder.pad_token");
  CHECK(refused(with(good, "/post_processor", {{"type", "BertProcessing"}, {"cls", {"x", 9}}, {"sep", {"x", 1}}})) ==
        "post_processor");
  for (const char* text : {"", "{", "{} x", "{\"a\":NaN}", "\"\xff\"", "{\"a\":\"\n\"}"}) {
    const auto tokenizer = text::parse_tokenizer_json(text, "test.json");
    REQUIRE(!tokenizer);
    CHECK(tokenizer.error().subject == "json");
  }
  const auto deep = text::parse_tokenizer_json(std::string(100000, '['), "test.json");
  REQUIRE(!deep);
  CHECK(deep.error().code == ErrorCode::BadTokenizer);
  const auto nothing = text::load_tokenizer_json("/nonexistent/tokenizer.json");
  REQUIRE(!nothing);
  CHECK(nothing.error().code == ErrorCode::IoError);
}

TEST_CASE("a text's tokens cannot outgrow it beyond measure", "[text][hf]") {
  json steps = json::array();
  for (int i = 0; i < 9; ++i) {
    steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", "."}}}, {"content", std::string(16, 'a')}});
  }
  json file = bpe();
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
  const auto tokens = made(file)->encode("ab");
  REQUIRE(!tokens);
  CHECK(tokens.error().code == ErrorCode::BadTokenizer);
  file.erase("normalizer");
  file["decoder"] = {{"type", "Sequence"}, {"decoders", steps}};
  CHECK(made(file)->decode(Ids{4, 4}).size() < (std::size_t{8} << 20));
  // A search that goes back and back ends with an error, or without a match.
  file = bpe();
  file["pre_tokenizer"] = {{"type", "Split"},
                           {"pattern", {{"Regex", "(?:a+)+(?:b|c)?!\\1?()"}}},
                           {"behavior", "Isolated"},
                           {"invert", false}};
  (void)made(file)->encode(std::string(60, 'a') + "b");
}

TEST_CASE("a megabyte encodes in linear time", "[text][hf]") {
  json file = bpe();
  file["model"]["merges"] = {"a b", "ab c", "a a", "aa aa"};
  file["model"]["vocab"].update({{"aa", 7}, {"aaaa", 8}});
  // One that is never there but begins everywhere.
  file["added_tokens"] = {added(9, (std::string(30000, 'a') + "b").c_str(), {{"rstrip", true}}), added(10, "aab"),
                          added(11, "\t", {{"lstrip", true}, {"rstrip", true}})};
  const auto plain = made(file);
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFKC"}}, {{"type", "StripAccents"}}}}};
  file["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers",
                            {{{"type", "UnicodeScripts"}},
                             {{"type", "Digits"}, {"individual_digits", true}},
                             {{"type", "Metaspace"}, {"replacement", "_"}},
                             {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}}}}};
  const auto full = made(file);
  for (const char* unit : {"a", "aab", "\t", " ", "1", "\xcc\x81\xcc\x96", "\xe6\x97\xa5", "ab \n"}) {
    INFO(unit);
    const std::string text = repeated(unit, std::size_t{1} << 20);
    CHECK(plain->encode(text, {.parse_special = true}));
    CHECK(full->encode(text, {.parse_special = true}));
  }
}

TEST_CASE("shipped tokenizer.json files give the library's ids and bytes", "[text][hf][shared]") {
  const char* shared = std::getenv("LAMINA_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared == nullptr ? "" : shared) / "conformance" / "tokjson";
  if (shared == nullptr || !std::filesystem::exists(folder)) return;
  const auto unhex = [](const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return out;
  };
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".jsonl") continue;
    auto path = entry.path();
    const auto tokenizer = text::load_tokenizer_json(path.replace_extension(".json").string());
    if (!tokenizer) FAIL(tokenizer.error().to_string());
    std::ifstream lines(entry.path());
    for (std::string line; std::getline(lines, line);) {
      const json expected = json::parse(line);
      const std::string text = unhex(expected["text_hex"]);
      INFO(entry.path().stem() << ": " << text);
      const auto all = (*tokenizer)->encode(text, {.parse_special = true});
      const auto special = (*tokenizer)->encode(text, {.add_special = true, .parse_special = true});
      const auto plain = (*tokenizer)->encode(text);
      REQUIRE(all);
      REQUIRE(special);
      REQUIRE(plain);
      CHECK(*all == expected["ids"].get<Ids>());
      CHECK(*special == expected["ids_special"].get<Ids>());
      CHECK(*plain == expected.value("ids_plain", expected["ids"]).get<Ids>());
      const std::string shown = (*tokenizer)->decode(*all, {.special = true});
      const bool old = expected.contains("detok_old_hex") && shown == unhex(expected["detok_old_hex"]);
      if (!old) CHECK(shown == unhex(expected["detok_hex"]));
    }
  }
}
