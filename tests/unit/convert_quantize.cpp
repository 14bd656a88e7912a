// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Quantising whole files: what is written, what stops it, and that the file before stays until the new one is whole.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lamina/convert/quantize.hpp"
#include "unit/gguf_temp.hpp"
#include "unit/tiny_model.hpp"

namespace {

using namespace lamina;
using convert::QuantizeOptions;

gguf::File tiny(std::endian order = std::endian::native, std::uint32_t type_id = 0) {
  test::TinyModel model;
  model.n_embd = 256;
  model.n_ff = 512;
  model.type_id = type_id;
  model.order = order;
  auto file = model.file();
  REQUIRE(file.has_value());
  return std::move(*file);
}

std::vector<float> weights(const gguf::File& file, const gguf::TensorInfo& info) {
  std::vector<float> out(info.n_elements());
  quant::visit_format<quant::AllFormats>(info.type_id, [&](auto type) {
    quant::dequantize_row<typename decltype(type)::type>(file.data(info).data(), out.size(), out.data());
  });
  return out;
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("every file type is written, reopened, and has the error that was said", "[convert]") {
  const gguf::File source = tiny();
  const test::TempDir dir;
  for (const quant::FileType& type : quant::file_types) {
    CAPTURE(type.name);
    const QuantizeOptions options{.type = &type, .threads = 2};
    const auto plan = convert::plan_quantization(source, options);
    REQUIRE(plan.has_value());
    std::vector<convert::TensorResult> results;
    REQUIRE(convert::quantize(source, *plan, dir / "out", options, [&](auto, auto&, const convert::TensorResult& r) {
              results.push_back(r);
              return true;
            }).has_value());
    const auto out = gguf::File::open(dir / "out");
    REQUIRE(out.has_value());
    CHECK(out->metadata().get<std::uint32_t>("general.file_type") == static_cast<std::uint32_t>(type.id));
    CHECK(out->metadata().entries().size() >= source.metadata().entries().size());
    REQUIRE(out->tensors().size() == source.tensors().size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      const gguf::TensorInfo& to = out->tensors()[i];
      CHECK(to.name == source.tensors()[i].name);
      CHECK(to.type_id == (*plan)[i].type_id);
      const auto got = weights(*out, to), want = weights(source, source.tensors()[i]);
      REQUIRE(got.size() == want.size());
      double errors = 0;
      for (std::size_t w = 0; w < got.size(); ++w) errors += std::pow(double(got[w]) - want[w], 2);
      CHECK(results[i].rmse == Approx(std::sqrt(errors / static_cast<double>(got.size()))).margin(1e-12));
    }
  }
}

TEST_CASE("threads and byte order of the source change nothing", "[convert]") {
  const test::TempDir dir;
  const auto run = [&](const gguf::File& source, std::size_t threads) {
    const QuantizeOptions options{.type = quant::file_type("Q4_K_M"), .threads = threads};
    REQUIRE(convert::quantize(source, *convert::plan_quantization(source, options), dir / "out", options).has_value());
    return bytes_of(dir / "out");
  };
  constexpr auto other = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
  const std::string one = run(tiny(), 1);
  CHECK(one == run(tiny(), 3));
  CHECK(one == run(tiny(other), 2));
  CHECK(run(tiny(std::endian::native, quant::Q5_K::type_id), 1) ==
        run(tiny(other, quant::Q5_K::type_id), 1));  // quantised sources too
}

TEST_CASE("a row longer than a unit is quantised as one, each matrix with its own costs", "[convert]") {
  // Two matrices of two rows; the second matrix' costs are the first's, turned round.
  constexpr std::size_t k = 2 * convert::detail::unit_weights + 256;
  std::vector<float> values(4 * k), cost(2 * k);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i) * 0.37f);
  for (std::size_t i = 0; i < cost.size(); ++i) cost[i] = std::exp(3 * std::cos(static_cast<float>(i)));
  const std::uint64_t dims[] = {k, 2, 2};
  gguf::Writer writer;
  writer.add_tensor("a.weight", dims, 0, std::as_bytes(std::span(values)));
  const auto source = gguf::File::from_bytes(*writer.to_bytes());
  REQUIRE(source.has_value());
  const QuantizeOptions options{.type = quant::file_type("Q3_K_S"), .threads = 2};
  auto plan = convert::plan_quantization(*source, options);
  REQUIRE(plan.has_value());
  (*plan)[0].cost = cost;
  const test::TempDir dir;
  REQUIRE(convert::quantize(*source, *plan, dir / "out", options).has_value());
  const auto out = gguf::File::open(dir / "out");
  REQUIRE(out.has_value());
  const auto got = out->data(out->tensors()[0]);
  const std::size_t row_bytes = *quant::bytes_per_row<quant::Q3_K>(k);
  for (std::size_t r = 0; r < 4; ++r) {
    std::vector<std::byte> want(row_bytes);
    std::vector<float> all(k);
    convert::detail::weigh(values.data() + r * k, k, cost.data() + r / 2 * k, all.data());
    quant::quantize_row<quant::Q3_K>(values.data() + r * k, k, want.data(), all.data());
    CHECK(std::memcmp(got.data() + r * row_bytes, want.data(), row_bytes) == 0);
  }
}

TEST_CASE("errors cost more in large weights and important inputs", "[convert]") {
  std::vector<float> weights(256, 0.1f), importance(256, 2), cost(256), plain(256);
  weights[7] = -1;
  importance[9] = 0;
  convert::detail::weigh(weights.data(), 256, importance.data(), cost.data());
  convert::detail::weigh(weights.data(), 256, nullptr, plain.data());
  const double mean = (255 * 0.01 + 1) / 256;
  CHECK(plain[7] == Approx(std::sqrt(1 + 1 / mean)));
  CHECK(plain[8] == Approx(std::sqrt(1 + 0.01 / mean)));
  CHECK(cost[8] == Approx(2 * plain[8]));
  CHECK(cost[9] == 0);
  for (const float extreme : {0.0f, 1e-45f, 3e38f}) {
    std::fill(weights.begin(), weights.end(), extreme);
    std::fill(importance.begin(), importance.end(), 3e38f);
    convert::detail::weigh(weights.data(), 256, importance.data(), cost.data());
    CHECK(std::isfinite(cost[0]));
    CHECK(cost[0] >= 1);
  }
}

TEST_CASE("what stops quantising leaves the file that was there", "[convert]") {
  const gguf::File source = tiny();
  const test::TempDir dir;
  const std::string path = dir.file("out", std::as_bytes(std::span("old", 3)));
  const QuantizeOptions options{.type = quant::file_type("Q4_0")};
  const auto plan = convert::plan_quantization(source, options);
  REQUIRE(plan.has_value());
  const auto stopped =
      convert::quantize(source, *plan, path, options, [](std::size_t i, auto&, auto&) { return i < 3; });
  REQUIRE(!stopped.has_value());
  CHECK(stopped.error().code == ErrorCode::Cancelled);
  CHECK(bytes_of(path) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);

  QuantizeOptions none = options;
  none.threads = 0;
  CHECK(convert::quantize(source, *plan, path, none).error().code == ErrorCode::BadArgument);
  CHECK(convert::plan_quantization(source, {}).error().code == ErrorCode::BadArgument);
  CHECK(bytes_of(path) == "old");
}

TEST_CASE("a writer asks for what it was not given, and checks it", "[convert]") {
  const std::uint64_t dims[] = {4};
  const float values[] = {1, 2, 3, 4};
  const auto bytes = std::as_bytes(std::span(values));
  const test::TempDir dir;
  gguf::Writer given, made;
  given.add_tensor("a", dims, 0, bytes);
  given.add_tensor("b", dims, 0, bytes);
  made.add_tensor("a", dims, 0, bytes);
  made.add_tensor("b", dims, 0);
  const auto in_pieces = [&](std::size_t i, const gguf::Writer::Sink& sink) -> Expected<void> {
    CHECK(i == 1);
    if (auto ok = sink(bytes.first(5)); !ok) return ok;
    return sink(bytes.subspan(5));
  };
  REQUIRE(given.write(dir / "given").has_value());
  REQUIRE(made.write(dir / "made", in_pieces).has_value());
  CHECK(bytes_of(dir / "given") == bytes_of(dir / "made"));
  const auto short_one = [&](std::size_t, const gguf::Writer::Sink& sink) { return sink(bytes.first(15)); };
  CHECK(made.write(dir / "short", short_one).error().code == ErrorCode::BadTensor);
  CHECK(made.write(dir / "none").error().code == ErrorCode::BadArgument);
  CHECK(made.to_bytes().error().code == ErrorCode::BadArgument);
  CHECK(!std::filesystem::exists(dir / "short"));
  gguf::Writer unknown;
  unknown.add_tensor("a", dims, 999);
  CHECK(unknown.write(dir / "unknown", in_pieces).error().code == ErrorCode::BadTensorType);
}

TEST_CASE("rows that do not divide into blocks get a format that does", "[convert]") {
  CHECK(quant::fitting_type(quant::Q4_K::type_id, 512) == quant::Q4_K::type_id);
  CHECK(quant::fitting_type(quant::Q4_K::type_id, 96) == quant::Q5_0::type_id);
  CHECK(quant::fitting_type(quant::Q6_K::type_id, 96) == quant::Q8_0::type_id);
  CHECK(quant::fitting_type(quant::IQ2_XS::type_id, 96) == quant::IQ4_NL::type_id);
  CHECK(quant::fitting_type(quant::Q4_0::type_id, 33) == quant::F16::type_id);
  for_each_type(quant::Formats{}, [](auto type) {
    for (const std::size_t columns : {1u, 32u, 64u, 96u, 128u, 576u, 4096u}) {
      CHECK(columns % quant::block_size_of(quant::fitting_type(decltype(type)::type::type_id, columns)) == 0);
    }
  });
}

TEST_CASE("file types are found by name", "[convert]") {
  for (const quant::FileType& type : quant::file_types) {
    CHECK(quant::file_type(type.name) == &type);
    CHECK(&quant::file_type(type.id) == &type);
  }
  CHECK(quant::file_type("q4_k")->id == quant::FileTypeId::Q4_K_M);
  CHECK(quant::file_type("Q9_K") == nullptr);
  CHECK(quant::file_type("") == nullptr);
}
