// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// llm quantize: a GGUF file with its weights in fewer bits.
#include "lamina/convert/quantize.hpp"

#include <sys/stat.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "common/cli.hpp"
#include "common/progress.hpp"

namespace lamina::llm {
namespace {

struct QuantizeArgs {
  std::string source, dest, type;
  std::string importance;
  std::vector<std::string> tensor_types;  // REGEX=TYPE
  std::size_t threads = 0;
  bool pure = false, requantise = false, dry_run = false, verbose = false, json = false;
};

std::string format_name(std::uint32_t type_id) { return std::string(gguf::tensor_type(type_id)->name); }

Expected<convert::Override> parse_override(const std::string& text) {
  const std::size_t at = text.rfind('=');
  const gguf::TensorType* type = at == std::string::npos ? nullptr : gguf::tensor_type(text.substr(at + 1));
  if (at != 0 && type != nullptr && quant::visit_format(type->id, [](auto) {})) {
    return convert::Override{text.substr(0, at), type->id};
  }
  std::string known;
  for_each_type(quant::Formats{},
                [&](auto format) { known += (known.empty() ? "" : ", ") + std::string(decltype(format)::type::name); });
  return fail(Error(ErrorCode::BadArgument, {})
                  .about("--tensor-type")
                  .wanted("REGEX=TYPE, TYPE one of " + known)
                  .found(printable(text)));
}

// What a rename would do harm to: the source itself, and what is no file.
Expected<void> check_dest(const gguf::File& source, const std::string& dest) {
  struct stat there {};
  if (::stat(dest.c_str(), &there) != 0) return {};  // whatever is wrong shows when it is made
  if (!S_ISREG(there.st_mode)) {
    return fail(Error(ErrorCode::NotRegularFile, "the result can only be a file").in(dest));
  }
  for (const std::string& part : source.parts()) {
    struct stat status {};
    if (::stat(part.c_str(), &status) == 0 && status.st_dev == there.st_dev && status.st_ino == there.st_ino) {
      return fail(Error(ErrorCode::BadArgument, "the result would replace its own source").in(dest));
    }
  }
  return {};
}

double bits_per_weight(std::uint64_t n_bytes, std::uint64_t n_weights) {
  return n_weights == 0 ? 0 : 8 * static_cast<double>(n_bytes) / static_cast<double>(n_weights);
}

class Quantizer {
 public:
  explicit Quantizer(const QuantizeArgs& args) : args_(args) {}

  Expected<void> run() {
    options_.type = quant::file_type(args_.type);  // was checked with the command line
    options_.pure = args_.pure;
    options_.threads = args_.threads != 0 ? args_.threads : std::max(1u, std::thread::hardware_concurrency());
    std::vector<convert::Override> overrides;
    for (const std::string& text : args_.tensor_types) {
      auto parsed = parse_override(text);
      if (!parsed) return fail(std::move(parsed.error()));
      overrides.push_back(std::move(*parsed));
    }
    options_.overrides = overrides;
    auto file = gguf::File::open(args_.source);
    if (!file) return fail(std::move(file.error()));
    std::optional<convert::ImportanceMatrix> importance;
    if (!args_.importance.empty()) {
      auto opened = convert::ImportanceMatrix::open(args_.importance);
      if (!opened) return fail(std::move(opened.error()));
      importance.emplace(std::move(*opened));
      options_.importance = &*importance;
    }
    if (auto ok = check_dest(*file, args_.dest); !ok) return ok;
    auto plan = convert::plan_quantization(*file, options_);
    if (!plan) return fail(std::move(plan.error()));
    plan_ = std::move(*plan);
    if (auto ok = check_source(); !ok) return ok;
    announce(*file);
    results_.resize(plan_.size());
    if (!args_.dry_run) {
      cli::Progress progress;
      progress.show("quantizing");
      const auto each = [&](std::size_t i, const convert::TensorPlan&, const convert::TensorResult& result) {
        results_[i] = result;
        progress.show(std::to_string(i + 1) + "/" + std::to_string(plan_.size()) + " tensors");
        return true;
      };
      if (auto ok = convert::quantize(*file, plan_, args_.dest, options_, each); !ok) return ok;
    }
    args_.json ? print_json() : print_readable();
    return {};
  }

 private:
  // Rounded twice is worse than rounded once, so nobody should come to it by mistake.
  Expected<void> check_source() const {
    if (args_.requantise || args_.dry_run) return {};
    for (const convert::TensorPlan& p : plan_) {
      if (!p.converted() || quant::block_size_of(p.source->type_id) <= 1) continue;
      return fail(Error(ErrorCode::BadArgument,
                        "the file is quantised already; from F16, BF16 or F32 the result is "
                        "better. --allow-requantize makes do with it")
                      .in(args_.source)
                      .about(p.source->name)
                      .wanted("F16, BF16 or F32")
                      .found(p.source->type_name()));
    }
    return {};
  }

  // What a user would want to know before relying on the result.
  void announce(const gguf::File& file) const {
    std::size_t requantised = 0, blind = 0, uncosted = 0;
    for (const convert::TensorPlan& p : plan_) {
      if (p.fell_back()) {
        std::fprintf(stderr, "llm: %s: rows of %llu weights are no whole blocks of %s: %s instead\n",
                     printable(p.source->name).c_str(), static_cast<unsigned long long>(p.source->dims[0]),
                     format_name(p.wanted_id).c_str(), format_name(p.type_id).c_str());
      }
      if (!p.converted()) continue;
      requantised += quant::block_size_of(p.source->type_id) > 1;
      const gguf::TensorType& to = *gguf::tensor_type(p.type_id);
      blind += p.cost.empty() && to.name.starts_with("IQ") && 8 * to.block_bytes < 3.25 * to.block_size;
      uncosted += p.cost.empty();
    }
    for (const std::string& warning : file.warnings())
      std::fprintf(stderr, "llm: %s\n", printable(warning, 4096).c_str());
    if (requantised > 0) {
      std::fprintf(stderr, "llm: %zu tensors of %s are quantised already; from F16, BF16 or F32 the result is better\n",
                   requantised, printable(args_.source, 4096).c_str());
    }
    if (options_.importance != nullptr && uncosted > 0) {
      std::fprintf(stderr, "llm: %zu converted tensors are not in the importance matrix\n", uncosted);
    } else if (blind > 0) {
      std::fprintf(stderr, "llm: %zu tensors get so few bits that an importance matrix (--imatrix) is worth having\n",
                   blind);
    }
  }

  struct Totals {
    std::uint64_t before = 0, after = 0, weights = 0;  // bytes, bytes, number
    std::map<std::string, std::size_t> formats;        // tensors of each
    std::size_t fell_back = 0;
  };

  Totals totals() const {
    Totals sum;
    for (const convert::TensorPlan& p : plan_) {
      sum.before += p.source->n_bytes;
      sum.after += p.n_bytes;
      sum.weights += p.source->n_elements();
      ++sum.formats[format_name(p.type_id)];
      sum.fell_back += p.fell_back();
    }
    return sum;
  }

  // Of the size of the weights: 0.01 is one percent.
  static double relative(const convert::TensorResult& r) { return r.rms > 0 ? r.rmse / r.rms : 0; }

  void print_readable() const {
    const cli::Style style(stdout);
    if (args_.verbose || args_.dry_run) {
      std::puts(style
                    .bold("tensor                                   from     to       bits/weight       size        "
                          "RMSE  relative")
                    .c_str());
      for (std::size_t i = 0; i < plan_.size(); ++i) {
        const convert::TensorPlan& p = plan_[i];
        std::printf("%-40s %-8s %-8s %11.3f %10s", printable(p.source->name).c_str(), p.source->type_name().c_str(),
                    format_name(p.type_id).c_str(), bits_per_weight(p.n_bytes, p.source->n_elements()),
                    cli::bytes(p.n_bytes).c_str());
        if (p.converted() && !args_.dry_run) std::printf("  %10.3e  %7.4f", results_[i].rmse, relative(results_[i]));
        std::puts("");
      }
    }
    const Totals sum = totals();
    std::string formats;
    for (const auto& [name, n] : sum.formats) formats += name + " x" + std::to_string(n) + "  ";
    std::printf("%-24s %s\n", "file type", std::string(options_.type->name).c_str());
    std::printf("%-24s %s\n", "tensors", formats.c_str());
    if (sum.fell_back > 0) std::printf("%-24s %zu\n", "of another format", sum.fell_back);
    std::printf("%-24s %s, %.3f bits per weight\n", "weights before", cli::bytes(sum.before).c_str(),
                bits_per_weight(sum.before, sum.weights));
    std::printf("%-24s %s, %.3f bits per weight\n", "weights after", cli::bytes(sum.after).c_str(),
                bits_per_weight(sum.after, sum.weights));
    std::printf("%-24s %s\n", args_.dry_run ? "not written" : "written", printable(args_.dest, 4096).c_str());
  }

  void print_json() const {
    const Totals sum = totals();
    nlohmann::ordered_json out;
    out["source"] = printable(args_.source, 4096);
    out["dest"] = printable(args_.dest, 4096);
    out["written"] = !args_.dry_run;
    out["type"] = options_.type->name;
    out["file_type"] = static_cast<unsigned>(options_.type->id);
    out["bytes_before"] = sum.before;
    out["bytes_after"] = sum.after;
    out["bits_per_weight"] = bits_per_weight(sum.after, sum.weights);
    out["fell_back"] = sum.fell_back;
    out["tensors"] = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const convert::TensorPlan& p = plan_[i];
      nlohmann::ordered_json one;
      one["name"] = printable(p.source->name);
      one["from"] = p.source->type_name();
      one["to"] = format_name(p.type_id);
      if (p.fell_back()) one["wanted"] = format_name(p.wanted_id);
      one["bytes"] = p.n_bytes;
      one["bits_per_weight"] = bits_per_weight(p.n_bytes, p.source->n_elements());
      if (p.converted() && !args_.dry_run) {
        one["rmse"] = results_[i].rmse;
        one["relative_rmse"] = relative(results_[i]);
      }
      out["tensors"].push_back(std::move(one));
    }
    std::puts(out.dump(2).c_str());
  }

  const QuantizeArgs& args_;
  convert::QuantizeOptions options_;
  std::vector<convert::TensorPlan> plan_;
  std::vector<convert::TensorResult> results_;  // [plan_]
};

std::string type_list() {
  std::string out = "Types, with the format of most matrices and its bits per weight:\n";
  for (const quant::FileType& type : quant::file_types) {
    const gguf::TensorType& format = *gguf::tensor_type(type.type_id);
    char line[160];
    std::snprintf(line, sizeof line, "  %-10s %-8s %6.3f  %s\n", std::string(type.name).c_str(),
                  std::string(format.name).c_str(), 8.0 * format.block_bytes / format.block_size,
                  std::string(type.about).c_str());
    out += line;
  }
  return out;
}

}  // namespace

void add_quantize(CLI::App& app, Command& command) {
  auto args = std::make_shared<QuantizeArgs>();
  CLI::App* sub = app.add_subcommand("quantize", "write a model anew with its weights in fewer bits");
  const auto named = [](const std::string& name) { return name.empty() ? "no name of a file" : ""; };
  sub->add_option("SOURCE", args->source, "GGUF file to read; the first part of a split one")->required()->check(named);
  sub->add_option("DEST", args->dest, "GGUF file to write; there whole or not at all")->required()->check(named);
  sub->add_option("TYPE", args->type, "what to make of it, see below; some types mix formats as llama.cpp does")
      ->required()
      ->check([](const std::string& name) {
        if (quant::file_type(name) != nullptr) return std::string();
        std::string known;
        for (const quant::FileType& type : quant::file_types)
          known += (known.empty() ? "" : ", ") + std::string(type.name);
        return "no such type: " + printable(name) + ". There are " + known;
      });
  sub->add_flag("--pure", args->pure, "no mix: every matrix gets the type's format");
  sub->add_option("--tensor-type", args->tensor_types,
                  "matrices whose name matches the regular expression get that format; may be given again, the first "
                  "match counts")
      ->type_name("REGEX=TYPE")
      ->allow_extra_args(false);
  sub->add_option("--imatrix", args->importance,
                  "importance matrix of llama.cpp (.dat or GGUF): errors are kept from where they cost most")
      ->type_name("FILE");
  sub->add_flag("--allow-requantize", args->requantise,
                "take a source that is quantised already, though errors add up");
  sub->add_flag("--dry-run", args->dry_run, "only say what would become of each tensor, and the sizes");
  sub->add_option("-t,--threads", args->threads, "threads to compute with; 0: one per core")->type_name("N");
  sub->add_flag("-v,--verbose", args->verbose, "a line for each tensor, with the error that it got");
  sub->add_flag("--json", args->json, "machine-readable, with a line for each tensor");
  sub->footer(
      type_list() +
      "Vectors, norms and routers stay as they are. RMSE is the root of the mean squared error of a tensor's\n"
      "weights; relative: divided by that of the weights themselves.\n\n"
      "Examples:\n"
      "  llm quantize model-f16.gguf model-Q4_K_M.gguf Q4_K_M\n"
      "  llm quantize model-f16.gguf small.gguf IQ3_XXS --imatrix imatrix.gguf -v\n"
      "  llm quantize model-f16.gguf mine.gguf Q4_0 --tensor-type 'ffn_down=Q6_K' --tensor-type '^output=Q8_0'\n"
      "  llm quantize model-f16.gguf any.gguf Q2_K --dry-run");
  sub->callback([args, &command] {
    command = [args] {
      const auto result = guarded([&] { return Quantizer(*args).run(); });
      return result ? cli::exit_ok : cli::report("llm", result.error());
    };
  });
}

}  // namespace lamina::llm
