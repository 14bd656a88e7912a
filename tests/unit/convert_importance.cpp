// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Importance matrices: every matrix is seen, with the tokens that it meets and no others, and files keep what was
// found.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lamina/convert/importance.hpp"
#include "lamina/convert/importance_file.hpp"
#include "lamina/convert/importance_matrix.hpp"
#include "lamina/lamina.hpp"
#include "unit/gguf_temp.hpp"
#include "unit/tiny_model.hpp"

namespace {

using namespace lamina;
using convert::ImportanceData;
using Ids = std::vector<text::Token>;

Ids some_ids(std::size_t n) {
  Ids ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<text::Token>((i * 37 + 11) % 262);
  return ids;
}

ImportanceData compute(const Model& model, SessionOptions options, bool head = false) {
  options.context = 20;
  auto session = model.session(options);
  REQUIRE(session.has_value());
  auto data = convert::compute_importance(*session, some_ids(67), {.head = head, .data_set = "ids"});
  if (!data) FAIL(data.error().to_string());
  return *data;
}

Model load_tiny(std::uint32_t n_experts, std::uint32_t type_id, const std::string& target = {}) {
  test::TinyModel tiny;
  tiny.n_experts = n_experts;
  tiny.type_id = type_id;
  auto file = tiny.file();
  REQUIRE(file.has_value());
  auto model = load(*file, {.target = target, .progress = {}});
  if (!model) FAIL(model.error().to_string());
  return *model;
}

double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum;
}

bool same(const ImportanceData& a, const ImportanceData& b) {
  return std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && x.second.sums == y.second.sums && x.second.counts == y.second.counts;
                    });
}

void check_close(const ImportanceData& a, const ImportanceData& b, double tolerance) {
  REQUIRE(a.entries.size() == b.entries.size());
  for (const auto& [name, entry] : a.entries) {
    INFO(name);
    const auto& other = b.entries.at(name);
    CHECK(entry.counts == other.counts);
    double difference = 0, power = 0;
    for (std::size_t i = 0; i < entry.sums.size(); ++i) {
      difference += std::pow(entry.sums[i] - other.sums[i], 2);
      power += std::pow(other.sums[i], 2);
    }
    CHECK(difference <= tolerance * tolerance * power);
  }
}

}  // namespace

TEST_CASE("inputs of matrices are summed over the tokens that each meets, on every target", "[convert][imatrix]") {
  for (const auto* table : kernels::available_targets()) {
    for (const std::uint32_t n_experts : {0u, 4u}) {
      for (const std::uint32_t type_id : {0u, 1u, 2u, 30u}) {
        CAPTURE(table->target, n_experts, type_id);
        const Model model = load_tiny(n_experts, type_id, std::string(table->target));
        const ImportanceData data = compute(model, {.threads = 2});
        CHECK(data.n_chunks == 3);
        CHECK(data.chunk_tokens == 20);
        CHECK(data.data_sets == std::vector<std::string>{"ids"});
        CHECK(data.entries.size() == (n_experts > 0 ? 16u : 14u));
        const auto& q = data.entries.at("blk.1.attn_q.weight");
        CHECK(q.counts == std::vector<double>{60});
        CHECK(q.sums == data.entries.at("blk.1.attn_k.weight").sums);
        // A norm's outputs have a mean square of about one, here times the squares of random weights.
        CHECK(total(q.sums) > 0);
        if (n_experts == 0) {
          CHECK(data.entries.at("blk.0.ffn_up.weight").sums == data.entries.at("blk.0.ffn_gate.weight").sums);
          CHECK(data.entries.at("blk.0.ffn_down.weight").columns() == 96);
        } else {
          // Each token meets two experts, and they meet it as the router does.
          const auto& router = data.entries.at("blk.0.ffn_gate_inp.weight");
          const auto& up = data.entries.at("blk.0.ffn_up_exps.weight");
          const auto& down = data.entries.at("blk.0.ffn_down_exps.weight");
          REQUIRE(up.counts.size() == 4);
          CHECK(total(up.counts) == 120);
          CHECK(up.counts == down.counts);
          CHECK(up.sums == data.entries.at("blk.0.ffn_gate_exps.weight").sums);
          for (std::size_t i = 0; i < router.sums.size(); ++i) {
            double sum = 0;
            for (std::size_t e = 0; e < 4; ++e) sum += up.sums[e * router.sums.size() + i];
            REQUIRE(sum == Approx(2 * router.sums[i]).epsilon(1e-12));
          }
        }
        CHECK(same(data, compute(model, {.threads = 3})));
        // Token by token nothing is gathered, and the kernels are others.
        const bool rounded = type_id == 30 || type_id == 1 || table->find(type_id)->bf16_always;
        check_close(compute(model, {.batch = 1, .threads = 2}), data, rounded ? 1e-2 : 1e-3);
      }
    }
  }
}

TEST_CASE("the matrix that makes logits is only looked at when asked for", "[convert][imatrix]") {
  for (const bool tied : {false, true}) {
    test::TinyModel tiny;
    tiny.tied = tied;
    const Model model = *load(*tiny.file());
    const std::string name = tied ? "token_embd.weight" : "output.weight";
    CHECK(!compute(model, {.threads = 1}).entries.contains(name));
    const ImportanceData data = compute(model, {.threads = 1}, true);
    REQUIRE(data.entries.contains(name));
    CHECK(data.entries.at(name).counts == std::vector<double>{60});
  }
}

TEST_CASE("every matrix of every family is seen, once a token", "[convert][imatrix]") {
  const char* shared = std::getenv("LAMINA_SHARED");
  const std::filesystem::path folder = std::string(shared == nullptr ? "" : shared) + "/conformance/arch";
  if (shared == nullptr || !std::filesystem::is_directory(folder)) return;
  std::size_t n_models = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder)) {
    if (each.path().extension() != ".gguf") continue;
    CAPTURE(each.path().filename().string());
    const auto model = load(each.path().string());
    if (!model) continue;  // a family that is not run
    auto session = model->session({.context = 12, .threads = 2});
    REQUIRE(session.has_value());
    const auto data = convert::compute_importance(*session, Ids{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8});
    if (!data) FAIL(data.error().to_string());
    for (const runtime::Step& step : model->plan().body().subspan(1)) {  // all but the embedding
      for (const TensorUse& use : step.info.tensors) {
        const std::string& name = use.name;
        const gguf::TensorInfo& tensor = *model->file().find(name);
        if (tensor.n_dims < 2) continue;  // the gate of shared experts
        CAPTURE(name);
        REQUIRE(data->entries.contains(name));
        const auto& entry = data->entries.at(name);
        const std::size_t used = tensor.dims[2] > 1 ? model->hparams().n_expert_used : 1;
        CHECK(entry.counts.size() == tensor.dims[2]);
        CHECK(total(entry.counts) == static_cast<double>(12 * used));
        CHECK(total(entry.sums) > 0);
      }
    }
    ++n_models;
  }
  CHECK(n_models > 30);
}

TEST_CASE("files of importance matrices give back what was written, and add up", "[convert][imatrix]") {
  const test::TempDir dir;
  const ImportanceData data = compute(load_tiny(4, 0), {.threads = 1});
  REQUIRE(convert::write_importance(data, dir / "m.gguf").has_value());
  REQUIRE(convert::write_importance_dat(data, dir / "m.dat").has_value());
  const auto back = convert::read_importance(dir / "m.gguf");
  REQUIRE(back.has_value());
  check_close(*back, data, 1e-6);
  CHECK(back->n_chunks == 3);
  CHECK(back->chunk_tokens == 20);
  CHECK(back->data_sets == data.data_sets);

  // Both files have the same costs.
  const auto costs = convert::ImportanceMatrix::open(dir / "m.gguf"),
             old = convert::ImportanceMatrix::open(dir / "m.dat");
  REQUIRE((costs.has_value() && old.has_value()));
  CHECK(old->n_chunks() == 3);
  CHECK(old->data_set() == "ids");
  for (const auto& [name, entry] : data.entries) {
    const auto a = costs->find(name), b = old->find(name);
    REQUIRE((a.size() == entry.sums.size() && b.size() == a.size()));
    for (std::size_t i = 0; i < a.size(); ++i) {
      REQUIRE(a[i] == Approx(entry.count(i) > 0 ? entry.sums[i] / entry.count(i) : 1).epsilon(1e-6));
      REQUIRE(b[i] == Approx(a[i]).epsilon(1e-6));
    }
  }

  // Twice the same is the same with twice the counts, whichever files they come from.
  ImportanceData sum = *back;
  REQUIRE(sum.merge(*back).has_value());
  CHECK(sum.n_chunks == 6);
  for (const auto& [name, entry] : sum.entries) {
    CHECK(total(entry.counts) == 2 * total(back->entries.at(name).counts));
    CHECK(total(entry.sums) == Approx(2 * total(back->entries.at(name).sums)));
  }
  auto dat = convert::read_importance(dir / "m.dat");
  REQUIRE(dat.has_value());
  for (auto [first, second] : {std::pair{*back, *dat}, std::pair{*dat, *back}}) {
    REQUIRE(first.merge(second).has_value());
    CHECK(first.chunk_tokens == 20);
    const auto& q = first.entries.at("blk.0.attn_q.weight");
    const auto& once = data.entries.at("blk.0.attn_q.weight");
    CHECK(q.counts == std::vector<double>{120});
    for (std::size_t i = 0; i < q.sums.size(); ++i) CHECK(q.sums[i] == Approx(2 * once.sums[i]).epsilon(1e-5));
    // One count in the old file for all experts.
    CHECK(first.entries.at("blk.0.ffn_up_exps.weight").counts.size() == 4);
  }
}

TEST_CASE("importance matrices that do not go together change nothing", "[convert][imatrix]") {
  ImportanceData a;
  a.entries["x"] = {{1, 2, 3, 4, 5, 6}, {1, 1, 1}};
  ImportanceData longer, otherwise;
  longer.entries["x"] = {{1, 2, 3, 4, 5, 6, 7, 8}, {1, 1}};
  otherwise.entries["x"] = {{1, 2, 3, 4, 5, 6}, {1, 1}};
  otherwise.entries["a"] = {{1}, {1}};
  for (const ImportanceData& other : {longer, otherwise}) {
    const auto merged = a.merge(other);
    REQUIRE(!merged.has_value());
    CHECK(merged.error().code == ErrorCode::ShapeMismatch);
    CHECK(a.entries.size() == 1);
    CHECK(a.entries["x"].sums == std::vector<double>{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("what is no importance is not written, and what was there stays", "[convert][imatrix]") {
  const test::TempDir dir;
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    ImportanceData data;
    data.entries["x"] = {{1, bad}, {1}};
    for (const auto write : {convert::write_importance, convert::write_importance_dat}) {
      const auto ok = write(data, dir / "m");
      REQUIRE(!ok.has_value());
      CHECK(ok.error().code == ErrorCode::NumericError);
      CHECK(!std::filesystem::exists(dir / "m"));
    }
  }
  // Not a window of text; and asked to stop.
  const Model model = load_tiny(0, 0);
  auto session = model.session({.context = 20, .threads = 1});
  REQUIRE(session.has_value());
  CHECK(convert::compute_importance(*session, some_ids(19)).error().code == ErrorCode::BadArgument);
  CHECK(convert::compute_importance(*session, some_ids(60), {.progress = [](auto i, auto n) { return i < n - 1; }})
            .error()
            .code == ErrorCode::Cancelled);
  CHECK(session->position() == 40 - 20);
}
