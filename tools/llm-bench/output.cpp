// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/cli.hpp"

namespace lamina::bench {
namespace {

std::string fixed(double value, int digits) {
  char out[64];
  std::snprintf(out, sizeof out, "%.*f", digits, value);
  return out;
}

// The file's name without its folders; synthetic names stay whole.
std::string short_name(const std::string& name) {
  const std::size_t slash = name.find_last_of('/');
  return printable(slash == std::string::npos ? name : name.substr(slash + 1));
}

void put(std::FILE* out, const std::string& text) { std::fwrite(text.data(), 1, text.size(), out); }

// A text as a CSV field: quoted, quotes doubled.
std::string csv(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

nlohmann::json json_of(const Summary& s) {
  return {{"median", s.median}, {"min", s.min}, {"max", s.max}, {"mean", s.mean}, {"stddev", s.stddev}};
}

nlohmann::json json_of(const TestResult& test) {
  nlohmann::json out = {{"test", test.name},
                        {"kind", test.decode ? "decode" : "prefill"},
                        {"n_tokens", test.n_tokens},
                        {"tokens_per_second", json_of(test.rate())},
                        {"samples_tokens_per_second", test.rates},
                        {"bytes_per_token", test.bytes_per_token},
                        {"read_bandwidth_bytes_per_second", json_of(test.probe())},
                        {"samples_read_bandwidth_bytes_per_second", test.probes}};
  if (test.decode) {
    const auto shares = test.shares();
    out["bytes_per_second"] = json_of(summarize(test.byte_rates()));
    out["share_of_read_bandwidth"] = json_of(summarize(shares));
    out["samples_share_of_read_bandwidth"] = shares;
  }
  return out;
}

nlohmann::json json_of(const ModelResult& r) {
  nlohmann::json steps = nlohmann::json::array(), tests = nlohmann::json::array();
  for (const StepInfo& s : r.steps) {
    steps.push_back({{"phase", s.phase},
                     {"kernel", s.kernel},
                     {"tensors", s.tensors},
                     {"weight_bytes", s.weight_bytes},
                     {"slow", s.slow}});
  }
  for (const TestResult& t : r.tests) tests.push_back(json_of(t));
  return {{"model", r.name},
          {"file_bytes", r.file_bytes},
          {"n_weights", r.n_weights},
          {"architecture", r.architecture},
          {"target", r.target},
          {"threads", r.threads},
          {"batch", r.batch},
          {"context", r.context},
          {"cache_type", r.cache_type},
          {"load_seconds", r.load_seconds},
          {"session_seconds", r.session_seconds},
          {"weight_bytes_per_token", r.weight_bytes_per_token},
          {"cache_bytes_per_position", r.cache_bytes_per_position},
          {"slow_tensors", r.slow_tensors()},
          {"plan", steps},
          {"tests", tests}};
}

std::string markdown_row(const ModelResult& r, const TestResult& t) {
  const Summary rate = t.rate();
  std::string out = "| " + short_name(r.name) + " | " + cli::bytes(r.file_bytes) + " | " + r.target + " | " +
                    std::to_string(r.threads) + " | " + t.name + " | **" + fixed(rate.median, 2) + "** | " +
                    fixed(rate.min, 2) + " – " + fixed(rate.max, 2) + " | " + fixed(rate.stddev, 2) + " | ";
  if (t.decode) {
    out += fixed(summarize(t.byte_rates()).median / 1e9, 1) + " | " + fixed(t.probe().median / 1e9, 1) + " | " +
           fixed(100 * summarize(t.shares()).median, 0) + "% |\n";
  } else {
    out += "– | " + fixed(t.probe().median / 1e9, 1) + " | – |\n";
  }
  return out;
}

std::string markdown_details(const ModelResult& r) {
  std::string out = "\n" + short_name(r.name) + ": " + r.architecture + ", " + cli::count(r.n_weights) +
                    " weights; loaded in " + fixed(r.load_seconds * 1e3, 1) + " ms; " +
                    cli::bytes(r.weight_bytes_per_token) + " of weights and " + cli::bytes(r.cache_bytes_per_position) +
                    " of " + r.cache_type + " cache per position read for a decoded token.\n";
  for (const KernelUse& use : r.kernels()) {
    out += "- " + use.kernel + ": " + std::to_string(use.n_steps) + " steps, " + cli::bytes(use.weight_bytes) + "\n";
  }
  const auto slow = r.slow_tensors();
  if (slow.empty()) return out;
  constexpr std::size_t shown = 8;
  out += "- NO FAST KERNEL on target " + r.target + " for " + std::to_string(slow.size()) + " tensors:";
  for (std::size_t i = 0; i < std::min(slow.size(), shown); ++i) out += " " + printable(slow[i]);
  if (slow.size() > shown) out += " … (-o json names all)";
  return out + "\n";
}

}  // namespace

void write_markdown(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results) {
  put(out,
      "| model | size | target | threads | test | tokens/s | min – max | stddev | reads GB/s | machine GB/s | of it |\n"
      "|---|--:|---|--:|---|--:|--:|--:|--:|--:|--:|\n");
  for (const ModelResult& r : results) {
    for (const TestResult& t : r.tests) put(out, markdown_row(r, t));
  }
  for (const ModelResult& r : results) put(out, markdown_details(r));
  put(out, "\n" + setting.cpu + ", " + std::to_string(setting.cores) +
               " cores. tokens/s and machine GB/s (read bandwidth, " + std::to_string(setting.probe_threads) +
               " threads, " + setting.probe_loop + ", probed between the repetitions) are medians; \"of it\" is the " +
               "median of each repetition's share of the probes around it.\n");
}

void write_json(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results) {
  nlohmann::json all = nlohmann::json::array();
  for (const ModelResult& r : results) all.push_back(json_of(r));
  const nlohmann::json document = {
      {"program", "llm-bench"},
      {"machine",
       {{"cpu", setting.cpu},
        {"cores", setting.cores},
        {"probe", {{"bytes", setting.probe_bytes}, {"threads", setting.probe_threads}, {"loop", setting.probe_loop}}}}},
      {"results", all}};
  // Names from files may be no UTF-8.
  put(out, document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void write_csv(std::FILE* out, const std::vector<ModelResult>& results) {
  put(out,
      "model,file_bytes,architecture,target,threads,batch,context,cache_type,test,n_tokens,tokens_per_second_median,"
      "tokens_per_second_min,tokens_per_second_max,tokens_per_second_stddev,bytes_per_token,"
      "read_bandwidth_bytes_per_second_median,share_of_read_bandwidth_median,slow_tensors,load_seconds\n");
  for (const ModelResult& r : results) {
    for (const TestResult& t : r.tests) {
      const Summary rate = t.rate();
      put(out, csv(r.name) + "," + std::to_string(r.file_bytes) + "," + csv(r.architecture) + "," + csv(r.target) +
                   "," + std::to_string(r.threads) + "," + std::to_string(r.batch) + "," + std::to_string(r.context) +
                   "," + csv(r.cache_type) + "," + csv(t.name) + "," + std::to_string(t.n_tokens) + "," +
                   fixed(rate.median, 4) + "," + fixed(rate.min, 4) + "," + fixed(rate.max, 4) + "," +
                   fixed(rate.stddev, 4) + "," + fixed(t.bytes_per_token, 1) + "," + fixed(t.probe().median, 0) + "," +
                   (t.decode ? fixed(summarize(t.shares()).median, 4) : "") + "," +
                   std::to_string(r.slow_tensors().size()) + "," + fixed(r.load_seconds, 6) + "\n");
    }
  }
}

}  // namespace lamina::bench
