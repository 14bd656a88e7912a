// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Synthetic models: complete GGUF files with the tensors, formats and spread of weights that a family needs; and the
// arithmetic of what llm-bench says about its samples.
#include "common/synth.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "lamina/lamina.hpp"
#include "llm-bench/stats.hpp"

namespace {

using namespace lamina;
using namespace lamina::bench;

SynthModel make(const std::string& name, std::size_t threads = 1) {
  auto model = make_synth(name, threads);
  REQUIRE(model.has_value());
  return std::move(*model);
}

std::vector<float> weights(const gguf::File& file, std::string_view name) {
  const gguf::TensorInfo* info = file.find(name);
  REQUIRE(info != nullptr);
  std::vector<float> out(info->n_elements());
  quant::visit_format(info->type_id, [&](auto type) {
    quant::dequantize_row<typename decltype(type)::type>(file.data(*info).data(), out.size(), out.data());
  });
  return out;
}

double rms(const std::vector<float>& v) {
  double squares = 0;
  for (const float x : v) squares += static_cast<double>(x) * x;
  return std::sqrt(squares / static_cast<double>(v.size()));
}

}  // namespace

TEST_CASE("a synthetic model of every format is a file that opens, with weights of the right size", "[synth]") {
  for_each_type(quant::Formats{}, [](auto type) {
    const std::string name = "synth:tiny:" + std::string(decltype(type)::type::name);
    CAPTURE(name);
    const SynthModel model = make(name);
    CHECK(model.file.find("blk.1.attn_q.weight")->type_id == decltype(type)::type::type_id);
    // A matrix times an input of size 1 gives an output of size 1. Weights of few bits are nearest in the mean square
    // when they are a little too small.
    using Format = typename decltype(type)::type;
    const double few = 8 * sizeof(typename Format::Block) < 3 * Format::block_size ? 0.25 : 0.1;
    CHECK(rms(weights(model.file, "blk.1.attn_q.weight")) == Approx(1 / std::sqrt(256.0)).epsilon(few));
    CHECK(rms(weights(model.file, "blk.0.ffn_down.weight")) == Approx(1 / std::sqrt(512.0)).epsilon(few));
    CHECK(rms(weights(model.file, "output.weight")) == Approx(1 / std::sqrt(256.0)).epsilon(0.1));
    CHECK(weights(model.file, "output_norm.weight") == std::vector<float>(256, 1.0f));
  });
}

TEST_CASE("the bytes are the same with any number of threads", "[synth]") {
  const SynthModel one = make("synth:tiny:Q4_K_M", 1), three = make("synth:tiny:Q4_K_M", 3);
  REQUIRE(one.bytes.size() == three.bytes.size());
  CHECK(std::memcmp(one.bytes.data(), three.bytes.data(), one.bytes.size()) == 0);
}

TEST_CASE("a mix has the tensors of its file type, a format is in every matrix but the output", "[synth]") {
  const auto types = [](const char* format, const char* tensor, std::uint32_t n) {
    SynthTypes all(*synth_format(format), {.architecture = "llama", .n_layers = n, .n_group = 8});
    std::string out;
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto id = all.next(tensor, 256, 1, i);
      out += id == 14 ? '6' : id == 13 ? '5' : id == 12 ? '4' : '?';
    }
    return out;
  };
  // Read off TinyLlama-1.1B files: 22 layers.
  CHECK(types("Q4_K_M", "blk.0.ffn_down.weight", 22) == "6644644644644644644666");
  CHECK(types("Q4_K_M", "blk.0.attn_v.weight", 22) == "6644644644644644644666");
  CHECK(types("Q5_K_M", "blk.0.ffn_down.weight", 22) == "6655655655655655655666");
  CHECK(types("Q4_K_S", "blk.0.ffn_down.weight", 22) == "5544444444444444444444");
  CHECK(types("Q4_K_S", "blk.0.attn_v.weight", 22) == "5555444444444444444444");
  CHECK(types("Q4_K", "blk.0.attn_v.weight", 4) == "4444");
  const auto output = [](const char* format) {
    return SynthTypes(*synth_format(format), {.architecture = "llama", .n_layers = 1})
        .next("output.weight", 256, 1, std::nullopt);
  };
  CHECK(output("Q4_K_M") == 14);
  CHECK(output("Q4_0") == 14);
  CHECK(output("Q8_0") == 8);
  CHECK(output("F16") == 1);
  CHECK(synth_format("Q4_K")->file_type == std::nullopt);  // no file type of llama.cpp
  CHECK(synth_format("Q4_K_M")->file_type == 15);
  CHECK(synth_format("Q6_K")->file_type == 18);
}

TEST_CASE("the vocabulary has an entry of its own for every row of the embedding", "[synth]") {
  const SynthModel model = make("synth:tiny:Q8_0");
  const auto tokens = model.file.metadata().get<std::vector<std::string_view>>("tokenizer.ggml.tokens");
  REQUIRE(tokens.has_value());
  CHECK(tokens->size() == 512);
  CHECK(std::set<std::string_view>(tokens->begin(), tokens->end()).size() == 512);
  CHECK((*tokens)[3] == "<0x00>");
  CHECK((*tokens)[258] == "<0xFF>");
}

TEST_CASE("layers can be cut, and the result says so", "[synth]") {
  const SynthModel model = make("synth:tiny/1:Q4_0");
  CHECK(model.file.metadata().get<std::uint32_t>("llama.block_count") == 1u);
  CHECK(model.file.find("blk.0.attn_q.weight") != nullptr);
  CHECK(model.file.find("blk.1.attn_q.weight") == nullptr);
  CHECK(model.note == "1 of its 2 layers");
  CHECK(make("synth:tiny:Q4_0").note.empty());
}

// One layer of each published shape, and of its vocabulary as much as the tokenizer needs.
TEST_CASE("a layer of every shape is made and runs", "[synth]") {
  for (SynthShape shape : synth_shapes) {
    CAPTURE(shape.name);
    shape.n_vocab = 512;
    auto synth = SynthBuilder(shape, 1, *synth_format("Q2_K")).build(std::string(shape.name), 2);
    if (!synth) FAIL(synth.error().to_string());
    const auto model = load(synth->file);
    if (!model) FAIL(model.error().to_string());
    CHECK(model->architecture() == shape.family);
    for (const gguf::TensorInfo& tensor : synth->file.tensors()) CHECK(model->uses(tensor));
    auto session = model->session({.context = 16});
    REQUIRE(session);
    const std::vector<text::Token> ids = {1, 300, 7};
    for (const std::size_t n : {std::size_t{3}, std::size_t{1}}) {
      REQUIRE(session->feed(std::span(ids).first(n)));
      for (const float x : session->logits()) REQUIRE(std::isfinite(x));
    }
    // Rows of 2880 and 4544 are no whole blocks of 256.
    const bool odd = shape.family == "gpt-oss" || shape.family == "falcon";
    CHECK((synth->note.find("no whole blocks") != std::string::npos) == odd);
  }
}

TEST_CASE("every format runs, one token and many, whole blocks in a row or not", "[synth]") {
  constexpr auto narrow = synth::llama(320, 640, 4, 2, 64, 10000);  // blocks of 256 do not divide its rows
  const SynthShape odd{"odd", "", "llama", 1, 1, 300, false, narrow, {}};
  const SynthShape even{"even", "", "llama", 1, 1, 300, false, synth::tiny, {}};
  const std::vector<text::Token> ids = {1, 290, 7, 31, 8, 55, 201, 3, 99, 12};
  const auto logits = [&](const Model& model, std::size_t batch) {
    auto session = model.session({.context = 16, .batch = batch, .threads = 1});
    REQUIRE(session);
    REQUIRE(session->feed(ids));
    return std::vector<float>(session->logits().begin(), session->logits().end());
  };
  for_each_type(quant::Formats{}, [&](auto type) {
    using Format = typename decltype(type)::type;
    for (const SynthShape* shape : {&odd, &even}) {
      CAPTURE(Format::name, shape->name);
      auto synth = SynthBuilder(*shape, 1, *synth_format(Format::name)).build("x", 1);
      if (!synth) FAIL(synth.error().to_string());
      const std::uint32_t held = synth->file.find("blk.0.attn_q.weight")->type_id;
      CHECK(held == quant::fitting_type(Format::type_id, shape == &odd ? 320 : 256));
      CHECK((held != Format::type_id) == (synth->note.find("no whole blocks") != std::string::npos));
      const auto model = load(synth->file);
      if (!model) FAIL(model.error().to_string());
      const auto one = logits(*model, 1), many = logits(*model, ids.size());
      double difference = 0, power = 0;
      for (std::size_t i = 0; i < one.size(); ++i) {
        difference += std::pow(one[i] - many[i], 2);
        power += std::pow(one[i], 2);
      }
      CHECK(power > 0);
      CHECK(difference < 1e-3 * power);
    }
  });
}

TEST_CASE("shapes have the published tensors", "[synth]") {
  const auto tensors = [](std::string_view name) {
    auto shape = *std::ranges::find(synth_shapes, name, &SynthShape::name);
    shape.n_vocab = 512;
    auto synth = SynthBuilder(shape, 1, *synth_format("Q4_0")).build("x", 2);
    REQUIRE(synth);
    std::set<std::string> out;
    for (const gguf::TensorInfo& t : synth->file.tensors()) out.emplace(t.name);
    return out;
  };
  CHECK(tensors("phi3-mini") == std::set<std::string>{"token_embd.weight", "blk.0.attn_norm.weight",
                                                      "blk.0.attn_qkv.weight", "blk.0.attn_output.weight",
                                                      "blk.0.ffn_norm.weight", "blk.0.ffn_up.weight",
                                                      "blk.0.ffn_down.weight", "output_norm.weight", "output.weight"});
  CHECK(tensors("falcon-7b") ==
        std::set<std::string>{"token_embd.weight", "blk.0.attn_norm.weight", "blk.0.attn_norm.bias",
                              "blk.0.attn_qkv.weight", "blk.0.attn_output.weight", "blk.0.ffn_up.weight",
                              "blk.0.ffn_down.weight", "output_norm.weight", "output_norm.bias", "output.weight"});
  CHECK(tensors("gemma3-4b").contains("output.weight") == false);
  CHECK(tensors("starcoder2-3b").size() == 1 + 16 + 2);
  CHECK(tensors("gpt-oss-20b").size() == 2 + 19 + 1);
}

TEST_CASE("a name that means nothing is refused with the names there are", "[synth]") {
  for (const char* name :
       {"synth:", "synth:tiny", "synth:tiny:", "synth:tiny:Q9", "synth:huge:Q4_0", "synth:tiny:I8", "synth:tiny/0:Q4_0",
        "synth:tiny/3:Q4_0", "synth:tiny/:Q4_0", "synth:tiny/1x:Q4_0", "synth:tiny/-1:Q4_0"}) {
    const auto model = make_synth(name, 1);
    REQUIRE(!model.has_value());
    CHECK(model.error().code == ErrorCode::BadArgument);
    CHECK(!model.error().expected.empty());
  }
}

TEST_CASE("summaries of samples", "[bench]") {
  const std::vector<double> odd = {5, 1, 3}, even = {4, 1, 2, 3};
  CHECK(summarize(odd).median == 3);
  CHECK(summarize(odd).min == 1);
  CHECK(summarize(odd).max == 5);
  CHECK(summarize(odd).stddev == Approx(2));
  CHECK(summarize(even).median == 2.5);
  CHECK(summarize(std::vector<double>{7}).stddev == 0);
  CHECK(summarize({}).median == 0);
}

TEST_CASE("a repetition is compared with the probes before and after it", "[bench]") {
  const std::vector<double> rates = {10, 10}, probes = {10, 30, 10};
  CHECK(shares_of_neighbours(rates, probes) == std::vector<double>{0.5, 0.5});
}
