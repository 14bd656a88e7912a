// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer target: a tokenizer.json made of any bytes is refused with an error that names the field, or encodes and
// decodes; and any text goes through pipelines of all parts. The first byte chooses: 0 for a file, else a pipeline.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/text/tokenizer.hpp"
#include "lamina/text/tokenizer_json.hpp"

using namespace lamina;

namespace {

using TokenizerPtr = std::shared_ptr<const text::Tokenizer>;

constexpr const char* bpe =
    R"("model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"fuse_unk":true,"vocab":{"<unk>":0,"a":1,"b":2,)"
    R"("ab":3,"aba":4,"<0xC3>":5,"<0xA9>":6," ":7,"aa":8},"merges":["a b","ab a","a a"]})";
constexpr const char* word_piece =
    R"("model":{"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##","max_input_chars_per_word":50,)"
    R"("vocab":{"u":0,"a":1,"##a":2,"##ab":3,"b":4}})";
constexpr const char* unigram =
    R"("model":{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["u",0],["a",-1],["ab",-2],["b",-3],["▁",-1]]})";

constexpr const char* parts[] = {
    R"("normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,)"
    R"("lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"decoder":{"type":"WordPiece","prefix":"##",)"
    R"("cleanup":true})",
    R"("normalizer":{"type":"NFKC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"UnicodeScripts"},)"
    R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]},"decoder":{"type":"Metaspace",)"
    R"("replacement":"▁"})",
    R"("normalizer":{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Strip",)"
    R"("strip_left":true,"strip_right":true},{"type":"Nmt"}]},"pre_tokenizer":{"type":"ByteLevel",)"
    R"("add_prefix_space":true,"trim_offsets":true},"decoder":{"type":"ByteLevel","add_prefix_space":true,)"
    R"("trim_offsets":true})",
    R"("normalizer":{"type":"Replace","pattern":{"Regex":"\\s+|x*"},"content":"▁"},"pre_tokenizer":{"type":"Split",)"
    R"("pattern":{"Regex":"[^\\s&&[^a-c]]+|\\p{N}{1,3}"},"behavior":"MergedWithNext","invert":true},)"
    R"("decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip",)"
    R"("content":" ","start":1,"stop":1}]},"post_processor":{"type":"BertProcessing","cls":["a",1],"sep":["b",2]})",
    R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},{"type":"Punctuation",)"
    R"("behavior":"Contiguous"},{"type":"Digits","individual_digits":false},{"type":"FixedLength","length":3}]},)"
    R"("decoder":{"type":"CTC","pad_token":"a","word_delimiter_token":"b","cleanup":true})",
};
constexpr const char* added =
    R"("added_tokens":[{"id":9,"content":"<s>","single_word":false,"lstrip":true,"rstrip":true,"normalized":false,)"
    R"("special":true},{"id":10,"content":"É","single_word":true,"lstrip":false,"rstrip":false,"normalized":true,)"
    R"("special":false},{"id":11,"content":"  ","single_word":false,"lstrip":false,"rstrip":true,"normalized":false,)"
    R"("special":false}])";

void use(const text::Tokenizer& tokenizer, std::string_view text) {
  for (const bool special : {false, true}) {
    const auto ids = tokenizer.encode(text, {.add_special = special, .parse_special = special});
    if (!ids) continue;
    for (const text::Token id : *ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= tokenizer.size()) std::abort();
    }
    if (!text::utf8_valid(tokenizer.decode(*ids, {.special = true}))) std::abort();
    std::string piece;
    for (const text::Token id : *ids) tokenizer.append_piece(id, {}, piece);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<TokenizerPtr> tokenizers = [] {
    std::vector<TokenizerPtr> out;
    for (const char* model : {bpe, word_piece, unigram}) {
      for (const char* part : parts) {
        auto made = text::parse_tokenizer_json(std::string("{") + added + "," + part + "," + model + "}", "fuzz");
        if (!made) std::abort();
        out.push_back(*made);
      }
    }
    return out;
  }();
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] != 0) {
    use(*tokenizers[data[0] % tokenizers.size()], input);
    return 0;
  }
  const auto made = text::parse_tokenizer_json(input, "fuzz");
  if (made) {
    for (const char* text : {"", "a b", "ab\xc3\xa9 12 <s>\xff", "\xe2\x96\x81\xe6\x97\xa5"}) use(**made, text);
  } else if (made.error().code != ErrorCode::OutOfMemory && made.error().subject.empty()) {
    std::abort();
  }
  return 0;
}
