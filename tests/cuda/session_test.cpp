// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Whole models on the emulated device: the device's part of every layer, recordings, offload, and what does not fit.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <vector>

#include "lamina/kernels/cuda/emulated.hpp"
#include "lamina/lamina.hpp"
#include "numbers.hpp"
#include "unit/tiny_model.hpp"

namespace lamina::test {
namespace {

constexpr std::string_view emulated = gpu::EmulatedLauncher::target;

// The logits of all tokens, fed in pieces of such sizes.
std::vector<float> all_logits(const Model& model, const std::vector<std::size_t>& pieces, SessionOptions options = {}) {
  options.threads = 2;
  auto session = model.session(options);
  REQUIRE(session);
  std::vector<float> out;
  std::int32_t next = 3;
  for (const std::size_t n : pieces) {
    std::vector<std::int32_t> tokens(n);
    for (std::int32_t& t : tokens) t = next = (next * 7 + 5) % 200;
    const auto fed = session->feed(tokens, [&](std::size_t, std::span<const float> logits) {
      out.insert(out.end(), logits.begin(), logits.end());
      return Feedback::Continue;
    });
    REQUIRE(fed);
    REQUIRE(std::equal(session->logits().begin(), session->logits().end(), out.end() - 262));
  }
  return out;
}

Model loaded(const TinyModel& tiny, std::string_view target, std::optional<std::size_t> gpu_layers = {}) {
  LoadOptions options;
  if (target == emulated) {
    options.gpu = gpu::emulated_gpu(std::size_t{1} << 40);
  } else {
    options.target = target;
  }
  options.gpu_layers = gpu_layers;
  auto model = load(*tiny.file(), options);
  if (!model) FAIL(model.error().to_string());
  return std::move(*model);
}

const std::vector<std::size_t> decode = {5, 1, 1, 1, 1};

}  // namespace

TEST_CASE("emulated GPU: a model of every format gives the reference's logits") {
  for (const std::uint32_t type : {0u, 1u, 30u, 2u, 8u, 12u, 14u, 23u}) {
    TinyModel tiny;
    tiny.type_id = type;
    if (type >= 12 && type != 30) tiny.n_embd = 256, tiny.n_ff = 512;
    tiny.biases = type == 2;
    tiny.tied = type == 8;
    INFO("type " << type);
    const auto wanted = all_logits(loaded(tiny, "reference"), decode);
    REQUIRE(nmse(all_logits(loaded(tiny, emulated), decode), wanted) < 1e-7);
  }
}

TEST_CASE("emulated GPU: layers on both sides, and experts") {
  for (const std::uint32_t n_experts : {0u, 4u}) {
    TinyModel tiny;
    tiny.type_id = 8;
    tiny.n_layers = 3;
    tiny.n_experts = n_experts;
    const auto wanted = all_logits(loaded(tiny, "reference"), decode);
    for (const std::size_t layers : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{99}}) {
      INFO(layers << " layers, " << n_experts << " experts");
      const Model model = loaded(tiny, emulated, layers);
      REQUIRE(nmse(all_logits(model, decode), wanted) < 1e-7);
      REQUIRE((model.target() == emulated) == (layers >= 3));
      REQUIRE(model.plan().steps().back().info.kernels.of(FeedKind::Decode).find(emulated) != std::string::npos);
      const bool first =
          model.plan().steps().front().info.kernels.of(FeedKind::Decode).find(emulated) != std::string::npos;
      REQUIRE(first == (layers >= 3));
      // What runs on a GPU cannot be watched, and that is said.
      auto session = model.session({.context = 8});
      REQUIRE(session.has_value());
      const InputObserver observer = [](const MatmulInput&) {};
      const auto watched = session->observe_inputs(&observer);
      REQUIRE_FALSE(watched.has_value());
      REQUIRE(watched.error().code == ErrorCode::TargetUnavailable);
    }
  }
}

TEST_CASE("emulated GPU: prompts on tensor cores, and strict sessions without") {
  TinyModel tiny;
  tiny.type_id = 12;
  tiny.n_embd = 256;
  tiny.n_ff = 512;
  const std::vector<std::size_t> prompt = {40, 1, 1};
  const auto wanted = all_logits(loaded(tiny, "reference"), prompt);
  const Model model = loaded(tiny, emulated);
  REQUIRE(nmse(all_logits(model, prompt), wanted) < 2e-4);
  SessionOptions strict;
  strict.strict = true;
  const auto together = all_logits(model, prompt, strict);
  REQUIRE(nmse(together, wanted) < 1e-7);
  REQUIRE(together == all_logits(model, std::vector<std::size_t>(42, 1), strict));
}

TEST_CASE("emulated GPU: every cache type, deep in the context") {
  TinyModel tiny;
  tiny.n_embd = 128;
  tiny.n_ctx = 512;
  const std::vector<std::size_t> deep = {130, 1, 1, 130, 1, 1};
  for (const kernels::CacheType type : kernels::cache_types) {
    INFO(kernels::to_string(type));
    SessionOptions options;
    options.cache_type = type;
    options.strict = true;
    const auto wanted = all_logits(loaded(tiny, "reference"), deep, options);
    const Model model = loaded(tiny, emulated);
    // What is cached may be rounded the other way.
    const double most = type == kernels::CacheType::F32 ? 1e-8 : 1e-4;
    REQUIRE(nmse(all_logits(model, deep, options), wanted) < most);
    options.strict = false;
    REQUIRE(nmse(all_logits(model, deep, options), wanted) < most);
  }
}

TEST_CASE("emulated GPU: rewinding, and several sessions on one device") {
  TinyModel tiny;
  const Model model = loaded(tiny, emulated);
  auto a = model.session({}), b = model.session({});
  REQUIRE(a);
  REQUIRE(b);
  const std::vector<std::int32_t> tokens = {5, 9, 2}, other = {17};
  REQUIRE(a->feed(tokens));
  const std::vector<float> first(a->logits().begin(), a->logits().end());
  REQUIRE(b->feed(other));
  REQUIRE(a->rewind(3));
  REQUIRE(a->feed(tokens));
  REQUIRE(std::equal(first.begin(), first.end(), a->logits().begin()));
}

TEST_CASE("GPU: what does not fit is refused before anything is uploaded, and says what would fit") {
  TinyModel tiny;
  tiny.n_layers = 4;
  LoadOptions options;
  options.gpu = gpu::emulated_gpu(std::size_t{450} << 10);
  const auto model = load(*tiny.file(), options);
  REQUIRE(!model);
  REQUIRE(model.error().code == ErrorCode::OutOfMemory);
  REQUIRE(model.error().message.find(" of 4 layers would") != std::string::npos);
  const auto at = model.error().message.find(" of 4 layers would");
  const std::size_t fit = static_cast<std::size_t>(model.error().message[at - 1] - '0');
  REQUIRE(fit > 0);
  options.gpu_layers = fit;
  const auto fewer = load(*tiny.file(), options);
  REQUIRE(fewer);
  const auto session = fewer->session({});
  REQUIRE(!session);
  REQUIRE(session.error().code == ErrorCode::OutOfMemory);
  const auto memory = fewer->memory();
  REQUIRE(memory);
  REQUIRE(memory->gpu_total() > std::size_t{450} << 10);
}

TEST_CASE("GPU: without a device target cuda is a typed error") {
  LoadOptions options;
  options.target = "cuda";
  const auto model = load(*TinyModel{}.file(), options);
  if (model) {
    WARN("there is a CUDA device here: the error could not be tested");
    return;
  }
  REQUIRE(model.error().code == ErrorCode::TargetUnavailable);
  REQUIRE(model.error().message.find("no CUDA device: ") == 0);
}

}  // namespace lamina::test
