// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "output.hpp"

namespace lamina::bench {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;  // name, value

// A text as a CSV field: quoted, quotes doubled.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// All samples of a field: in one field, with spaces.
std::string samples(const std::vector<double>& values, int digits) {
  std::string out;
  for (const double v : values) out += (out.empty() ? "" : " ") + fixed(v, digits);
  return quoted(out);
}

// Which test it is.
Fields test_fields(const ModelResult& r, const TestResult& t) {
  return {{"model", quoted(r.name)},
          {"file_bytes", std::to_string(r.file_bytes)},
          {"architecture", quoted(r.architecture)},
          {"target", quoted(r.target)},
          {"threads", std::to_string(t.threads)},
          {"batch", std::to_string(t.batch)},
          {"context", std::to_string(t.context)},
          {"cache_type", quoted(r.cache_type)},
          {"prefill_bits", std::to_string(r.prefill_bits)},
          {"strict", r.strict ? "1" : "0"},
          {"depth", std::to_string(t.depth)},
          {"test", quoted(t.name())},
          {"n_tokens", std::to_string(t.n_tokens)}};
}

Fields profile_fields(const Setting& setting, const Profile& p, const ProfileRow& row) {
  Fields out = {{"phase", quoted(row.phase)},
                {"kernel", quoted(row.kernel)},
                {"profile_tokens", std::to_string(p.n_tokens)},
                {"calls", std::to_string(row.calls)},
                {"seconds", fixed(row.seconds, 9)},
                {"bytes", fixed(row.work.bytes, 0)},
                {"operations", fixed(row.work.operations, 0)},
                {"share_of_time", fixed(row.seconds / p.seconds, 4)},
                {"share_of_read_bandwidth", fixed(row.work.bytes / row.seconds / p.read(), 4)}};
  for (std::size_t k = 0; k < setting.kinds.size(); ++k) {
    out.emplace_back("share_of_" + std::string(setting.kinds[k].name),
                     fixed(row.work.operations / row.seconds / p.peak(k), 4));
  }
  return out;
}

Fields rate_fields(const Setting& setting, const ModelResult& r, const TestResult& t) {
  const Summary rate = t.rate();
  Fields out = {{"tokens_per_second_median", fixed(rate.median, 4)},
                {"tokens_per_second_min", fixed(rate.min, 4)},
                {"tokens_per_second_max", fixed(rate.max, 4)},
                {"tokens_per_second_stddev", fixed(rate.stddev, 4)},
                {"tokens_per_second_samples", samples(t.rates, 4)},
                {"bytes_per_token", fixed(t.bytes_per_token, 1)},
                {"read_bandwidth_bytes_per_second_median", fixed(summarize(t.reads()).median, 0)},
                {"read_bandwidth_bytes_per_second_samples", samples(t.reads(), 0)},
                {"share_of_read_bandwidth_median", fixed(summarize(t.read_shares()).median, 4)},
                {"operations_per_token", fixed(t.operations_per_token, 1)}};
  for (std::size_t k = 0; k < setting.kinds.size(); ++k) {
    const std::string name(setting.kinds[k].name);
    out.emplace_back(name + "_operations_per_second_median", fixed(summarize(t.peaks(k)).median, 0));
    out.emplace_back(name + "_operations_per_second_samples", samples(t.peaks(k), 0));
    out.emplace_back("share_of_" + name + "_median", fixed(summarize(t.peak_shares(k)).median, 4));
  }
  out.emplace_back("latency_seconds_p50", fixed(percentile(t.latencies, 0.5), 6));
  out.emplace_back("latency_seconds_p90", fixed(percentile(t.latencies, 0.9), 6));
  out.emplace_back("latency_seconds_p99", fixed(percentile(t.latencies, 0.99), 6));
  out.emplace_back("latency_seconds_max", fixed(percentile(t.latencies, 1), 6));
  out.emplace_back("slow_tensors", std::to_string(r.slow_tensors().size()));
  out.emplace_back("tensors_without_panels", std::to_string(r.tensors_without_panels().size()));
  out.emplace_back("ragged_tensors", std::to_string(r.ragged_tensors().size()));
  out.emplace_back("load_seconds", fixed(r.load_seconds, 6));
  return out;
}

}  // namespace

void write_csv(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results) {
  std::string text;
  const auto line = [&](Fields fields, const Fields& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    std::string names, values;
    for (const auto& [name, value] : fields) {
      names += (names.empty() ? "" : ",") + name;
      values += (values.empty() ? "" : ",") + value;
    }
    if (text.empty()) text = names + "\n";
    text += values + "\n";
  };
  for (const ModelResult& r : results) {
    for (const TestResult& t : r.tests) {
      const Fields test = test_fields(r, t);
      if (!t.profile) {
        line(test, rate_fields(setting, r, t));
        continue;
      }
      for (const ProfileRow& row : t.profile->rows) line(test, profile_fields(setting, *t.profile, row));
    }
  }
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace lamina::bench
