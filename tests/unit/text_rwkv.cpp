// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The vocabularies of RWKV and of PLaMo-2.
#include "text_vocab.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

SmallVocabulary small_rwkv() {
  SmallVocabulary v{"rwkv", "", {}, {}, {}, {}};
  v.add("<s>", control);
  static constexpr char hex[] = "0123456789abcdef";
  for (unsigned b = 0; b < 256; ++b) v.add({'\\', 'x', hex[b >> 4], hex[b & 15]});
  v.add("ab");
  v.add("abcde");
  v.add("\\n\\n");
  v.add("\\xe4\\xbd\\xa0");
  v.add("a\\\\\\'");
  v.add("<m\\t>", user_defined);
  return v;
}

SmallVocabulary small_plamo2() {
  SmallVocabulary v{"plamo2", "", {}, {}, {}, {}};
  v.add("<|plamo:unk|>", unknown);
  v.add("<|plamo:bos|>", control);
  v.add("<|plamo:eos|>", control);
  v.add("<|plamo:pad|>", control);
  add_bytes(v);
  v.add("a", normal, -3);
  v.add("b", normal, -3);
  v.add("ab", normal, -6);
  v.add("ba", normal, -5);
  v.add("</s>", normal, -2);
  v.add("\xe4\xbd\xa0\xe5\xa5\xbd", normal, -4);
  return v;
}

}  // namespace

TEST_CASE("RWKV takes the longest token at each place", "[text]") {
  const auto made = small_rwkv().make();
  if (!made) FAIL(made.error().to_string());
  const text::Tokenizer& t = **made;
  const auto id = [&](const char* token) { return t.find(token).value(); };
  CHECK(*t.encode("abcd") == Ids{id("ab"), 1 + 'c', 1 + 'd'});
  CHECK(*t.encode("abcdeab\n\n\n") == Ids{id("abcde"), id("ab"), id("\\n\\n"), 1 + '\n'});
  CHECK(*t.encode("\xe4\xbd\xa0\xe4\xbd") == Ids{id("\\xe4\\xbd\\xa0"), 1 + 0xe4, 1 + 0xbd});
  CHECK(*t.encode("a\\'") == Ids{id("a\\\\\\'")});
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
  CHECK(t.decode(*t.encode(all + "ab\n\n\xe4\xbd\xa0")) == all + "ab\n\n\xe4\xbd\xa0");
  // Nothing is ever added; a control token is a token like others.
  CHECK(*t.encode("ab", {.add_special = true}) == Ids{id("ab")});
  CHECK(*t.encode("<s>") == Ids{0});
  CHECK(*t.encode("<s>", {.parse_special = true}) == Ids{0});
  CHECK(t.decode(Ids{id("<m\\t>"), 0}) == "<m\t>");
}

TEST_CASE("escapes in RWKV's tokens must be whole", "[text]") {
  for (const char* bad : {"\\", "a\\x", "\\x4", "\\xg0", "\\x0g"}) {
    SmallVocabulary v = small_rwkv();
    v.tokens[77] = bad;
    const auto made = v.make();
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::BadTokenizer);
    CHECK(made.error().subject == "tokenizer.ggml.tokens");
    CHECK(made.error().message.starts_with("element 77:"));
  }
}

TEST_CASE("bytes without a token are unknown to RWKV, or nothing", "[text]") {
  SmallVocabulary v{"rwkv", "", {}, {}, {}, {}};
  v.add("<unk>", unknown);
  v.add("abc");
  v.add("x");
  const auto none = v.make();
  REQUIRE(none);
  CHECK(*(*none)->encode("xabxabc") == Ids{2, 2, 1});
  const auto named = v.make([](gguf::Writer& w) { w.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0}); });
  REQUIRE(named);
  CHECK(*(*named)->encode("xabxabc") == Ids{2, 0, 0, 2, 1});
}

TEST_CASE("PLaMo-2 finds the best sum of scores", "[text]") {
  const auto made = small_plamo2().make();
  if (!made) FAIL(made.error().to_string());
  const text::Tokenizer& t = **made;
  const auto id = [&](const char* token) { return t.find(token).value(); };
  CHECK(*t.encode("ab") == Ids{id("ab")});  // of equals the longest
  CHECK(*t.encode("aba") == Ids{id("a"), id("ba")});
  CHECK(*t.encode("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0") ==
        Ids{id("\xe4\xbd\xa0\xe5\xa5\xbd"), 4 + 0xe4, 4 + 0xbd, 4 + 0xa0});
  CHECK(*t.encode("\xef\xbb\xbf"
                  "a\xef\xbb\xbf") == Ids{id("a"), 4 + 0xef, 4 + 0xbb, 4 + 0xbf});  // a mark at the start goes
  CHECK(t.encode("\xef\xbb\xbf")->empty());
  CHECK(t.decode(*t.encode("a\xff\xe4\xbd z")) == "a\xff\xe4\xbd z");
  CHECK(*t.encode("b", {.add_special = true}) == Ids{id("b")});
  CHECK(*t.encode("<|plamo:eos|>", {.parse_special = true}) == Ids{2});
  CHECK(*t.encode("<|plamo:eos|>") == Ids{2});
  CHECK(t.is_end(2));
  CHECK_FALSE(t.is_end(id("</s>")));
}

TEST_CASE("PLaMo-2 needs a token for every byte, and scores", "[text]") {
  SmallVocabulary v = small_plamo2();
  v.types[4 + 'q'] = normal;
  const auto made = v.make();
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::BadTokenizer);
  CHECK(made.error().subject == "tokenizer.ggml.tokens");
  CHECK(made.error().message.find("113") != std::string::npos);
}
