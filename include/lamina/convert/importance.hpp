// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Computes an importance matrix: runs a text through a model and sums the squares of what each matrix is multiplied
// with.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lamina/convert/importance_data.hpp"
#include "lamina/core/error.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/runtime/observe.hpp"
#include "lamina/runtime/session.hpp"

namespace lamina::convert {

// Sums what it observes. Any number of workers may report at once, as InputObserver says.
class ImportanceCollector {
 public:
  // Of the matrices of all layers; with `head` of the one that makes logits, too.
  ImportanceCollector(const gguf::File& file, bool head) {
    const std::string_view last = file.find("output.weight") != nullptr ? "output.weight" : "token_embd.weight";
    for (const gguf::TensorInfo& tensor : file.tensors()) {
      if (tensor.n_dims < 2 || !(tensor.name.starts_with("blk.") || (head && tensor.name == last))) continue;
      const auto columns = static_cast<std::size_t>(tensor.dims[0]), n = static_cast<std::size_t>(tensor.dims[2]);
      entries_.emplace(tensor.name, ImportanceData::Entry{std::vector<double>(columns * n), std::vector<double>(n)});
    }
  }

  void observe(const MatmulInput& input) noexcept {
    const auto at = entries_.find(input.tensor);
    if (at == entries_.end()) return;
    ImportanceData::Entry& entry = at->second;
    double* const sums = entry.sums.data() + input.matrix * input.n_columns;
    for (std::size_t t = 0; t < input.n_tokens; ++t) {
      const float* const row = input.rows + t * input.stride;
      for (std::size_t i = 0; i < input.n_columns; ++i) sums[i] += static_cast<double>(row[i]) * row[i];
    }
    entry.counts[input.matrix] += static_cast<double>(input.n_tokens);
  }

  // Matrices that met no token are left out.
  std::map<std::string, ImportanceData::Entry, std::less<>> take() {
    std::erase_if(entries_, [](const auto& each) { return !each.second.seen(); });
    return std::move(entries_);
  }

 private:
  std::map<std::string, ImportanceData::Entry, std::less<>> entries_;  // all there from the start: workers add none
};

struct ImportanceOptions {
  bool head = false;       // also of the matrix that makes logits
  std::string data_set{};  // the text's name
  // Called before each window of the text; false stops.
  std::function<bool(std::size_t window, std::size_t n_windows)> progress{};
};

// The tokens pass in windows of the session's context, each by itself; a rest that fills none is left out. Where the
// model wants a begin token, that takes the place of the window's first. What the session knew is forgotten.
// Errors: BadArgument for less than a window; TargetUnavailable when a GPU has layers; NumericError for activations
// that are no numbers; Cancelled; those of Session::feed.
inline Expected<ImportanceData> compute_importance(Session& session, std::span<const text::Token> tokens,
                                                   const ImportanceOptions& options = {}) {
  return guarded([&]() -> Expected<ImportanceData> {
    const Model& model = session.model();
    const std::size_t window = session.context(), n = tokens.size() / window;
    if (n == 0) {
      return fail(Error(ErrorCode::BadArgument, "the text is shorter than one window")
                      .wanted("at least " + std::to_string(window) + " tokens")
                      .found(std::to_string(tokens.size())));
    }
    std::optional<text::Token> begin;
    if (model.tokenizer() != nullptr && model.tokenizer()->adds_bos()) begin = model.tokenizer()->bos();
    ImportanceCollector collector(model.file(), options.head);
    const InputObserver observer = [&](const MatmulInput& input) { collector.observe(input); };
    const Session::LogitsCallback ignore = [](std::size_t, std::span<const float>) { return Feedback::Continue; };
    if (auto ok = session.observe_inputs(&observer); !ok) return fail(std::move(ok.error()));
    struct Watch {
      Session& session;
      explicit Watch(Session& s) : session(s) {}
      Watch(const Watch&) = delete;
      Watch& operator=(const Watch&) = delete;
      ~Watch() { std::ignore = session.observe_inputs(nullptr); }
    } watch(session);
    for (std::size_t i = 0; i < n; ++i) {
      if (options.progress && !options.progress(i, n)) return fail(ErrorCode::Cancelled, "asked to stop");
      if (auto ok = session.rewind(session.position()); !ok) return fail(std::move(ok.error()));
      std::vector<text::Token> fed(tokens.begin() + static_cast<std::ptrdiff_t>(i * window),
                                   tokens.begin() + static_cast<std::ptrdiff_t>((i + 1) * window));
      if (begin) fed.front() = *begin;
      auto ok = options.head ? session.feed(fed, ignore) : session.feed(fed);
      if (!ok) return fail(std::move(ok.error()));
    }
    ImportanceData out;
    out.entries = collector.take();
    out.n_chunks = n;
    out.chunk_tokens = window;
    if (!options.data_set.empty()) out.data_sets.push_back(options.data_set);
    if (auto ok = out.check(); !ok) return fail(std::move(ok.error()).in(model.file().name()));
    return out;
  });
}

}  // namespace lamina::convert
