// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "output.hpp"

namespace lamina::bench {
namespace {

using nlohmann::json;

json json_of(const Summary& s) {
  return {{"median", s.median}, {"min", s.min}, {"max", s.max}, {"mean", s.mean}, {"stddev", s.stddev}};
}

json summary_of(const std::vector<double>& samples) { return json_of(summarize(samples)); }

json json_of(const Setting& setting, const Profile& p) {
  json rows = json::array(), peaks = json::object();
  for (std::size_t k = 0; k < setting.kinds.size(); ++k) peaks[setting.kinds[k].name] = p.peak(k);
  for (const ProfileRow& row : p.rows) {
    rows.push_back({{"phase", row.phase},
                    {"kernel", row.kernel},
                    {"calls", row.calls},
                    {"seconds", row.seconds},
                    {"bytes", row.work.bytes},
                    {"operations", row.work.operations},
                    {"share_of_time", row.seconds / p.seconds},
                    {"share_of_read_bandwidth", row.work.bytes / row.seconds / p.read()}});
    for (std::size_t k = 0; k < setting.kinds.size(); ++k) {
      rows.back()["share_of_peaks"][setting.kinds[k].name] = row.work.operations / row.seconds / p.peak(k);
    }
  }
  return {{"n_tokens", p.n_tokens},
          {"seconds", p.seconds},
          {"read_bandwidth_bytes_per_second", p.read()},
          {"peaks_operations_per_second", peaks},
          {"rows", rows}};
}

json json_of(const Setting& setting, const TestResult& t) {
  json peaks = json::object();
  for (std::size_t k = 0; k < setting.kinds.size(); ++k) {
    const auto shares = t.peak_shares(k);
    peaks[setting.kinds[k].name] = {{"operations_per_second", summary_of(t.peaks(k))},
                                    {"samples_operations_per_second", t.peaks(k)},
                                    {"share", summary_of(shares)},
                                    {"samples_share", shares}};
  }
  const auto shares = t.read_shares();
  json out = {{"test", t.name()},
              {"kind", t.decode ? "decode" : "prefill"},
              {"n_tokens", t.n_tokens},
              {"threads", t.threads},
              {"batch", t.batch},
              {"depth", t.depth},
              {"context", t.context},
              {"tokens_per_second", json_of(t.rate())},
              {"samples_tokens_per_second", t.rates},
              {"bytes_per_token", t.bytes_per_token},
              {"bytes_per_second", summary_of(t.byte_rates())},
              {"read_bandwidth_bytes_per_second", summary_of(t.reads())},
              {"samples_read_bandwidth_bytes_per_second", t.reads()},
              {"share_of_read_bandwidth", summary_of(shares)},
              {"samples_share_of_read_bandwidth", shares},
              {"operations_per_token", t.operations_per_token},
              {"operations_per_second", summary_of(t.operation_rates())},
              {"peaks", peaks},
              {"latency_seconds",
               {{"of", t.decode ? "token" : "first token"},
                {"p50", percentile(t.latencies, 0.5)},
                {"p90", percentile(t.latencies, 0.9)},
                {"p99", percentile(t.latencies, 0.99)},
                {"max", percentile(t.latencies, 1)},
                {"samples", t.latencies}}}};
  if (t.profile) out["profile"] = json_of(setting, *t.profile);
  return out;
}

json json_of(const Setting& setting, const ModelResult& r) {
  json steps = json::array(), tests = json::array();
  for (const StepInfo& s : r.steps) {
    json names = json::array();
    for (const TensorUse& tensor : s.tensors) names.push_back(tensor.name);
    steps.push_back({{"phase", s.phase},
                     {"kernel", s.kernels.of(FeedKind::Decode)},
                     {"prefill_kernel", s.kernels.of(r.prefill_kind())},
                     {"tensors", std::move(names)},
                     {"weight_bytes", s.weight_bytes},
                     {"slow", s.slow}});
  }
  for (const TestResult& t : r.tests) tests.push_back(json_of(setting, t));
  return {{"model", r.name},
          {"note", r.note},
          {"file_bytes", r.file_bytes},
          {"n_weights", r.n_weights},
          {"architecture", r.architecture},
          {"cache_type", r.cache_type},
          {"target", r.target},
          {"load_seconds", r.load_seconds},
          {"session_seconds", r.session_seconds},
          {"weight_bytes_per_token", r.weight_bytes_per_token},
          {"cache_bytes_per_position", r.cache_bytes_per_position},
          {"target_note", r.target_note},
          {"prefill_bits", r.prefill_bits},
          {"strict", r.strict},
          {"slow_tensors", r.slow_tensors()},
          {"tensors_without_panels", r.tensors_without_panels()},
          {"ragged_tensors", r.ragged_tensors()},
          {"plan", steps},
          {"tests", tests}};
}

}  // namespace

void write_json(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results) {
  json all = json::array(), kinds = json::array();
  for (const ModelResult& r : results) all.push_back(json_of(setting, r));
  for (const PeakKind& kind : setting.kinds) {
    kinds.push_back({{"name", kind.name}, {"instruction", kind.what}, {"numbers", kind.integer ? "int8" : "float"}});
  }
  const json document = {{"program", "llm-bench"},
                         {"machine",
                          {{"cpu", setting.cpu},
                           {"cores", setting.cores},
                           {"probe", {{"bytes", setting.probe_bytes}, {"loop", setting.read_loop}, {"peaks", kinds}}}}},
                         {"results", all}};
  // Names from files may be no UTF-8.
  const std::string text = document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace lamina::bench
