// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Every format of the registry: round trips, error bounds, hostile bits and numbers, and the reference results.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "lamina/gguf/gguf.hpp"
#include "lamina/quant/encoder.hpp"
#include "lamina/quant/registry.hpp"

using namespace lamina;

namespace {

template <class List>
struct AsTuple;
template <class... Ts>
struct AsTuple<TypeList<Ts...>> {
  using type = std::tuple<Ts...>;
};
using AllFormats = AsTuple<quant::AllFormats>::type;
// Those that can hold weights of any size.
template <class F>
constexpr bool is_integer = Contains<F, TypeList<quant::I8, quant::I16, quant::I32, quant::I64>>{};

// Whether a block can say that a weight is no number.
template <class F>
constexpr bool shows_non_finite = !is_integer<F> && !std::is_same_v<F, quant::NVFP4>;

struct RandomBits {
  std::uint64_t state = 88172645463325252u;
  std::uint64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  }
  float uniform() { return static_cast<float>(next() >> 40) / 8388608.0f - 1.0f; }
};

// Weights as models have them: a bell with a few outliers.
std::vector<float> weights(std::size_t n, std::uint64_t seed) {
  RandomBits random{seed * 2654435761u + 1};
  std::vector<float> out(n);
  for (float& v : out) v = (random.uniform() + random.uniform() + random.uniform()) * 0.05f;
  for (std::size_t i = 0; i < n; i += 97) out[i] *= 4;
  return out;
}

constexpr std::size_t k = 512;

template <class F>
std::vector<float> decode(const std::vector<std::byte>& row) {
  std::vector<float> out(k);
  quant::dequantize_row<F>(row.data(), k, out.data());
  return out;
}
template <class F>
std::vector<std::byte> encode(const std::vector<float>& values) {
  std::vector<std::byte> row(*quant::bytes_per_row<F>(k));
  quant::Encoder<quant::AllFormats>::quantize_row(F::type_id, values.data(), k, row.data());
  return row;
}

double squared(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
  return sum;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("quantising loses no more than the format must", "[quant]", AllFormats) {
  if (is_integer<TestType>) return;  // of weights below one they keep nothing
  const double bits = 8.0 * sizeof(typename TestType::Block) / TestType::block_size;
  for (std::uint64_t seed = 1; seed < 9; ++seed) {
    const auto in = weights(k, seed);
    double power = 0;
    for (const float v : in) power += double(v) * v;
    const double relative = squared(decode<TestType>(encode<TestType>(in)), in) / power;
    INFO(TestType::name << " relative error " << relative);
    // about 6 dB a bit: one bit leaves less than half, four some 0.6%, sixteen nearly nothing
    CHECK(relative <= (bits >= 32 ? 0.0 : bits >= 16 ? 1e-5 : bits >= 8 ? 4e-4 : 8 * std::exp2(-2 * bits)));
  }
}

TEST_CASE("an encoder writes nothing for a format that it does not have", "[quant]") {
  const auto in = weights(k, 1);
  std::vector<std::byte> row(k * sizeof(float));
  const auto untouched = row;
  CHECK_FALSE(quant::Encoder<quant::AllFormats>::quantize_row(0xffffffffu, in.data(), k, row.data()));
  CHECK(row == untouched);
  REQUIRE(quant::Encoder<quant::AllFormats>::quantize_row(quant::F32::type_id, in.data(), k, row.data()));
  CHECK(row != untouched);
}

TEMPLATE_LIST_TEST_CASE("what decoding gives, quantising finds again", "[quant]", AllFormats) {
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    const auto once = decode<TestType>(encode<TestType>(weights(k, seed)));
    const auto twice = decode<TestType>(encode<TestType>(once));
    double power = 0;
    for (const float v : once) power += double(v) * v;
    // exactly, but for the formats with scales of scales, which may choose another pair for the same values
    INFO(TestType::name);
    CHECK(squared(once, twice) <= (std::is_same_v<TestType, quant::Q2_K> ? 3e-3 * power
                                   : TestType::block_size == 256         ? 1e-3 * power
                                                                         : 0.0));
  }
}

TEMPLATE_LIST_TEST_CASE("quantising again and again comes to rest", "[quant]", AllFormats) {
  for (std::uint64_t seed = 1; seed < 9; ++seed) {
    auto values = decode<TestType>(encode<TestType>(weights(k, seed)));
    int rounds = 0;
    for (bool rest = false; !rest; ++rounds) {
      auto next = decode<TestType>(encode<TestType>(values));
      rest = next == values;
      values = std::move(next);
      INFO(TestType::name << ", round " << rounds);
      REQUIRE(rounds < 8);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("quantising spends its error where it costs least", "[quant]", AllFormats) {
  double with = 0, without = 0;
  for (std::uint64_t seed = 1; seed < 9; ++seed) {
    const auto in = weights(k, seed);
    std::vector<float> cost(k);
    RandomBits random{seed};
    for (float& c : cost) c = std::exp(3 * random.uniform());
    std::vector<std::byte> row(*quant::bytes_per_row<TestType>(k));
    quant::Encoder<quant::AllFormats>::quantize_row(TestType::type_id, in.data(), k, row.data(), cost.data());
    const auto got = decode<TestType>(row), plain = decode<TestType>(encode<TestType>(in));
    for (std::size_t i = 0; i < k; ++i) {
      with += cost[i] * (double(got[i]) - in[i]) * (double(got[i]) - in[i]);
      without += cost[i] * (double(plain[i]) - in[i]) * (double(plain[i]) - in[i]);
    }
    // no cost at all is no reason for NaN
    quant::Encoder<quant::AllFormats>::quantize_row(TestType::type_id, in.data(), k, row.data(),
                                                    std::vector<float>(k, 0.0f).data());
    for (const float v : decode<TestType>(row)) REQUIRE(std::isfinite(v));
  }
  INFO(TestType::name);
  CHECK(with <= without);
  constexpr double bits = 8.0 * sizeof(typename TestType::Block) / TestType::block_size;
  if (bits < 8) CHECK(with < 0.99 * without);
}

TEMPLATE_LIST_TEST_CASE("any bits decode, at any address", "[quant]", AllFormats) {
  RandomBits random;
  const std::size_t bytes = *quant::bytes_per_row<TestType>(k);
  std::vector<std::byte> row(bytes), shifted(bytes + 1);
  for (int round = 0; round < 200; ++round) {
    for (std::byte& b : row) b = static_cast<std::byte>(random.next());
    std::memcpy(shifted.data() + 1, row.data(), bytes);
    const auto out = decode<TestType>(row);
    std::vector<float> again(k);
    quant::dequantize_row<TestType>(shifted.data() + 1, k, again.data());
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the same bits, those of NaNs too
    REQUIRE(std::memcmp(out.data(), again.data(), k * sizeof(float)) == 0);
  }
}

namespace {

// Puts a scale into a block; which of the block's, as long as there are more. False: there are no more.
template <class Block>
bool put_scale(Block& block, half scale, int which) {
  if constexpr (requires { block.d = scale; }) {
    if (which-- == 0) return block.d = scale, true;
  }
  if constexpr (requires { block.m = scale; }) {
    if (which-- == 0) return block.m = scale, true;
  }
  if constexpr (requires { block.dmin = scale; }) {
    if (which-- == 0) return block.dmin = scale, true;
  }
  if constexpr (requires {
                  requires !std::is_integral_v<decltype(block.value)>;
                  block.value = scale;
                }) {
    if (which-- == 0) return block.value = scale, true;
  }
  if constexpr (std::is_same_v<Block, quant::IQ1_M::Block>) {  // a nibble in each of four words
    if (which-- == 0) {
      for (int j = 0; j < 4; ++j) {
        block.scales[j] = static_cast<std::uint16_t>((block.scales[j] & 0xfff) | (scale.bits >> 4 * j & 15) << 12);
      }
      return true;
    }
  }
  return false;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a scale that is no number shows in all the block's weights", "[quant]", AllFormats) {
  if (is_integer<TestType>) return;
  RandomBits random;
  constexpr std::size_t n = TestType::block_size;
  int n_scales = 0;
  for (int round = 0; round < 50; ++round) {
    for (const int bits : {0x7e00, 0xfe00, 0x7c01, 0x7c00, 0xfc00}) {  // NaN, and infinities
      for (int which = 0;; ++which) {
        typename TestType::Block block;
        for (std::byte& b : std::as_writable_bytes(std::span(&block, 1))) b = static_cast<std::byte>(random.next());
        for (int w = 0; put_scale(block, half::from_float(0.5f), w); ++w) {
        }
        if (!put_scale(block, half{static_cast<std::uint16_t>(bits)}, which)) break;
        float out[n];
        TestType::dequantize(block, out);
        const bool nan = (bits & 0x3ff) != 0;
        INFO(TestType::name << ", scale " << which << " of bits " << bits);
        for (std::size_t i = 0; i < n; ++i) {
          // Infinity times a level of zero is NaN, and infinity minus itself too.
          if (std::isfinite(out[i]) || (nan && !std::isnan(out[i]))) FAIL(i << ": " << out[i]);
        }
        n_scales = which + 1;
      }
    }
  }
  // Those without a scale that could be none: floats' own bits are the weights, scales of bytes are always numbers.
  const bool none =
      std::is_same_v<TestType, quant::MXFP4> || std::is_same_v<TestType, quant::NVFP4> || TestType::block_size == 1;
  CHECK((n_scales > 0 || none));
}

TEMPLATE_LIST_TEST_CASE("a weight that is no number shows in its block, and only there", "[quant]", AllFormats) {
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {inf, -inf, std::numeric_limits<float>::quiet_NaN()}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{255}}) {
      const auto clean = weights(k, 3);
      auto in = clean;
      in[at] = bad;
      const auto want = decode<TestType>(encode<TestType>(clean));
      const auto got = decode<TestType>(encode<TestType>(in));
      for (std::size_t i = 0; i < k; ++i) {
        const bool same_block = i / TestType::block_size == at / TestType::block_size;
        INFO(TestType::name << "[" << i << "] with " << bad << " at " << at);
        if (!same_block && got[i] != want[i]) FAIL(got[i]);
        if (same_block && shows_non_finite<TestType> && std::isfinite(got[i])) FAIL(got[i]);
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("numbers no model should have quantise without harm", "[quant]", AllFormats) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {inf, -inf, nan, 0.0f, 1e-45f, -1e-38f, 3.4e38f, -3.4e38f}) {
    (void)encode<TestType>(std::vector<float>(k, bad));
    auto some = weights(k, 1);
    for (std::size_t i = 0; i < k; i += 31) some[i] = bad;
    (void)decode<TestType>(encode<TestType>(some));
  }
  for (const float v : decode<TestType>(encode<TestType>(std::vector<float>(k, 0.0f)))) CHECK(v == 0.0f);
}

TEMPLATE_LIST_TEST_CASE("swapping bytes twice changes nothing, once does", "[quant]", AllFormats) {
  std::vector<float> values = weights(k, 2);
  for (float& v : values) v *= 1000;  // so that integers are not all zero
  const auto row = encode<TestType>(values);
  auto swapped = row;
  quant::byteswap_row<TestType>(swapped.data(), k);
  if (alignof(typename TestType::Block) > 1) CHECK((swapped != row));  // else there are only bytes
  quant::byteswap_row<TestType>(swapped.data(), k);
  CHECK((swapped == row));
}

TEMPLATE_LIST_TEST_CASE("a row that is no multiple of the block has no size", "[quant]", AllFormats) {
  CHECK(quant::bytes_per_row<TestType>(2 * TestType::block_size) == 2 * sizeof(typename TestType::Block));
  if (TestType::block_size > 1) CHECK(!quant::bytes_per_row<TestType>(TestType::block_size + 1));
  CHECK(!quant::bytes_per_row<TestType>(std::numeric_limits<std::size_t>::max() / TestType::block_size *
                                        TestType::block_size) ==
        (sizeof(typename TestType::Block) > TestType::block_size));
}

TEMPLATE_LIST_TEST_CASE("decoding and quantising agree with the reference files", "[quant]", AllFormats) {
  const char* shared = std::getenv("LAMINA_SHARED");
  if (shared == nullptr) return;
  std::string name(TestType::name);  // q4_K, iq4_xs
  for (char& c : name) {
    if (c != 'K') c = static_cast<char>(std::tolower(c));
  }
  const auto file = gguf::File::open(std::string(shared) + "/conformance/quant/" + name + ".gguf");
  if (!file) return;
  const auto read = [&](const char* tensor, auto format) {
    using F = typename decltype(format)::type;
    const auto bytes = file->data(*file->find(tensor));
    std::vector<float> out(file->find(tensor)->n_elements());
    quant::dequantize_row<F>(bytes.data(), out.size(), out.data());
    return out;
  };
  for (const auto& [coded, plain] : {std::pair{"q", "deq"}, std::pair{"rnd", "rnd_deq"}}) {
    const auto got = read(coded, Type<TestType>{});
    const auto want = read(plain, Type<quant::F32>{});
    REQUIRE(got.size() == want.size());
    constexpr std::size_t block = TestType::block_size;
    for (std::size_t b = 0; b < want.size(); b += block) {
      float largest = 0;
      for (std::size_t i = b; i < b + block; ++i) {
        if (std::isfinite(want[i])) largest = std::max(largest, std::fabs(want[i]));
      }
      const float ulp = std::nextafter(largest, std::numeric_limits<float>::infinity()) - largest;
      for (std::size_t i = b; i < b + block; ++i) {
        const bool same =
            got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i])) || std::fabs(got[i] - want[i]) <= 2 * ulp;
        if (!same) FAIL(TestType::name << " " << coded << "[" << i << "]: " << got[i] << " for " << want[i]);
      }
    }
  }
  const auto source = read("src", Type<quant::F32>{});
  double ours = 0;
  for (std::size_t r = 0; r < source.size() / k; ++r) {
    const std::vector<float> row(source.begin() + static_cast<std::ptrdiff_t>(r * k),
                                 source.begin() + static_cast<std::ptrdiff_t>((r + 1) * k));
    ours += squared(decode<TestType>(encode<TestType>(row)), row);
  }
  CHECK(ours <= 1.02 * squared(read("deq", Type<quant::F32>{}), source));
}
