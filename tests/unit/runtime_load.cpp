// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Loading: what a broken file is refused with, before anything large is allocated.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gguf_temp.hpp"
#include "lamina/lamina.hpp"
#include "lamina/text/tokenizer_json.hpp"
#include "tiny_model.hpp"

using namespace lamina;
using test::TinyModel;

namespace {

Error refused(const TinyModel& tiny, const LoadOptions& options = {}) {
  auto file = tiny.file();
  if (!file) return file.error();
  const auto model = load(*file, options);
  if (model) FAIL("loaded what should be refused");
  return model.error();
}

}  // namespace

TEST_CASE("every required tensor is missed by name and shape") {
  const std::vector<std::string> names = {"token_embd.weight",        "output_norm.weight",    "blk.0.attn_norm.weight",
                                          "blk.1.attn_q.weight",      "blk.1.attn_k.weight",   "blk.0.attn_v.weight",
                                          "blk.1.attn_output.weight", "blk.1.ffn_norm.weight", "blk.0.ffn_gate.weight",
                                          "blk.1.ffn_up.weight",      "blk.1.ffn_down.weight"};
  for (const std::string& name : names) {
    TinyModel tiny;
    tiny.without_tensor = name;
    const Error error = refused(tiny);
    CHECK(error.code == ErrorCode::MissingTensor);
    CHECK(error.subject == name);
    CHECK(error.file == "tiny");
    CHECK(!error.expected.empty());
  }
}

TEST_CASE("every required key is missed by name") {
  for (const char* key : {"block_count", "context_length", "embedding_length", "feed_forward_length",
                          "attention.head_count", "attention.layer_norm_rms_epsilon"}) {
    TinyModel tiny;
    tiny.without_key = std::string("llama.") + key;
    const Error error = refused(tiny);
    CHECK(error.code == ErrorCode::MissingKey);
    CHECK(error.subject == tiny.without_key);
  }
}

TEST_CASE("no value of an integer key crashes, and impossible ones are refused") {
  const std::vector<std::string> keys = {"block_count",          "context_length",         "embedding_length",
                                         "feed_forward_length",  "attention.head_count",   "attention.head_count_kv",
                                         "attention.key_length", "attention.value_length", "rope.dimension_count"};
  for (const std::string& key : keys) {
    for (const std::uint32_t value : {0u, 1u, 3u, 5u, 513u, 65536u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      TinyModel tiny;
      tiny.keys["llama." + key] = value;
      auto file = tiny.file();
      REQUIRE(file);
      const auto model = load(*file);
      INFO(key << " = " << value);
      if (!model) {
        const ErrorCode code = model.error().code;
        CHECK((code == ErrorCode::BadHyperparameter || code == ErrorCode::ShapeMismatch ||
               code == ErrorCode::MissingTensor));
        CHECK(!model.error().subject.empty());
      } else {
        auto session = model->session({.context = 8, .batch = 4, .threads = 1});
        if (session) {
          const text::Token ids[] = {1, 2, 3};
          CHECK(session->feed(ids));
        }
      }
      if (value == 0) CHECK(!model);
    }
  }
}

TEST_CASE("settings of a wrong type or no number are refused by name") {
  const auto error_of = [](auto value, const char* key) {
    TinyModel tiny;
    tiny.without_key = key;
    const auto whole = gguf::File::from_bytes(tiny.bytes(), "tiny");
    REQUIRE(whole);
    gguf::Writer writer;
    for (const auto& [k, v] : whole->metadata().entries()) {
      if (k != key) writer.add(k, v);
    }
    writer.add(key, value);
    for (const auto& t : whole->tensors()) {
      writer.add_tensor(t.name, std::span(t.dims).first(t.n_dims), t.type_id, whole->data(t));
    }
    const auto file = gguf::File::from_bytes(writer.to_bytes().value(), "changed");
    REQUIRE(file);
    const auto model = load(*file);
    INFO(key);
    REQUIRE_FALSE(model);
    CHECK(model.error().subject == key);
    CHECK(model.error().file == "changed");
    CHECK(model.error().offset);
    return model.error();
  };
  for (const char* key : {"llama.rope.scaling.type", "llama.block_count", "llama.rope.freq_base",
                          "llama.attention.layer_norm_rms_epsilon"}) {
    CHECK(error_of(std::vector<std::string>{"x"}, key).code == ErrorCode::BadHyperparameter);
    CHECK(error_of(true, key).code == ErrorCode::BadHyperparameter);
  }
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const float value : {nan, infinity, -1.0f, 0.0f}) {
    CHECK(error_of(value, "llama.attention.layer_norm_rms_epsilon").code == ErrorCode::BadHyperparameter);
    CHECK(error_of(value, "llama.rope.freq_base").code == ErrorCode::BadHyperparameter);
  }
  CHECK(error_of(0.0f, "llama.attention.layer_norm_rms_epsilon").expected == "1e-30 to 1");
}

TEST_CASE("experts that cannot be are refused by name") {
  const auto error_of = [](std::map<std::string, std::uint32_t> keys) {
    TinyModel tiny;
    tiny.keys = std::move(keys);
    return refused(tiny);
  };
  const auto missing = error_of({{"llama.expert_count", 8}});
  CHECK(missing.code == ErrorCode::MissingKey);
  CHECK(missing.subject == "llama.expert_used_count");
  for (const std::uint32_t used : {0u, 9u, 0xffffffffu}) {
    const auto error = error_of({{"llama.expert_count", 8}, {"llama.expert_used_count", used}});
    CHECK(error.code == ErrorCode::BadHyperparameter);
    CHECK(error.subject == "llama.expert_used_count");
  }
  for (const std::uint32_t count : {1u << 15, 0xffffffffu}) {
    const auto error = error_of({{"llama.expert_count", count}, {"llama.expert_used_count", 2}});
    CHECK(error.code == ErrorCode::BadHyperparameter);
    CHECK(error.subject == "llama.expert_count");
  }
  const auto wide = error_of(
      {{"llama.expert_count", 8}, {"llama.expert_used_count", 2}, {"llama.expert_feed_forward_length", 0xffffffffu}});
  CHECK(wide.code == ErrorCode::BadHyperparameter);
  CHECK(wide.subject == "llama.expert_feed_forward_length");
  // A dense file that says it has experts has none of their tensors.
  const auto dense = error_of({{"llama.expert_count", 8}, {"llama.expert_used_count", 2}});
  CHECK(dense.code == ErrorCode::MissingTensor);
  CHECK(dense.subject == "blk.0.ffn_gate_inp.weight");
}

TEST_CASE("fewer embedding rows than tokens is a shape mismatch") {
  TinyModel tiny;
  tiny.n_vocab = 200;
  const Error error = refused(tiny);
  CHECK(error.code == ErrorCode::ShapeMismatch);
  CHECK(error.subject == "token_embd.weight");
}

TEST_CASE("an unknown target is refused and the known ones are listed") {
  const Error error = refused({}, {.target = "z80"});
  CHECK(error.code == ErrorCode::TargetUnavailable);
  CHECK(error.expected.find("reference") != std::string::npos);
}

TEST_CASE("progress rises from 0 to 1 and can cancel at every report") {
  TinyModel tiny;
  tiny.n_layers = 5;
  const test::TempDir dir;
  const std::string path = dir.file("progress.gguf", tiny.bytes());
  for (const bool populate : {false, true}) {
    INFO("populate " << populate);
    std::vector<LoadProgress> seen;
    const auto with = [&](std::function<Feedback(const LoadProgress&)> progress) {
      return load(path, {.progress = std::move(progress), .populate = populate, .threads = 2});
    };
    REQUIRE(with([&](const LoadProgress& p) {
      seen.push_back(p);
      return Feedback::Continue;
    }));
    CHECK(seen.front().fraction == 0);
    CHECK(seen.back().fraction == 1);
    CHECK(std::is_sorted(seen.begin(), seen.end(), [](auto& a, auto& b) { return a.fraction < b.fraction; }));
    CHECK(std::is_sorted(seen.begin(), seen.end(), [](auto& a, auto& b) { return a.stage < b.stage; }));
    const auto of_stage = [&](LoadStage stage) {
      return std::count_if(seen.begin(), seen.end(), [&](const LoadProgress& p) { return p.stage == stage; });
    };
    CHECK(of_stage(LoadStage::Weights) == 1 + 5);
    CHECK((of_stage(LoadStage::Pages) > 0) == populate);
    // How many chunks this thread brings depends on the other, so the count of reports may differ: the last is 1.
    for (std::size_t stop = 0; stop + 1 < seen.size(); ++stop) {
      std::size_t calls = 0;
      const auto model = with([&](const LoadProgress& p) {
        return calls++ == stop || p.fraction == 1 ? Feedback::Halt : Feedback::Continue;
      });
      REQUIRE(!model);
      CHECK(model.error().code == ErrorCode::Cancelled);
      CHECK(model.error().file == path);
      CHECK(calls <= seen.size() + 50);
    }
    const auto at_end =
        with([](const LoadProgress& p) { return p.fraction == 1 ? Feedback::Halt : Feedback::Continue; });
    REQUIRE(!at_end);
    CHECK(at_end.error().code == ErrorCode::Cancelled);
  }
}

TEST_CASE("a populated model gives the same logits as one that is not") {
  const test::TempDir dir;
  const std::string path = dir.file("populated.gguf", TinyModel{}.bytes());
  std::vector<std::vector<float>> logits;
  for (const bool populate : {false, true}) {
    const auto model = load(path, {.populate = populate, .threads = 3});
    REQUIRE(model);
    auto session = model->session({.threads = 1});
    REQUIRE(session);
    const text::Token ids[] = {1, 2, 3};
    REQUIRE(session->feed(ids));
    logits.emplace_back(session->logits().begin(), session->logits().end());
  }
  CHECK(logits[0] == logits[1]);
}

TEST_CASE("a file that is cut while it is loaded is an error when its pages are brought, not a signal") {
  TinyModel tiny;
  tiny.n_ff = 4096;
  const test::TempDir dir;
  const std::string path = dir.file("cut.gguf", tiny.bytes());
  const auto model = load(path, {.progress =
                                     [&](const LoadProgress& p) {
                                       // Vectors have been copied by now; the last page is some matrix's.
                                       if (p.stage == LoadStage::Tokenizer) {
                                         std::filesystem::resize_file(path, tiny.bytes().size() / 2);
                                       }
                                       return Feedback::Continue;
                                     },
                                 .populate = true,
                                 .threads = 1});
  REQUIRE(!model);
  CHECK(model.error().code == ErrorCode::FileChanged);
  CHECK(model.error().file == path);
}

TEST_CASE("an engine of chosen formats refuses the others") {
  using Small = Engine<Archs<arch::Llama>, Formats<quant::F32, quant::Q8_0>>;
  TinyModel tiny;
  auto plain = tiny.file();
  REQUIRE(plain);
  CHECK(Small::load(*plain));
  tiny.type_id = quant::Q4_0::type_id;
  auto packed = tiny.file();
  REQUIRE(packed);
  const auto model = Small::load(*packed);
  REQUIRE(!model);
  CHECK(model.error().code == ErrorCode::UnsupportedFormat);
  CHECK(model.error().got == "Q4_0");
}

TEST_CASE("the plan names a kernel for every step and counts the weights a token reads") {
  TinyModel tiny;
  auto file = tiny.file();
  REQUIRE(file);
  const auto model = load(*file);
  REQUIRE(model);
  std::uint64_t matrices = 0;
  for (const auto& step : model->plan().steps()) CHECK(!step.info.kernels.of(FeedKind::Decode).empty());
  for (const auto& t : model->file().tensors()) {
    if (t.dims[1] > 1 && t.name != "token_embd.weight") matrices += t.n_bytes;
  }
  CHECK(model->plan().weight_bytes() == matrices + 64 * sizeof(float));
  // embedding, 5 phases a layer, head
  CHECK(model->plan().steps().size() == 1 + 5 * 2 + 1);
}

TEST_CASE("a model takes a tokenizer that fits it", "[runtime][text][hf]") {
  const TinyModel tiny;
  const auto file = gguf::File::from_bytes(tiny.bytes(), "tiny");
  REQUIRE(file);
  // A vocabulary of `n` tokens.
  const auto tokenizer = [](std::size_t n) {
    std::string json = R"({"model":{"type":"WordLevel","unk_token":"0","vocab":{"0":0)";
    for (std::size_t i = 1; i < n; ++i) json += ",\"" + std::to_string(i) + "\":" + std::to_string(i);
    return text::parse_tokenizer_json(json + "}}}", "tokenizer.json");
  };
  LoadOptions options;
  const auto fits = tokenizer(tiny.n_vocab), larger = tokenizer(tiny.n_vocab + 1);
  REQUIRE(fits);
  REQUIRE(larger);
  options.tokenizer = *fits;
  const auto model = load(*file, options);
  REQUIRE(model);
  CHECK(model->tokenizer() == fits->get());
  options.tokenizer = *larger;
  const auto refused = load(*file, options);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::BadTokenizer);
  CHECK(refused.error().subject == "tokenizer");
}
