// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Families as values: what is listed, what a file's tensors are checked for, that the picture of a family is what
// binding asks for, and experts in MXFP4.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/synth.hpp"
#include "lamina/convert/quantize.hpp"
#include "lamina/lamina.hpp"
#include "numbers.hpp"
#include "unit/gguf_temp.hpp"
#include "unit/logits.hpp"
#include "unit/tiny_model.hpp"

using namespace lamina;
using namespace std::string_view_literals;

namespace {

constexpr std::uint32_t n_layers = 3, n_vocab = 300;

std::vector<bench::SynthKey> some_keys(bool experts) {
  using namespace bench::synth;
  std::vector<bench::SynthKey> out = {count("context_length", 64),
                                      count("embedding_length", 64),
                                      count("feed_forward_length", 96),
                                      count("attention.head_count", 4),
                                      count("attention.head_count_kv", 2),
                                      count("attention.sliding_window", 16),
                                      count("leading_dense_block_count", 1),
                                      number("attention.layer_norm_rms_epsilon", 1e-5f),
                                      number("attention.layer_norm_epsilon", 1e-5f)};
  if (!experts) return out;
  out.push_back(count("expert_count", 4));
  out.push_back(count("expert_used_count", 2));
  out.push_back(count("expert_feed_forward_length", 32));
  out.push_back(count("expert_shared_feed_forward_length", 32));
  return out;
}

void add_optional(const LayerNode& node, std::vector<std::string_view>& out) {
  for (const nn::TensorSpec& spec : node.tensors) {
    if (spec.presence == nn::Presence::Optional || !spec.tied_to.empty()) out.push_back(spec.name);
  }
  for (const LayerNode& part : node.parts) add_optional(part, out);
}

Error unknown(std::string_view name) {
  gguf::Writer out;
  out.add("general.architecture", name);
  auto bytes = out.to_bytes();
  REQUIRE(bytes);
  auto file = gguf::File::from_bytes(std::move(*bytes), "x.gguf");
  REQUIRE(file);
  const auto model = load(*file);
  REQUIRE(!model);
  return model.error();
}

TensorCheck checked(const gguf::File& file, const LayerNode& layers) {
  auto check = check_tensors(file, *find_family(families(), "llama"), layers);
  if (!check) FAIL(check.error().to_string());
  return std::move(*check);
}

}  // namespace

TEST_CASE("every family is listed once, with words for people", "[families]") {
  std::set<std::string_view> names;
  for (const FamilyInfo& family : families()) {
    CAPTURE(family.name);
    CHECK(names.insert(family.name).second);
    CHECK(!family.title.empty());
    CHECK(!family.models.empty());
    CHECK(count_forms(family.layers()) >= 1);
    CHECK(find_family(families(), family.name) == &family);
  }
  CHECK(names.size() == arch::All::size);
  CHECK(find_family(families(), "nonsense") == nullptr);
  CHECK(Engine<Archs<arch::Llama>, Formats<quant::F32>>::families().size() == 1);
  const auto forms = [](std::string_view name) { return count_forms(find_family(families(), name)->layers()); };
  CHECK(forms("qwen2") == 1);
  CHECK(forms("llama") == 2);    // dense or experts
  CHECK(forms("granite") == 6);  // positions or none; dense, experts, or experts with shared ones
}

TEST_CASE("an unknown family is named, and the nearest one if it is near", "[families]") {
  const Error near = unknown("lama");
  CHECK(near.code == ErrorCode::UnknownArchitecture);
  CHECK(near.file == "x.gguf");
  CHECK(near.subject == "general.architecture");
  CHECK(near.got == "lama");
  CHECK(near.message.find("the nearest is llama") != std::string::npos);
  CHECK(near.expected.find("`llm families`") != std::string::npos);
  CHECK(unknown("qwen3_moe").message.find("the nearest is qwen3moe") != std::string::npos);
  for (const std::string_view far : {"mamba"sv, "rwkv6"sv, "clip"sv, ""sv}) {
    CAPTURE(far);
    const Error error = unknown(far);
    CHECK(error.code == ErrorCode::UnknownArchitecture);
    CHECK(error.message.find("nearest") == std::string::npos);
    CHECK(error.message.find("nor one whose name is near") != std::string::npos);
  }
  CHECK(unknown("\x1b[2J").got == "\\x1b[2J");
}

// Models are made from the picture of a family, and loading binds them by its types: both ask for the same tensors.
TEST_CASE("what the picture of a family shows is what loading uses", "[families]") {
  std::size_t n_run = 0;
  for (const FamilyInfo& family : families()) {
    std::vector<std::string_view> optional;
    add_optional(family.layers(), optional);
    for (const bool experts : {false, true}) {
      const auto keys = some_keys(experts);
      for (const auto& with : {std::vector<std::string_view>{}, optional}) {
        CAPTURE(family.name, experts, with.size());
        const bench::SynthShape shape{"x", "", family.name, n_layers, n_layers, n_vocab, false, keys, with};
        const auto synth = bench::SynthBuilder(shape, n_layers, *bench::synth_format("F32")).build("x", 1);
        if (!experts && !synth) {  // a family of experts alone
          CHECK(synth.error().subject.find("expert_count") != std::string::npos);
          continue;
        }
        if (!synth) FAIL(synth.error().to_string());
        const auto model = load(synth->file);
        if (!model) FAIL(model.error().to_string());
        for (const gguf::TensorInfo& tensor : synth->file.tensors()) {
          CAPTURE(tensor.name);
          CHECK(model->uses(tensor));
        }
        const LayerNode layers = family.layers();
        const auto check = check_tensors(synth->file, family, layers);
        REQUIRE(check);
        CHECK(check->n_missing == 0);
        CHECK(check->n_misshapen == 0);
        CHECK(check->extra.empty());
        const auto logits = test::logits_of(synth->file, {1, 7, 290, 3, 5, 8, 13, 21, 34, 55});
        CHECK(std::all_of(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); }));
        ++n_run;
      }
    }
  }
  CHECK(n_run > 3 * arch::All::size);
}

TEST_CASE("a file's tensors are checked all at once", "[families]") {
  const LayerNode layers = find_family(families(), "llama")->layers();
  test::TinyModel tiny;
  const auto whole = tiny.file();
  REQUIRE(whole);
  const TensorCheck none = checked(*whole, layers);
  CHECK(none.n_missing + none.n_misshapen + none.extra.size() == 0);
  CHECK(none.hparams.n_ff == 96);

  tiny.without_tensor = "blk.1.ffn_up.weight";
  const auto cut = tiny.file();
  REQUIRE(cut);
  const TensorCheck missing = checked(*cut, layers);
  CHECK(missing.n_missing == 1);
  CHECK(missing.n_misshapen == 0);
  std::size_t n_errors = 0;
  for (const auto& [node, found] : missing.nodes) {
    for (const auto& uses : found.uses) {
      for (const TensorCheck::Use& use : uses) {
        if (!use.error) continue;
        ++n_errors;
        CHECK(use.layer == 1);
        CHECK(use.error->code == ErrorCode::MissingTensor);
        CHECK(use.error->subject == "blk.1.ffn_up.weight");
      }
    }
  }
  CHECK(n_errors == 1);

  tiny.without_tensor.clear();
  tiny.keys["llama.feed_forward_length"] = 128;  // the tensors have 96
  const auto wide = tiny.file();
  REQUIRE(wide);
  CHECK(checked(*wide, layers).n_misshapen == 2 * 3);

  tiny.keys.clear();
  tiny.keys["llama.block_count"] = 1;
  const auto shallow = tiny.file();
  REQUIRE(shallow);
  CHECK(checked(*shallow, layers).extra.size() == 9);  // a whole layer
}

// gpt-oss as it is published, but small: experts in MXFP4 with biases, the rest Q8_0. The same weights as floats are
// what its kernels are measured against.
TEST_CASE("experts in MXFP4 agree with the same weights as floats", "[families]") {
  using namespace bench::synth;
  const std::vector<bench::SynthKey> keys = {count("context_length", 128),
                                             count("embedding_length", 64),
                                             count("feed_forward_length", 96),
                                             count("expert_feed_forward_length", 96),
                                             count("expert_count", 8),
                                             count("expert_used_count", 3),
                                             count("attention.head_count", 4),
                                             count("attention.head_count_kv", 2),
                                             count("attention.key_length", 32),
                                             count("attention.value_length", 32),
                                             count("attention.sliding_window", 16),
                                             number("attention.layer_norm_rms_epsilon", 1e-5f)};
  const bench::SynthShape shape{"x", "", "gpt-oss", 4, 4, n_vocab, false, keys, gpt_oss_with};
  const auto packed = bench::SynthBuilder(shape, 4, *bench::synth_format("MXFP4_MOE")).build("gpt-oss", 1);
  if (!packed) FAIL(packed.error().to_string());
  for (const char* name : {"blk.0.ffn_gate_exps.weight", "blk.3.ffn_up_exps.weight", "blk.2.ffn_down_exps.weight"}) {
    CHECK(packed->file.find(name)->type_id == quant::MXFP4::type_id);
  }
  CHECK(packed->file.find("blk.0.ffn_down_exps.bias") != nullptr);
  CHECK(packed->file.find("blk.0.attn_q.weight")->type_id == quant::Q8_0::type_id);

  const test::TempDir dir;
  const convert::QuantizeOptions options{.type = quant::file_type("F32")};
  const auto plan = convert::plan_quantization(packed->file, options);
  REQUIRE(plan);
  REQUIRE(convert::quantize(packed->file, *plan, dir / "floats.gguf", options, {}));
  const auto floats = gguf::File::open(dir / "floats.gguf");
  REQUIRE(floats);
  CHECK(floats->find("blk.0.ffn_gate_exps.weight")->type_id == quant::F32::type_id);

  std::vector<text::Token> ids(40);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<text::Token>((i * 37 + 11) % n_vocab);
  const auto exact = test::logits_of(*floats, ids, {.strict = true});
  CHECK(std::ranges::any_of(exact, [](float logit) { return logit != 0; }));
  for (const kernels::KernelTable* table : kernels::available_targets()) {
    const double bound = table->find(quant::MXFP4::type_id)->bf16_always ? 1e-3 : 1e-6;
    for (const std::size_t batch : {std::size_t{1}, std::size_t{5}, std::size_t{40}}) {
      CAPTURE(table->target, batch);
      const auto got = test::logits_of(packed->file, ids, {.batch = batch}, table->target);
      CHECK(test::nmse(got, exact) < bound);
    }
  }
}
