// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Phases whose matrices have several formats: each is multiplied by the kernel of its own format, the plan says which,
// and strict sessions give the same bits whatever is fed together.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "lamina/lamina.hpp"
#include "tiny_session.hpp"

using namespace lamina;
using namespace lamina::test;

namespace {

constexpr std::uint32_t f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 8, bf16 = 30;

const TensorUse& use_of(const Model& model, const std::string& name) {
  for (const auto& step : model.plan().steps()) {
    for (const TensorUse& tensor : step.info.tensors) {
      if (tensor.name == name) return tensor;
    }
  }
  FAIL("the plan does not name " + name);
  throw std::logic_error(name);
}

}  // namespace

TEST_CASE("floats beside integers do not keep the integers from their panels") {
  for (const auto* table : all_targets()) {
    // Floats only sum in another order, so only the phase of two formats can change more than that.
    TinyModel tiny;
    tiny.types = {{"attn_k.weight", q8_0}, {"attn_v.weight", q4_0}};
    const Model model = load_tiny(tiny, std::string(table->target));
    const Ids ids = some_ids(40);
    const auto one = all_logits(model, ids, {.batch = 1, .threads = 1});
    const auto many = all_logits(model, ids, {.batch = 40, .threads = 1});
    const auto& kernel = *table->find(q8_0);
    INFO(table->target);
    if (panels_round(*table, kernel)) CHECK(nmse(many, one) > order_of_sums);
    CHECK(nmse(many, one) < (kernel.bf16_always ? 1e-4 : 1e-7));
  }
}

TEST_CASE("phases of several formats agree with one token at a time, with the same bits for any threads") {
  struct Mix {
    std::uint32_t all;
    std::map<std::string, std::uint32_t> types;
  };
  const std::vector<Mix> mixes = {
      {f16, {{"attn_k.weight", q8_0}, {"ffn_up.weight", q4_0}}},
      {q8_0, {{"attn_q.weight", bf16}, {"attn_v.weight", f32}, {"ffn_gate.weight", f16}}},
      {f32, {{"attn_q.weight", f16}, {"attn_k.weight", q8_0}, {"ffn_gate.weight", q4_0}, {"ffn_up.weight", bf16}}},
      {q4_0, {{"ffn_gate_exps.weight", f16}, {"ffn_down_exps.weight", bf16}, {"attn_q.weight", f16}}},
      {f32, {{"ffn_gate_exps.weight", q8_0}, {"ffn_up_exps.weight", bf16}}}};
  for (const auto* table : all_targets()) {
    for (const Mix& mix : mixes) {
      TinyModel tiny;
      tiny.type_id = mix.all;
      tiny.types = mix.types;
      tiny.n_experts = mix.types.contains("ffn_gate_exps.weight") ? 5 : 0;
      const Model model = load_tiny(tiny, std::string(table->target));
      const Ids ids = some_ids(61);
      const auto one = all_logits(model, ids, {.batch = 1, .threads = 1, .strict = true});
      const bool rounds = table->find(q8_0)->bf16_always;
      for (const std::size_t batch : {runtime::panel_min_tokens + 1, std::size_t{61}}) {
        const auto fast = all_logits(model, ids, {.batch = batch, .threads = 1});
        const auto eight = all_logits(model, ids, {.batch = batch, .threads = 1, .prefill_bits = 8});
        INFO(table->target << " mix " << &mix - mixes.data() << " batch " << batch);
        CHECK(median_nmse(fast, one, ids.size()) < (rounds ? 1e-4 : 1e-7));
        CHECK(median_nmse(eight, one, ids.size()) < 1e-3);
        const SessionOptions strict{.batch = batch, .threads = 2, .prefill_bits = 8, .strict = true};
        CHECK(same_bits(one, all_logits(model, ids, strict)));
        for (const std::size_t threads : {std::size_t{2}, std::size_t{3}}) {
          INFO("threads " << threads);
          CHECK(same_bits(fast, all_logits(model, ids, {.batch = batch, .threads = threads})));
          CHECK(same_bits(eight, all_logits(model, ids, {.batch = batch, .threads = threads, .prefill_bits = 8})));
        }
      }
    }
  }
}

TEST_CASE("the plan names the kernels of each tensor, and which are not the fast ones") {
  for (const auto* table : all_targets()) {
    INFO(table->target);
    TinyModel tiny;
    tiny.n_embd = 256;
    tiny.n_ff = 96;
    tiny.type_id = q8_0;
    tiny.types = {{"attn_q.weight", f16}, {"ffn_up.weight", f32}};
    const Model model = load_tiny(tiny, std::string(table->target));
    for (const std::string name : {"attn_q", "attn_k", "ffn_gate", "ffn_up", "ffn_down"}) {
      INFO(name);
      const std::string tensor = "blk.1." + name + ".weight";
      const TensorUse& use = use_of(model, tensor);
      const auto& kernel = *table->find(model.file().find(tensor)->type_id);
      CHECK(use.kernels.of(FeedKind::Decode) == kernel.kernel);
      for (const bool eight : {false, true}) {
        const FeedKind kind = eight ? FeedKind::PrefillEight : FeedKind::Prefill;
        CHECK(use.kernels.of(kind) == kernel.kernel_of(kernel.method(eight)));
        CHECK(use.lacks_panels(kind) == (kernel.method(eight) == kernels::Method::Rows));
      }
      // 96 of each row's 96 weights, where kernels work in chunks.
      CHECK(use.ragged == (name == "ffn_down" && kernel.int_activations));
    }
    for (const auto& step : model.plan().steps()) {
      CHECK(step.info.slow == table->slow);
      CHECK(!step.info.kernels.of(FeedKind::Decode).empty());
    }
    const TensorUse& table_of_tokens = use_of(model, "token_embd.weight");
    CHECK(table_of_tokens.kernels.of(FeedKind::Prefill) == "dequantize");
    CHECK(!table_of_tokens.lacks_panels(FeedKind::Prefill));
  }
}

TEST_CASE("strict sessions give the same bits for every batch, number of threads, chunk and cache type") {
  TinyModel tiny;
  tiny.n_layers = 1;
  tiny.n_head = 2;  // heads of 32 values, which every cache type takes
  tiny.n_head_kv = 1;
  tiny.type_id = q8_0;
  tiny.types = {{"attn_k.weight", f16}, {"ffn_up.weight", q4_0}, {"ffn_down.weight", f32}};
  const Ids ids = some_ids(20);
  const auto run = [&](const Model& model, const SessionOptions& options, std::size_t chunk) {
    Session session = open(model, options);
    std::vector<float> rows;
    for (std::size_t i = 0; i < ids.size(); i += chunk) {
      const auto ok = session.feed(std::span(ids).subspan(i, std::min(chunk, ids.size() - i)),
                                   [&](std::size_t, std::span<const float> row) {
                                     rows.insert(rows.end(), row.begin(), row.end());
                                     return Feedback::Continue;
                                   });
      if (!ok) FAIL(ok.error().to_string());
    }
    return rows;
  };
  for (const auto* table : all_targets()) {
    const Model model = load_tiny(tiny, std::string(table->target));
    for (const CacheType type : kernels::cache_types) {
      const auto want = run(model, {.batch = 1, .threads = 1, .strict = true, .cache_type = type}, 1);
      for (const std::size_t batch : std::initializer_list<std::size_t>{1, 2, 3, 5, 8, 9, 16, 17}) {
        for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
          for (const std::size_t chunk : {std::size_t{5}, ids.size()}) {
            INFO(table->target << " " << to_string(type) << " batch " << batch << " threads " << threads << " chunk "
                               << chunk);
            CHECK(same_bits(
                want, run(model, {.batch = batch, .threads = threads, .strict = true, .cache_type = type}, chunk)));
          }
        }
      }
    }
  }
}
