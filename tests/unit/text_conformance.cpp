// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Exactness: ids and bytes of real vocabularies as llama.cpp v0.5.0 gives them, where the reference data is at hand.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "lamina/gguf/gguf.hpp"
#include "lamina/text/tokenizer.hpp"

using namespace lamina;

namespace {

std::string unhex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::filesystem::path shared() {
  const char* folder = std::getenv("LAMINA_SHARED");
  return folder == nullptr ? "" : folder;
}

std::shared_ptr<const text::Tokenizer> open(const std::filesystem::path& path) {
  const auto file = gguf::File::open(path.string());
  REQUIRE(file);
  const auto tokenizer = text::make_tokenizer(*file);
  if (!tokenizer) FAIL(tokenizer.error().to_string());
  return *tokenizer;
}

}  // namespace

TEST_CASE("real vocabularies give llama.cpp's ids and bytes", "[text][shared]") {
  for (const char* name :
       {"llama-spm", "phi-3", "llama-bpe", "gpt-2", "qwen2", "falcon", "starcoder", "gpt-neox", "bert-bge"}) {
    const auto base = shared() / "conformance" / "tokenizer" / name;
    if (shared().empty() || !std::filesystem::exists(base.string() + ".gguf")) continue;
    const auto tokenizer = open(base.string() + ".gguf");
    std::ifstream lines(base.string() + ".jsonl");
    std::size_t n = 0;
    for (std::string line; std::getline(lines, line); ++n) {
      const auto expected = nlohmann::json::parse(line);
      INFO(name << ", text " << expected["text_hex"].get<std::string>());
      const std::string text = unhex(expected["text_hex"]);
      const auto ids = tokenizer->encode(text);
      const auto special = tokenizer->encode(text, {.add_special = true, .parse_special = true});
      REQUIRE(ids);
      REQUIRE(special);
      CHECK(*ids == expected["ids"].get<std::vector<text::Token>>());
      CHECK(*special == expected["ids_special"].get<std::vector<text::Token>>());
      if (expected.contains("detok_hex")) CHECK(tokenizer->decode(*ids) == unhex(expected["detok_hex"]));
    }
    CHECK(n > 50);
  }
}

TEST_CASE("prompts of real models give the reference's ids", "[text][shared]") {
  for (const auto& [model, gold] : {std::pair("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2.json"),
                                    std::pair("storyteller-Q8_0.gguf", "storyteller-Q8_0.json")}) {
    const auto path = shared() / "models" / model;
    std::ifstream in(shared() / "models" / "gold" / gold);
    if (shared().empty() || !std::filesystem::exists(path) || !in) continue;
    const auto tokenizer = open(path);
    for (const auto& prompt : nlohmann::json::parse(in)) {
      const auto ids = tokenizer->encode(prompt["prompt"].get<std::string>(), {.parse_special = true});
      REQUIRE(ids);
      CHECK(*ids == prompt["ids"].get<std::vector<text::Token>>());
    }
  }
}
