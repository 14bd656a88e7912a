// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Sessions: the same logits whatever the threads, batches and chunks; rewinding; typed ends; generation.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include "lamina/lamina.hpp"
#include "tiny_session.hpp"

using namespace lamina;
using namespace lamina::test;

TEST_CASE("logits have the same bits for any threads, and when strict for any batch, on every target") {
  for (const auto* table : all_targets()) {
    for (const std::uint32_t type : {0u, 1u, 2u, 8u, 30u}) {
      const bool rounds = table->find(type)->bf16_always;
      TinyModel tiny;
      tiny.type_id = type;
      tiny.biases = true;
      const Model model = load_tiny(tiny, std::string(table->target));
      const Ids ids = some_ids(23);
      const auto one = all_logits(model, ids, {.context = 0, .batch = 1, .threads = 1, .strict = true});
      REQUIRE(one.size() == ids.size() * 262);
      for (const std::size_t batch : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}}) {
        const auto fast = all_logits(model, ids, {.context = 0, .batch = batch, .threads = 1});
        CHECK(nmse(fast, one) < (rounds ? 1e-4 : 1e-7));
        const auto eight = all_logits(model, ids, {.context = 0, .batch = batch, .threads = 1, .prefill_bits = 8});
        CHECK(nmse(eight, one) < 1e-3);
        CHECK(same_bits(one, all_logits(model, ids, {.context = 0, .batch = batch, .threads = 1, .strict = true})));
        for (const std::size_t threads : {std::size_t{2}, std::size_t{3}}) {
          INFO(table->target << " type " << type << " threads " << threads << " batch " << batch);
          CHECK(same_bits(one,
                          all_logits(model, ids, {.context = 0, .batch = batch, .threads = threads, .strict = true})));
          if (batch < 7) continue;  // what the others run as well, in more steps that have to meet
          CHECK(same_bits(fast, all_logits(model, ids, {.context = 0, .batch = batch, .threads = threads})));
          CHECK(same_bits(
              eight, all_logits(model, ids, {.context = 0, .batch = batch, .threads = threads, .prefill_bits = 8})));
        }
      }
    }
  }
}

TEST_CASE("with experts logits have the same bits for any threads, and when strict for any batch") {
  for (const auto* table : kernels::available_targets()) {
    for (const std::uint32_t type : {0u, 1u, 2u, 8u}) {
      const bool rounds = table->find(type)->bf16_always;
      TinyModel tiny;
      tiny.type_id = type;
      tiny.n_experts = 5;
      const Model model = load_tiny(tiny, std::string(table->target));
      const Ids ids = some_ids(61);
      const auto one = all_logits(model, ids, {.context = 0, .batch = 1, .threads = 1, .strict = true});
      // Without the choice of experts all would be alike; with too few used they would not.
      tiny.n_experts_used = 1;
      const auto fewer = all_logits(load_tiny(tiny, std::string(table->target)), ids, {.context = 0, .threads = 1});
      CHECK(nmse(fewer, one) > 1e-3);
      for (const std::size_t batch : {std::size_t{1}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
        const auto fast = all_logits(model, ids, {.context = 0, .batch = batch, .threads = 1});
        if (rounds) {
          CHECK(median_nmse(fast, one, ids.size()) < 1e-4);
        } else {
          CHECK(nmse(fast, one) < 1e-7);
        }
        CHECK(same_bits(one, all_logits(model, ids, {.context = 0, .batch = batch, .threads = 1, .strict = true})));
        for (const std::size_t threads : {std::size_t{2}, std::size_t{3}}) {
          INFO(table->target << " type " << type << " threads " << threads << " batch " << batch);
          CHECK(same_bits(one,
                          all_logits(model, ids, {.context = 0, .batch = batch, .threads = threads, .strict = true})));
          if (batch < 7) continue;
          CHECK(same_bits(fast, all_logits(model, ids, {.context = 0, .batch = batch, .threads = threads})));
        }
      }
    }
  }
}

TEST_CASE("what decides on panels for experts is how many tokens an expert meets") {
  TinyModel tiny;
  tiny.n_layers = 1;
  tiny.n_ctx = 100;
  for (const auto* table : all_targets()) {
    const auto* q4_0 = table->find(2);
    for (const std::uint32_t up : {2u, 1u}) {  // beside Q4_0 F16, which has panels in bfloat16 alone
      // Other matrices are floats, whose panels only sum in another order.
      tiny.types = {{"ffn_up_exps.weight", up}, {"_exps.weight", 2}};
      const auto model_of = [&](std::uint32_t n_experts) {
        tiny.n_experts = n_experts;
        return load_tiny(tiny, std::string(table->target));
      };
      const auto run = [](const Model& model, std::size_t n_tokens, std::size_t threads, std::size_t bits,
                          bool strict = false) {
        return all_logits(
            model, some_ids(n_tokens),
            {.context = 0, .batch = n_tokens, .threads = threads, .prefill_bits = bits, .strict = strict});
      };
      constexpr std::size_t few = runtime::panel_min_tokens + 1;
      const Model scattered = model_of(60), crowded = model_of(3), mixed = model_of(12);
      const auto of_scattered = run(scattered, few, 1, 16, true), of_crowded = run(crowded, 99, 1, 16, true),
                 of_mixed = run(mixed, 40, 1, 16, true);
      for (const std::size_t bits : {std::size_t{16}, std::size_t{8}}) {
        INFO(table->target << " up in " << up << ", " << bits << " bits");
        const double error = bits == 8 || q4_0->bf16_always ? 1e-3 : 1e-7;
        // A batch that other matrices meet as panels, of whose tokens, two of 60 experts each, none meets so many.
        CHECK(nmse(run(scattered, few, 1, bits), of_scattered) < order_of_sums);
        // 99 tokens and 3 experts: more than a tile of tokens each.
        const auto many = run(crowded, 99, 1, bits);
        if (panels_round(*table, *q4_0, bits)) CHECK(nmse(many, of_crowded) > order_of_sums);
        CHECK(nmse(many, of_crowded) < error);
        CHECK(same_bits(many, run(crowded, 99, 2, bits)));
        // Some experts meet many tokens and some few.
        const auto some = run(mixed, 40, 1, bits);
        CHECK(nmse(some, of_mixed) < error);
        CHECK(same_bits(some, run(mixed, 40, 3, bits)));
      }
    }
  }
}

TEST_CASE("a token reads the experts that it chose alone") {
  TinyModel tiny;
  tiny.n_experts = 8;
  const Model model = load_tiny(tiny);
  std::uint64_t experts = 0, others = 0;
  for (const auto& t : model.file().tensors()) {
    if (t.dims[2] > 1) {
      experts += t.n_bytes;
    } else if (t.dims[1] > 1 && t.name != "token_embd.weight") {
      others += t.n_bytes;
    }
  }
  CHECK(model.plan().weight_bytes() == others + experts / 4 + 64 * sizeof(float));
}

TEST_CASE("prefill_bits is 8 or 16") {
  const Model model = load_tiny(TinyModel{}, "");
  const auto session = model.session({.prefill_bits = 4});
  REQUIRE(!session);
  CHECK(session.error().code == ErrorCode::BadArgument);
  CHECK(session.error().subject == "prefill_bits");
}

TEST_CASE("deep in the context logits have the same bits for any threads, batches and chunks and every cache type") {
  // Heads of 32 values, and tokens enough for three blocks of keys; the last 20 fall on both sides of a block's end.
  TinyModel tiny;
  tiny.n_layers = 1;
  tiny.n_head = 2;
  tiny.n_ctx = 320;
  const Ids ids = some_ids(266);
  const std::size_t most = ids.size() - 20;
  // The logits of the last 20 tokens, fed in chunks.
  const auto run = [&](const Model& model, SessionOptions options, std::size_t chunk) {
    Session session = open(model, options);
    if (auto ok = session.feed(std::span(ids).first(most)); !ok) FAIL(ok.error().to_string());
    std::vector<float> rows;
    for (std::size_t i = most; i < ids.size(); i += chunk) {
      const auto ok = session.feed(std::span(ids).subspan(i, std::min(chunk, ids.size() - i)),
                                   [&](std::size_t, std::span<const float> row) {
                                     rows.insert(rows.end(), row.begin(), row.end());
                                     return Feedback::Continue;
                                   });
      if (!ok) FAIL(ok.error().to_string());
    }
    return rows;
  };
  for (const std::uint32_t n_head_kv : {1u, 2u}) {
    tiny.n_head_kv = n_head_kv;
    for (const auto* table : kernels::available_targets()) {
      const Model model = load_tiny(tiny, std::string(table->target));
      for (const CacheType type : kernels::cache_types) {
        INFO(table->target << " " << to_string(type) << " KV heads " << n_head_kv);
        const auto want = run(model, {.batch = 1, .threads = 1, .strict = true, .cache_type = type}, 1);
        for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{8}, std::size_t{20}}) {
          for (const std::size_t threads : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
            INFO("threads " << threads << " chunks of " << chunk);
            CHECK(same_bits(want,
                            run(model, {.batch = 100, .threads = threads, .strict = true, .cache_type = type}, chunk)));
          }
        }
      }
    }
  }
}

TEST_CASE("smaller cache types stay close to float32 and take less memory") {
  TinyModel tiny;
  tiny.n_head = 2;
  tiny.n_ctx = 320;
  const Model model = load_tiny(tiny);
  const Ids ids = some_ids(300);
  const auto exact = all_logits(model, ids, {.threads = 1});
  const auto bytes = [&](CacheType type) {
    return model.memory({.context = 300, .strict = true, .cache_type = type})->cache;
  };
  // 2 layers · 2 heads · (32 + 32) values · 384 positions, whole blocks of 128
  CHECK(bytes(CacheType::F32) == 2 * 2 * 64 * 384 * 4);
  CHECK(bytes(CacheType::F16) == 2 * 2 * 64 * 384 * 2);
  CHECK(bytes(CacheType::BF16) == 2 * 2 * 64 * 384 * 2);
  CHECK(bytes(CacheType::Q8_0) == 2 * 2 * 64 * 384 / 32 * 34);
  struct Bounds {
    CacheType type;
    double low, high;  // of the error: a cache that rounds is seen to
  };
  for (const Bounds b : {Bounds{CacheType::F16, 1e-12, 1e-6}, Bounds{CacheType::BF16, 1e-8, 1e-5},
                         Bounds{CacheType::Q8_0, 1e-8, 1e-3}}) {
    INFO(to_string(b.type));
    const double error = nmse(all_logits(model, ids, {.threads = 1, .cache_type = b.type}), exact);
    CHECK(error > b.low);
    CHECK(error < b.high);
  }
}

TEST_CASE("a cache type that a model's heads do not fit is refused") {
  const Model model = load_tiny({});  // heads of 16 values
  for (const auto& refused : {model.session({.cache_type = CacheType::Q8_0}).error(),
                              model.memory({.cache_type = CacheType::Q8_0}).error()}) {
    CHECK(refused.code == ErrorCode::BadArgument);
    CHECK(refused.subject == "cache_type");
    CHECK(refused.got == "16");
  }
  CHECK(model.session({.cache_type = CacheType::F16}));
}

TEST_CASE("every target agrees with the reference") {
  TinyModel tiny;
  const Ids ids = some_ids(17);
  const auto reference = all_logits(load_tiny(tiny, "reference"), ids, {.threads = 1});
  for (const auto* table : all_targets()) {
    INFO(table->target);
    CHECK(nmse(all_logits(load_tiny(tiny, std::string(table->target)), ids, {.threads = 2}), reference) < 1e-11);
  }
}

TEST_CASE("a file with experts of the other byte order gives the same logits") {
  TinyModel tiny;
  tiny.n_experts = 3;
  tiny.type_id = 8;
  const auto want = all_logits(load_tiny(tiny), some_ids(9), {});
  tiny.order = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
  CHECK(same_bits(all_logits(load_tiny(tiny), some_ids(9), {}), want));
}

TEST_CASE("a file of the other byte order gives the same logits") {
  for (const std::uint32_t type : {0u, 1u, 8u}) {
    TinyModel tiny;
    tiny.type_id = type;
    const Ids ids = some_ids(9);
    const auto native = all_logits(load_tiny(tiny), ids, {.threads = 1});
    tiny.order = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
    const Model swapped = load_tiny(tiny);
    CHECK(same_bits(native, all_logits(swapped, ids, {.threads = 1})));
    const auto memory = swapped.memory();
    REQUIRE(memory);
    CHECK(memory->copies > 0);
  }
}

TEST_CASE("tied embeddings serve as the head") {
  TinyModel tiny;
  tiny.tied = true;
  const Model model = load_tiny(tiny);
  REQUIRE(model.plan().head().back().info.tensors.size() == 1);
  CHECK(model.plan().head().back().info.tensors[0].name == "token_embd.weight");
  CHECK(all_logits(model, some_ids(3), {.threads = 1}).size() == 3 * 262);
}

TEST_CASE("rewinding forgets, and feeding again repeats") {
  const Model model = load_tiny({});
  Session session = open(model, {.threads = 2, .strict = true});
  const Ids ids = some_ids(12);
  REQUIRE(session.feed(ids));
  const std::vector<float> before(session.logits().begin(), session.logits().end());
  REQUIRE(session.rewind(5));
  CHECK(session.position() == 7);
  CHECK(session.logits().empty());
  REQUIRE(session.feed(std::span(ids).subspan(7)));
  CHECK(same_bits(before, {session.logits().begin(), session.logits().end()}));
  const auto too_far = session.rewind(13);
  REQUIRE(!too_far);
  CHECK(too_far.error().code == ErrorCode::BadArgument);
  CHECK(session.position() == 12);
}

TEST_CASE("a full context and bad ids are refused and change nothing") {
  const Model model = load_tiny({});
  Session session = open(model, {.context = 10, .threads = 1});
  REQUIRE(session.feed(some_ids(8)));
  const auto full = session.feed(some_ids(3));
  REQUIRE(!full);
  CHECK(full.error().code == ErrorCode::ContextFull);
  CHECK(full.error().got == "3");
  for (const text::Token bad : {-1, 262, 2147483647}) {
    const Ids ids = {1, bad};
    const auto refused = session.feed(ids);
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::BadToken);
    CHECK(refused.error().subject == "token 1");
  }
  CHECK(session.position() == 8);
  CHECK(!session.logits().empty());
  CHECK(session.feed({}).error().code == ErrorCode::BadArgument);
  CHECK(session.feed(some_ids(2)));
}

TEST_CASE("session options out of bounds are refused") {
  const Model model = load_tiny({});
  for (const SessionOptions bad : {SessionOptions{.context = 0, .batch = 0, .threads = 1},
                                   SessionOptions{.context = 0, .batch = 1, .threads = 100000},
                                   SessionOptions{.context = static_cast<std::size_t>(-1), .batch = 1, .threads = 1}}) {
    const auto session = model.session(bad);
    REQUIRE(!session);
    CHECK(session.error().code == ErrorCode::BadArgument);
  }
  // A context that no machine can hold is an error, not a crash.
  TinyModel wide;
  const auto huge = load_tiny(wide).session({.context = std::size_t{1} << 30, .batch = 1, .threads = 1});
  if (!huge) CHECK(huge.error().code == ErrorCode::OutOfMemory);
}

TEST_CASE("a callback that halts ends the feed with Cancelled") {
  const Model model = load_tiny({});
  Session session = open(model, {.context = 0, .batch = 4, .threads = 1});
  std::size_t calls = 0;
  const auto halted = session.feed(some_ids(12), [&](std::size_t i, std::span<const float>) {
    ++calls;
    return i == 5 ? Feedback::Halt : Feedback::Continue;
  });
  REQUIRE(!halted);
  CHECK(halted.error().code == ErrorCode::Cancelled);
  CHECK(calls == 6);
  CHECK(session.position() == 8);
  CHECK(session.feed(some_ids(1)));
}

TEST_CASE("two threads in one session: the second is told that it is busy") {
  const Model model = load_tiny({});
  Session session = open(model, {.threads = 1});
  std::atomic<bool> seen = false;
  const auto ok = session.feed(some_ids(2), [&](std::size_t, std::span<const float>) {
    std::thread other([&] {
      const auto refused = session.feed(some_ids(1));
      seen = !refused && refused.error().code == ErrorCode::Busy;
    });
    other.join();
    return Feedback::Continue;
  });
  CHECK(ok);
  CHECK(seen);
}

TEST_CASE("sessions of one model run side by side with the results of one alone") {
  const Model model = load_tiny({});
  const Ids ids = some_ids(20);
  const auto alone = all_logits(model, ids, {.threads = 1});
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> equal = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { equal += same_bits(alone, all_logits(model, ids, {.threads = 2})); });
  }
  for (auto& t : threads) t.join();
  CHECK(equal == 4);
}

TEST_CASE("generation repeats for a seed, stops where it should and reports why") {
  const Model model = load_tiny({});
  GenerateOptions options;
  options.max_tokens = 12;
  options.ignore_end = true;
  options.sampler.seed = 5;
  const auto text = [&](const GenerateOptions& o) {
    Session session = open(model, {.threads = 2});
    std::string out;
    Generation generation = session.generate("ab", o);
    for (const std::string_view piece : generation) out += piece;
    CHECK(!generation.error());
    return out;
  };
  CHECK(text(options) == text(options));
  GenerateOptions other = options;
  other.sampler.seed = 6;
  CHECK(text(options) != text(other));

  Session session = open(model, {.context = 8, .threads = 1});
  GenerateOptions endless = options;
  endless.max_tokens = 100;
  Generation full = session.generate("ab", endless);
  for (auto piece : full) (void)piece;
  CHECK(full.reason() == StopReason::ContextFull);
  CHECK(session.position() == 8);

  Session halting = open(model, {.threads = 1});
  Generation halted = halting.generate("ab", options);
  const auto why = halted.run([](std::string_view) { return Feedback::Halt; });
  REQUIRE(why);
  CHECK(*why == StopReason::Halted);

  Session bad = open(model, {.threads = 1});
  GenerateOptions wrong;
  wrong.sampler.top_p = -1;
  Generation refused = bad.generate("ab", wrong);
  for (auto piece : refused) (void)piece;
  REQUIRE(refused.error());
  CHECK(refused.error()->code == ErrorCode::BadArgument);
}

TEST_CASE("a model without a known vocabulary still takes ids, and says why text fails") {
  TinyModel tiny;
  tiny.vocabulary = false;
  const Model model = load_tiny(tiny);
  CHECK(model.tokenizer() == nullptr);
  REQUIRE(model.tokenizer_error());
  Session session = open(model, {.threads = 1});
  CHECK(session.feed(some_ids(4)));
  Generation generation = session.generate("x");
  CHECK(generation.begin() == generation.end());
  REQUIRE(generation.error());
}

TEST_CASE("steps are timed when asked, and only then") {
  const Model model = load_tiny(TinyModel{});
  Session session = open(model, {.context = 0, .batch = 4, .threads = 2});
  std::vector<StepTime> times(model.plan().steps().size());
  REQUIRE(session.time_steps(times));
  REQUIRE(session.feed(some_ids(9)));  // three batches, one row of logits
  for (std::size_t i = 0; i < times.size(); ++i) {
    INFO(model.plan().steps()[i].info.phase);
    CHECK(times[i].calls == (i < model.plan().body().size() ? 3 : 1));
    CHECK(times[i].seconds > 0);
  }
  const std::vector<StepTime> before = times;
  REQUIRE(session.time_steps({}));
  REQUIRE(session.feed(some_ids(2)));
  CHECK(times.front().calls == before.front().calls);

  times.pop_back();
  const auto wrong = session.time_steps(times);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::BadArgument);
}
