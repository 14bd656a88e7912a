// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What llm-bench counts: lists of numbers, percentiles, and the bytes and operations of a plan.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/synth.hpp"
#include "llm-bench/ranges.hpp"
#include "llm-bench/stats.hpp"
#include "llm-bench/work.hpp"

using namespace lamina;
using Numbers = std::vector<std::size_t>;

namespace {

Numbers numbers(std::string_view text) {
  const auto list = bench::RangeParser(0, 100000).parse(text);
  if (!list) FAIL(list.error().to_string());
  return *list;
}

}  // namespace

TEST_CASE("lists and ranges of numbers") {
  CHECK(numbers("512") == Numbers{512});
  CHECK(numbers("1,2,4") == Numbers{1, 2, 4});
  CHECK(numbers("4,2,2") == Numbers{4, 2, 2});
  CHECK(numbers("3-6") == Numbers{3, 4, 5, 6});
  CHECK(numbers("7-7") == Numbers{7});
  CHECK(numbers("100-600+200") == Numbers{100, 300, 500});
  CHECK(numbers("64-512*2") == Numbers{64, 128, 256, 512});
  CHECK(numbers("1-3,24,32-100*1.5") == Numbers{1, 2, 3, 24, 32, 48, 72});
  CHECK(numbers("1-7*1.5") == Numbers{1, 2, 3, 4, 5, 7});  // rounded down, and always rising
  CHECK(numbers("0-4+2") == Numbers{0, 2, 4});
  CHECK(numbers("5-99999*inf") == Numbers{5});
  CHECK(numbers("1-1000").size() == 1000);
  CHECK(bench::RangeParser(0, SIZE_MAX).parse("18446744073709551614-18446744073709551615")->size() == 2);
}

TEST_CASE("lists that make no sense are refused, naming the item") {
  for (const std::string text : {"",           ",",    "1,",    "a",       "-1",       "1-",     "5-1",
                                 "1-4+0",      "1-4+", "1-4*1", "1-4*0.5", "1-4*nan",  "1-4*-2", "0-4*2",
                                 "1-4x2",      "4*2",  "1.5",   "1-1001",  "1-100001", " 1",     "99999999999999999999",
                                 "1-500,1-501"}) {
    INFO(text);
    const auto list = bench::RangeParser(0, 100000).parse(text);
    REQUIRE_FALSE(list);
    CHECK(list.error().code == ErrorCode::BadArgument);
    CHECK(list.error().to_string().find('\'') != std::string::npos);
  }
  CHECK_FALSE(bench::RangeParser(1, 10).parse("0"));
  CHECK_FALSE(bench::RangeParser(1, 10).parse("5-11"));
}

TEST_CASE("percentiles are samples") {
  const std::vector<double> samples = {5, 1, 4, 2, 3};
  CHECK(bench::percentile(samples, 0.5) == 3);
  CHECK(bench::percentile(samples, 0.2) == 1);
  CHECK(bench::percentile(samples, 0.21) == 2);
  CHECK(bench::percentile(samples, 0.99) == 5);
  CHECK(bench::percentile(samples, 1) == 5);
  CHECK(bench::percentile({}, 0.5) == 0);
}

TEST_CASE("bytes and operations of a plan") {
  auto synth = bench::make_synth("synth:tiny:F32", 1);
  REQUIRE(synth);
  const auto model = load(synth->file, {});
  REQUIRE(model);
  // synth:tiny: 2 layers, 256 wide, 4 heads of 64 and 2 KV heads, FFN of 512, vocabulary of 512; 4 bytes a weight
  const double layers = 2 * (2 * 256 * 256 + 2 * 256 * 128 + 3 * 256 * 512), head = 256 * 512, row = 256;
  const double cache = 2 * 2 * 128 * 4;  // bytes per position: layers × (keys, values) × KV values × float
  const std::size_t position_bytes = runtime::KvCache::position_bytes(model->hparams(), CacheType::F32);
  REQUIRE(static_cast<double>(position_bytes) == cache);
  const bench::WorkCounter counter(*model, position_bytes);

  const bench::Work decode = counter.of({.depth = 10, .n_tokens = 3, .batch = 512, .one_by_one = true});
  CHECK(decode.operations == 2 * 3 * (layers + head));
  CHECK(decode.bytes == 3 * 4 * (layers + head + row) + cache * (11 + 12 + 13));

  const bench::Work prefill = counter.of({.depth = 10, .n_tokens = 7, .batch = 4, .one_by_one = false});
  CHECK(prefill.operations == 2 * (7 * layers + head));
  CHECK(prefill.bytes == 2 * 4 * layers + 4 * head + 7 * 4 * row + cache * (14 + 17));

  // Attention: all 3 tokens together look at 11 + 12 + 13 keys, each of 4 heads × (64 + 64) multiply-adds.
  std::size_t n_attention = 0;
  for (std::size_t i = 0; i < model->plan().steps().size(); ++i) {
    if (bench::kind_of(model->plan(), i) != bench::StepKind::Attention) continue;
    ++n_attention;
    const auto work = counter.of_step(i, {.depth = 10, .n_tokens = 3, .batch = 512, .one_by_one = false});
    CHECK(work.operations == 2.0 * 36 * 4 * 128);
    CHECK(work.bytes == cache / 2 * 13);
  }
  CHECK(n_attention == 2);
}

TEST_CASE("bytes and operations of experts and of windows") {
  using namespace bench::synth;
  const std::vector<bench::SynthKey> keys = {count("context_length", 128),
                                             count("embedding_length", 64),
                                             count("feed_forward_length", 32),
                                             count("expert_count", 8),
                                             count("expert_used_count", 2),
                                             count("attention.head_count", 4),
                                             count("attention.head_count_kv", 2),
                                             count("attention.sliding_window", 16),
                                             number("attention.layer_norm_rms_epsilon", 1e-5f)};
  const bench::SynthShape shape{"x", "", "gpt-oss", 2, 2, 300, false, keys, untied};
  auto synth = bench::SynthBuilder(shape, 2, *bench::synth_format("F32")).build("x", 1);
  REQUIRE(synth);
  const auto model = load(synth->file, {});
  REQUIRE(model);
  const std::size_t position_bytes = runtime::KvCache::position_bytes(model->hparams(), CacheType::F32);
  const bench::WorkCounter counter(*model, position_bytes);
  const double expert = 3 * 64 * 32, dense = 2 * 64 * 64 + 2 * 64 * 32 + 64 * 8, head = 300 * 64;
  const double cache = 2 * 32 * 4;  // bytes per position and layer
  const bench::Feeding one{.depth = 40, .n_tokens = 1, .batch = 1, .one_by_one = true};
  CHECK(counter.of(one).operations == 2 * (2 * (dense + 2 * expert) + head));
  CHECK(counter.of(one).bytes == Approx(4 * (2 * (dense + 2 * expert) + head + 64) + cache * (16 + 41)));
  // Three tokens that choose 2 of 8 each leave 0.75³ of the experts alone.
  const bench::Feeding three{.depth = 40, .n_tokens = 3, .batch = 3, .one_by_one = false};
  const double chosen = 8 * (1 - 0.75 * 0.75 * 0.75);
  CHECK(counter.of(three).operations == 2 * (3 * 2 * (dense + 2 * expert) + head));
  CHECK(counter.of(three).bytes == Approx(4 * (2 * (dense + chosen * expert) + head + 3 * 64) + cache * (18 + 43)));
}
