// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "common/cli.hpp"
#include "output.hpp"
#include "table.hpp"

namespace lamina::bench {
namespace {

// The file's name without its folders; synthetic names stay whole.
std::string short_name(const std::string& name) {
  const std::size_t slash = name.starts_with("synth:") ? std::string::npos : name.find_last_of('/');
  return printable(slash == std::string::npos ? name : name.substr(slash + 1));
}

std::string percent(double share) { return fixed(100 * share, share < 0.0995 ? 1 : 0) + "%"; }

// What the tables share: which columns are needed, and against which peaks shares are given.
class Markdown {
 public:
  Markdown(const Setting& setting, const std::vector<ModelResult>& results, bool latency)
      : setting_(setting),
        results_(results),
        latency_(latency),
        int8_(best_kind(setting, results, true)),
        floats_(best_kind(setting, results, false)) {
    std::set<std::size_t> threads, batches;
    for (const ModelResult& r : results) {
      for (const TestResult& t : r.tests) threads.insert(t.threads), batches.insert(t.batch);
    }
    many_threads_ = threads.size() > 1;
    many_batches_ = batches.size() > 1;
  }

  std::string text() const {
    std::string out = tests();
    for (const ModelResult& r : results_) {
      for (const TestResult& t : r.tests) {
        if (t.profile) out += profile(r, t, *t.profile);
      }
    }
    for (const ModelResult& r : results_) out += details(r);
    return out + machine();
  }

 private:
  bool many_models() const { return results_.size() > 1; }

  std::string tests() const {
    Table table;
    if (many_models()) table.text("model");
    if (many_threads_) table.number("threads");
    if (many_batches_) table.number("batch");
    table.text("test").number("tokens/s").number("min – max").number("stddev");
    table.number("GB/s").number("of memory").number("Gop/s").number("of int8").number("of float");
    if (latency_) table.number("ms p50").number("p90").number("p99").number("max");
    for (const ModelResult& r : results_) {
      for (const TestResult& t : r.tests) table.row(row(r, t));
    }
    return table.markdown();
  }

  std::vector<std::string> row(const ModelResult& r, const TestResult& t) const {
    const Summary rate = t.rate();
    std::vector<std::string> out;
    if (many_models()) out.push_back(short_name(r.name));
    if (many_threads_) out.push_back(std::to_string(t.threads));
    if (many_batches_) out.push_back(std::to_string(t.batch));
    out.push_back(t.name());
    out.push_back("**" + fixed(rate.median, 2) + "**");
    out.push_back(fixed(rate.min, 2) + " – " + fixed(rate.max, 2));
    out.push_back(fixed(rate.stddev, 2));
    out.push_back(fixed(summarize(t.byte_rates()).median / 1e9, 1));
    out.push_back(percent(summarize(t.read_shares()).median));
    out.push_back(fixed(summarize(t.operation_rates()).median / 1e9, 1));
    for (const auto& kind : {int8_, floats_}) {
      out.push_back(kind ? percent(summarize(t.peak_shares(*kind)).median) : "–");
    }
    if (latency_) {
      for (const double share : {0.5, 0.9, 0.99, 1.0}) out.push_back(fixed(percentile(t.latencies, share) * 1e3, 2));
    }
    return out;
  }

  std::string profile(const ModelResult& r, const TestResult& t, const Profile& p) const {
    std::string out = "\nProfile of " + short_name(r.name) + ", " + t.name() + ", " + std::to_string(t.threads) +
                      (t.threads == 1 ? " thread" : " threads") + ", batch " + std::to_string(t.batch) + ":\n";
    const auto n = static_cast<double>(p.n_tokens);
    Table table;
    table.text("phase").text("kernel").number("calls").number("µs/call").number("µs/token").number("KiB/call");
    table.number("GB/s").number("of memory").number("Gop/s").number("of int8").number("of float").number("of the time");
    Work sum;
    for (const ProfileRow& row : p.rows) {
      table.row(profile_row(p, row));
      sum += row.work;
    }
    const ProfileRow all{.phase = "**all**", .kernel = {}, .seconds = p.seconds, .work = sum};
    table.row(profile_row(p, all));
    return out + table.markdown() + fixed(n / p.seconds, 2) + " tokens/s.\n";
  }

  std::vector<std::string> profile_row(const Profile& p, const ProfileRow& row) const {
    const auto calls = static_cast<double>(row.calls);
    const std::string none = "–";
    const double bytes = row.work.bytes / row.seconds, operations = row.work.operations / row.seconds;
    std::vector<std::string> out = {printable(row.phase),
                                    row.kernel.empty() ? none : row.kernel,
                                    row.calls == 0 ? none : std::to_string(row.calls),
                                    row.calls == 0 ? none : fixed(row.seconds * 1e6 / calls, 1),
                                    fixed(row.seconds * 1e6 / static_cast<double>(p.n_tokens), 1),
                                    row.calls == 0 ? none : fixed(row.work.bytes / calls / 1024, 1),
                                    row.work.bytes > 0 ? fixed(bytes / 1e9, 1) : none,
                                    row.work.bytes > 0 ? percent(bytes / p.read()) : none,
                                    row.work.operations > 0 ? fixed(operations / 1e9, 1) : none};
    for (const auto& kind : {int8_, floats_}) {
      out.push_back(kind && row.work.operations > 0 ? percent(operations / p.peak(*kind)) : none);
    }
    out.push_back(percent(row.seconds / p.seconds));
    return out;
  }

  std::string details(const ModelResult& r) const {
    std::string out = "\n" + short_name(r.name) + ", " + cli::bytes(r.file_bytes) + ", on " + r.target;
    if (!many_threads_ && !r.tests.empty()) {
      out += ", " + std::to_string(r.tests[0].threads) + (r.tests[0].threads == 1 ? " thread" : " threads");
    }
    if (!many_batches_ && !r.tests.empty()) out += ", batch " + std::to_string(r.tests[0].batch);
    out += ": " + r.architecture + ", " + cli::count(r.n_weights) + " weights; loaded in " +
           fixed(r.load_seconds * 1e3, 1) + " ms; " + cli::bytes(r.weight_bytes_per_token) + " of weights and " +
           cli::bytes(r.cache_bytes_per_position) + " of " + r.cache_type +
           " cache per position read for a decoded token.\n";
    if (!r.note.empty()) out += "- " + r.note + "\n";
    for (const KernelUse& use : r.kernels()) {
      const std::string many = use.prefill_kernel == use.kernel ? "" : ", many tokens by " + use.prefill_kernel;
      out += "- " + use.kernel + many + ": " + std::to_string(use.n_steps) + " steps, " + cli::bytes(use.weight_bytes) +
             "\n";
    }
    if (r.strict) out += "- strict: many tokens meet the kernels of one, so that no batch changes a bit.\n";
    if (!r.target_note.empty()) out += "- " + r.target + ": " + r.target_note + "\n";
    out += named("NO FAST KERNEL on target " + r.target + " for ", r.slow_tensors());
    const bool prefills = std::any_of(r.tests.begin(), r.tests.end(), [](const TestResult& t) { return !t.decode; });
    if (prefills)
      out += named("no panels on target " + r.target + ": prefill runs on the kernel of one token for ",
                   r.tensors_without_panels());
    return out + named("rows end within a chunk of 256 weights, and for panels much of each is copied first: ",
                       r.ragged_tensors());
  }

  // A line about tensors, of which the first are named; empty when there are none.
  static std::string named(const std::string& what, const std::vector<std::string>& tensors) {
    if (tensors.empty()) return {};
    constexpr std::size_t shown = 8;
    std::string out = "- " + what + std::to_string(tensors.size()) + (tensors.size() == 1 ? " tensor:" : " tensors:");
    for (std::size_t i = 0; i < std::min(tensors.size(), shown); ++i) out += " " + printable(tensors[i]);
    if (tensors.size() > shown) out += " … (-o json names all)";
    return out + "\n";
  }

  // The limits, per number of threads, and what the columns mean.
  std::string machine() const {
    std::map<std::size_t, std::vector<MachineSample>> by_threads;
    for (const ModelResult& r : results_) {
      for (const TestResult& t : r.tests) {
        auto& all = by_threads[t.threads];
        all.insert(all.end(), t.machine.begin(), t.machine.end());
      }
    }
    std::string out = "\n" + setting_.cpu + ", " + std::to_string(setting_.cores) +
                      (setting_.cores == 1 ? " core" : " cores") +
                      ". Probed between the repetitions, median (min – max):\n";
    for (const auto& [threads, samples] : by_threads) {
      std::vector<double> reads;
      for (const MachineSample& s : samples) reads.push_back(s.read / 1e9);
      out += "- " + std::to_string(threads) + (threads == 1 ? " thread" : " threads") + ": memory read (" +
             setting_.read_loop + ") " + spread(reads, 1) + " GB/s";
      for (std::size_t k = 0; k < setting_.kinds.size(); ++k) {
        std::vector<double> peaks;
        for (const MachineSample& s : samples) peaks.push_back(s.peaks[k] / 1e9);
        out += "; " + std::string(setting_.kinds[k].name) + " (" + std::string(setting_.kinds[k].what) + ") " +
               spread(peaks, 0);
      }
      out += " Gop/s\n";
    }
    out +=
        "tokens/s, GB/s (weights and cache) and Gop/s (of the matrices, a multiply-add is two) are medians. \"of "
        "memory\", \"of int8\"" +
        peak_name(int8_) + " and \"of float\"" + peak_name(floats_) +
        " are medians of each repetition's share of the probes around it: the largest says what the limit is.\n";
    if (latency_) {
      out += "ms: of a pp row from the prompt to the logits of the first token (TTFT), of a tg row one token (ITL).\n";
    }
    return out;
  }

  std::string peak_name(const std::optional<std::size_t>& kind) const {
    return kind ? " (" + std::string(setting_.kinds[*kind].name) + ")" : " (which this machine has no instruction for)";
  }

  static std::string spread(const std::vector<double>& samples, int digits) {
    const Summary s = summarize(samples);
    return fixed(s.median, digits) + " (" + fixed(s.min, digits) + " – " + fixed(s.max, digits) + ")";
  }

  const Setting& setting_;
  const std::vector<ModelResult>& results_;
  bool latency_;
  std::optional<std::size_t> int8_, floats_;
  bool many_threads_ = false, many_batches_ = false;
};

}  // namespace

void write_markdown(std::FILE* out, const Setting& setting, const std::vector<ModelResult>& results, bool latency) {
  const std::string text = Markdown(setting, results, latency).text();
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace lamina::bench
